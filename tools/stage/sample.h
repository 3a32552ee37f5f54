/* SPDX-License-Identifier: GPL-2.0-only */
/* The sample library as a file to be loaded, without a name that could be left behind. */
#ifndef STAGE_SAMPLE_H
#define STAGE_SAMPLE_H

/* The items of the library, each alone on its page. */
#define SAMPLE_ITEMS { "NonRelocatableFunction", "RelocatableFunction", \
		       "SharedVariable", "NonSharedVariable" }

/*
 * A new file with the library in it, opened for reading only and written back: in
 * @folder, or in memory for NULL. Its pages are its own, and it is gone when nobody
 * has it open or mapped any more. It is inherited by exec. Returns a descriptor or
 * a negative errno.
 */
int sample_open(const char *folder);

/*
 * A new empty file without a name, open for reading and writing, inherited by exec:
 * in @folder, or in memory for NULL. Returns a descriptor or a negative errno, -ENOEXEC
 * if nothing in @folder may be executed.
 */
int nameless_open(const char *folder);

/* Says what @err of either call means for @folder, and returns the status. */
int nameless_failed(const char *folder, int err);

#endif

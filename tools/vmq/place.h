/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of a process, as PID, ADDR and N on a command line name them. */
#ifndef VMQ_PLACE_H
#define VMQ_PLACE_H

#include "../common/options.h"
#include "entry.h"

/**
 * struct place - some pages that can be looked at
 * @vmq: their process
 * @vmas: the VMAs that overlap them
 * @process: what the user calls it
 * @style: how to print them
 * @start: address of the first
 * @end: end of the last
 * @runs: what is looked at page by page where tables are not told; NULL before
 * @run: the last of them that was read
 * @next: the first page that was not taken from them yet
 * @hidden: a page that was looked at has a frame, and it was not told
 */
struct place {
	struct vmq *vmq;
	struct vmq_vma_list vmas;
	const char *process;
	enum output_style style;
	__u64 start;
	__u64 end;
	struct vmq_runs *runs;
	struct vmq_run run;
	__u64 next;
	bool hidden;
};

/* Every level above a page, and the page, as entries: from the root down. */
struct path {
	struct entry entries[VMQ_LEVELS];
	unsigned int count;		/* at least 1: the last is the page's own */
};

/*
 * Parses what follows the name of a command, which has the common options, and opens
 * the page or, if it can be about @many, the pages. Returns -1 to go on, to end with
 * place_close(), or the status to exit with.
 */
int place_open(struct place *place, int argc, char **argv, const char *usage, bool many);

/* Closes it, and says on stderr if frames were not told. */
void place_close(struct place *place);

/* Whether a VMA covers the page at @address; said why, if not. */
bool place_is_mapped(const struct place *place, __u64 address);

/*
 * Looks at the page at @address: 0 or a negative errno. Without the module, and
 * where no VMA is, the path has the page's own entry only.
 */
int place_look(struct place *place, __u64 address, struct path *path);

#endif

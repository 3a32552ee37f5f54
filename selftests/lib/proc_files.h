/* SPDX-License-Identifier: GPL-2.0-only */
/* The files below /proc/vmq, and a process to be seen in them. */
#ifndef PROC_FILES_H
#define PROC_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Enough for any of the files. */
#define PROC_ROOM (4 << 20)

/* Their names; NULL ends them. */
extern const char *const proc_files[];

/* Writes @text, or @pid, to attach: 0 or a negative errno. */
int proc_attach_text(const char *text);
int proc_attach(pid_t pid);

/* Opens /proc/vmq/@pid/@name, of the caller itself for 0; or a negative errno. */
int proc_open(pid_t pid, const char *name);

/*
 * Reads @fd on to its end, @step bytes at a time, or all of a file, into @text of
 * PROC_ROOM bytes; the length or a negative errno.
 */
ssize_t proc_read_on(int fd, char *text, size_t step);
ssize_t proc_read(pid_t pid, const char *name, char *text);

/* The first line of a run in @text of "pages". */
char *proc_first_run(char *text);

bool proc_has_folder(pid_t pid);

/* Waits up to three seconds until the folder has gone. */
bool proc_folder_goes(pid_t pid);

/*
 * A stopped child with memory of several kinds; it has the files of self open, in
 * the order of proc_files[], from 100.
 */
pid_t proc_start_stopped(void);

#endif

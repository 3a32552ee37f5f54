/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program could leave behind: processes, files with a name or without, and
 * sockets with one.
 */
#ifndef TRACES_H
#define TRACES_H

#include <stdbool.h>
#include <sys/types.h>

struct traces {
	int entries;		/* of folders where files are made */
	int sockets;		/* at which instances of showphys meet */
	unsigned long files;	/* that ext4 has room for */
};

/* From here on processes whose parent has ended are the caller's children. 0 or -1. */
int traces_adopt(void);

struct traces traces_now(void);

/* Waits for the end of all the caller has adopted; then, whether all is as @before. */
bool traces_gone(const struct traces *before);

/* The @nth child of @pid, from 0, in order of their start; 0 if there is none. */
pid_t traces_child(pid_t pid, int nth);

/* Kills @pid, whose parent somebody else is, and waits until it has ended; 0 or -1. */
int traces_kill(pid_t pid);

#endif

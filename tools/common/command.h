/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a command up to a point where it can be looked at, standing still. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <sys/types.h>

enum command_stop {
	COMMAND_AT_EXIT,	/* all it used is still there */
	COMMAND_AT_EXEC,	/* nothing of it has run, not even the dynamic loader */
};

/*
 * Starts @argv and waits until it stands still at @stop. Returns its process id,
 * or a negative errno: that of execvp(), or -ECANCELED if it ended before.
 */
pid_t command_start(char **argv, enum command_stop stop);

/* Lets it go on and waits for its end. */
void command_finish(pid_t pid);

#endif

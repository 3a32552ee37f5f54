/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a command up to a point where it can be looked at, standing still. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <sys/types.h>

enum command_stop {
	COMMAND_AT_EXIT,	/* of its last thread: all it used is still there */
	COMMAND_AT_EXEC,	/* nothing of it has run, not even the dynamic loader */
};

struct command {
	pid_t pid;
	pid_t thread;		/* the one that stands still; the first may have ended */
};

/*
 * Starts @argv and waits until it stands still at @stop. What it is can be seen at
 * /proc/@command->thread. Returns 0, or a negative errno: that of execvp(), or
 * -ECANCELED if it ended before.
 */
int command_start(struct command *command, char **argv, enum command_stop stop);

/* Lets it go on and waits for its end. */
void command_finish(const struct command *command);

#endif

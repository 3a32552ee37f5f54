/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that do what they are told, one order at a time, so that an experiment
 * has them stand where it wants them. They end with whoever started them, however
 * that ends.
 */
#ifndef STAGE_ACTOR_H
#define STAGE_ACTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct actor - a process that serves
 * @pid: its process id
 * @socket: where it takes orders
 * @relay: the orders are for its child: they pass through the parent
 */
struct actor {
	pid_t pid;
	int socket;
	bool relay;
};

/**
 * struct order - what an actor is to do
 * @what: the meaning is between the one who asks and the one who serves; > 0
 * @address: what for
 * @value: what with
 */
struct order {
	int32_t what;
	int32_t to_child;	/* set by actor_ask() */
	uint64_t address;
	uint64_t value;
};

/*
 * From here on this process, and those it starts, use one CPU and no transparent
 * huge pages: where a frame is reused or copied depends on both. To be called before
 * a file is opened: standard files that were closed are filled. Returns 0 or a
 * negative errno.
 */
int actor_stage(void);

/*
 * Starts this program anew with @argv, to serve. It inherits what is open without
 * close-on-exec, but for its standard input. Returns 0 or a negative errno.
 */
int actor_start(struct actor *actor, char *const *argv);

/* Has @parent fork, and @child serve; one child at a time. */
int actor_fork(struct actor *parent, struct actor *child);

/* Has @actor do it: what its function returned, or -ESRCH when it has ended. */
int64_t actor_ask(const struct actor *actor, int what, uint64_t address, uint64_t value);

/* Ends @actor and waits for its end; one that never started is allowed. */
void actor_end(struct actor *actor);

/* Serves until nobody asks any more: @obey returns the answer. The program's exit status. */
int actor_serve(int64_t (*obey)(const struct order *order));

#endif

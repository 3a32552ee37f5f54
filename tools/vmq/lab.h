/* SPDX-License-Identifier: GPL-2.0-only */
/* What the labs have in common: how they are asked for, and what their actors do. */
#ifndef VMQ_LAB_H
#define VMQ_LAB_H

#include "../common/options.h"
#include "../stage/actor.h"
#include "../stage/story.h"

/**
 * struct lab_request - what the command line asks for
 * @common: how to print, whom to ask
 * @folder: where the library's file is to be; NULL for memory
 */
struct lab_request {
	struct options common;
	const char *folder;
};

/* The labs; each returns a status. */
int lab_breakpoint(const struct lab_request *request);
int lab_views(const struct lab_request *request);
int lab_patterns(const struct lab_request *request);

/* What a lab keeps of its experiment; each has its own. */
struct lab;

/**
 * struct lab_step - a step of a lab
 * @name: a word that programs see
 * @title: for people
 * @run: does and shows it; a status
 */
struct lab_step {
	const char *name;
	const char *title;
	int (*run)(struct lab *lab);
};

/* Takes the steps one by one, up to the first that cannot be done. A status. */
int lab_take_steps(struct lab *lab, struct story *story, const struct lab_step *steps,
		   unsigned int count);

/* The status that @err, a negative errno or none, makes of what @who did. */
int lab_failed(const char *who, int64_t err);

/* Attaches a debugger to @pid, called @who: a status. */
int lab_attach(const char *who, pid_t pid);

/* Orders of all actors. What they answer is negative if it failed. */
enum lab_order {
	LAB_LOAD = 1,	/* load the library: the address of NonRelocatableFunction */
	LAB_MAP,	/* map the file's first page, value is PROT_*, LAB_SHARED: where */
	LAB_READ,	/* the byte at the address */
	LAB_WRITE,	/* the byte value, to the address */
	LAB_CALL,	/* the function at the address, with value: what it returns */
	LAB_FORGET,	/* give the page at the address back */
	LAB_TRY,	/* have a child read the byte at the address: the signal it gets, or 0 */
	LAB_BUILD,	/* make the pattern value, PATTERN_*: where it begins */
	LAB_END,	/* where the pattern value ends; 0 if it does not know */
};

#define LAB_SHARED (1 << 8)

/* Starts an actor that has the file @fd. Returns 0 or a negative errno. */
int lab_start_actor(struct actor *actor, int fd);

/* In the actor: serves until its director has ended. A status. */
int lab_serve(const char *fd);

/* What lab_patterns shows, and lab_space makes. */
enum pattern {
	PATTERN_IMAGE,		/* this program */
	PATTERN_DATA,		/* the library, some of its data written */
	PATTERN_STACK,		/* of a thread */
	PATTERN_ARENA,		/* malloc's, of that thread */
	PATTERN_GUARD,		/* a guard region */
	PATTERN_COPIES,		/* four written pages, with nothing that merges beside them */
	PATTERN_UNCACHED,	/* of a PCI device's memory */
	PATTERN_COMBINED,
	PATTERNS
};

/* In the actor: the orders LAB_BUILD and LAB_END, with the library in file @fd. */
int64_t space_build(enum pattern pattern, int fd);
int64_t space_end(enum pattern pattern);

#endif

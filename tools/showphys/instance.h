/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An instance of the document's program: a process with the sample library in it,
 * and how it is told what to do.
 */
#ifndef SHOWPHYS_INSTANCE_H
#define SHOWPHYS_INSTANCE_H

#include "../stage/actor.h"
#include "../stage/story.h"

enum item { NONRELOCATABLE, RELOCATABLE, SHARED, NONSHARED, ITEMS };

/* What is open in all instances: what they share. */
struct files {
	int sample;
	int section;	/* the shared section of the library, which ELF knows nothing of */
};

enum loader { LOADER_OWN, LOADER_SYSTEM };

/* Answers from -4095 to -1 are negative errnos. */
enum instance_order {
	INSTANCE_LOAD = 1,	/* the library; value: enum loader */
	INSTANCE_UNLOAD,
	INSTANCE_RELOCATED,	/* does it lie elsewhere than it was linked for? */
	INSTANCE_WHERE,		/* the address of the item value */
	INSTANCE_BLOCK,		/* nothing can be mapped at address */
	INSTANCE_UNBLOCK,
	INSTANCE_MAKE_WRITABLE,	/* the page of address, that has code */
	INSTANCE_READ,		/* 8 bytes at address */
	INSTANCE_WRITE,		/* value as 8 bytes at address */
	INSTANCE_CALL,		/* the function at address with value */
};

/**
 * struct instance - one of them, as those see it who direct it
 * @name: in the tables
 * @actor: the process
 * @address: where the items lie
 * @err: the first error of an order; those after it are not given
 */
struct instance {
	const char *name;
	struct actor actor;
	uint64_t address[ITEMS];
	int err;
};

/* How a program is called (argv[0]) to be an instance, and what it then does. */
#define INSTANCE_PROGRAM "showphys-instance"
int instance_main(int argc, char **argv);

/* Opens the files, the library in @folder or in memory; a status. */
int files_open(struct files *files, const char *folder);
void files_close(struct files *files);

/* Starts a process. This and all that can fail below shows in @instance->err. */
void instance_start(struct instance *instance, const char *name, const struct files *files);
void instance_end(struct instance *instance);

/*
 * Has it obey an enum instance_order: its answer, 0 after an error. That is no answer to
 * claim anything of: for claims there are the questions below.
 */
int64_t instance_ask(struct instance *instance, int what, uint64_t address, uint64_t value);

/* Has it load the library, and read each item once, so that its page is there. */
void instance_load(struct instance *instance, enum loader loader);

/* Finds where the items are, and reads each once. */
void instance_touch(struct instance *instance);

/* The value of a variable, or the first bytes of a function. */
int64_t instance_read(struct instance *instance, enum item item);
void instance_write(struct instance *instance, enum item item, int64_t value);

/* As claims need it, 1, 0 or CANNOT_TELL: @instance has obeyed so far, and @answer is @expected. */
int instance_answered(const struct instance *instance, int64_t answer, int64_t expected);

/* Asked as claims need it: it lies elsewhere, the variable is @value, the function returns @result. */
int instance_relocated(struct instance *instance);
int instance_has(struct instance *instance, enum item variable, int64_t value);
int instance_returns(struct instance *instance, enum item function, int64_t argument, int64_t result);

/* Looks at the pages of @instances, ITEMS of each; a status. */
int instances_see(struct story *story, struct instance *const *instances, unsigned int count,
		  struct sighting *pages);

/* The same, and shows them. */
int instances_look(struct story *story, struct instance *const *instances, unsigned int count,
		   struct sighting *pages);

/* Whether it has obeyed so far: a status, said why not. */
int instance_status(const struct instance *instance);

#endif

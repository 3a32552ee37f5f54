/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Observers: threads that look at changing processes all the time, through
 * /dev/vmq and /proc/vmq, and check what they are told.
 */
#ifndef CROWD_H
#define CROWD_H

#include <pthread.h>
#include <stdbool.h>

#include "churn.h"

#define CROWD	8		/* four scanners, four readers */

struct observer {
	const char *name;
	int (*look)(struct observer *observer, const struct churn *churn,
		    struct still_check *check);
	unsigned int size;	/* of its buffer, in records or bytes */
	struct crowd *crowd;
	pthread_t thread;
	volatile unsigned long looks;
	volatile unsigned long gone;	/* the process was not there any more */
	bool wrong;
	char why[200];		/* what was wrong first */
};

struct crowd {
	const struct churn *churns;
	int count;
	volatile bool stop;
	struct observer observers[CROWD];
};

/* Starts to look at @count processes, which are attached to /proc/vmq; 0 or -1. */
int crowd_start(struct crowd *crowd, const struct churn *churns, int count);

/* Whether something was wrong, and the looks of the observer with the fewest. */
bool crowd_is_wrong(const struct crowd *crowd);
unsigned long crowd_looks(const struct crowd *crowd);

void crowd_end(struct crowd *crowd);

#endif

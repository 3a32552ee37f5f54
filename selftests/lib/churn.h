/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that change their address space as fast as they can, each in one
 * way, around mappings that stand still.
 */
#ifndef CHURN_H
#define CHURN_H

#include <stdbool.h>
#include <sys/types.h>

#include "still.h"

enum churn_kind {
	CHURN_MAPS,		/* mmap, munmap, mremap, mprotect */
	CHURN_ADVICE,		/* THP and madvise: DONTNEED, COLLAPSE, guard, PAGEOUT */
	CHURN_FORK,		/* fork, and copies on both sides */
	CHURN_KSM,
	CHURN_HUGETLB,		/* private huge pages */
	CHURN_SHARED_HUGETLB,	/* two processes and one table, truncated now and then */
	CHURN_COMPACTION,
	CHURN_EXEC,		/* a process that is soon another program */
	CHURN_EXIT,		/* a process that soon ends */
	CHURN_KINDS
};

/* Lies in memory shared with its process. */
struct churn {
	enum churn_kind kind;
	struct still still;	/* none of a mortal one, and of CHURN_COMPACTION */
	volatile pid_t pid;	/* of the process to look at */
	pid_t process;		/* the one started, to be ended */
	volatile unsigned long rounds;
};

/* Whether its address space may be gone at any time. */
bool churn_is_mortal(const struct churn *churn);

/* Starts one; 0, or -1 if this system has no such thing. It ends with the caller. */
int churn_start(struct churn *churn, enum churn_kind kind);
void churn_end(struct churn *churn);

#endif

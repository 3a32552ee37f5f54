/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks the page tables of an address space and joins what it finds into runs.
 */
#ifndef VMQ_WALK_H
#define VMQ_WALK_H

#include <linux/types.h>
#include <linux/vmq.h>

struct mm_struct;

/*
 * One scan in progress. The caller sets mm, next, end, facts, frames, runs and
 * max (at least 1), and takes finished runs out with vmq_walk_take().
 */
struct vmq_walk {
	struct mm_struct *mm;	/* kept alive by the caller */
	unsigned long next;	/* cursor: everything below is in runs or empty */
	unsigned long end;
	u32 facts;		/* VMQ_FACTS_* */
	bool frames;		/* the caller may see frames */

	struct vmq_run *runs;	/* the last one may still grow */
	u32 count;
	u32 max;
	bool full;		/* the page at next fits no more */

	u64 hold_entries;	/* visited under the present hold */
	u64 max_hold_entries;
	u64 max_hold_ns;
};

int vmq_walk_hold(struct vmq_walk *walk);

#endif

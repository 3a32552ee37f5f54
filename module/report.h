/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From leaves to the caller's records: which facts, who may see what, and joining
 * into runs.
 */
#ifndef VMQ_REPORT_H
#define VMQ_REPORT_H

#include <linux/types.h>
#include <linux/vmq.h>

#include "frame.h"
#include "leaf.h"
#include "shared/wish.h"

/* Where runs gather. Set wish, runs and max (at least 1), clear the rest. */
struct vmq_report {
	struct vmq_wish wish;
	struct vmq_run *runs;	/* the last one may still grow */
	u32 count;
	u32 max;
	bool full;		/* a page did not fit */
	u64 told_singly;	/* pages of huge leaves with facts of their own */

	/* The leaf before, if its neighbour may be told by comparing alone. */
	struct {
		bool on;
		bool wanted;		/* it is in runs; else filters left it out */
		struct vm_area_struct *vma;
		unsigned long end;	/* where the neighbour begins */
		pteval_t pte;		/* what the neighbour's entry has to be ... */
		pteval_t mask;		/* ... in these bits */
		struct page *page;	/* the neighbour's; NULL: no page is asked */
		struct vmq_frame_print print;
	} repeat;
};

bool vmq_report_repeats(struct vmq_report *report, struct vm_area_struct *vma,
			unsigned long start, pte_t pte);
unsigned long vmq_report_leaf(struct vmq_report *report, const struct vmq_leaf *leaf);

#endif

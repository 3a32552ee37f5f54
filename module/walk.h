/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks the page tables of an address space. */
#ifndef VMQ_WALK_H
#define VMQ_WALK_H

#include <linux/types.h>
#include <linux/vmq.h>

#include "report.h"

struct mm_struct;
struct vm_area_struct;

/*
 * One walk in progress. The caller sets mm, next, end and report, and takes the
 * runs out of the report when it is full.
 */
struct vmq_walker {
	struct mm_struct *mm;	/* kept alive by the caller */
	unsigned long next;	/* cursor: everything below has been reported */
	unsigned long end;
	struct vmq_report report;
	struct vmq_level *levels;	/* NULL, or where to note VMQ_LEVELS entries */
	u32 level_count;

	struct vm_area_struct *vma;	/* being walked */
	u64 hold_entries;	/* visited under the present hold */
	u64 max_hold_entries;
	u64 max_hold_ns;
	u64 retries;		/* entries read again, see vmq_info */
};

int vmq_walk_hold(struct vmq_walker *walk);

#endif

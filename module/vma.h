/* SPDX-License-Identifier: GPL-2.0-only */
/* The VMAs of an address space as records with names. */
#ifndef VMQ_VMA_H
#define VMQ_VMA_H

#include <linux/types.h>
#include <linux/vmq.h>

struct mm_struct;

/*
 * One listing in progress. The caller sets mm, next, end, the two arrays with
 * their room and scratch, and takes the records out when full.
 */
struct vmq_vma_lister {
	struct mm_struct *mm;	/* kept alive by the caller */
	unsigned long next;	/* cursor: VMAs that begin below have been listed */
	unsigned long end;
	struct vmq_vma *vmas;
	u32 count;
	u32 max;
	char *names;
	u32 names_size;
	u32 names_max;
	char *scratch;		/* one page */
	bool full;		/* a VMA did not fit */
	u32 total;		/* of the address space, as of the last hold */
	u32 height;
	u64 max_hold_vmas;	/* described under one hold */
	u64 max_hold_ns;
};

void vmq_vma_init(void);
int vmq_vma_hold(struct vmq_vma_lister *lister);

#endif

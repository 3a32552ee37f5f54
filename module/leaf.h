/* SPDX-License-Identifier: GPL-2.0-only */
/* What the walk hands on: some pages next to each other that one entry gave. */
#ifndef VMQ_LEAF_H
#define VMQ_LEAF_H

#include <linux/pgtable.h>

struct vm_area_struct;

struct vmq_leaf {
	struct vm_area_struct *vma;
	unsigned long start;
	unsigned long end;
	pte_t pte;		/* the entry, of whatever level; none for a hole */
	unsigned long pfn;	/* of start, if present */
	u8 shift;		/* log2 of what the entry maps; 0 for a hole */
	bool special;		/* marked as having no ordinary page */
	bool bad;		/* a hole, because the table above is corrupt */
};

#endif

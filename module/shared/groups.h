/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which neighbouring VMAs were one allocation. Linux keeps no record of it, so
 * this is read off the VMAs: an image, a view of a file that mprotect or madvise
 * split, a thread's stack with its guard, memory reserved behind used memory.
 */
#ifndef VMQ_SHARED_GROUPS_H
#define VMQ_SHARED_GROUPS_H

#include "pieces.h"

/* What has more pages is no guard of a stack but reserved memory. */
#define VMQ_GUARD_PAGES_MAX	16

/**
 * struct vmq_group - VMAs that were one allocation
 * @base: where it began
 * @first: index of the first VMA
 * @end: index behind the last VMA
 * @image: a program or library; its anonymous VMAs are its bss
 * @guard: the first VMA is the guard of a thread's stack
 * @guess: nothing proves that these belong together, or that more does not:
 *	adjacent anonymous allocations with equal rights become one VMA
 */
struct vmq_group {
	__u64 base;
	__u32 first;
	__u32 end;
	bool image;
	bool guard;
	bool guess;
};

/* Position in the groups of @space; { .space = space } is the start. */
struct vmq_groups {
	const struct vmq_space *space;
	__u32 no_image;		/* no image begins below this VMA */
	struct vmq_group now;
};

/* The group of VMA @vma; ask in rising order. Valid up to the next call. */
const struct vmq_group *vmq_group_of(struct vmq_groups *groups, __u32 vma);

#endif

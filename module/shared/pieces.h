/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lays the runs of an address space over its VMAs: pieces that each lie in one
 * VMA and one run, or in a hole, and together cover [0, top) without gap or
 * overlap, also when VMAs and runs were read at different times and disagree.
 */
#ifndef VMQ_SHARED_PIECES_H
#define VMQ_SHARED_PIECES_H

#include "shared.h"

/* Instead of the index of a VMA: there is none. */
#define VMQ_NO_VMA	(~0U)

/*
 * Pages the kernel keeps free below a stack, unless booted with another
 * stack_guard_gap, which it tells nobody.
 */
#define VMQ_STACK_GAP_PAGES	256

/**
 * struct vmq_space - the VMAs of an address space
 * @vmas: in order of address, no two overlap, none ends beyond @top
 * @names: names of @vmas, see struct vmq_vma
 * @top: end of user space
 * @count: number of @vmas
 */
struct vmq_space {
	const struct vmq_vma *vmas;
	const char *names;
	__u64 top;
	__u32 count;
};

/*
 * Gives the next run of the address space, in order of address, those without an
 * entry too: 1 and the run, 0 at the end, or a negative errno.
 */
typedef int vmq_next_run(void *context, struct vmq_run *run);

/**
 * struct vmq_piece - part of an address space
 * @start: address
 * @end: end
 * @run: the run it lies in, valid up to the next call; NULL for a part without an
 *	entry, or a hole. Its start and pages are those of the whole run.
 * @vma: index of the VMA; VMQ_NO_VMA in a hole
 * @gap: a hole the VMA above, a stack, keeps free
 */
struct vmq_piece {
	__u64 start;
	__u64 end;
	const struct vmq_run *run;
	__u32 vma;
	bool gap;
};

/* Position in the pieces of @space; start with vmq_pieces_init(). */
struct vmq_pieces {
	const struct vmq_space *space;
	vmq_next_run *next_run;
	void *context;
	__u64 at;		/* end of the last piece */
	__u32 vma;		/* first VMA that ends behind @at */
	bool held;		/* @run is a run that may reach behind @at */
	bool ended;		/* there are no more runs */
	struct vmq_run run;
};

/* @space must stay as it is while @pieces is used. */
void vmq_pieces_init(struct vmq_pieces *pieces, const struct vmq_space *space,
		     vmq_next_run *next_run, void *context);

/*
 * Stores the next piece: 1; 0 when the top is reached; the negative errno of
 * next_run, after which it can be called again.
 */
int vmq_pieces_next(struct vmq_pieces *pieces, struct vmq_piece *piece);

/**
 * struct vmq_vma_pages - the pages of one VMA, counted
 * @resident: mapped by an entry
 * @anonymous: those of them that are anonymous
 * @swapped: out in swap
 * @vma: index of the VMA
 * @kinds_hidden: of some present page the kind cannot be told: @anonymous is no
 *	answer
 * @places_hidden: of some page that is not present it cannot be told where it is:
 *	@swapped is no answer
 */
struct vmq_vma_pages {
	__u64 resident;
	__u64 anonymous;
	__u64 swapped;
	__u32 vma;
	bool kinds_hidden;
	bool places_hidden;
};

/*
 * Counts the pages of the next VMA: 1; 0 after the last; a negative errno, after
 * which it can be called again with the same @pages.
 */
int vmq_vma_pages_next(struct vmq_pieces *pieces, struct vmq_vma_pages *pages);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Vq table: an address space as rows that cover it from 0 to the top of user
 * space, each the longest stretch with equal state, type, protection and base
 * inside one VMA. Needs the VMAs and a way to get the runs; memory is bounded
 * by struct vmq_rows.
 */
#ifndef VMQ_SHARED_ROWS_H
#define VMQ_SHARED_ROWS_H

#include "groups.h"
#include "pieces.h"

/* What the runs must tell for vq, in vmq_scan.facts. Frames would only cut them. */
#define VMQ_ROWS_FACTS	(VMQ_FACTS_PAGE | VMQ_FACTS_WRITE)

/* Of these kinds are pages where there is nothing, neither mapped nor swapped. */
#define VMQ_ROWS_EMPTY	(VMQ_SET_KIND(VMQ_KIND_NONE) | VMQ_SET_KIND(VMQ_KIND_GUARD) | \
			 VMQ_SET_KIND(VMQ_KIND_MARKER))

#define VMQ_ROW_FREE		0	/* no VMA */
#define VMQ_ROW_RESERVED	1	/* a VMA without rights and without pages */
#define VMQ_ROW_COMMITTED	2	/* any other VMA */

#define VMQ_ROW_NO_TYPE		0	/* free */
#define VMQ_ROW_PRIVATE		1	/* anonymous */
#define VMQ_ROW_MAPPED		2	/* shared, or of a file or a driver */
#define VMQ_ROW_IMAGE		3	/* of a program or a library */

/* Protection, in the order of its letters: NOGRWEC. */
#define VMQ_PROT_NO_CACHE	(1U << 0)
#define VMQ_PROT_WRITE_COMBINE	(1U << 1)
#define VMQ_PROT_GUARD		(1U << 2)
#define VMQ_PROT_READ		(1U << 3)
#define VMQ_PROT_WRITE		(1U << 4)
#define VMQ_PROT_EXEC		(1U << 5)
#define VMQ_PROT_COPY		(1U << 6)

#define VMQ_ROW_GUESS		(1U << 0)	/* of base: see struct vmq_group */
#define VMQ_ROW_GAP		(1U << 1)	/* of no VMA: kept free below a stack */
#define VMQ_ROW_ACCOUNTED	(1U << 2)	/* counts against the commit limit */

/**
 * struct vmq_row - one row
 * @start: address
 * @end: end
 * @base: where the allocation began; 0 for a free row
 * @resident: pages mapped by an entry
 * @vma: index of the VMA; VMQ_NO_VMA for a free row and a stack's gap
 * @state: VMQ_ROW_FREE, ...
 * @type: VMQ_ROW_PRIVATE, ...
 * @protection: VMQ_PROT_*, now
 * @allocation: VMQ_PROT_*, the most that mprotect can give; 0 without a VMA
 * @flags: VMQ_ROW_GUESS, ...
 */
struct vmq_row {
	__u64 start;
	__u64 end;
	__u64 base;
	__u64 resident;
	__u32 vma;
	__u8 state;
	__u8 type;
	__u8 protection;
	__u8 allocation;
	__u8 flags;
};

/**
 * struct vmq_rows_source - where the facts come from
 * @next_run: the runs of the whole space, with VMQ_ROWS_FACTS
 * @populated: whether a page in [start, end) is of another kind than
 *	VMQ_ROWS_EMPTY: 1, 0 or a negative errno. Asked once for each VMA without
 *	rights, before its runs are used
 * @context: passed to both
 */
struct vmq_rows_source {
	vmq_next_run *next_run;
	int (*populated)(void *context, __u64 start, __u64 end);
	void *context;
};

/* Position in the rows; start with vmq_rows_init(), nothing is to be freed. */
struct vmq_rows {
	const struct vmq_rows_source *source;
	struct vmq_pieces pieces;
	struct vmq_groups groups;
	struct vmq_piece piece;
	struct vmq_row row;	/* not given out: the next piece may belong to it */
	__u32 entered;		/* the VMA @reserved is known of */
	bool reserved;
	bool has_piece;		/* @piece is in no row yet */
	bool has_row;
};

/* @space and @source must stay as they are while @rows is used. */
void vmq_rows_init(struct vmq_rows *rows, const struct vmq_space *space,
		   const struct vmq_rows_source *source);

/*
 * Stores the next row: 1; 0 after the last; the negative errno of @source, after
 * which it can be called again and nothing is lost.
 */
int vmq_rows_next(struct vmq_rows *rows, struct vmq_row *row);

#endif

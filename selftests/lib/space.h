/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Address spaces made by hand, of VMAs and runs, and the rows of the Vq table
 * that come of them. Addresses are in pages.
 */
#ifndef SPACE_H
#define SPACE_H

#include "../../module/shared/rows.h"

#define SPACE_PAGE	4096ULL
#define TOP		(1000 * SPACE_PAGE)
#define SPACE_ROOM	64

/* A space under construction, and what came of it. */
struct made {
	struct vmq_vma vmas[SPACE_ROOM];
	struct vmq_run runs[SPACE_ROOM];
	struct vmq_row rows[SPACE_ROOM];
	struct vmq_space space;
	unsigned int vma_count, run_count, row_count;
	unsigned int next;	/* run to be given out */
	unsigned int failures;	/* of the source, still to come */
	unsigned int asked;	/* calls of populated */
};

/* Where the names are that a VMA can have. */
extern const char *const space_names;
#define HEAP	1
#define STACK	8
#define VDSO	16

/* Adds an anonymous VMA; it can be changed until the rows are made. */
struct vmq_vma *add_vma(struct made *made, __u64 start, __u64 end, __u8 rights);

/* Adds a private view of a file; @offset in pages. */
struct vmq_vma *add_file(struct made *made, __u64 start, __u64 end, __u8 rights,
			 __u64 inode, __u64 offset);

/* Gives @vma one of the names above. */
void name_vma(struct vmq_vma *vma, __u32 name);

/* Adds a run with valid verdicts, present if its kind is. */
struct vmq_run *add_run(struct made *made, __u64 start, __u64 end, __u8 kind,
			__u8 sharing, __u8 on_write);

/* The source of runs, for a struct made. */
int made_next_run(void *made, struct vmq_run *run);

/* Makes the rows; says whether they cover the space without gap or overlap. */
bool make_rows(struct made *made);

/*
 * The row at page @start as text: pages, state, type, protection, allocation, base
 * (~ if guessed). "" if none begins there; valid up to the next call.
 */
const char *row_at(const struct made *made, __u64 start);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An address space read piece by piece by code that sleeps between the pieces:
 * all VMAs at once, and the runs one after the other.
 */
#ifndef VMQ_READER_H
#define VMQ_READER_H

#include "vma.h"
#include "walk.h"

struct vmq_vma_array {
	struct vmq_vma *vmas;
	char *names;
	u32 count;
	u32 total;
	u32 height;
	size_t bytes;		/* of memory */
};

int vmq_vma_array_read(struct vmq_vma_array *array, struct mm_struct *mm);
void vmq_vma_array_free(struct vmq_vma_array *array);

#define VMQ_READER_RUNS	64

struct vmq_reader {
	struct vmq_walker walk;
	u32 next;		/* first run of the batch not given out */
	struct vmq_run batch[VMQ_READER_RUNS];
};

void vmq_reader_init(struct vmq_reader *reader, struct mm_struct *mm, u64 start,
		     u64 end, const struct vmq_wish *wish);
int vmq_reader_next(struct vmq_reader *reader, struct vmq_run *run);

#endif

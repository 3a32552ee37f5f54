// SPDX-License-Identifier: GPL-2.0-only
/* See reader.h. No lock is held between two calls, so the target may change. */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "reader.h"

/* Names of one address space: more than these are nobody's real one. */
#define NAMES_MAX	SZ_32M

/* Bytes that all arrays have. */
static atomic_long_t arrays_bytes;

/*
 * Everybody may have files of /proc/vmq open, and leave them half read: all of them
 * together keep no more than a part of memory, but for those who may have more.
 */
static int charge(size_t bytes)
{
	size_t limit = (totalram_pages() << PAGE_SHIFT) / 32;
	long held = atomic_long_read(&arrays_bytes);

	do {
		if (held + bytes > limit && !capable(CAP_SYS_RESOURCE))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&arrays_bytes, &held, held + bytes));
	return 0;
}

/* Replaces *@array, of @old bytes of which @used are in use, by one of @size. */
static int enlarge(void **array, size_t used, size_t old, size_t size)
{
	void *larger;

	if (charge(size))
		return -ENOMEM;
	larger = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!larger) {
		atomic_long_sub(size, &arrays_bytes);
		return -ENOMEM;
	}
	if (used)
		memcpy(larger, *array, used);
	kvfree(*array);
	atomic_long_sub(old, &arrays_bytes);
	*array = larger;
	return 0;
}

static int enlarge_vmas(struct vmq_vma_lister *lister)
{
	const size_t size = sizeof(*lister->vmas);
	u32 max = max_t(u32, lister->count, lister->mm->map_count) + 512;
	int err = enlarge((void **)&lister->vmas, lister->count * size, lister->max * size,
			  max * size);

	if (!err)
		lister->max = max;
	return err;
}

static int enlarge_names(struct vmq_vma_lister *lister)
{
	u32 max = lister->names_max ? 2 * lister->names_max : SZ_16K;
	int err = -ENOMEM;

	if (max <= NAMES_MAX)
		err = enlarge((void **)&lister->names, lister->names_size, lister->names_max,
			      max);
	if (!err)
		lister->names_max = max;
	return err;
}

/* Makes room in the array that is full, or in both in the beginning. */
static int enlarge_lister(struct vmq_vma_lister *lister)
{
	int err;

	lister->full = false;
	if (lister->count == lister->max) {
		err = enlarge_vmas(lister);
		if (err || lister->names_max)
			return err;
	}
	return enlarge_names(lister);
}

/*
 * Reads all VMAs of @mm into the empty @array. 0, ENOMEM, or EINTR when killed;
 * free it with vmq_vma_array_free() in any case.
 */
int vmq_vma_array_read(struct vmq_vma_array *array, struct mm_struct *mm)
{
	struct vmq_vma_lister lister = { .mm = mm, .end = mm->task_size, .full = true };
	int err = 0;

	lister.scratch = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!lister.scratch)
		return -ENOMEM;
	while (!err && lister.next < lister.end) {
		if (lister.full)
			err = enlarge_lister(&lister);
		if (!err)
			err = fatal_signal_pending(current) ? -EINTR : vmq_vma_hold(&lister);
		cond_resched();
	}
	kfree(lister.scratch);
	*array = (struct vmq_vma_array){
		.vmas = lister.vmas, .names = lister.names, .count = lister.count,
		.total = lister.total, .height = lister.height,
		.bytes = lister.max * sizeof(*lister.vmas) + lister.names_max,
	};
	return err;
}

void vmq_vma_array_free(struct vmq_vma_array *array)
{
	kvfree(array->vmas);
	kvfree(array->names);
	atomic_long_sub(array->bytes, &arrays_bytes);
	*array = (struct vmq_vma_array){ };
}

/* The caller keeps @mm alive during each call of vmq_reader_next(). */
void vmq_reader_init(struct vmq_reader *reader, struct mm_struct *mm, u64 start,
		     u64 end, const struct vmq_wish *wish)
{
	reader->next = 0;
	reader->walk = (struct vmq_walker){
		.mm = mm,
		.next = start,
		.end = end,
		.report = {
			.wish = *wish,
			.runs = reader->batch,
			.max = VMQ_READER_RUNS,
		},
	};
}

/*
 * The last run of a batch may still grow, so it is kept until the batch is full
 * or the walk done.
 */
static int refill(struct vmq_reader *reader)
{
	struct vmq_walker *walk = &reader->walk;
	int err;

	reader->next = 0;
	walk->report.count = 0;
	walk->report.full = false;
	while (!walk->report.full && walk->next < walk->end) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = vmq_walk_hold(walk);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* Stores the next run: 1, 0 at the end, or EINTR when killed. */
int vmq_reader_next(struct vmq_reader *reader, struct vmq_run *run)
{
	int err;

	if (reader->next == reader->walk.report.count) {
		err = refill(reader);
		if (err)
			return err;
		if (!reader->walk.report.count)
			return 0;
	}
	*run = reader->batch[reader->next++];
	return 1;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looks where the next page is, for reservations much larger than what is in them. The
 * kernel walks its tables for that, which are short there, and pagemap has a word for
 * every page. Where the kernel cannot, nothing is skipped; no fact comes from here.
 */
#include <stdint.h>
#include <sys/ioctl.h>

#include "../module/shared/run.h"
#include "procfs.h"

/* PAGEMAP_SCAN of v6.7, which <linux/fs.h> need not have yet. */
#define SCAN		_IOWR('f', 16, struct scan_arg)
#define IS_PRESENT	(1ULL << 3)
#define IS_SWAPPED	(1ULL << 4)	/* every other entry: markers and guards too */

struct scan_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};

struct scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end;		/* not used: some kernels leave it behind */
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

/* One call holds the target's lock: tables without entries can be many all the same. */
#define STEP	(1ULL << 30)

/* The first page with an entry, or @end: 0, or -1 if that cannot be said. */
static int find_entry(const struct procfs *procfs, __u64 start, __u64 end, __u64 *found)
{
	struct scan_region region = { 0 };
	struct scan_arg scan = {
		.size = sizeof(scan),
		.start = start,
		.end = end,
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.max_pages = 1,
		.category_anyof_mask = IS_PRESENT | IS_SWAPPED,
		.return_mask = IS_PRESENT | IS_SWAPPED,
	};
	int n = ioctl(procfs->pagemap, SCAN, &scan);

	*found = n > 0 ? region.start : end;
	return n < 0 || *found < start || *found > end ? -1 : 0;
}

/* The end of the pages from @start to @end without an entry; @start for unknown. */
static __u64 skip(struct procfs *procfs, __u64 start, __u64 end)
{
	__u64 at = start, limit = start;

	while (at == limit && at < end) {
		limit = end - at > STEP ? at + STEP : end;
		procfs->cannot_skip = find_entry(procfs, at, limit, &at);
		if (procfs->cannot_skip)
			return start;
	}
	/* A space that is gone has no entries either. */
	return vmq_procfs_alive(procfs) ? start : at;
}

static bool has_entry(const struct procfs_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->entries[i] & ~PM_SOFT_DIRTY)
			return true;
	return false;
}

/* Only after a whole batch of nothing it is likely that there is more of it. */
__u64 vmq_procfs_empty_beyond(struct procfs *procfs, const struct procfs_vma *vma, __u64 end)
{
	const struct procfs_batch *batch = procfs->batch;
	const __u64 start = batch->start + (batch->count << VMQ_PAGE_SHIFT);

	if (start >= end || procfs->cannot_skip || vma->vma.flags & VMQ_VMA_HUGETLB ||
	    has_entry(batch))
		return 0;
	return (skip(procfs, start, end) - start) >> VMQ_PAGE_SHIFT;
}

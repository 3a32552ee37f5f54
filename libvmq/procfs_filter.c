// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks the arguments of a scan and applies its filters, as the module does. */
#include <errno.h>

#include "../module/shared/run.h"
#include "procfs.h"

/* @count bits from VMQ_SET_*(0) on. */
#define BITS(first, count)	((first) * ((1ULL << (count)) - 1))

#define ENTRY_BITS	BITS(1ULL, 11)
#define PRESENT_BITS	(BITS(VMQ_SET_KIND(0), VMQ_KIND_SWAP) & \
			 ~VMQ_SET_KIND(VMQ_KIND_NONE))
#define KIND_BITS	BITS(VMQ_SET_KIND(0), VMQ_KIND_UNKNOWN + 1)
#define SHARING_BITS	BITS(VMQ_SET_SHARING(0), VMQ_SHARING_NOPAGE + 1)
#define ON_WRITE_BITS	BITS(VMQ_SET_ON_WRITE(0), VMQ_ON_WRITE_DENY + 1)

static int check_sets(const struct vmq_scan *scan, __u32 entry_known)
{
	const __u64 used = scan->all_of | scan->any_of | scan->none_of;

	if (used & ~(ENTRY_BITS | KIND_BITS | SHARING_BITS | ON_WRITE_BITS))
		return -EINVAL;
	if (used & (PRESENT_BITS | SHARING_BITS) && !(scan->facts & VMQ_FACTS_PAGE))
		return -EINVAL;
	if (used & ON_WRITE_BITS && !(scan->facts & VMQ_FACTS_WRITE))
		return -EINVAL;
	return used & ENTRY_BITS & ~(__u64)entry_known ? -EOPNOTSUPP : 0;
}

static int check_frames(const struct vmq_scan *scan, bool frames)
{
	if (!scan->frame_start && !scan->frame_end)
		return 0;
	if (scan->frame_start >= scan->frame_end)
		return -EINVAL;
	return frames && scan->facts & VMQ_FACTS_FRAME ? 0 : -EPERM;
}

int procfs_check_scan(const struct procfs *procfs, const struct vmq_scan *scan)
{
	int err;

	if (scan->facts & ~VMQ_FACTS_ALL)
		return -EINVAL;
	err = check_sets(scan, procfs->vmq.ops->entry_known);
	return err ? err : check_frames(scan, procfs->frames);
}

static __u64 set_of(const struct vmq_run *run)
{
	__u64 set = run->entry;

	if (run->valid & VMQ_VALID_KIND)
		set |= VMQ_SET_KIND(run->kind);
	if (run->valid & VMQ_VALID_SHARING)
		set |= VMQ_SET_SHARING(run->sharing);
	if (run->valid & VMQ_VALID_ON_WRITE)
		set |= VMQ_SET_ON_WRITE(run->on_write);
	return set;
}

bool procfs_wanted(const struct vmq_scan *scan, const struct vmq_run *run)
{
	const __u64 set = set_of(run);

	if (scan->frame_end && (!(run->valid & VMQ_VALID_FRAME) ||
				run->frame < scan->frame_start ||
				run->frame >= scan->frame_end))
		return false;
	return (set & scan->all_of) == scan->all_of &&
	       (!scan->any_of || set & scan->any_of) && !(set & scan->none_of);
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a scan asks for, and whether procfs can tell it. */
#include <errno.h>

#include "procfs.h"

struct vmq_wish vmq_procfs_wish(const struct procfs *procfs, const struct vmq_scan *scan)
{
	return (struct vmq_wish){
		.facts = scan->facts,
		.frames = procfs->frames,
		.all_of = scan->all_of,
		.any_of = scan->any_of,
		.none_of = scan->none_of,
		.frame_start = scan->frame_start,
		.frame_end = scan->frame_end,
	};
}

int vmq_procfs_check_scan(const struct procfs *procfs, const struct vmq_scan *scan)
{
	const struct vmq_wish wish = vmq_procfs_wish(procfs, scan);
	const __u64 entry_bits = VMQ_SET_KIND(0) - 1;
	const __u64 used = scan->all_of | scan->any_of | scan->none_of;
	int err = vmq_wish_check(&wish);

	if (err)
		return err;
	return used & entry_bits & ~(__u64)procfs->vmq.ops->entry_known ? -EOPNOTSUPP : 0;
}

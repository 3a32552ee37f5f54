/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of a scan: facts and filters, and whether they can be had. */
#ifndef VMQ_SHARED_WISH_H
#define VMQ_SHARED_WISH_H

#include "shared.h"

/* What a caller wants to know, and may. */
struct vmq_wish {
	__u32 facts;		/* VMQ_FACTS_* */
	bool frames;		/* the caller may see frames */
	__u64 all_of;		/* filters, as in struct vmq_scan */
	__u64 any_of;
	__u64 none_of;
	__u64 frame_start;
	__u64 frame_end;		/* 0: no filter */
};

/* 0, -EINVAL unknown or unasked facts, -EPERM frames without the right. */
int vmq_wish_check(const struct vmq_wish *wish);

/*
 * Whether the filters let @run, or a part of it, pass; it is cut to the frames
 * they name.
 */
bool vmq_wish_takes(const struct vmq_wish *wish, struct vmq_run *run);

#endif

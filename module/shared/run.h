/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What module and library must agree on about runs. Pure C, built into both.
 */
#ifndef VMQ_SHARED_RUN_H
#define VMQ_SHARED_RUN_H

#include <linux/vmq.h>

#define VMQ_PAGE_SHIFT	12

static inline __u64 vmq_run_end(const struct vmq_run *run)
{
	return run->start + (run->pages << VMQ_PAGE_SHIFT);
}

/* Whether @b lies right behind @a and both are one run. */
static inline int vmq_run_continues(const struct vmq_run *a,
				    const struct vmq_run *b)
{
	return vmq_run_end(a) == b->start &&
	       a->entry == b->entry && a->valid == b->valid &&
	       a->kind == b->kind && a->shift == b->shift &&
	       (!(a->valid & VMQ_VALID_FRAME) ||
		a->frame + a->pages == b->frame);
}

#endif

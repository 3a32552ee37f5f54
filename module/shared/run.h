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

/* Whether both have the same facts, where they lie left aside. */
static inline int vmq_run_alike(const struct vmq_run *a, const struct vmq_run *b)
{
	return a->entry == b->entry && a->valid == b->valid &&
	       a->map_count == b->map_count && a->ref_count == b->ref_count &&
	       !((a->flags ^ b->flags) & ~VMQ_RUN_CUT) && a->node == b->node &&
	       a->page_flags == b->page_flags && a->kind == b->kind &&
	       a->sharing == b->sharing && a->on_write == b->on_write &&
	       a->forced_write == b->forced_write && a->shift == b->shift &&
	       a->order == b->order && a->memtype == b->memtype &&
	       a->pkey == b->pkey;
}

/* Whether the frames of @b are the ones behind those of @a. */
static inline int vmq_run_frames_continue(const struct vmq_run *a,
					  const struct vmq_run *b)
{
	__u64 step = a->kind == VMQ_KIND_ZERO ? 0 : a->pages;

	if (a->valid & VMQ_VALID_TOKEN)
		return a->frame == b->frame && a->index + step == b->index;
	if (a->valid & (VMQ_VALID_FRAME | VMQ_VALID_SWAP))
		return a->frame + step == b->frame && a->index == b->index;
	return 1;
}

/* Whether @b lies right behind @a and both are one run. */
static inline int vmq_run_continues(const struct vmq_run *a,
				    const struct vmq_run *b)
{
	return vmq_run_end(a) == b->start && vmq_run_alike(a, b) &&
	       vmq_run_frames_continue(a, b);
}

#endif

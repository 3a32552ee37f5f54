// SPDX-License-Identifier: LGPL-2.1-or-later
/* See wish.h. */
#include "run.h"
#include "wish.h"

#define SHARING_SET	(VMQ_SET_ON_WRITE(0) - VMQ_SET_SHARING(0))
#define ON_WRITE_SET	(~0ULL - VMQ_SET_ON_WRITE(0) + 1)

/* Bits a filter may name: those that mean something. */
#define KNOWN_SET	((VMQ_ENTRY_PROTNONE * 2ULL - 1) | \
			 (VMQ_SET_KIND(VMQ_KIND_UNKNOWN + 1) - VMQ_SET_KIND(0)) | \
			 SHARING_SET | \
			 (VMQ_SET_ON_WRITE(VMQ_ON_WRITE_DENY + 1) - VMQ_SET_ON_WRITE(0)))

/* Kinds only the page behind a present entry can tell. */
#define PAGE_KIND_SET	(VMQ_SET_KIND(VMQ_KIND_SWAP) - VMQ_SET_KIND(VMQ_KIND_ANON))

int vmq_wish_check(const struct vmq_wish *wish)
{
	__u64 set = wish->all_of | wish->any_of | wish->none_of;

	if (wish->facts & ~VMQ_FACTS_ALL || set & ~KNOWN_SET)
		return -EINVAL;
	if (set & (PAGE_KIND_SET | SHARING_SET) && !(wish->facts & VMQ_FACTS_PAGE))
		return -EINVAL;
	if (set & ON_WRITE_SET && !(wish->facts & VMQ_FACTS_WRITE))
		return -EINVAL;
	if (!wish->frame_end)
		return wish->frame_start ? -EINVAL : 0;
	if (wish->frame_start >= wish->frame_end || !(wish->facts & VMQ_FACTS_FRAME))
		return -EINVAL;
	return wish->frames ? 0 : -EPERM;
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

/* Cuts @run to the frames wanted; false when none are left. */
static bool clip_frames(const struct vmq_wish *wish, struct vmq_run *run)
{
	__u64 start = run->frame, end = run->frame + run->pages;

	if (start < wish->frame_start)
		start = wish->frame_start;
	if (end > wish->frame_end)
		end = wish->frame_end;
	if (!(run->valid & VMQ_VALID_FRAME) || start >= end)
		return false;
	if (run->kind == VMQ_KIND_ZERO)		/* all in the one frame */
		return start == run->frame;
	run->start += (start - run->frame) << VMQ_PAGE_SHIFT;
	run->pages = end - start;
	run->frame = start;
	return true;
}

bool vmq_wish_takes(const struct vmq_wish *wish, struct vmq_run *run)
{
	__u64 set = set_of(run);

	if ((set & wish->all_of) != wish->all_of || set & wish->none_of)
		return false;
	if (wish->any_of && !(set & wish->any_of))
		return false;
	return !wish->frame_end || clip_frames(wish, run);
}

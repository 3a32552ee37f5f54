// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds the VMAs that were one allocation. */
#include "groups.h"
#include "run.h"

static bool adjacent(const struct vmq_vma *a, const struct vmq_vma *b)
{
	return a->end == b->start;
}

static bool shared(const struct vmq_vma *vma)
{
	return vma->flags & VMQ_VMA_MAYSHARE;
}

static bool same_file(const struct vmq_vma *a, const struct vmq_vma *b)
{
	return a->inode && a->inode == b->inode && a->type == b->type &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       shared(a) == shared(b);
}

/* Anonymous memory of an mmap: not the heap, not the main stack. */
static bool mmapped_anon(const struct vmq_space *space, const struct vmq_vma *vma)
{
	static const char given[] = "[anon:";	/* by prctl(PR_SET_VMA_ANON_NAME) */

	if (vma->type != VMQ_VMA_TYPE_ANON || vma->flags & VMQ_VMA_GROWSDOWN)
		return false;
	return !vma->name_length ||
	       !strncmp(space->names + vma->name, given, sizeof(given) - 1);
}

static bool readable_writable(const struct vmq_vma *vma)
{
	const __u8 both = VMQ_RIGHT_READ | VMQ_RIGHT_WRITE;

	return (vma->rights & both) == both;
}

/*
 * Segments of one image rise in the file as in memory, possibly with holes between
 * them; the page where two segments meet can be mapped twice. The file's first
 * page, again, begins another image.
 */
static bool next_segment(const struct vmq_vma *first, const struct vmq_vma *last,
			 const struct vmq_vma *vma)
{
	return same_file(last, vma) && vma->offset >= last->offset &&
	       vma->offset > first->offset;
}

/* A segment's part that is not in the file lies behind its last page. */
static bool bss_of(const struct vmq_space *space, const struct vmq_vma *last,
		   const struct vmq_vma *vma)
{
	return mmapped_anon(space, vma) && !vma->name_length &&
	       vma->rights && adjacent(last, vma);
}

/*
 * Whether an image begins at group->first. A lone executable view of a file is
 * none, nor are views without an executable one among them.
 */
static bool find_image(struct vmq_groups *groups, struct vmq_group *group)
{
	const struct vmq_space *space = groups->space;
	const struct vmq_vma *vmas = space->vmas, *first = &vmas[group->first], *last = first;
	__u32 i = group->first + 1, segments = 1;
	bool exec = first->rights & VMQ_RIGHT_EXEC;

	if (group->first < groups->no_image || shared(first) ||
	    (first->type != VMQ_VMA_TYPE_FILE && first->type != VMQ_VMA_TYPE_SHMEM))
		return false;
	for (; i < space->count; i++) {
		if (next_segment(first, last, &vmas[i])) {
			last = &vmas[i];
			exec |= last->rights & VMQ_RIGHT_EXEC;
			segments++;
		} else if (&vmas[i - 1] != last || !bss_of(space, last, &vmas[i])) {
			break;
		}
	}
	/* what follows group->first is looked through once, however long it is */
	groups->no_image = i;
	if (!exec || segments < 2)
		return false;
	group->end = i;
	group->image = true;
	return true;
}

/* One view of a file, in parts since its rights or advice changed in places. */
static void find_view(const struct vmq_space *space, struct vmq_group *group)
{
	const struct vmq_vma *last = &space->vmas[group->first];

	for (; group->end < space->count; group->end++) {
		const struct vmq_vma *vma = &space->vmas[group->end];

		if (!same_file(last, vma) || !adjacent(last, vma) ||
		    vma->offset - last->offset != last->end - last->start)
			break;
		last = vma;
	}
}

static bool is_guard(const struct vmq_space *space, __u32 i)
{
	const struct vmq_vma *vma = &space->vmas[i];

	return i + 1 < space->count && !vma->rights &&
	       vma->end - vma->start <= VMQ_GUARD_PAGES_MAX << VMQ_PAGE_SHIFT &&
	       adjacent(vma, vma + 1) && mmapped_anon(space, vma) &&
	       mmapped_anon(space, vma + 1) && readable_writable(vma + 1);
}

/*
 * A guard and the stack above it, or used memory and what was reserved behind it,
 * as malloc makes for a thread. Reserved memory small enough to be the guard of
 * what follows is taken for that.
 */
static void find_anon(const struct vmq_space *space, struct vmq_group *group)
{
	const struct vmq_vma *first = &space->vmas[group->first];
	__u32 next = group->first + 1;

	group->guess = true;
	if (is_guard(space, group->first)) {
		group->guard = true;
		group->end = next + 1;
	} else if (first->rights && next < space->count &&
		   !space->vmas[next].rights && adjacent(first, first + 1) &&
		   mmapped_anon(space, first + 1) && !is_guard(space, next)) {
		group->end = next + 1;
	}
}

/* The stack begins with the gap that is kept free below it. */
static void find_stack(const struct vmq_space *space, struct vmq_group *group)
{
	const __u64 gap = VMQ_STACK_GAP_PAGES << VMQ_PAGE_SHIFT;
	__u64 below = group->first ? space->vmas[group->first - 1].end : 0;

	if (group->base - below > gap)
		below = group->base - gap;
	group->guess = below != group->base;
	group->base = below;
}

static void find_group(struct vmq_groups *groups, struct vmq_group *group)
{
	const struct vmq_space *space = groups->space;
	const struct vmq_vma *vma = &space->vmas[group->first];

	if (vma->flags & VMQ_VMA_GROWSDOWN)
		find_stack(space, group);
	else if (mmapped_anon(space, vma))
		find_anon(space, group);
	else if (!find_image(groups, group))
		find_view(space, group);
}

const struct vmq_group *vmq_group_of(struct vmq_groups *groups, __u32 vma)
{
	while (groups->now.end <= vma) {
		__u32 first = groups->now.end;

		groups->now = (struct vmq_group){
			.base = groups->space->vmas[first].start,
			.first = first,
			.end = first + 1,
		};
		find_group(groups, &groups->now);
	}
	return &groups->now;
}

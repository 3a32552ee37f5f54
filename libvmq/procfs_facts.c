// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From what pagemap and kpageflags show to the facts of a run. The rule of this
 * file: a fact that could be otherwise with the same numbers is not told.
 */
#include "../module/shared/run.h"
#include "procfs.h"

/* pagemap shows nothing of these VMAs, whatever is mapped. */
#define HIDDEN VMQ_VMA_PFNMAP

/*
 * In VMAs with these an entry can lead to other than ordinary pages. A file's VMA
 * with DAX has HUGEPAGE, without being asked for it.
 */
#define MIXED (VMQ_VMA_PFNMAP | VMQ_VMA_IO | VMQ_VMA_MIXEDMAP)

/*
 * Types of entries that are no swap are numbered from 31 down. How many there
 * are hangs on the kernel's configuration, but not more than 9.
 */
#define SWAP_TYPES 23

/* One page, and all that is to be had about it. */
struct view {
	const struct procfs *procfs;
	const struct vmq_vma *vma;
	__u8 shift;		/* of the VMA's hugetlb pages, else 0 */
	__u64 entry;		/* of pagemap */
	const struct procfs_page *page;
	int kind;		/* VMQ_KIND_*, or UNTOLD */
};

#define UNTOLD (-1)

static bool is_shared(const struct view *view)
{
	return view->vma->flags & VMQ_VMA_MAYSHARE;
}

static bool is_file(const struct view *view)
{
	return view->vma->type == VMQ_VMA_TYPE_FILE ||
	       view->vma->type == VMQ_VMA_TYPE_SHMEM;
}

/*
 * pagemap shows hugetlb entries that are not present as holes, those under
 * migration too.
 */
static int absent_kind(const struct view *view)
{
	if (view->entry & PM_GUARD)
		return VMQ_KIND_GUARD;
	if (view->entry & PM_SWAP)
		return PM_FRAME(view->entry) &&
		       PM_SWAP_TYPE(view->entry) < SWAP_TYPES ?
		       VMQ_KIND_SWAP : UNTOLD;
	return view->vma->flags & (HIDDEN | VMQ_VMA_HUGETLB) ?
	       UNTOLD : VMQ_KIND_NONE;
}

/* With kpageflags. */
static int page_kind(const struct view *view)
{
	const __u64 flags = view->page->flags;

	if (flags & KPF(NOPAGE))	/* a driver's frame, or ZONE_DEVICE */
		return UNTOLD;
	if (flags & KPF(ZERO_PAGE))
		return flags & KPF(THP) ? VMQ_KIND_HUGE_ZERO : VMQ_KIND_ZERO;
	if (flags & KPF(ANON)) {
		if (view->procfs->ksm_shown)
			return flags & KPF(KSM) ? VMQ_KIND_KSM : VMQ_KIND_ANON;
		return view->vma->flags & VMQ_VMA_MERGEABLE ?
		       UNTOLD : VMQ_KIND_ANON;
	}
	if (!(view->entry & PM_FILE))
		return VMQ_KIND_PFNMAP;
	if (flags & KPF(SWAPBACKED))
		return VMQ_KIND_SHMEM;
	/* else a page of the kernel's own or a driver's */
	return view->vma->type == VMQ_VMA_TYPE_FILE &&
	       !(view->vma->flags & MIXED) ? VMQ_KIND_FILE : UNTOLD;
}

/* Without: what bits 56 and 61 of pagemap leave no doubt of. */
static int guarded_kind(const struct view *view)
{
	const __u64 flags = view->vma->flags;

	if (!is_file(view) || flags & (MIXED | VMQ_VMA_HUGEPAGE)) {
		bool alone = view->entry & PM_EXCLUSIVE &&
			     !(view->entry & PM_FILE);

		return alone && !(flags & VMQ_VMA_MERGEABLE) ?
		       VMQ_KIND_ANON : UNTOLD;
	}
	if (view->entry & PM_FILE)
		return view->vma->type == VMQ_VMA_TYPE_FILE ?
		       VMQ_KIND_FILE : VMQ_KIND_SHMEM;
	return flags & (VMQ_VMA_MERGEABLE | VMQ_VMA_MAYSHARE) ?
	       UNTOLD : VMQ_KIND_ANON;
}

static int kind_of(const struct view *view)
{
	if (!(view->entry & PM_PRESENT))
		return absent_kind(view);
	if (view->vma->flags & VMQ_VMA_HUGETLB)
		return VMQ_KIND_HUGETLB;
	return view->page->known ? page_kind(view) : guarded_kind(view);
}

/* EXCLUSIVE or MAYBE is a bit of struct page that no file shows. */
static int sharing_of(const struct view *view)
{
	switch (view->kind) {
	case VMQ_KIND_NONE:
	case VMQ_KIND_GUARD:
		return VMQ_SHARING_NONE;
	case VMQ_KIND_ZERO:
	case VMQ_KIND_HUGE_ZERO:
		return VMQ_SHARING_ZERO;
	case VMQ_KIND_KSM:
		return VMQ_SHARING_KSM;
	case VMQ_KIND_PFNMAP:
		return VMQ_SHARING_NOPAGE;
	}
	if (!(view->entry & PM_PRESENT))
		return UNTOLD;
	if (view->page->known && view->page->flags & KPF(NOPAGE))
		return VMQ_SHARING_NOPAGE;
	if (!(view->entry & PM_FILE) || view->kind == UNTOLD)
		return UNTOLD;
	return is_shared(view) ? VMQ_SHARING_MAP_SHARED : VMQ_SHARING_FILE;
}

static bool is_privatized(const struct view *view)
{
	return is_file(view) && !is_shared(view) &&
	       (view->kind == VMQ_KIND_ANON || view->kind == VMQ_KIND_SWAP);
}

/* A missing page whose VMA decides alone. */
static int on_fill(const struct view *view)
{
	if (view->vma->flags & VMQ_VMA_UFFD_MISSING)
		return VMQ_ON_WRITE_UFFD;
	if (view->vma->flags & (MIXED | VMQ_VMA_UFFD_MINOR) ||
	    view->vma->type == VMQ_VMA_TYPE_DEVICE)
		return UNTOLD;
	return is_shared(view) ? VMQ_ON_WRITE_UPGRADE : VMQ_ON_WRITE_FILL;
}

/* Whether an entry is writable is not shown: kinds whose entries never are. */
static int on_write_of(const struct view *view)
{
	const bool uffd = view->entry & PM_UFFD_WP &&
			  view->vma->flags & VMQ_VMA_UFFD_WP;

	if (!(view->vma->rights & VMQ_RIGHT_WRITE) ||
	    view->vma->flags & VMQ_VMA_SHADOW_STACK ||
	    view->kind == VMQ_KIND_GUARD)
		return VMQ_ON_WRITE_DENY;
	if (view->kind == VMQ_KIND_NONE)
		return uffd ? UNTOLD : on_fill(view);
	if (is_shared(view))
		return UNTOLD;
	switch (view->kind) {
	case VMQ_KIND_ZERO:
	case VMQ_KIND_HUGE_ZERO:
		return uffd ? VMQ_ON_WRITE_UFFD : VMQ_ON_WRITE_FILL;
	case VMQ_KIND_FILE:
	case VMQ_KIND_SHMEM:
	case VMQ_KIND_KSM:
		return uffd ? VMQ_ON_WRITE_UFFD : VMQ_ON_WRITE_COPY;
	}
	return UNTOLD;
}

static void tell_entry(const struct view *view, struct vmq_run *run)
{
	if (view->entry & PM_PRESENT) {
		run->entry |= VMQ_ENTRY_PRESENT;
		run->shift = view->shift;
	}
	if (view->entry & PM_UFFD_WP)
		run->entry |= VMQ_ENTRY_UFFD_WP;
}

static void tell_place(const struct view *view, struct vmq_run *run)
{
	if (view->kind == VMQ_KIND_SWAP) {
		run->valid |= VMQ_VALID_SWAP;
		run->frame = PM_SWAP_OFFSET(view->entry);
		run->index = PM_SWAP_TYPE(view->entry);
	} else if (view->entry & PM_PRESENT && PM_FRAME(view->entry)) {
		run->valid |= VMQ_VALID_FRAME;
		run->frame = PM_FRAME(view->entry);
	}
}

static void tell_kind(const struct view *view, __u32 facts, struct vmq_run *run)
{
	if (view->kind == UNTOLD)
		return;
	if (view->entry & PM_PRESENT && !(facts & VMQ_FACTS_PAGE))
		return;
	run->valid |= VMQ_VALID_KIND;
	run->kind = view->kind;
}

static void tell_sharing(const struct view *view, struct vmq_run *run)
{
	const int sharing = sharing_of(view);

	if (is_privatized(view))
		run->flags |= VMQ_RUN_PRIVATIZED;
	if (sharing == UNTOLD)
		return;
	run->valid |= VMQ_VALID_SHARING;
	run->sharing = sharing;
}

static void tell_on_write(const struct view *view, struct vmq_run *run)
{
	const int on_write = on_write_of(view);

	if (on_write == UNTOLD)
		return;
	run->valid |= VMQ_VALID_ON_WRITE;
	run->on_write = on_write;
	if (view->vma->pkey && on_write != VMQ_ON_WRITE_DENY)
		run->flags |= VMQ_RUN_PKEY;
}

/* kpagecount does not count the mappings of the zero pages. */
static bool is_counted(const struct view *view)
{
	if (vmq_procfs_may_be_average(view->page) && !view->procfs->counts_pages)
		return false;
	return view->kind != VMQ_KIND_ZERO && view->kind != VMQ_KIND_HUGE_ZERO &&
	       view->kind != VMQ_KIND_PFNMAP;
}

static void tell_page(const struct view *view, __u32 facts, struct vmq_run *run)
{
	if (!view->page->known || view->page->flags & KPF(NOPAGE))
		return;
	if (facts & VMQ_FACTS_PAGE && view->kind != VMQ_KIND_PFNMAP) {
		run->valid |= VMQ_VALID_ORDER;
		run->order = view->page->order;
	}
	if (facts & VMQ_FACTS_COUNTS && is_counted(view)) {
		run->valid |= VMQ_VALID_MAP_COUNT;
		run->map_count = view->page->map_count;
	}
	if (facts & VMQ_FACTS_FLAGS && view->kind != VMQ_KIND_PFNMAP) {
		run->valid |= VMQ_VALID_PAGE_FLAGS;
		run->page_flags = view->page->flags;
		if (!view->procfs->ksm_shown)
			run->page_flags &= ~KPF(KSM);
	}
}

/* Pages with one and the same entry, without a frame, differ in nothing. */
static __u64 equal_entries(const struct procfs_batch *batch, size_t i)
{
	const __u64 entry = batch->entries[i];
	__u64 n = 1;

	if (PM_FRAME(entry))
		return 1;
	while (i + n < batch->count && batch->entries[i + n] == entry)
		n++;
	return i + n < batch->count ? n : n + batch->beyond;
}

void vmq_procfs_run(const struct procfs *procfs, const struct procfs_vma *vma,
		    size_t i, __u32 facts, struct vmq_run *run)
{
	const struct procfs_batch *batch = procfs->batch;
	struct view view = {
		.procfs = procfs,
		.vma = &vma->vma,
		.shift = vma->shift,
		.entry = batch->entries[i],
		.page = &batch->pages[i],
	};

	view.kind = kind_of(&view);
	*run = (struct vmq_run){
		.start = batch->start + (i << VMQ_PAGE_SHIFT),
		.pages = equal_entries(batch, i),
	};
	tell_entry(&view, run);
	tell_kind(&view, facts, run);
	if (facts & VMQ_FACTS_FRAME)
		tell_place(&view, run);
	if (facts & VMQ_FACTS_PAGE)
		tell_sharing(&view, run);
	if (facts & VMQ_FACTS_WRITE)
		tell_on_write(&view, run);
	tell_page(&view, facts, run);
}

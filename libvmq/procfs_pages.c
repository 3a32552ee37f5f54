// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads pagemap, and for the frames it shows kpageflags and kpagecount. Says
 * nothing about what the numbers mean for a run.
 */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "../module/shared/run.h"
#include "procfs.h"

/* Groups of facts that need kpageflags: kind, verdicts and flags come from it. */
#define FACTS_OF_PAGE (VMQ_FACTS_PAGE | VMQ_FACTS_WRITE | VMQ_FACTS_COUNTS | \
		       VMQ_FACTS_FLAGS)

/* log2 of the pages in the largest folio, of 1 GiB. */
#define MAX_ORDER 18

#define ENTRY sizeof(__u64)

/* In place of flags: no flag says as much. */
#define NOT_READ (~0ULL)

ssize_t vmq_procfs_read(int fd, void *to, size_t size, __u64 offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)to + done, size - done, offset + done);

		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

static bool in_user_space(int pagemap, __u64 page)
{
	__u64 entry;

	return vmq_procfs_read(pagemap, &entry, ENTRY, page * ENTRY) == ENTRY;
}

/* What is left of a space that is gone is an empty pagemap. */
int vmq_procfs_alive(const struct procfs *procfs)
{
	__u64 entry;
	ssize_t n = vmq_procfs_read(procfs->pagemap, &entry, ENTRY, 0);

	return n < 0 ? n : n ? 0 : -ESRCH;
}

/*
 * pagemap ends where user space does, which is different for 32-bit processes
 * and for five levels of tables. Frames of 57 bits are the most there are.
 */
__u64 vmq_procfs_top(int pagemap)
{
	__u64 below = 0, above = 1ULL << (57 - VMQ_PAGE_SHIFT);

	if (!in_user_space(pagemap, 0))
		return 0;
	while (above - below > 1) {
		__u64 middle = below + (above - below) / 2;

		if (in_user_space(pagemap, middle))
			below = middle;
		else
			above = middle;
	}
	return in_user_space(pagemap, 0) ? above << VMQ_PAGE_SHIFT : 0;
}

static __u64 flags_of(const struct procfs *procfs, __u64 frame)
{
	__u64 flags;

	if (vmq_procfs_read(procfs->kpageflags, &flags, ENTRY, frame * ENTRY) != ENTRY)
		return KPF(NOPAGE);
	return flags;
}

/*
 * Some kernels (v6.12 is one) call every anonymous page merged. One just written
 * is not: procfs->batch, as nobody else uses it.
 */
int vmq_procfs_probe(struct procfs *procfs)
{
	volatile __u64 *page = &procfs->batch->entries[PROCFS_BATCH / 2];
	int pagemap = vmq_open_proc(0, "pagemap");
	__u64 entry = 0;

	if (pagemap < 0)
		return vmq_is_shortage(pagemap) ? pagemap : 0;
	*page = 1;
	vmq_procfs_read(pagemap, &entry, ENTRY,
			((uintptr_t)page >> VMQ_PAGE_SHIFT) * ENTRY);
	close(pagemap);
	procfs->frames = PM_FRAME(entry);
	if (procfs->frames && procfs->kpageflags >= 0)
		procfs->ksm_shown = !(flags_of(procfs, PM_FRAME(entry)) & KPF(KSM));
	return 0;
}

/* The frame behind @entry, 0 if there is none or it is not shown. */
static __u64 frame_of(__u64 entry)
{
	return entry & PM_PRESENT ? PM_FRAME(entry) : 0;
}

/* Entries from @i on whose frames follow each other. */
static size_t frames_in_row(const struct procfs_batch *batch, size_t i)
{
	const __u64 frame = frame_of(batch->entries[i]);
	size_t n = 1;

	while (i + n < batch->count && frame_of(batch->entries[i + n]) == frame + n)
		n++;
	return n;
}

/*
 * Fills flags and counts of @n frames in a row. A frame behind the end of
 * kpageflags has no page.
 */
static void read_frames(struct procfs *procfs, size_t i, size_t n)
{
	struct procfs_batch *batch = procfs->batch;
	const __u64 at = PM_FRAME(batch->entries[i]) * ENTRY;
	ssize_t counts = 0, flags;

	if (batch->facts & VMQ_FACTS_COUNTS)
		counts = vmq_procfs_read(procfs->kpagecount, batch->counts + i,
					 n * ENTRY, at);
	flags = vmq_procfs_read(procfs->kpageflags, batch->flags + i, n * ENTRY, at);
	for (size_t j = 0; j < n; j++) {
		if (counts < 0 || flags < 0)
			batch->flags[i + j] = NOT_READ;
		else if (j >= flags / ENTRY)
			batch->flags[i + j] = KPF(NOPAGE);
	}
}

/* A folio, as it was last seen; size 0 for none. */
struct folio {
	__u64 head;		/* frame of its first page */
	__u64 flags;
	__u64 size;		/* pages */
	__u8 order;
};

/* The first of the frames a head can have that has one: 0 if none has. */
static __u64 find_head(const struct procfs *procfs, __u64 frame)
{
	for (int order = 1; order <= MAX_ORDER; order++) {
		__u64 head = frame & ~((1ULL << order) - 1);

		if (head != frame && flags_of(procfs, head) & KPF(COMPOUND_HEAD))
			return head;
	}
	return 0;
}

/* The page 2^n behind a head is a tail only if the folio is larger than that. */
static __u8 find_order(const struct procfs *procfs, __u64 head)
{
	__u8 order = 1;

	while (order < MAX_ORDER &&
	       flags_of(procfs, head + (1ULL << order)) & KPF(COMPOUND_TAIL))
		order++;
	return order;
}

static bool find_folio(const struct procfs *procfs, __u64 frame, __u64 flags,
		       struct folio *folio)
{
	if (frame - folio->head < folio->size)
		return true;
	folio->size = 0;
	folio->head = flags & KPF(COMPOUND_HEAD) ? frame : find_head(procfs, frame);
	if (!folio->head)
		return false;
	folio->flags = flags_of(procfs, folio->head);
	folio->order = find_order(procfs, folio->head);
	folio->size = 1ULL << folio->order;
	return frame - folio->head < folio->size;
}

/*
 * Up to v6.1 a tail has a word of its own that says little: take the head's, as
 * later kernels do.
 */
static void describe_page(const struct procfs *procfs, size_t i,
			  struct folio *folio)
{
	const struct procfs_batch *batch = procfs->batch;
	struct procfs_page *page = &procfs->batch->pages[i];
	__u64 flags = batch->flags[i];

	*page = (struct procfs_page){
		.flags = flags,
		.map_count = batch->counts[i],
		.known = flags != NOT_READ,
	};
	if (!page->known || !(flags & (KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL))))
		return;
	page->known = find_folio(procfs, PM_FRAME(batch->entries[i]), flags, folio);
	page->flags = folio->flags & ~(KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL));
	page->order = folio->order;
}

/*
 * Between two reads a frame can get a new owner. What was read of it is this
 * page's if pagemap shows it before and after.
 */
static void drop_moved(struct procfs *procfs, __u64 at)
{
	struct procfs_batch *batch = procfs->batch;
	size_t size = batch->count * ENTRY;
	ssize_t n = vmq_procfs_read(procfs->pagemap, batch->again, size, at);

	for (size_t i = 0; i < batch->count; i++)
		if (n != (ssize_t)size ||
		    frame_of(batch->again[i]) != frame_of(batch->entries[i]))
			batch->pages[i].known = false;
}

/* The zero page is behind many entries in a row. */
static bool is_same_frame(const struct procfs_batch *batch, size_t i)
{
	return i && frame_of(batch->entries[i]) == frame_of(batch->entries[i - 1]);
}

/* Describes the page of entry @i and those whose frames follow: their number. */
static size_t read_some(struct procfs *procfs, size_t i, struct folio *folio)
{
	struct procfs_batch *batch = procfs->batch;
	size_t n;

	if (!frame_of(batch->entries[i])) {
		batch->pages[i].known = false;
		return 1;
	}
	if (is_same_frame(batch, i)) {
		batch->pages[i] = batch->pages[i - 1];
		return 1;
	}
	n = frames_in_row(batch, i);
	read_frames(procfs, i, n);
	for (size_t j = i; j < i + n; j++)
		describe_page(procfs, j, folio);
	return n;
}

static bool has_average(const struct procfs_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		if (vmq_procfs_may_be_average(&batch->pages[i]))
			return true;
	return false;
}

static int read_pages(struct procfs *procfs, __u64 at)
{
	struct procfs_batch *batch = procfs->batch;
	struct folio folio = { 0 };
	bool any = false;
	size_t i = 0;
	int err = 0;

	while (i < batch->count) {
		any |= frame_of(batch->entries[i]);
		i += read_some(procfs, i, &folio);
	}
	if (any)
		drop_moved(procfs, at);
	if (batch->facts & VMQ_FACTS_COUNTS && has_average(batch))
		err = vmq_procfs_ask_counts(procfs);
	if (err)
		batch->count = 0;	/* not loaded */
	return err;
}

int vmq_procfs_load(struct procfs *procfs, const struct procfs_vma *vma,
		    __u64 start, __u64 end, __u32 facts)
{
	struct procfs_batch *batch = procfs->batch;
	const __u64 at = (start >> VMQ_PAGE_SHIFT) * ENTRY;
	__u64 pages;
	ssize_t n;

	if (end > vma->vma.end)
		end = vma->vma.end;
	pages = (end - start) >> VMQ_PAGE_SHIFT;
	batch->start = start;
	batch->facts = facts;
	batch->count = 0;
	if (pages > PROCFS_BATCH)
		pages = PROCFS_BATCH;
	n = vmq_procfs_read(procfs->pagemap, batch->entries, pages * ENTRY, at);
	if (n < 0)
		return n;
	if (n != (ssize_t)(pages * ENTRY))
		return -ESRCH;
	batch->count = pages;
	batch->beyond = vmq_procfs_empty_beyond(procfs, vma, end);
	if (facts & FACTS_OF_PAGE && procfs->kpagecount >= 0)
		return read_pages(procfs, at);
	for (size_t i = 0; i < batch->count; i++)
		batch->pages[i].known = false;
	return 0;
}

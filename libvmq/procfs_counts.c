// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds out whether kpagecount counts the mappings of each page of a folio, or tells
 * their average for all of them. No file says so: a folio of one's own is made of which
 * one page is not mapped.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../module/shared/run.h"
#include "procfs.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25		/* v6.1 */
#endif

#define ENTRY	sizeof(__u64)
#define PAGE	(1UL << VMQ_PAGE_SHIFT)
#define HUGE	(512 * PAGE)
#define LOOKED	3		/* pages: the second is the one to be unmapped */

/* v6.15 can be built without a count per page. What says it is older than v6 lies. */
static bool can_be_averages(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return true;
	return major != 6 || minor >= 15;
}

/* A flag or count that cannot be read proves nothing: it is all ones. */
static __u64 read_kpage(int fd, __u64 frame)
{
	__u64 word;

	return vmq_procfs_read(fd, &word, ENTRY, frame * ENTRY) == ENTRY ? word : ~0ULL;
}

/* Whether the first pages at @huge are of one folio; the frame of the first in *@head. */
static bool is_folio(const struct procfs *procfs, int pagemap, const char *huge, bool all,
		     __u64 *head)
{
	const __u64 at = ((uintptr_t)huge >> VMQ_PAGE_SHIFT) * ENTRY;
	__u64 entries[LOOKED];

	if (vmq_procfs_read(pagemap, entries, sizeof(entries), at) != sizeof(entries))
		return false;
	*head = PM_FRAME(entries[0]);
	for (unsigned int i = 0; i < LOOKED; i++) {
		const bool mapped = i != 1 || all;
		const __u64 flags = read_kpage(procfs->kpageflags, *head + i);

		if (!(flags & (i ? KPF(COMPOUND_TAIL) : KPF(COMPOUND_HEAD))) ||
		    PM_FRAME(entries[i]) != (mapped ? *head + i : 0))
			return false;
	}
	return true;
}

/*
 * Makes a folio at @huge and unmaps its second page, which counts as mapped only in an
 * average. The kernel may split the folio at any time: it must still be whole after
 * the count was read.
 */
static bool counts_pages(const struct procfs *procfs, int pagemap, char *huge)
{
	__u64 head, again, count;

	madvise(huge, HUGE, MADV_HUGEPAGE);
	for (unsigned int i = 0; i < LOOKED; i++)
		*(volatile char *)(huge + i * PAGE) = 1;
	/* also where THP is switched off, but not free of charge for other processors */
	if (!is_folio(procfs, pagemap, huge, true, &head))
		madvise(huge, HUGE, MADV_COLLAPSE);
	if (!is_folio(procfs, pagemap, huge, true, &head) ||
	    madvise(huge + PAGE, PAGE, MADV_DONTNEED))
		return false;
	count = read_kpage(procfs->kpagecount, head + 1);
	return is_folio(procfs, pagemap, huge, false, &again) && again == head && !count;
}

static int probe(struct procfs *procfs)
{
	int pagemap = vmq_open_proc(0, "pagemap"), err = 0;
	uintptr_t huge;
	char *map;

	if (pagemap < 0)
		return vmq_is_shortage(pagemap) ? pagemap : 0;
	map = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		/* EAGAIN: it would be locked, and that is limited */
		err = errno == ENOMEM ? -ENOMEM : 0;
	} else {
		huge = ((uintptr_t)map + HUGE - 1) & ~(HUGE - 1);
		procfs->counts_pages = counts_pages(procfs, pagemap, (char *)huge);
		munmap(map, 2 * HUGE);
	}
	close(pagemap);
	return err;
}

int vmq_procfs_ask_counts(struct procfs *procfs)
{
	int err = 0;

	if (procfs->counts_asked)
		return 0;
	if (can_be_averages())
		err = probe(procfs);
	else
		procfs->counts_pages = true;
	procfs->counts_asked = !err;
	return err;
}

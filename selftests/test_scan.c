// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SCAN reports, compared with /proc/PID/pagemap page by page, and with
 * mappings made by hand, where the answer is known without any kernel file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/oracle.h"
#include "kselftest_harness.h"

#define HUGE (512 * PAGE)

/* The bits of @entry a mapping made by the test decides. */
#define DECIDED (VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_USER | \
		 VMQ_ENTRY_ACCESSED | VMQ_ENTRY_DIRTY | VMQ_ENTRY_EXEC | \
		 VMQ_ENTRY_PROTNONE)

#define WRITTEN (VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_USER | \
		 VMQ_ENTRY_ACCESSED | VMQ_ENTRY_DIRTY)

struct page {
	uint64_t address;
	uint64_t frame;
	uint32_t entry;
	uint8_t shift;
};

/* One struct page per page vmq reports in [start, end); -errno on failure. */
static ssize_t scan_pages(struct vmq *vmq, uint64_t start, uint64_t end,
			  struct page *pages, size_t room)
{
	struct vmq_query query = { start, end, VMQ_FACTS_FRAME };
	struct vmq_runs *runs;
	struct vmq_run run;
	size_t count = 0;
	int err;

	err = vmq_runs_open(vmq, &query, &runs);
	if (err)
		return err;
	while ((err = vmq_runs_next(runs, &run)) > 0) {
		for (uint64_t i = 0; i < run.pages && count < room; i++)
			pages[count++] = (struct page){
				.address = run.start + i * PAGE,
				.frame = run.valid & VMQ_VALID_FRAME ? run.frame + i : 0,
				.entry = run.entry,
				.shift = run.shift,
			};
	}
	vmq_runs_close(runs);
	return err ? err : (ssize_t)count;
}

/* Whether page @p (NULL: not reported) of @vma says what pagemap says. */
static bool agrees(const struct oracle_vma *vma, const struct page *p, uint64_t pagemap)
{
	if (!(pagemap & (PM_PRESENT | PM_SWAP)))
		return !p;
	if (!p || !(p->entry & VMQ_ENTRY_PRESENT) != !(pagemap & PM_PRESENT))
		return false;
	if (!(pagemap & PM_PRESENT))
		return true;
	return p->frame && p->frame == PM_FRAME(pagemap) &&
	       (vma->soft_dirty ||
		!(p->entry & VMQ_ENTRY_SOFT_DIRTY) == !(pagemap & PM_SOFT_DIRTY)) &&
	       !(p->entry & VMQ_ENTRY_UFFD_WP) == !(pagemap & PM_UFFD_WP);
}

/* Differences between vmq and pagemap on @count <= 512 pages; -1 on error. */
static int differing(struct vmq *vmq, int pagemap, const struct oracle_vma *vma,
		     uint64_t start, size_t count, size_t *present)
{
	struct page pages[512];
	uint64_t entries[512];
	ssize_t found = scan_pages(vmq, start, start + count * PAGE, pages, 512);
	int bad = 0, next = 0;

	if (found < 0 || oracle_pagemap(pagemap, start, count, entries))
		return -1;
	for (size_t i = 0; i < count; i++) {
		bool here = next < found && pages[next].address == start + i * PAGE;

		bad += !agrees(vma, here ? &pages[next] : NULL, entries[i]);
		next += here;
	}
	*present = found;
	return bad + (next != found);
}

/* The same for a whole VMA. A page that moved between the reads is read again. */
static long compare_vma(struct vmq *vmq, int pagemap, const struct oracle_vma *vma,
			size_t *present)
{
	long bad = 0;

	for (uint64_t at = vma->start; at < vma->end; at += 512 * PAGE) {
		size_t left = (vma->end - at) / PAGE, seen = 0;
		int wrong = 1;

		for (int try = 0; wrong && try < 5; try++)
			wrong = differing(vmq, pagemap, vma, at,
					  left < 512 ? left : 512, &seen);
		if (wrong)
			fprintf(stderr, "# from %#lx: %d pages differ\n", (long)at, wrong);
		bad += wrong != 0;
		*present += seen;
	}
	return bad;
}

/* The same for every VMA of @pid that pagemap shows; -1 on error. */
static long compare_process(pid_t pid, size_t *present)
{
	struct oracle_vma *vmas;
	ssize_t count = oracle_vmas(pid, &vmas);
	int pagemap = oracle_open_pagemap(pid);
	struct vmq *vmq;
	long bad = 0;

	if (count < 1 || pagemap < 0 || vmq_open(&vmq, pid))
		return -1;
	for (ssize_t i = 0; i < count; i++)
		if (!vmas[i].pfnmap)
			bad += compare_vma(vmq, pagemap, &vmas[i], present);
	vmq_close(vmq);
	close(pagemap);
	free(vmas);
	return bad;
}

FIXTURE(scan) {
	struct vmq *vmq;
	char *map;		/* 16 pages, nothing touched */
};

FIXTURE_SETUP(scan)
{
	ASSERT_EQ(0, vmq_open(&self->vmq, 0));
	self->map = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, madvise(self->map, 16 * PAGE, MADV_NOHUGEPAGE));
}

FIXTURE_TEARDOWN(scan)
{
	vmq_close(self->vmq);
	munmap(self->map, 16 * PAGE);
}

static ssize_t scan_map(struct vmq *vmq, const char *map, struct page *pages)
{
	return scan_pages(vmq, (uintptr_t)map, (uintptr_t)map + 16 * PAGE, pages, 16);
}

TEST_F(scan, untouched_pages_have_no_entry)
{
	struct page pages[16];

	EXPECT_EQ(0, scan_map(self->vmq, self->map, pages));
}

TEST_F(scan, first_and_last_page_are_found)
{
	uint64_t map = (uintptr_t)self->map;
	struct page pages[16];

	self->map[0] = 1;
	self->map[15 * PAGE] = 1;
	ASSERT_EQ(2, scan_map(self->vmq, self->map, pages));
	EXPECT_EQ(map, pages[0].address);
	EXPECT_EQ(map + 15 * PAGE, pages[1].address);
	EXPECT_EQ(12, pages[0].shift);
	EXPECT_NE(pages[0].frame, pages[1].frame);
}

TEST_F(scan, bits_follow_what_was_done)
{
	volatile char *map = self->map;
	struct page pages[16];

	map[0] = 1;				/* written */
	(void)map[PAGE];			/* read: the zero page */
	map[2 * PAGE] = 1;			/* written, then read-only */
	map[3 * PAGE] = 1;			/* written, then no access */
	map[4 * PAGE] = 1;			/* written, then executable */
	ASSERT_EQ(0, mprotect(self->map + 2 * PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(self->map + 3 * PAGE, PAGE, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->map + 4 * PAGE, PAGE, PROT_READ | PROT_EXEC));
	ASSERT_EQ(5, scan_map(self->vmq, self->map, pages));
	EXPECT_EQ(WRITTEN, pages[0].entry & DECIDED);
	EXPECT_EQ(VMQ_ENTRY_PRESENT | VMQ_ENTRY_USER | VMQ_ENTRY_ACCESSED,
		  pages[1].entry & DECIDED);
	EXPECT_TRUE(pages[1].entry & VMQ_ENTRY_SPECIAL);
	EXPECT_EQ(WRITTEN & ~VMQ_ENTRY_WRITE, pages[2].entry & DECIDED);
	EXPECT_TRUE(pages[3].entry & VMQ_ENTRY_PROTNONE);
	EXPECT_FALSE(pages[3].entry & (VMQ_ENTRY_USER | VMQ_ENTRY_WRITE));
	EXPECT_EQ((WRITTEN & ~VMQ_ENTRY_WRITE) | VMQ_ENTRY_EXEC,
		  pages[4].entry & DECIDED);
}

TEST_F(scan, a_huge_page_is_one_entry)
{
	struct vmq_query query = { .facts = VMQ_FACTS_FRAME };
	char *area, *huge;
	struct vmq_runs *runs;
	struct vmq_run run;
	uint64_t entry;
	int pagemap = oracle_open_pagemap(0);

	area = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	huge = (char *)(((uintptr_t)area + HUGE - 1) & ~(HUGE - 1));
	ASSERT_EQ(0, madvise(huge, HUGE, MADV_HUGEPAGE));
	huge[0] = 1;
	/* a part of the huge page, to see that the frame is counted from its start */
	query.start = (uintptr_t)huge + 3 * PAGE;
	query.end = (uintptr_t)huge + HUGE - PAGE;
	ASSERT_EQ(0, vmq_runs_open(self->vmq, &query, &runs));
	ASSERT_EQ(1, vmq_runs_next(runs, &run));
	EXPECT_EQ(21, run.shift);
	EXPECT_EQ(query.start, run.start);
	EXPECT_EQ(508, run.pages);
	EXPECT_EQ(WRITTEN, run.entry & DECIDED);
	ASSERT_EQ(0, oracle_pagemap(pagemap, query.start, 1, &entry));
	EXPECT_EQ(PM_FRAME(entry), run.frame);
	EXPECT_EQ(0, vmq_runs_next(runs, &run));
	vmq_runs_close(runs);
	munmap(area, 2 * HUGE);
	close(pagemap);
}

TEST_F(scan, own_memory_agrees_with_pagemap)
{
	size_t present = 0;

	for (int i = 0; i < 16; i += 3)
		self->map[i * PAGE] = 1;
	EXPECT_EQ(0, compare_process(getpid(), &present));
	EXPECT_GT(present, 50);
}

TEST_F(scan, init_agrees_with_pagemap)
{
	size_t present = 0;

	EXPECT_EQ(0, compare_process(1, &present));
	EXPECT_GT(present, 50);
}

TEST_HARNESS_MAIN

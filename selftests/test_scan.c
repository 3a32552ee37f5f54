// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's runs for mappings made by hand, where the answer is known without
 * any kernel file; test_agree compares all other mappings with those files.
 */
#include <sys/mman.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/oracle.h"
#include "lib/harness.h"

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
	struct vmq_query query = {
		.start = start, .end = end, .facts = VMQ_FACTS_FRAME,
		.none_of = VMQ_SET_KIND(VMQ_KIND_NONE),
	};
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

FIXTURE(scan) {
	struct vmq *vmq;
	char *map;		/* 16 pages, nothing touched */
};

FIXTURE_SETUP(scan)
{
	ASSERT_EQ(0, vmq_open(&self->vmq, 0, VMQ_BACKEND_MODULE));
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

TEST_HARNESS_MAIN

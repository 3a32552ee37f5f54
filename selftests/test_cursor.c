// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cursor and the filters of SCAN: however small the buffer, no page comes
 * twice and none is missed, and a filter gives what the test itself would pick.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "shared/run.h"
#include "lib/harness.h"

#define HUGE (512 * PAGE)
#define MANY 65536

/* A child that stands still, with dense, sparse and huge mappings. */
FIXTURE(cursor) {
	pid_t child;
	int vmq;
	uint64_t top;
	struct vmq_run *all;	/* the whole address space in one call */
	ssize_t count;
};

static volatile char sink;

static void make_mappings(void)
{
	char *dense = setup_map(1500 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *sparse = setup_map(8 * HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	char *shared = setup_map(64 * PAGE, MAP_SHARED | MAP_ANONYMOUS, -1);
	char *read = setup_map(40 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *hidden = setup_map(10 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *huge = setup_huge();

	memset(dense, 1, 1500 * PAGE);
	for (size_t at = 0; at < 8 * HUGE; at += 65 * PAGE)
		sparse[at] = 1;
	for (size_t at = 0; at < 64 * PAGE; at += 3 * PAGE)
		shared[at] = 1;
	for (size_t at = 0; at < 40 * PAGE; at += 2 * PAGE)
		sink = read[at];
	memset(hidden, 1, 7 * PAGE);
	mprotect(hidden, 10 * PAGE, PROT_NONE);
	huge[0] = 1;
	for (int i = 0; i < 1400; i += 2)	/* neighbours that differ by one bit */
		mprotect(dense + i * PAGE, PAGE, PROT_READ);
}

/* The whole address space in one call; the number of runs. */
static ssize_t scan_all(int vmq, uint64_t top, struct vmq_run *runs)
{
	struct vmq_scan scan = device_scan(0, top, VMQ_FACTS_ALL, runs, MANY);
	int err = device_call(vmq, VMQ_IOC_SCAN, &scan);

	return err ? err : scan.start == top && scan.count < MANY ? (ssize_t)scan.count : -1;
}

FIXTURE_SETUP(cursor)
{
	struct vmq_info info = { .size = sizeof(info) };

	make_mappings();
	self->child = setup_fork();
	usleep(10000);		/* the child is asleep; nothing depends on it but speed */
	self->vmq = device_open(self->child);
	ASSERT_GE(self->vmq, 0);
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_INFO, &info));
	self->top = info.top;
	self->all = calloc(MANY, sizeof(*self->all));
	self->count = scan_all(self->vmq, self->top, self->all);
	ASSERT_GT(self->count, 1000);
}

FIXTURE_TEARDOWN(cursor)
{
	close(self->vmq);
	setup_end(self->child);
	free(self->all);
}

static bool same_runs(const struct vmq_run *a, ssize_t a_count,
		      const struct vmq_run *b, ssize_t b_count)
{
	return a_count == b_count && !memcmp(a, b, a_count * sizeof(*a));
}

/*
 * The child stands still, but it shares pages with us, and we do not: counts, and
 * with them the runs, may change between two scans. What differs is therefore
 * compared anew, a few times; a wrong cursor differs each time.
 */
#define TRIES 5

FIXTURE_VARIANT(cursor) {
	unsigned int buffer;
};
FIXTURE_VARIANT_ADD(cursor, buffer_1) { .buffer = 1 };
FIXTURE_VARIANT_ADD(cursor, buffer_2) { .buffer = 2 };
FIXTURE_VARIANT_ADD(cursor, buffer_3) { .buffer = 3 };
FIXTURE_VARIANT_ADD(cursor, buffer_511) { .buffer = 511 };
FIXTURE_VARIANT_ADD(cursor, buffer_512) { .buffer = 512 };
FIXTURE_VARIANT_ADD(cursor, buffer_513) { .buffer = 513 };

TEST_F(cursor, small_buffers_give_the_same_runs)
{
	struct vmq_scan scan = device_scan(0, self->top, VMQ_FACTS_ALL, NULL, variant->buffer);
	bool same = false;

	for (int try = 0; try < TRIES && !same; try++) {
		struct vmq_run *runs;
		ssize_t count = device_runs(self->vmq, &scan, &runs);

		self->count = scan_all(self->vmq, self->top, self->all);
		same = same_runs(self->all, self->count, runs, count);
		free(runs);
	}
	EXPECT_TRUE(same);
}

/* Whether a buffer for @count runs from the i-th on ends at their end. */
static bool just_fits(int vmq, const struct vmq_run *all, unsigned int count)
{
	struct vmq_run *runs = calloc(count, sizeof(*runs));
	uint64_t end = vmq_run_end(all + count - 1);
	struct vmq_scan scan = device_scan(all->start, end, VMQ_FACTS_ALL, runs, count);
	bool ok = !device_call(vmq, VMQ_IOC_SCAN, &scan) && scan.start == end &&
		  same_runs(all, count, runs, scan.count);

	free(runs);
	return ok;
}

/* A buffer that is full exactly at the end is no reason to come again. */
TEST_F(cursor, a_buffer_that_just_fits_ends_at_the_end)
{
	bool ok = false;

	for (int try = 0; try < TRIES && !ok; try++) {
		self->count = scan_all(self->vmq, self->top, self->all);
		ok = true;
		for (ssize_t i = 0; i + variant->buffer <= self->count; i += 97)
			ok &= just_fits(self->vmq, self->all + i, variant->buffer);
	}
	EXPECT_TRUE(ok);
}

/* The end may lie inside a run, and inside a huge page. */
static bool third_agrees(int vmq, const struct vmq_run *r)
{
	uint64_t from = r->start + r->pages / 3 * PAGE;
	struct vmq_run expected = *r, run;
	struct vmq_scan scan = device_scan(from, vmq_run_end(r), VMQ_FACTS_ALL, &run, 1);

	expected.start = from;
	expected.pages -= r->pages / 3;
	if (r->valid & VMQ_VALID_FRAME && r->kind != VMQ_KIND_ZERO)
		expected.frame += r->pages / 3;
	return !device_call(vmq, VMQ_IOC_SCAN, &scan) && scan.count == 1 &&
	       same_runs(&expected, 1, &run, 1);
}

TEST_F(cursor, ranges_of_any_page_count)
{
	bool ok = false;

	for (int try = 0; try < TRIES && !ok; try++) {
		self->count = scan_all(self->vmq, self->top, self->all);
		ok = true;
		for (ssize_t i = 0; i < self->count; i++)
			ok &= third_agrees(self->vmq, self->all + i);
	}
	EXPECT_TRUE(ok);
}

static uint64_t set_of(const struct vmq_run *run)
{
	return run->entry |
	       (run->valid & VMQ_VALID_KIND ? VMQ_SET_KIND(run->kind) : 0) |
	       (run->valid & VMQ_VALID_SHARING ? VMQ_SET_SHARING(run->sharing) : 0) |
	       (run->valid & VMQ_VALID_ON_WRITE ? VMQ_SET_ON_WRITE(run->on_write) : 0);
}

/* What @scan should pick of the unfiltered runs. */
static ssize_t pick(const struct vmq_run *all, ssize_t count, const struct vmq_scan *scan,
		    struct vmq_run *picked)
{
	ssize_t n = 0;

	for (ssize_t i = 0; i < count; i++) {
		uint64_t set = set_of(all + i);

		if ((set & scan->all_of) == scan->all_of && !(set & scan->none_of) &&
		    (!scan->any_of || set & scan->any_of))
			picked[n++] = all[i];
	}
	return n;
}

/* Each of them alone, and some of them together. */
static const uint64_t filter_bits[] = {
	VMQ_ENTRY_PRESENT, VMQ_ENTRY_WRITE, VMQ_ENTRY_USER, VMQ_ENTRY_ACCESSED,
	VMQ_ENTRY_DIRTY, VMQ_ENTRY_EXEC, VMQ_ENTRY_GLOBAL, VMQ_ENTRY_SPECIAL,
	VMQ_ENTRY_SOFT_DIRTY, VMQ_ENTRY_UFFD_WP, VMQ_ENTRY_PROTNONE,
	VMQ_SET_KIND(VMQ_KIND_NONE), VMQ_SET_KIND(VMQ_KIND_ANON),
	VMQ_SET_KIND(VMQ_KIND_FILE), VMQ_SET_KIND(VMQ_KIND_SHMEM),
	VMQ_SET_KIND(VMQ_KIND_ZERO), VMQ_SET_KIND(VMQ_KIND_SWAP),
	VMQ_SET_KIND(VMQ_KIND_HUGETLB), VMQ_SET_KIND(VMQ_KIND_PFNMAP),
	VMQ_SET_SHARING(VMQ_SHARING_NONE), VMQ_SET_SHARING(VMQ_SHARING_MAP_SHARED),
	VMQ_SET_SHARING(VMQ_SHARING_FILE), VMQ_SET_SHARING(VMQ_SHARING_EXCLUSIVE),
	VMQ_SET_SHARING(VMQ_SHARING_MAYBE), VMQ_SET_SHARING(VMQ_SHARING_ZERO),
	VMQ_SET_SHARING(VMQ_SHARING_NOPAGE),
	VMQ_SET_ON_WRITE(VMQ_ON_WRITE_THROUGH), VMQ_SET_ON_WRITE(VMQ_ON_WRITE_UPGRADE),
	VMQ_SET_ON_WRITE(VMQ_ON_WRITE_REUSE), VMQ_SET_ON_WRITE(VMQ_ON_WRITE_COPY),
	VMQ_SET_ON_WRITE(VMQ_ON_WRITE_FILL), VMQ_SET_ON_WRITE(VMQ_ON_WRITE_SWAPIN),
	VMQ_SET_ON_WRITE(VMQ_ON_WRITE_DENY),
};

static uint64_t random_bits(int how_many)
{
	uint64_t bits = 0;

	while (how_many--)
		bits |= filter_bits[rand() % ARRAY_SIZE(filter_bits)];
	return bits;
}

/* Whether the kernel picks what the test picks; -1, or how many runs that are. */
static ssize_t filter_agrees(FIXTURE_DATA(cursor) *self, const struct vmq_scan *scan)
{
	struct vmq_run *picked = calloc(MANY, sizeof(*picked)), *runs;
	ssize_t result = -1;

	for (int try = 0; try < TRIES && result < 0; try++) {
		ssize_t count = device_runs(self->vmq, scan, &runs), expected;

		self->count = scan_all(self->vmq, self->top, self->all);
		expected = pick(self->all, self->count, scan, picked);
		if (same_runs(picked, expected, runs, count))
			result = count;
		free(runs);
	}
	free(picked);
	return result;
}

TEST_F(cursor, filters_pick_what_the_test_picks)
{
	const int single = ARRAY_SIZE(filter_bits);
	int not_empty = 0;

	srand(variant->buffer);
	for (int i = 0; i < single + 40; i++) {
		struct vmq_scan scan = device_scan(0, self->top, VMQ_FACTS_ALL, NULL,
						   variant->buffer);
		ssize_t count;

		scan.all_of = i < single ? filter_bits[i] : random_bits(rand() % 2);
		scan.any_of = i < single ? 0 : random_bits(rand() % 4);
		scan.none_of = i < single ? 0 : random_bits(rand() % 3);
		count = filter_agrees(self, &scan);
		EXPECT_GE(count, 0)
			TH_LOG("all %#llx any %#llx none %#llx", scan.all_of, scan.any_of,
			       scan.none_of);
		not_empty += count > 0;
	}
	EXPECT_GT(not_empty, 30);
}

TEST_F(cursor, frame_filter_cuts_runs_to_the_frames)
{
	struct vmq_scan scan = device_scan(0, self->top, VMQ_FACTS_FRAME, NULL, variant->buffer);
	uint64_t pages = 0, expected = 0;
	struct vmq_run *runs;
	ssize_t count;

	scan.frame_start = UINT64_MAX;
	for (ssize_t i = 0; i < self->count; i++) {	/* a piece of the huge page */
		if (self->all[i].shift == 21) {
			scan.frame_start = self->all[i].frame + 100;
			scan.frame_end = self->all[i].frame + 300;
		}
	}
	ASSERT_NE(UINT64_MAX, scan.frame_start);
	for (ssize_t i = 0; i < self->count; i++) {
		const struct vmq_run *r = self->all + i;

		for (uint64_t p = 0; r->valid & VMQ_VALID_FRAME && p < r->pages; p++)
			expected += r->frame + p >= scan.frame_start &&
				    r->frame + p < scan.frame_end;
	}
	count = device_runs(self->vmq, &scan, &runs);
	ASSERT_GT(count, 0);
	for (ssize_t i = 0; i < count; i++) {
		EXPECT_GE(runs[i].frame, scan.frame_start);
		EXPECT_LE(runs[i].frame + runs[i].pages, scan.frame_end);
		pages += runs[i].pages;
	}
	EXPECT_EQ(expected, pages);
	EXPECT_EQ(200, pages);
	free(runs);
}

/* A huge page is one step, not 512, for all facts. */
TEST(huge_pages_are_one_step_each)
{
	enum { PAGES = 8 };
	char *huge = setup_map_aligned(PAGES * HUGE, HUGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int vmq = device_open(0);
	struct vmq_info info = { .size = sizeof(info) };
	struct vmq_run runs[PAGES];
	struct vmq_scan scan;

	ASSERT_NE(NULL, huge);
	ASSERT_EQ(0, madvise(huge, PAGES * HUGE, MADV_HUGEPAGE));
	memset(huge, 1, PAGES * HUGE);
	scan = device_scan((uintptr_t)huge, (uintptr_t)huge + PAGES * HUGE, VMQ_FACTS_ALL, runs,
			   PAGES);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_SCAN, &scan));
	for (__u32 i = 0; i < scan.count; i++)
		if (runs[i].shift != 21)
			SKIP_TEST("no huge page was free");
	EXPECT_EQ(scan.end, scan.start);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_INFO, &info));
	EXPECT_LE(info.max_hold_entries, PAGES + 8);
	munmap(huge, PAGES * HUGE);
	close(vmq);
}

/* An unpopulated terabyte is passed table by table. */
TEST_F(cursor, a_terabyte_of_nothing_is_one_run)
{
	size_t size = 1UL << 40;
	/* whole GiB, so that what lies beside it shares no table below */
	void *map = setup_map_aligned(size, 1UL << 30, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	int vmq = device_open(0);
	struct vmq_info info = { .size = sizeof(info) };
	struct vmq_run run;
	struct vmq_scan scan;

	ASSERT_NE(NULL, map);
	scan = device_scan((uintptr_t)map, (uintptr_t)map + size, VMQ_FACTS_ALL, &run, 1);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_SCAN, &scan));
	EXPECT_EQ(1, scan.count);
	EXPECT_EQ(size / PAGE, run.pages);
	EXPECT_EQ(VMQ_KIND_NONE, run.kind);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_INFO, &info));
	/* at most an entry for each GiB, and some above */
	EXPECT_LE(info.max_hold_entries, 1100);
	munmap(map, size);
	close(vmq);
}

TEST_HARNESS_MAIN

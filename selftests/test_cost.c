// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a scan costs by design, counted and not timed: facts of page tables alone
 * leave struct page alone, and nothing is allocated for a page.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/counter.h"
#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define RECORDS	4096

static struct vmq_run runs[RECORDS];

/* --- struct page: of the second of two pages, which may repeat the first */

FIXTURE(page) {
	char *map;
	uint64_t frame;		/* of the page that is watched */
	int vmq;
	struct counter counter;
};

FIXTURE_VARIANT(page) {
	char *(*make)(void);
	int watched;
	int shift;
};

static char *make_neighbours(void)
{
	return setup_split_huge();
}

static char *make_file(void)
{
	return setup_map(2 * PAGE, MAP_SHARED, setup_file("/mnt/ext4", 2));
}

static char *make_huge(void)
{
	return setup_huge();
}

FIXTURE_VARIANT_ADD(page, anonymous) { .make = make_neighbours, .watched = 1, .shift = 12 };
FIXTURE_VARIANT_ADD(page, of_a_file) { .make = make_file, .watched = 1, .shift = 12 };
/* the first page behind a huge entry speaks for all */
FIXTURE_VARIANT_ADD(page, huge) { .make = make_huge, .watched = 0, .shift = 21 };

FIXTURE_SETUP(page)
{
	self->map = variant->make();
	ASSERT_NE(NULL, self->map);
	self->map[0] = 1;
	self->map[PAGE] = 1;
	self->frame = PM_FRAME(oracle_entry(self->map + variant->watched * PAGE));
	ASSERT_NE(0, self->frame);
	self->vmq = device_open(0);
	ASSERT_LE(0, self->vmq);
	/* so that no fault of the scan's own puts the page from its batch into a list */
	memset(runs, 0xff, sizeof(runs));
	setup_drain();
	if (access("/proc/kcore", R_OK))
		SKIP_SETUP("this kernel has no /proc/kcore to tell where struct page is");
	ASSERT_EQ(0, counter_of_page(&self->counter, self->frame));
}

FIXTURE_TEARDOWN(page)
{
	counter_close(&self->counter);
	close(self->vmq);
}

/* Whether @count runs are the two pages, and the one watched has its frame, if asked for. */
static bool told(const FIXTURE_DATA(page) *self, const FIXTURE_VARIANT(page) *variant,
		 uint32_t count)
{
	uint64_t watched = (uintptr_t)self->map + variant->watched * PAGE;
	const struct vmq_run *run = runs + count - 1;

	return count && run->start + run->pages * PAGE == (uintptr_t)self->map + 2 * PAGE &&
	       run->shift == variant->shift && run->entry & VMQ_ENTRY_PRESENT &&
	       (!(run->valid & VMQ_VALID_FRAME) ||
		run->frame + (watched - run->start) / PAGE == self->frame);
}

/* How often a scan for @facts touches the struct page of the page; -1 on failure. */
static int64_t touches(FIXTURE_DATA(page) *self, const FIXTURE_VARIANT(page) *variant,
		       uint32_t facts)
{
	uint64_t start = (uintptr_t)self->map;
	struct vmq_scan scan = device_scan(start, start + 2 * PAGE, facts, runs, RECORDS);
	int64_t count;
	int err;

	if (counter_start(&self->counter))
		return -1;
	err = device_call(self->vmq, VMQ_IOC_SCAN, &scan);
	count = counter_stop(&self->counter);
	return err || !told(self, variant, scan.count) ? -1 : count;
}

TEST_F(page, is_left_alone_by_facts_of_its_entry)
{
	EXPECT_EQ(0, touches(self, variant, 0));
	EXPECT_EQ(0, touches(self, variant, VMQ_FACTS_FRAME));
}

TEST_F(page, is_read_for_its_own)
{
	EXPECT_LT(0, touches(self, variant, VMQ_FACTS_PAGE));
	EXPECT_LT(0, touches(self, variant, VMQ_FACTS_WRITE));
	EXPECT_LT(0, touches(self, variant, VMQ_FACTS_COUNTS));
	EXPECT_LT(0, touches(self, variant, VMQ_FACTS_FLAGS));
	EXPECT_LT(0, touches(self, variant, VMQ_FACTS_NODE));
	EXPECT_LT(0, touches(self, variant, VMQ_FACTS_ALL));
}

/* --- memory */

/* Allocations of a scan for all facts of @pages pages from @map; -1 on failure. */
static int64_t allocations(int vmq, struct counter *counter, char *map, size_t pages)
{
	uint64_t start = (uintptr_t)map;
	struct vmq_scan scan = device_scan(start, start + pages * PAGE, VMQ_FACTS_ALL, runs, RECORDS);
	int64_t count;
	int err;

	if (counter_start(counter))
		return -1;
	err = device_call(vmq, VMQ_IOC_SCAN, &scan);
	count = counter_stop(counter);
	return err || scan.start != scan.end || scan.count != pages ? -1 : count;
}

/* Every other page written, so that each is a run of its own. */
TEST(nothing_is_allocated_for_a_page)
{
	char *map = setup_map(RECORDS * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int vmq = device_open(0);
	struct counter counter;
	int64_t few, many;

	ASSERT_NE(NULL, map);
	ASSERT_LE(0, vmq);
	for (size_t i = 0; i < RECORDS; i += 2)
		map[i * PAGE] = 1;
	memset(runs, 0xff, sizeof(runs));
	if (access("/sys/kernel/tracing/events/kmem/kmalloc", R_OK))
		SKIP_TEST("this kernel has no tracepoints for allocations");
	ASSERT_EQ(0, counter_of_allocations(&counter));
	few = allocations(vmq, &counter, map, 2);
	many = allocations(vmq, &counter, map, RECORDS);
	TH_LOG("%ld allocations for 2 pages, %ld for %d", few, many, RECORDS);
	EXPECT_LT(0, few);	/* a call's own buffer: they are seen */
	/* what interrupts allocate meanwhile counts as well */
	EXPECT_GT(few + RECORDS / 64, many);
	counter_close(&counter);
	close(vmq);
}

TEST_HARNESS_MAIN

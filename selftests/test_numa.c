// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of several nodes (boot with -N 2): which node a page is on, what its
 * entry says while it moves from one to the other, and the hints by which the
 * kernel finds out who uses it.
 */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define PAGES	512
#define HUGE	(PAGES * PAGE)
#define WANTED	20		/* entries seen on their way */
#define TIME	20000		/* milliseconds to wait for them, times SCALE */

#define ONE_NODE "this kernel sees one node only (boot with -N 2)"

static int nodes(void)
{
	return access("/sys/devices/system/node/node1", F_OK) ? 1 : 2;
}

/*
 * Moves @count pages, @pages[i] to node @to[i], or only asks where they are for
 * NULL; @now[i] is its node then. Others may map them, too. 0 or -1.
 */
static int move(int count, volatile char **pages, const int *to, int *now)
{
	return syscall(SYS_move_pages, 0, count, pages, to, now, to ? MPOL_MF_MOVE_ALL : 0);
}

/* The same for all pages of [map, map + HUGE). */
static int move_all(char *map, const int *to, int *now)
{
	volatile char *pages[PAGES];

	for (int i = 0; i < PAGES; i++)
		pages[i] = map + i * PAGE;
	return move(PAGES, pages, to, now);
}

/* The node of the page at @address, asked in the other way there is; -1 on failure. */
static int node_of(char *address)
{
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0, address, MPOL_F_NODE | MPOL_F_ADDR))
		return -1;
	return node;
}

/* Runs of [map, map + HUGE) with all facts; the array is the caller's to free. */
static ssize_t all_runs(int vmq, char *map, struct vmq_run **runs)
{
	struct vmq_scan scan = device_scan((uintptr_t)map, (uintptr_t)map + HUGE, VMQ_FACTS_ALL,
					   NULL, 128);

	return device_runs(vmq, &scan, runs);
}

TEST(each_page_is_on_its_node)
{
	int vmq = device_open(0), count = nodes(), to[PAGES], now[PAGES] = { 0 }, seen[2] = { 0 };
	char *map = setup_map(HUGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct vmq_run *runs;
	ssize_t found;

	ASSERT_GE(vmq, 0);
	ASSERT_NE(NULL, map);
	for (int i = 0; i < PAGES; i++) {
		map[i * PAGE] = 1;
		to[i] = i / 3 % count;
	}
	if (count > 1) {
		ASSERT_EQ(0, move_all(map, to, now));
		ASSERT_EQ(0, move_all(map, NULL, now));
	}
	found = all_runs(vmq, map, &runs);
	ASSERT_GT(found, 0);
	for (ssize_t i = 0; i < found; i++) {
		EXPECT_TRUE(runs[i].valid & VMQ_VALID_NODE);
		for (uint64_t page = 0; page < runs[i].pages; page++) {
			char *at = (char *)(uintptr_t)runs[i].start + page * PAGE;
			int node = now[(at - map) / PAGE];

			ASSERT_EQ(node, runs[i].node);
			if (count > 1)
				ASSERT_EQ(node, node_of(at));
			seen[node]++;
		}
	}
	EXPECT_EQ(PAGES, seen[0] + seen[1]);
	if (count > 1)
		EXPECT_GT(seen[1], 0);
	free(runs);
	close(vmq);
}

/* --- on the way */

FIXTURE(moving) {
	int vmq;
	char *map;		/* HUGE */
	pid_t child;
	pthread_t mover;
};
FIXTURE_VARIANT(moving) {
	const char *file;	/* "", a memfd, or the folder of one; NULL for anonymous memory */
	bool shared;		/* MAP_SHARED */
	bool huge;
	bool read;		/* never written */
	bool forked;
	bool protected;		/* written, and write-protected after that */
	int kind;		/* of a page that is there */
	int sharing;		/* -1 for what cannot be told */
	int flags;		/* VMQ_RUN_* */
	bool always;		/* seen on its way by any kernel; others are gone too soon for some */
};
FIXTURE_VARIANT_ADD(moving, writable) {
	.kind = VMQ_KIND_ANON, .sharing = VMQ_SHARING_EXCLUSIVE, .always = true,
};
FIXTURE_VARIANT_ADD(moving, huge) {
	.huge = true, .kind = VMQ_KIND_ANON, .sharing = VMQ_SHARING_EXCLUSIVE,
};
FIXTURE_VARIANT_ADD(moving, exclusive_but_protected) {
	.protected = true, .kind = VMQ_KIND_ANON, .sharing = VMQ_SHARING_EXCLUSIVE,
};
FIXTURE_VARIANT_ADD(moving, shared_by_fork) {
	.forked = true, .kind = VMQ_KIND_ANON, .sharing = VMQ_SHARING_MAYBE,
};
FIXTURE_VARIANT_ADD(moving, copied_from_a_file) {
	.file = "/mnt/ext4", .kind = VMQ_KIND_ANON,
	.sharing = VMQ_SHARING_EXCLUSIVE, .flags = VMQ_RUN_PRIVATIZED,
};
FIXTURE_VARIANT_ADD(moving, copied_from_a_file_and_protected) {
	.file = "/mnt/ext4", .protected = true, .kind = VMQ_KIND_ANON,
	.sharing = VMQ_SHARING_EXCLUSIVE, .flags = VMQ_RUN_PRIVATIZED,
};
/* Such an entry is like that of a page of the file, and the other way round. */
FIXTURE_VARIANT_ADD(moving, copied_from_a_file_and_forked) {
	.file = "/mnt/ext4", .forked = true, .kind = VMQ_KIND_ANON, .sharing = -1,
};
FIXTURE_VARIANT_ADD(moving, still_the_file_s) {
	.file = "/mnt/ext4", .read = true, .kind = VMQ_KIND_FILE, .sharing = -1,
};
FIXTURE_VARIANT_ADD(moving, shared_memory) {
	.file = "", .shared = true, .kind = VMQ_KIND_SHMEM, .sharing = VMQ_SHARING_MAP_SHARED,
};

static char *make_map(const FIXTURE_VARIANT(moving) *variant)
{
	int flags = variant->shared ? MAP_SHARED : MAP_PRIVATE, fd = -1;

	if (variant->huge)
		return setup_huge();
	if (!variant->file)
		return setup_map(HUGE, flags | MAP_ANONYMOUS, -1);
	if (*variant->file)
		fd = setup_file(variant->file, PAGES);
	else
		fd = memfd_create("vmq", 0);
	return fd < 0 || ftruncate(fd, HUGE) ? NULL : setup_map(HUGE, flags, fd);
}

static volatile char sink;

FIXTURE_SETUP(moving)
{
	if (nodes() < 2)
		SKIP_SETUP(ONE_NODE);
	self->child = 0;
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	self->map = make_map(variant);
	ASSERT_NE(NULL, self->map);
	for (size_t at = 0; at < HUGE; at += PAGE) {
		if (variant->read)
			sink = self->map[at];
		else
			self->map[at] = 1;
	}
	if (variant->protected)
		ASSERT_EQ(0, setup_clear_soft_dirty());
	if (variant->forked)
		self->child = setup_fork();
}

FIXTURE_TEARDOWN(moving)
{
	if (self->child > 0)
		setup_end(self->child);
	close(self->vmq);
}

static volatile bool stop;

/* Moves all pages back and forth; the moves. */
static void *move_for_ever(void *map)
{
	int to[PAGES], now[PAGES];
	long moves = 0;

	for (; !stop; moves++) {
		for (int i = 0; i < PAGES; i++)
			to[i] = moves & 1;
		move_all(map, to, now);
	}
	return (void *)moves;
}

/* Expects of @run what it was when it was made; whether it is on its way. */
static bool expect_on_its_way(struct __test_metadata *_metadata,
			      const FIXTURE_VARIANT(moving) *variant, const struct vmq_run *run)
{
	if (run->kind != VMQ_KIND_MIGRATION) {
		EXPECT_EQ(variant->kind, run->kind);
		return false;
	}
	EXPECT_EQ(variant->huge ? 21 : 12, run->shift);
	EXPECT_EQ(0, run->entry & (VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE));
	EXPECT_TRUE(run->valid & VMQ_VALID_FRAME);
	EXPECT_EQ(VMQ_ON_WRITE_WAIT, run->on_write);
	EXPECT_EQ(variant->sharing >= 0, !!(run->valid & VMQ_VALID_SHARING));
	if (variant->sharing >= 0)
		EXPECT_EQ(variant->sharing, run->sharing);
	EXPECT_EQ(variant->flags, run->flags);
	return true;
}

/* Nothing is missing while it moves, and what is on its way says what it was. */
TEST_F(moving, is_seen)
{
	uint64_t end = milliseconds() + scaled_time(TIME, _metadata->timeout);
	long seen = 0, scans = 0;
	void *moves;

	stop = false;
	ASSERT_EQ(0, pthread_create(&self->mover, NULL, move_for_ever, self->map));
	while (seen < WANTED && _metadata->passed && milliseconds() < end) {
		struct vmq_run *runs;
		ssize_t count = all_runs(self->vmq, self->map, &runs);

		EXPECT_GT(count, 0);
		for (ssize_t i = 0; i < count; i++)
			seen += expect_on_its_way(_metadata, variant, &runs[i]);
		free(runs);
		scans++;
	}
	stop = true;
	pthread_join(self->mover, &moves);
	TH_LOG("%ld on their way in %ld scans at %ld moves", seen, scans, (long)moves);
	EXPECT_GT((long)moves, 0);
	EXPECT_TRUE(seen || !variant->always);
	if (!seen)
		SKIP_TEST("nothing seen on its way in %ld scans at %ld moves", scans, (long)moves);
}

/* --- hints */

#define BALANCING "/proc/sys/kernel/numa_balancing"

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* The pages that get a hint. */
enum { WRITTEN, READ_LATER, PROTECTED, CLEAN, BIG, HINTED };

FIXTURE(hint) {
	int vmq;
	volatile char *page[HINTED];
	struct vmq_run run[HINTED];	/* with the hint in it */
};

/*
 * On one CPU, so that its pages are where they should be and stay there; and with
 * a second thread, as a process of one thread gets no hints for those.
 */
FIXTURE_SETUP(hint)
{
	int here[HINTED] = { 0 }, now[HINTED];
	pthread_t other;
	char *map;

	if (nodes() < 2)
		SKIP_SETUP(ONE_NODE);
	ASSERT_EQ(0, setup_one_cpu());
	ASSERT_EQ(0, pthread_create(&other, NULL, idle, NULL));
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	map = setup_map(3 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, map);
	self->page[PROTECTED] = map + PROTECTED * PAGE;
	*self->page[PROTECTED] = 1;
	ASSERT_EQ(0, setup_clear_soft_dirty());
	self->page[WRITTEN] = map + WRITTEN * PAGE;
	self->page[READ_LATER] = map + READ_LATER * PAGE;
	self->page[CLEAN] = setup_map(PAGE, MAP_SHARED, setup_file("/mnt/ext4", 1));
	self->page[BIG] = setup_huge();
	ASSERT_NE(NULL, self->page[CLEAN]);
	ASSERT_NE(NULL, self->page[BIG]);
	*self->page[WRITTEN] = *self->page[READ_LATER] = *self->page[BIG] = 1;
	sink = *self->page[CLEAN];
	ASSERT_EQ(0, move(HINTED, self->page, here, now));
	for (int i = 0; i < HINTED; i++)
		ASSERT_EQ(0, now[i]);
	self->page[BIG] += 5 * PAGE;
}

FIXTURE_TEARDOWN(hint)
{
	setup_write(BALANCING, "0");
	close(self->vmq);
}

/* Is busy, for which a process is looked at, until all pages have a hint. */
static int wait_for_hints(FIXTURE_DATA(hint) *self, uint64_t patience)
{
	uint64_t began = milliseconds();
	int hints = 0;

	while (hints < HINTED && milliseconds() < began + patience) {
		for (hints = 0; hints < HINTED; hints++)
			if (device_page(self->vmq, self->page[hints], &self->run[hints]) ||
			    !(self->run[hints].flags & VMQ_RUN_NUMA_HINT))
				break;
	}
	return hints;
}

TEST_F(hint, the_verdict_is_that_of_the_entry_to_come)
{
	static const int verdicts[HINTED] = {
		[WRITTEN] = VMQ_ON_WRITE_THROUGH, [READ_LATER] = VMQ_ON_WRITE_THROUGH,
		[PROTECTED] = VMQ_ON_WRITE_REUSE, [CLEAN] = VMQ_ON_WRITE_UPGRADE,
		[BIG] = VMQ_ON_WRITE_THROUGH,
	};
	struct vmq_run after;

	ASSERT_EQ(0, setup_write(BALANCING, "1"));
	ASSERT_EQ(HINTED, wait_for_hints(self, scaled_time(TIME, _metadata->timeout)));
	ASSERT_EQ(0, setup_write(BALANCING, "0"));
	for (int i = 0; i < HINTED; i++) {
		EXPECT_TRUE(self->run[i].entry & VMQ_ENTRY_PROTNONE);
		EXPECT_TRUE(self->run[i].entry & VMQ_ENTRY_PRESENT);
		EXPECT_FALSE(self->run[i].entry & VMQ_ENTRY_USER);
		EXPECT_EQ(i == BIG ? 21 : 12, self->run[i].shift);
		EXPECT_EQ(verdicts[i], self->run[i].on_write) TH_LOG("page %d", i);
		/* a read takes the hint as well, and the right to write is back */
		if (verdicts[i] == VMQ_ON_WRITE_THROUGH && i != WRITTEN)
			sink = *self->page[i];
		else
			*self->page[i] = 'w';
		ASSERT_EQ(0, device_page(self->vmq, self->page[i], &after));
		EXPECT_EQ(0, after.flags & VMQ_RUN_NUMA_HINT);
		EXPECT_EQ(0, after.entry & VMQ_ENTRY_PROTNONE);
		EXPECT_TRUE(after.entry & VMQ_ENTRY_WRITE) TH_LOG("page %d", i);
		EXPECT_EQ(self->run[i].frame, after.frame) TH_LOG("page %d", i);
	}
}

TEST_HARNESS_MAIN

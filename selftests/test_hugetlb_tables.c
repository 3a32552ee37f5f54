// SPDX-License-Identifier: GPL-2.0-only
/*
 * PMD tables that processes share, as the kernel does for an aligned GiB of a
 * hugetlbfs file mapped MAP_SHARED, of a writable and of a read-only descriptor:
 * both see the same frames through one table, and while others truncate the file
 * and end, a scan gives no wrong answer. That the kernel does not complain either
 * is seen by selftests/vm/run; use after free, on the kernel "debug".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define HUGE (512 * PAGE)
#define GIB (1UL << 30)
#define POOL 16		/* huge pages there are */
#define USED 4		/* of the file */
#define STRIDE (3 * HUGE)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

FIXTURE(tables) {
	int fd;			/* the file, writable */
	int view;		/* the file, to be mapped with these */
	int rights;
	char *map;		/* its GiB */
	uint64_t pool[POOL];	/* all frames a huge page can have */
};
FIXTURE_VARIANT(tables) {
	bool read_only;
};
FIXTURE_VARIANT_ADD(tables, writable) { .read_only = false };
FIXTURE_VARIANT_ADD(tables, read_only) { .read_only = true };

/* Maps all huge pages once, to know their frames. */
static bool learn_pool(uint64_t *frames)
{
	char *map = setup_map(POOL * HUGE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);

	for (int i = 0; map && i < POOL; i++) {
		map[i * HUGE] = 1;
		frames[i] = PM_FRAME(oracle_entry(map + i * HUGE));
	}
	return map && !munmap(map, POOL * HUGE) && frames[0];
}

FIXTURE_SETUP(tables)
{
	if (setup_hugetlb(POOL))
		SKIP_SETUP("no huge pages");
	ASSERT_TRUE(learn_pool(self->pool));
	self->fd = setup_hugetlb_file(21, 512);
	ASSERT_GE(self->fd, 0);
	self->view = variant->read_only ? setup_read_only(self->fd) : self->fd;
	self->rights = variant->read_only ? PROT_READ : PROT_READ | PROT_WRITE;
	self->map = setup_map_aligned(GIB, GIB, self->rights, MAP_SHARED | MAP_NORESERVE, self->view);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(tables)
{
	if (self->map)
		munmap(self->map, GIB);
}

/* Maps the used pages; whether all, as they may be beyond the end of the file for a moment. */
static bool touch(char *map)
{
	bool all = true;

	for (int i = 0; i < USED; i++)
		all &= !madvise(map + i * STRIDE, HUGE, MADV_POPULATE_READ);
	return all;
}

/* A process that has touched the pages and stands still. */
static pid_t start_sharer(char *map)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		touch(map);
		raise(SIGSTOP);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, WUNTRACED);
	return child;
}

/* Frame of the PMD table above @address; 0 if it ends before. */
static uint64_t pmd_table(int vmq, const char *address)
{
	struct vmq_walk walk = {
		.size = sizeof(walk), .facts = VMQ_FACTS_FRAME, .address = (uintptr_t)address,
	};

	if (device_call(vmq, VMQ_IOC_WALK, &walk))
		return 0;
	for (__u32 i = 0; i < walk.count; i++)
		if (walk.levels[i].level == VMQ_LEVEL_PMD && walk.levels[i].valid & VMQ_VALID_TABLE)
			return walk.levels[i].table;
	return 0;
}

TEST_F(tables, two_processes_have_one)
{
	int vmq = device_open(0), other;
	struct vmq_run mine, theirs;
	pid_t child;

	ASSERT_GE(vmq, 0);
	touch(self->map);
	child = start_sharer(self->map);
	other = device_open(child);
	ASSERT_GE(other, 0);
	ASSERT_NE(0, pmd_table(vmq, self->map));
	ASSERT_EQ(pmd_table(vmq, self->map), pmd_table(other, self->map));
	for (int i = 0; i < USED; i++) {
		char *page = self->map + i * STRIDE;

		ASSERT_EQ(0, device_page(vmq, page, &mine));
		ASSERT_EQ(0, device_page(other, page, &theirs));
		EXPECT_EQ(PM_FRAME(oracle_entry(page)), mine.frame);
		EXPECT_EQ(mine.frame, theirs.frame);
		EXPECT_EQ(VMQ_KIND_HUGETLB, theirs.kind);
		EXPECT_EQ(VMQ_SHARING_MAP_SHARED, theirs.sharing);
		EXPECT_EQ(variant->read_only, theirs.on_write == VMQ_ON_WRITE_DENY);
	}
	close(other);
	setup_end(child);
	close(vmq);
}

static void truncate_for_ever(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		(void)!ftruncate(fd, 0);
		(void)!ftruncate(fd, GIB);
		(void)!ftruncate(fd, STRIDE);
		(void)!ftruncate(fd, GIB);
	}
}

/* Shares the table for some time and ends. */
static void come_and_go(char *map)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 30; i++)
		touch(map);
	_exit(0);
}

static bool in_pool(const uint64_t *pool, uint64_t frame)
{
	for (int i = 0; i < POOL; i++)
		if (frame >= pool[i] && frame < pool[i] + HUGE / PAGE)
			return true;
	return false;
}

struct seen {
	unsigned long scans, pages, wrong, together, children;
};

/* Whether @run can be true: nothing, or some huge pages of the pool, of the file. */
static bool can_be(const uint64_t *pool, const struct vmq_run *run)
{
	if (run->kind == VMQ_KIND_NONE)
		return !run->entry && !(run->valid & VMQ_VALID_FRAME);
	return run->kind == VMQ_KIND_HUGETLB && run->shift == 21 &&
	       run->sharing == VMQ_SHARING_MAP_SHARED && run->order == 9 &&
	       run->valid & VMQ_VALID_FRAME && in_pool(pool, run->frame) &&
	       in_pool(pool, run->frame + run->pages - 1);
}

/* Scans the GiB of the target of @vmq once; 0 or a negative errno. */
static int look(int vmq, uint64_t start, const uint64_t *pool, struct seen *seen)
{
	struct vmq_run runs[64];
	struct vmq_scan scan = device_scan(start, start + GIB, VMQ_FACTS_ALL, runs, 64);
	uint64_t at = start;
	int err = device_call(vmq, VMQ_IOC_SCAN, &scan);

	if (err)
		return err;
	seen->scans++;
	for (__u32 i = 0; i < scan.count; i++) {
		seen->wrong += runs[i].start != at || !can_be(pool, &runs[i]);
		seen->pages += runs[i].kind != VMQ_KIND_NONE;
		at = runs[i].start + runs[i].pages * PAGE;
	}
	seen->wrong += at != start + GIB;
	return 0;
}

/* Looks at a process that comes and goes, from its start until it has ended. */
static void look_at_one(char *map, const uint64_t *pool, struct seen *seen)
{
	pid_t child = fork();
	int own = device_open(0), vmq;

	if (!child)
		come_and_go(map);
	vmq = device_open(child);
	if (vmq >= 0) {
		while (!look(vmq, (uintptr_t)map, pool, seen)) {
			uint64_t table = pmd_table(vmq, map);

			seen->together += table && table == pmd_table(own, map);
			look(own, (uintptr_t)map, pool, seen);
			touch(map);
		}
		seen->children++;
		close(vmq);
	}
	close(own);
	waitpid(child, NULL, 0);
}

TEST_F(tables, truncate_and_exit_under_scan)
{
	uint64_t end = milliseconds() + scaled_time(2000, _metadata->timeout);
	struct seen seen = { };
	pid_t truncater = fork();

	if (!truncater)
		truncate_for_ever(self->fd);
	while (milliseconds() < end || seen.children < 2 ||
	       (!seen.together && milliseconds() < end + 30000))
		look_at_one(self->map, self->pool, &seen);
	setup_end(truncater);
	TH_LOG("%lu scans of %lu processes, %lu runs of pages, one table %lu times",
	       seen.scans, seen.children, seen.pages, seen.together);
	EXPECT_EQ(0, seen.wrong);
	EXPECT_GT(seen.pages, 0);
	EXPECT_GT(seen.together, 0);
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* What came of it, in memory shared with the processes that do it. */
struct freeing {
	volatile unsigned long tables;		/* freed that the target had before */
	volatile unsigned long interruptions;
};

/*
 * Gives the target of @vmq a table, shares it, has it taken away from the target by a
 * truncation, which begins with the oldest mapping, and frees it as its last user:
 * whether all that took place.
 */
static bool free_table(const FIXTURE_DATA(tables) *self, int vmq, int own, int memory)
{
	const int flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
	char *map = self->map, byte;
	uint64_t table;
	bool done;

	done = pread(memory, &byte, 1, (uintptr_t)map) == 1;
	done &= mmap(map, GIB, self->rights, flags, self->view, 0) == map;
	done &= touch(map);
	table = pmd_table(vmq, map);
	done &= table && table == pmd_table(own, map);
	done &= !ftruncate(self->fd, 0);
	done &= !pmd_table(vmq, map) && pmd_table(own, map) == table;
	done &= !munmap(map, GIB);
	return !ftruncate(self->fd, GIB) && done;
}

static void free_tables_for_ever(const FIXTURE_DATA(tables) *self, pid_t target, int vmq,
				 struct freeing *freeing)
{
	int own = device_open(0), memory;
	char path[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_on(1);
	snprintf(path, sizeof(path), "/proc/%d/mem", target);
	memory = open(path, O_RDONLY);
	for (;;)
		freeing->tables += free_table(self, vmq, own, memory);
}

/* Stops who else is on this CPU, wherever that is, for long enough to free a table. */
static void interrupt_for_ever(struct freeing *freeing)
{
	struct sched_param priority = { .sched_priority = 1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		_exit(1);
	for (;; freeing->interruptions++) {
		uint64_t end;

		usleep(2000 + rand() % 3000);
		for (end = milliseconds() + 50; milliseconds() < end;)
			;
	}
}

static bool took_place(const struct freeing *freeing, const struct seen *seen)
{
	return freeing->tables && freeing->interruptions && seen->pages;
}

/* The kernel need not be preemptible for this to be right, but for it to be a test. */
TEST_F(tables, freed_under_scan)
{
	struct freeing *freeing = setup_map(PAGE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pid_t target = setup_fork(), freer, interrupter;
	uint64_t end, last;
	struct seen seen = { };
	int vmq;

	ASSERT_NE(NULL, freeing);
	vmq = device_open(target);
	ASSERT_GE(vmq, 0);
	freer = fork();
	if (!freer)
		free_tables_for_ever(self, target, vmq, freeing);
	stay_on(0);
	interrupter = fork();
	if (!interrupter)
		interrupt_for_ever(freeing);
	end = milliseconds() + scaled_time(3000, _metadata->timeout);
	last = milliseconds() + 30000;
	while (milliseconds() < end || (milliseconds() < last && !took_place(freeing, &seen)))
		ASSERT_EQ(0, look(vmq, (uintptr_t)self->map, self->pool, &seen));
	setup_end(interrupter);
	setup_end(freer);
	setup_end(target);
	TH_LOG("%lu scans, %lu runs of pages, %lu tables freed, %lu interruptions",
	       seen.scans, seen.pages, freeing->tables, freeing->interruptions);
	EXPECT_EQ(0, seen.wrong);
	EXPECT_TRUE(took_place(freeing, &seen));
	close(vmq);
}

TEST_HARNESS_MAIN

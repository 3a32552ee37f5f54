// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page-table entries that change between being read and being locked. Threads
 * look at a few addresses all the time, while those change in the ways that the
 * kernel allows next to a reader of mmap_lock. That the walker saw it and read
 * anew shows in vmq_info.retries; what it told must be right all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define HUGE	(512 * PAGE)
#define AREAS	16		/* page tables that change */
#define LOOKERS	3		/* more threads than the usual two CPUs */
#define WANTED	3		/* retries */
#define TIME	3000		/* milliseconds to wait for them, times SCALE */

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25	/* v6.1 */
#endif

struct race {
	char *areas;			/* AREAS, aligned, in one piece */
	int file;			/* behind them, or -1 */
	pid_t helper;
	volatile unsigned long *collapses;	/* the helper's, and its last error; or NULL */
	uint64_t kinds;			/* VMQ_SET_KIND of what may be there */
	volatile bool stop;
	volatile unsigned long changes, looks, retries;
	pthread_mutex_t lock;		/* the line above, and below */
	char why[160];			/* what was wrong first */
};

/* --- ways to change; each changes all areas once */

static char *map_areas(char *at, int file)
{
	int flags = (file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) | MAP_FIXED;

	for (int i = 0; i < AREAS; i++)		/* each is the same range of the file */
		if (mmap(at + i * HUGE, HUGE, PROT_READ | PROT_WRITE, flags, file, 0) ==
		    MAP_FAILED)
			return NULL;
	return at;
}

/* A huge page becomes a table of small ones: a part of it is dropped. */
static void split(struct race *race)
{
	map_areas(race->areas, -1);
	madvise(race->areas, AREAS * HUGE, MADV_HUGEPAGE);
	for (int i = 0; i < AREAS; i++) {
		race->areas[i * HUGE] = 1;
		madvise(race->areas + i * HUGE + PAGE, PAGE, MADV_DONTNEED);
	}
}

static volatile char sink;

/* The huge zero page comes and goes. */
static void zap(struct race *race)
{
	for (int round = 0; round < 16; round++) {
		for (int i = 0; i < AREAS; i++)
			sink = race->areas[i * HUGE];
		madvise(race->areas, AREAS * HUGE, MADV_DONTNEED);
	}
}

/* The last page of a table goes, and since v6.14 the table with it. */
static void empty(struct race *race)
{
	for (int i = 0; i < AREAS; i++) {
		for (int page = 0; page < 200; page++)
			race->areas[i * HUGE + page * PAGE] = 1;
		madvise(race->areas + i * HUGE, HUGE, MADV_DONTNEED);
	}
}

/* The helper has the pages of the file collapsed; we make our tables anew. */
static void refault(struct race *race)
{
	for (int i = 0; i < AREAS; i++)
		sink = race->areas[i * HUGE + 17 * PAGE];
	usleep(300);		/* the helper needs the CPU more */
}

static void collapse_for_ever(int file, volatile unsigned long *collapses)
{
	char *map = setup_huge();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map = mmap(map, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
	for (;;) {
		for (size_t at = 0; at < HUGE; at += PAGE)
			map[at] = 1;
		if (madvise(map, HUGE, MADV_COLLAPSE))
			collapses[1] = errno;
		else
			collapses[0]++;
		fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE);
	}
}

static int prepare_collapse(struct race *race)
{
	race->file = memfd_create("race", 0);
	race->collapses = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	if (race->file < 0 || ftruncate(race->file, HUGE) || race->collapses == MAP_FAILED)
		return -1;
	map_areas(race->areas, race->file);
	madvise(race->areas, AREAS * HUGE, MADV_NOHUGEPAGE);
	race->helper = fork();
	if (!race->helper)
		collapse_for_ever(race->file, race->collapses);
	return 0;
}

static int prepare_huge(struct race *race)
{
	return madvise(race->areas, AREAS * HUGE, MADV_HUGEPAGE);
}

static int prepare_small(struct race *race)
{
	return madvise(race->areas, AREAS * HUGE, MADV_NOHUGEPAGE);
}

/* --- looking */

static void wrong(struct race *race, const struct vmq_run *run)
{
	pthread_mutex_lock(&race->lock);
	if (!*race->why)
		snprintf(race->why, sizeof(race->why), "%#llx: %llu pages, kind %u entry %#x shift %u",
			 run->start, run->pages, run->kind, run->entry, run->shift);
	pthread_mutex_unlock(&race->lock);
}

/* What no entry is at any time, only what is left of one. */
static void check(struct race *race, const struct vmq_run *run)
{
	bool present = run->entry & VMQ_ENTRY_PRESENT;

	if (!(VMQ_SET_KIND(run->kind) & race->kinds) || !(run->valid & VMQ_VALID_KIND) ||
	    run->entry & VMQ_ENTRY_PROTNONE || (present && !(run->entry & VMQ_ENTRY_USER)) ||
	    present != (run->kind != VMQ_KIND_NONE && run->kind != VMQ_KIND_MIGRATION) ||
	    (run->shift && run->shift != 12 && run->shift != 21))
		wrong(race, run);
}

static unsigned long scan(struct race *race, int vmq)
{
	struct vmq_run runs[256];
	uint64_t start = (uintptr_t)race->areas;
	struct vmq_scan call = device_scan(start, start + AREAS * HUGE, VMQ_FACTS_ALL, runs,
					   ARRAY_SIZE(runs));

	if (device_call(vmq, VMQ_IOC_SCAN, &call))
		call.count = 0;
	for (unsigned int i = 0; i < call.count; i++)
		check(race, runs + i);
	return 1;
}

static unsigned long walk(struct race *race, int vmq)
{
	struct vmq_run run;

	for (int i = 0; i < AREAS; i++)
		if (!device_page(vmq, race->areas + i * HUGE + 17 * PAGE, &run))
			check(race, &run);
	return AREAS;
}

static void *look(void *arg)
{
	struct vmq_info info = { .size = sizeof(info) };
	struct race *race = arg;
	int vmq = device_open(0);
	uint64_t before = 0;

	setpriority(PRIO_PROCESS, gettid(), 5);
	for (unsigned int i = 0; !race->stop; i++) {
		unsigned long looks = i % 4 ? walk(race, vmq) : scan(race, vmq);

		device_call(vmq, VMQ_IOC_INFO, &info);
		pthread_mutex_lock(&race->lock);
		race->looks += looks;
		race->retries += info.retries - before;
		pthread_mutex_unlock(&race->lock);
		before = info.retries;
	}
	close(vmq);
	return NULL;
}

FIXTURE(race) {
	struct race race;
	pthread_t lookers[LOOKERS];
};

FIXTURE_VARIANT(race) {
	int (*prepare)(struct race *race);
	void (*change)(struct race *race);
	uint64_t kinds;
	const char *never;	/* why some kernels may never get there */
};
#define NONE_OR(kind) (VMQ_SET_KIND(VMQ_KIND_NONE) | VMQ_SET_KIND(VMQ_KIND_MIGRATION) | \
		       VMQ_SET_KIND(kind))

FIXTURE_VARIANT_ADD(race, huge_page_split) {
	.prepare = prepare_huge, .change = split,
	.kinds = NONE_OR(VMQ_KIND_ANON),
	.never = "the time between read and lock is short",
};
FIXTURE_VARIANT_ADD(race, huge_zero_page_zapped) {
	.prepare = prepare_huge, .change = zap,
	.kinds = NONE_OR(VMQ_KIND_HUGE_ZERO),
	.never = "the time between read and lock is short",
};
FIXTURE_VARIANT_ADD(race, table_emptied) {
	.prepare = prepare_small, .change = empty,
	.kinds = NONE_OR(VMQ_KIND_ANON),
	.never = "empty tables stay before v6.14",
};
FIXTURE_VARIANT_ADD(race, file_collapsed) {
	.prepare = prepare_collapse, .change = refault,
	.kinds = NONE_OR(VMQ_KIND_SHMEM),
	.never = "it takes luck, and before v6.6 also mmap_lock held for writing",
};

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	char *area = mmap(NULL, (AREAS + 1) * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_NE(MAP_FAILED, area);
	race->areas = (char *)(((uintptr_t)area + HUGE - 1) & ~(HUGE - 1));
	race->file = -1;
	race->kinds = variant->kinds;
	pthread_mutex_init(&race->lock, NULL);
	ASSERT_EQ(0, variant->prepare(race));
	for (int i = 0; i < LOOKERS; i++)
		ASSERT_EQ(0, pthread_create(self->lookers + i, NULL, look, race));
}

FIXTURE_TEARDOWN(race)
{
	if (self->race.helper > 0)
		setup_end(self->race.helper);
}

TEST_F(race, the_walker_reads_anew)
{
	struct race *race = &self->race;
	uint64_t began = milliseconds(), end = began + scaled_time(TIME, _metadata->timeout);
	uint64_t last = began + 500 * _metadata->timeout;	/* for the first collapse */

	while (race->retries < WANTED && !*race->why &&
	       (milliseconds() < end || (race->collapses && !race->collapses[0] &&
					 milliseconds() < last))) {
		variant->change(race);
		race->changes++;
	}
	race->stop = true;
	for (int i = 0; i < LOOKERS; i++)
		pthread_join(self->lookers[i], NULL);
	EXPECT_STREQ("", race->why);
	if (race->collapses)
		EXPECT_GT(race->collapses[0], 0) TH_LOG("not collapsed: %s", strerror(race->collapses[1]));
	TH_LOG("%lu retries in %lu looks at %lu changes, %lu ms", race->retries, race->looks,
	       race->changes * AREAS, (unsigned long)(milliseconds() - began));
	if (!race->retries)
		SKIP_TEST("no retry in %lu looks: %s", race->looks, variant->never);
}

TEST_HARNESS_MAIN

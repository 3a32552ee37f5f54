// SPDX-License-Identifier: GPL-2.0-only
/*
 * Much of everything: VMAs, address space, processes, open files. What is told
 * stays complete, each hold of a target's lock bounded, and a signal ends a long
 * call at once. Times are printed, not asserted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define MANY_VMAS	100000
#define PROCESSES	2000
#define PATIENCE	15000	/* milliseconds to make them; a sanitizer kernel stops there */
#define FEW		100	/* that many at least */
#define ROOM		4096

/* HOLD_ENTRIES of walk.c, and the rest of the table it is rounded up to. */
#define MAX_HOLD	(8192 + 512)

/* Most entries under one hold are asserted, the time it took is printed. */
#define EXPECT_BOUNDED(vmq) do { \
	struct vmq_info info = { .size = sizeof(info) }; \
	EXPECT_EQ(0, device_call(vmq, VMQ_IOC_INFO, &info)); \
	EXPECT_GT(info.max_hold_entries, 0); \
	EXPECT_LE(info.max_hold_entries, MAX_HOLD); \
	TH_LOG("at most %llu entries under one hold, %llu us", info.max_hold_entries, \
	       info.max_hold_ns / 1000); \
} while (0)

static bool write_number(const char *path, long number)
{
	FILE *file = fopen(path, "we");
	bool ok = file && fprintf(file, "%ld\n", number) > 0;

	return file && !fclose(file) && ok;
}

#define WRITTEN	200

/* --- many VMAs: written pages, every other one read-only */

FIXTURE(vmas) {
	char *map;
	size_t count, size;
	int vmq;
};

FIXTURE_SETUP(vmas)
{
	uint64_t began = milliseconds();
	size_t size = MANY_VMAS * PAGE;
	char *area = mmap(NULL, size + 512 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, area);
	ASSERT_TRUE(write_number("/proc/sys/vm/max_map_count", 2 * MANY_VMAS));
	self->map = area;
	madvise(area, size, MADV_NOHUGEPAGE);
	memset(area, 1, WRITTEN * PAGE);
	while (self->count < MANY_VMAS && milliseconds() < began + PATIENCE) {
		ASSERT_EQ(0, mprotect(area + self->count * PAGE, PAGE, PROT_READ));
		self->count += 2;
	}
	self->size = self->count * PAGE;
	munmap(area + self->size, size - self->size);
	ASSERT_GE(self->count, FEW);
	TH_LOG("%lu VMAs", self->count);
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
}

FIXTURE_TEARDOWN(vmas)
{
	close(self->vmq);
}

/* Whether the i-th page is told as it was made. */
static bool is_right(const struct vmq_run *run, size_t i)
{
	bool denied = run->on_write == VMQ_ON_WRITE_DENY;

	return run->kind == (i < WRITTEN ? VMQ_KIND_ANON : VMQ_KIND_NONE) && denied == !(i & 1);
}

/* Pages of the map told by one scan of it, and right. */
static size_t scan_map(int vmq, char *map, size_t size)
{
	uint64_t start = (uintptr_t)map;
	struct vmq_run *runs = calloc(ROOM, sizeof(*runs));
	struct vmq_scan scan = device_scan(start, start + size, VMQ_FACTS_ALL, runs, ROOM);
	size_t pages = 0;

	while (scan.start < scan.end && !device_call(vmq, VMQ_IOC_SCAN, &scan)) {
		for (unsigned int i = 0; i < scan.count; i++)
			for (uint64_t p = 0; p < runs[i].pages; p++, pages++)
				if (runs[i].start + p * PAGE != start + pages * PAGE ||
				    !is_right(runs + i, pages))
					return pages;
		scan.count = ROOM;
	}
	free(runs);
	return pages;
}

/* Making the VMAs takes longer than to look at them, so all is in one test. */
static void expect_list(struct __test_metadata *_metadata, const FIXTURE_DATA(vmas) *self)
{
	uint64_t start = (uintptr_t)self->map, end = start + self->size, began = milliseconds();
	struct vmq_vma *room = calloc(ROOM, sizeof(*room));
	struct vmq_vmas vmas = {
		.size = sizeof(vmas), .start = start, .end = end, .vmas = (uintptr_t)room,
		.names = (uintptr_t)malloc(PAGE), .count = ROOM, .vma_size = sizeof(*room),
		.names_size = PAGE,
	};
	int vmq = device_open(0);
	size_t seen = 0;

	while (vmas.start < end) {
		ASSERT_EQ(0, device_call(vmq, VMQ_IOC_VMAS, &vmas));
		for (unsigned int i = 0; i < vmas.count; i++, seen++) {
			ASSERT_EQ(start + seen * PAGE, room[i].start);
			ASSERT_EQ(seen & 1 ? 3 : 1, room[i].rights);
		}
		EXPECT_GT(vmas.total, self->count);
		vmas.count = ROOM;
		vmas.names_size = PAGE;
	}
	EXPECT_EQ(self->count, seen);
	free(room);
	EXPECT_BOUNDED(vmq);
	close(vmq);
	TH_LOG("VMAS: %lu ms", (unsigned long)(milliseconds() - began));
}

static void expect_file(struct __test_metadata *_metadata, const FIXTURE_DATA(vmas) *self)
{
	uint64_t start = (uintptr_t)self->map, end = start + self->size, began = milliseconds();
	FILE *file = fopen("/proc/vmq/self/vmas", "re");
	size_t seen = 0, pages = 0;
	char line[512];

	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		unsigned long from, to, resident;
		char rights[4];

		if (sscanf(line, "%lx %lx %3s %*s %*s %*s %*s %lu", &from, &to, rights,
			   &resident) != 4 || from < start || from >= end)
			continue;
		ASSERT_EQ(start + seen * PAGE, from);
		ASSERT_EQ('w', rights[1] + (seen & 1 ? 0 : 'w' - '-'));
		pages += resident;
		seen++;
	}
	fclose(file);
	EXPECT_EQ(self->count, seen);
	EXPECT_EQ(WRITTEN, pages);
	TH_LOG("/proc/vmq/self/vmas: %lu ms", (unsigned long)(milliseconds() - began));
}

/* Begins to read files of itself until no more is kept for them: how many it got. */
static int begin_to_read(int *files, int max)
{
	char byte;
	int count;

	for (count = 0; count < max; count++) {
		files[count] = open("/proc/vmq/self/vmas", O_RDONLY | O_CLOEXEC);
		if (files[count] < 0)
			return -errno;
		if (read(files[count], &byte, 1) == 1)
			continue;
		close(files[count]);
		return errno == ENOMEM ? count : -errno;
	}
	return count;
}

/* Files that are left half read keep some of the kernel's memory, not all of it. */
CHILD(half_read_files, unused)
{
	struct rlimit limit = { 4096, 4096 };
	int files[4000], count;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, caller_drop(CAP_SYS_RESOURCE));
	count = begin_to_read(files, ARRAY_SIZE(files));
	TH_LOG("%d files", count);
	ASSERT_LT(1, count);
	ASSERT_GT(ARRAY_SIZE(files), count);
	/* while an array grows there are two */
	close(files[0]);
	close(files[1]);
	EXPECT_LT(0, begin_to_read(files, 1));
}

TEST_F(vmas, are_told_completely)
{
	uint64_t began = milliseconds();

	EXPECT_EQ(self->count, scan_map(self->vmq, self->map, self->size));
	TH_LOG("SCAN: %lu ms", (unsigned long)(milliseconds() - began));
	EXPECT_BOUNDED(self->vmq);
	expect_list(_metadata, self);
	expect_file(_metadata, self);
	EXPECT_EQ(0, as_child(_metadata, half_read_files, 0));
}

/* --- a terabyte with a thousand pages */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

TEST(a_terabyte_with_a_thousand_pages)
{
	size_t size = 1UL << 40, count = 1000;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t *expected = calloc(count, sizeof(*expected)), began;
	int vmq = device_open(0);
	struct vmq_scan scan;
	struct vmq_run *runs;

	ASSERT_NE(MAP_FAILED, map);
	madvise(map, size, MADV_NOHUGEPAGE);
	srand(1);
	for (size_t i = 0; i < count; i++) {	/* in every gigabyte one, somewhere */
		size_t at = i * (size / count) + (size_t)rand() % (size / count);

		map[at] = 1;
		expected[i] = ((uintptr_t)map + at) & ~(PAGE - 1);
	}
	qsort(expected, count, sizeof(*expected), compare);
	scan = device_scan((uintptr_t)map, (uintptr_t)map + size, VMQ_FACTS_ALL, NULL, 100);
	scan.none_of = VMQ_SET_KIND(VMQ_KIND_NONE);
	began = milliseconds();
	ASSERT_EQ(count, device_runs(vmq, &scan, &runs));
	TH_LOG("%lu ms", (unsigned long)(milliseconds() - began));
	for (size_t i = 0; i < count; i++) {
		ASSERT_EQ(expected[i], runs[i].start);
		ASSERT_EQ(1, runs[i].pages);
	}
	EXPECT_BOUNDED(vmq);
	munmap(map, size);
}

/* --- many processes, many files */

static size_t present_pages(int vmq, const char *map, size_t size)
{
	struct vmq_scan scan = device_scan((uintptr_t)map, (uintptr_t)map + size,
					   VMQ_FACTS_ALL, NULL, 16);
	struct vmq_run *runs;
	ssize_t count = device_runs(vmq, &scan, &runs);
	size_t pages = 0;

	for (ssize_t i = 0; i < count; i++)
		pages += runs[i].entry & VMQ_ENTRY_PRESENT ? runs[i].pages : 0;
	free(runs);
	return pages;
}

FIXTURE(many) {
	char *map;
};

FIXTURE_SETUP(many)
{
	self->map = setup_map(8 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	memset(self->map, 1, 5 * PAGE);
}

FIXTURE_TEARDOWN(many)
{
	munmap(self->map, 8 * PAGE);
}

TEST_F(many, processes)
{
	pid_t *children = calloc(PROCESSES, sizeof(*children));
	uint64_t began = milliseconds();
	int count = 0;

	while (count < PROCESSES && milliseconds() < began + PATIENCE) {
		children[count] = setup_fork();
		ASSERT_GT(children[count++], 0);
	}
	EXPECT_GE(count, FEW);
	TH_LOG("%d processes", count);
	for (int i = 0; i < count; i++) {
		int vmq = device_open(children[i]);

		ASSERT_GE(vmq, 0);
		ASSERT_EQ(5, present_pages(vmq, self->map, 8 * PAGE));
		close(vmq);
	}
	for (int i = 0; i < count; i++)
		setup_end(children[i]);
}

TEST_F(many, open_files)
{
	enum { FILES = 500 };
	struct rlimit limit = { 2 * FILES, 2 * FILES };
	int files[FILES];

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (int i = 0; i < FILES; i++) {
		files[i] = device_open(0);
		ASSERT_GE(files[i], 0);
	}
	for (int i = 0; i < FILES; i++) {
		EXPECT_EQ(5, present_pages(files[i], self->map, 8 * PAGE));
		close(files[i]);
	}
}

TEST_HARNESS_MAIN

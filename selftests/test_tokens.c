// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an ordinary user can learn from tokens: that two pages are one, and no more.
 * Root looks on through pagemap, which is where the test knows the frames from.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "lib/child.h"
#include "lib/setup.h"

#define HUGE (512 * PAGE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES 256

FIXTURE(tokens) {
	int pagemap;		/* opened by root: it tells frames */
	int vmq;
	char *map;		/* PAGES private pages, nothing touched */
};

FIXTURE_SETUP(tokens)
{
	ASSERT_EQ(0, caller_share_device());
	ASSERT_EQ(0, setup_one_cpu());
	self->pagemap = oracle_open_pagemap(0);
	self->map = setup_map(PAGES * PAGE, PRIVATE, -1);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(tokens)
{
	close(self->vmq);
	close(self->pagemap);
	munmap(self->map, PAGES * PAGE);
}

#define SAME(vmq_a, a, vmq_b, b) \
	caller_one_page(caller_token(vmq_a, a), caller_token(vmq_b, b))

/* From here on the test is an ordinary user, who has bound to himself. */
#define BECOME_USER() do { \
	ASSERT_EQ(0, caller_become_user()); \
	self->vmq = caller_bind(VMQ_BIND_SELF, -1, 0, 0); \
	ASSERT_LE(0, self->vmq); \
} while (0)

TEST_F(tokens, of_a_fork)
{
	pid_t child;
	int theirs;

	BECOME_USER();
	memset(self->map, 1, 4 * PAGE);
	child = setup_fork();
	theirs = device_open(child);
	ASSERT_LE(0, theirs);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			EXPECT_EQ(i == j, SAME(self->vmq, self->map + i * PAGE, theirs, self->map + j * PAGE));
	self->map[2 * PAGE] = 2;
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(i != 2, SAME(self->vmq, self->map + i * PAGE, theirs, self->map + i * PAGE));
	setup_end(child);
	close(theirs);
}

/* One file, three times mapped; a private page that was written is another one. */
static void expect_one_file(struct __test_metadata *_metadata, int vmq, int fd)
{
	char *a = setup_map(4 * PAGE, MAP_SHARED, fd), *b = setup_map(4 * PAGE, MAP_SHARED, fd);
	char *private = setup_map(4 * PAGE, MAP_PRIVATE, fd);

	for (int i = 0; i < 4 * (int)PAGE; i += PAGE)
		a[i] = b[i] + ((volatile char *)private)[i];
	for (int i = 0; i < 4 * (int)PAGE; i += PAGE) {
		for (int j = 0; j < 4 * (int)PAGE; j += PAGE) {
			EXPECT_EQ(i == j, SAME(vmq, a + i, vmq, b + j));
			EXPECT_EQ(i == j, SAME(vmq, a + i, vmq, private + j));
		}
	}
	private[PAGE] = 'p';
	EXPECT_FALSE(SAME(vmq, a + PAGE, vmq, private + PAGE));
	munmap(a, 4 * PAGE);
	munmap(b, 4 * PAGE);
	munmap(private, 4 * PAGE);
}

TEST_F(tokens, of_a_file)
{
	int file = setup_file("/mnt/ext4", 4), memory = memfd_create("vmq", MFD_CLOEXEC);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(memory, 4 * PAGE));
	BECOME_USER();
	expect_one_file(_metadata, self->vmq, memory);
	expect_one_file(_metadata, self->vmq, file);
}

/* A child touches the page of a memfd at an address of its own choice. */
TEST_F(tokens, of_a_memfd_in_two_processes)
{
	int memory = memfd_create("vmq", MFD_CLOEXEC), ready[2], theirs;
	char *here, *there = MARK, byte;
	pid_t child;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, ftruncate(memory, 2 * PAGE));
	BECOME_USER();
	here = setup_map(2 * PAGE, MAP_SHARED, memory);
	here[0] = here[PAGE] = 1;
	child = fork();
	if (!child) {
		there = mmap(there, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, memory, 0);
		byte = there[0] + there[PAGE];
		write(ready[1], &byte, 1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	theirs = device_open(child);
	EXPECT_TRUE(SAME(self->vmq, here, theirs, there));
	EXPECT_TRUE(SAME(self->vmq, here + PAGE, theirs, there + PAGE));
	EXPECT_FALSE(SAME(self->vmq, here, theirs, there + PAGE));
	setup_end(child);
	close(theirs);
}

TEST_F(tokens, count_within_a_folio)
{
	char *first = setup_huge(), *second = setup_huge();
	struct caller_token token, head, other;
	struct vmq_run *runs;

	BECOME_USER();
	first[0] = second[0] = 1;
	head = caller_token(self->vmq, first);
	other = caller_token(self->vmq, second);
	for (size_t i = 1; i < 512; i++) {
		token = caller_token(self->vmq, first + i * PAGE);
		ASSERT_EQ(head.token, token.token);
		ASSERT_EQ(head.index + i, token.index);
	}
	EXPECT_EQ(0, head.index);
	EXPECT_NE(head.token, other.token);
	EXPECT_EQ(1, caller_runs(self->vmq, first, HUGE, VMQ_FACTS_ALL, &runs));
	EXPECT_EQ(512, runs[0].pages);
	free(runs);
	/* mapped by 512 entries of its own it is still the one folio */
	ASSERT_EQ(0, mprotect(first + 8 * PAGE, PAGE, PROT_READ));
	token = caller_token(self->vmq, first + 9 * PAGE);
	EXPECT_EQ(head.token, token.token);
	EXPECT_EQ(9, token.index);
}

/* The frames of the map, from pagemap; how often the next page has the next frame. */
static int neighbours(int pagemap, char *map, uint64_t *frames)
{
	int count = 0;

	if (oracle_pagemap(pagemap, (uintptr_t)map, PAGES, frames))
		return -1;
	for (int i = 0; i < PAGES; i++) {
		frames[i] = PM_FRAME(frames[i]);
		count += i && frames[i] == frames[i - 1] + 1;
	}
	return count;
}

static int compare_tokens(const void *a, const void *b)
{
	const struct vmq_run *x = a, *y = b;

	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* Every second page first, then those between: however frames are handed out, few are neighbours. */
static void touch_scattered(char *map)
{
	for (int i = 0; i < PAGES; i += 2)
		map[i * PAGE] = 1;
	for (int i = 1; i < PAGES; i += 2)
		map[i * PAGE] = 1;
}

/* Small pages, all of them neighbours in memory: their runs and tokens do not say so. */
TEST_F(tokens, say_nothing_about_neighbours)
{
	uint64_t frames[PAGES], least = UINT64_MAX;
	char *map = setup_split_huge();
	struct vmq_run *runs;

	if (!map)
		SKIP_TEST("this kernel splits no huge page on demand");
	ASSERT_EQ(PAGES - 1, neighbours(self->pagemap, map, frames));
	BECOME_USER();
	ASSERT_EQ(PAGES, caller_runs(self->vmq, map, PAGES * PAGE, VMQ_FACTS_ALL, &runs));
	for (int i = 0; i < PAGES; i++) {
		EXPECT_EQ(1, runs[i].pages);
		EXPECT_EQ(0, runs[i].index);
		EXPECT_NE(frames[i], runs[i].frame);
	}
	/* any two of all: chance brings them as near as 2^49 once in a while, not 2^32 */
	qsort(runs, PAGES, sizeof(*runs), compare_tokens);
	for (int i = 1; i < PAGES; i++)
		if (runs[i].frame - runs[i - 1].frame < least)
			least = runs[i].frame - runs[i - 1].frame;
	EXPECT_LT(1ULL << 32, least);
	/* and they lie all over the 64 bits */
	EXPECT_GT(1ULL << 60, runs[0].frame);
	EXPECT_LT(15ULL << 60, runs[PAGES - 1].frame);
	free(runs);
}

/* Where frames are not asked for there is no cut between frames that are no neighbours. */
TEST_F(tokens, runs_without_frames_are_whole)
{
	uint64_t frames[PAGES];
	struct vmq_run *runs;

	touch_scattered(self->map);
	ASSERT_GT(PAGES - 1, neighbours(self->pagemap, self->map, frames));
	BECOME_USER();
	for (__u32 facts = 0; facts <= VMQ_FACTS_ALL; facts++) {
		if (facts & VMQ_FACTS_FRAME)
			continue;
		ASSERT_EQ(1, caller_runs(self->vmq, self->map, PAGES * PAGE, facts, &runs));
		EXPECT_EQ(PAGES, runs[0].pages);
		free(runs);
	}
}

/*
 * Which frames were neighbours can be known, of the parts of a huge page for instance.
 * What comes to lie in them later must not be found by the tokens they had then.
 */
TEST_F(tokens, a_frame_in_another_use_has_another)
{
	uint64_t before[PAGES], after[PAGES];
	struct caller_token tokens[PAGES];
	int again = 0;

	BECOME_USER();
	memset(self->map, 1, PAGES * PAGE);
	ASSERT_EQ(0, oracle_pagemap(self->pagemap, (uintptr_t)self->map, PAGES, before));
	for (int i = 0; i < PAGES; i++)
		tokens[i] = caller_token(self->vmq, self->map + i * PAGE);
	ASSERT_EQ(0, madvise(self->map, PAGES * PAGE, MADV_DONTNEED));
	memset(self->map, 1, PAGES * PAGE);
	ASSERT_EQ(0, oracle_pagemap(self->pagemap, (uintptr_t)self->map, PAGES, after));
	for (int i = 0; i < PAGES; i++) {
		struct caller_token token = caller_token(self->vmq, self->map + i * PAGE);

		for (int j = 0; j < PAGES; j++) {
			if (j == i || PM_FRAME(after[i]) != PM_FRAME(before[j]))
				continue;
			EXPECT_NE(tokens[j].token, token.token);
			again++;
		}
	}
	EXPECT_LT(0, again) TH_LOG("no frame was used again");
}

/* A token is of the page, not of the file through which it was asked for. */
TEST_F(tokens, do_not_depend_on_who_asks)
{
	int tokens = caller_bind(VMQ_BIND_SELF, -1, 0, VMQ_BIND_TOKENS), again;

	self->map[0] = 1;
	BECOME_USER();
	again = device_open(getpid());
	EXPECT_TRUE(SAME(tokens, self->map, self->vmq, self->map));
	EXPECT_TRUE(SAME(again, self->map, self->vmq, self->map));
	close(again);
	close(tokens);
}

TEST_F(tokens, of_the_zero_page)
{
	volatile char *map = self->map;
	struct caller_token zero;
	pid_t child;
	int theirs;

	BECOME_USER();
	(void)map[0];
	(void)map[PAGE];
	map[2 * PAGE] = 0;
	zero = caller_token(self->vmq, map);
	EXPECT_TRUE(caller_one_page(zero, caller_token(self->vmq, map + PAGE)));
	EXPECT_FALSE(caller_one_page(zero, caller_token(self->vmq, map + 2 * PAGE)));
	child = setup_fork();
	theirs = device_open(child);
	EXPECT_TRUE(caller_one_page(zero, caller_token(theirs, map)));
	setup_end(child);
	close(theirs);
}

/* The address of a kernel object in its id would help to attack the kernel. */
TEST_F(tokens, ids_of_objects_are_opaque)
{
	struct vmq_vma records[256];
	char names[1 << 14];
	struct vmq_info info = { .size = sizeof(info) };
	struct vmq_vmas vmas = {
		.size = sizeof(vmas), .vmas = (uintptr_t)records,
		.count = 256, .vma_size = sizeof(*records),
		.names = (uintptr_t)names, .names_size = sizeof(names),
	};
	int with = 0, equal = 0, kernel = 0;

	BECOME_USER();
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_INFO, &info));
	vmas.end = info.top;
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_VMAS, &vmas));
	ASSERT_EQ(vmas.total, vmas.count);
	for (__u32 i = 0; i < vmas.count; i++) {
		with += records[i].object != 0;
		kernel += records[i].object >> 56 == 0xff;
		equal += i && records[i].object == records[i - 1].object && records[i].inode &&
			 records[i].inode == records[i - 1].inode;
	}
	EXPECT_LT(10, with);
	/* as addresses of the kernel's objects they would all begin like that */
	EXPECT_LT(kernel, with);
	EXPECT_LT(0, equal);
}

TEST_HARNESS_MAIN

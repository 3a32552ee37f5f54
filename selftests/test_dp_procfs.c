// SPDX-License-Identifier: GPL-2.0-only
/* vmq dp and in without the module: many pages are taken from one reading of the VMAs. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/entries.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/tsv.h"
#include "lib/harness.h"

/* Bytes that the caller and its children, as far as they have ended, have read. */
static uint64_t bytes_read(void)
{
	FILE *io = fopen("/proc/self/io", "re");
	unsigned long bytes = 0;

	if (!io || fscanf(io, "rchar: %lu", &bytes) != 1)
		bytes = 0;
	if (io)
		fclose(io);
	return bytes;
}

#define PROCFS	"vmq dp --tsv --backend=procfs %d %lx %d 2>/dev/null"
#define PAGES	16

/* What is said of each page alone, and how much was read for the last one; 0 on failure. */
static uint64_t look_at_each(const volatile char *at, uint64_t *frames)
{
	uint64_t before = 0;

	for (int i = 0; i < PAGES; i++) {
		before = bytes_read();
		if (!tsv_run(PROCFS, getpid(), (uintptr_t)at + i * PAGE, 1))
			return 0;
		frames[i] = tsv_number(0, "frame");
	}
	return bytes_read() - before;
}

static bool rows_have(const volatile char *at, const uint64_t *frames)
{
	for (int i = 0; i < PAGES; i++)
		if (tsv_number(i, "linaddr") != (uintptr_t)at + i * PAGE ||
		    tsv_number(i, "frame") != frames[i])
			return false;
	return true;
}

/*
 * Of pages in a row is said what is said of each alone, and their VMAs are read once. The
 * kernel may move a page in between: then it is tried again.
 */
static void expect_many(struct __test_metadata *_metadata, const volatile char *at)
{
	uint64_t frames[PAGES], one = 0, many = 0;
	bool same = false;

	for (int i = 0; i < 3 && !same; i++) {
		one = look_at_each(at, frames);
		ASSERT_LT(0, one);
		many = bytes_read();
		ASSERT_TRUE(tsv_run(PROCFS, getpid(), (uintptr_t)at, PAGES));
		many = bytes_read() - many;
		ASSERT_EQ(PAGES, tsv_rows);
		same = rows_have(at, frames);
	}
	EXPECT_TRUE(same);
	EXPECT_LT(many, 2 * one);
}

/* Written, read, untouched, and no VMA there. */
TEST_F(entries, without_the_module_many_pages)
{
	char *map = setup_map(PAGES * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	ASSERT_NE(NULL, map);
	for (int i = 0; i < 6; i++)
		map[i * PAGE] = 1;
	(void)*(volatile char *)(map + 6 * PAGE);
	(void)*(volatile char *)(map + 7 * PAGE);
	ASSERT_EQ(0, munmap(map + 12 * PAGE, 2 * PAGE));
	expect_many(_metadata, map);
}

/* Frames in a row are one run. */
TEST_F(entries, without_the_module_pages_of_one_run)
{
	volatile char *huge = setup_huge();

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	expect_many(_metadata, huge + 3 * PAGE);
}

/* A page that is looked at twice is another one then. */
TEST_F(entries, without_the_module_before_and_after)
{
	ASSERT_TRUE(tsv_run("vmq in --tsv --backend=procfs %d %lx 2>/dev/null", getpid(),
			    (uintptr_t)self->map));
	ASSERT_EQ(2, tsv_rows);
	EXPECT_STREQ("none", tsv(0, "fstate"));
	EXPECT_STREQ("zero", tsv(1, "fstate"));
}

TEST_HARNESS_MAIN

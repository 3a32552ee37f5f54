// SPDX-License-Identifier: GPL-2.0-only
/* vmq dp and in without the module: many pages are taken from one reading of the VMAs. */
#define _GNU_SOURCE
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

#define PROCFS "vmq dp --tsv --backend=procfs %d %lx %d 2>/dev/null"

/* Of 16 pages in a row is said what is said of each alone, and their VMAs are read once. */
static void expect_many(struct __test_metadata *_metadata, const volatile char *at)
{
	uint64_t frames[16], one = 0, many;

	for (int i = 0; i < 16; i++) {
		one = bytes_read();
		ASSERT_TRUE(tsv_run(PROCFS, getpid(), (uintptr_t)at + i * PAGE, 1));
		frames[i] = tsv_number(0, "frame");
	}
	one = bytes_read() - one;
	many = bytes_read();
	ASSERT_TRUE(tsv_run(PROCFS, getpid(), (uintptr_t)at, 16));
	many = bytes_read() - many;
	ASSERT_EQ(16, tsv_rows);
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ((uintptr_t)at + i * PAGE, tsv_number(i, "linaddr"));
		EXPECT_EQ(frames[i], tsv_number(i, "frame"));
	}
	EXPECT_LT(0, one);
	EXPECT_LT(many, 2 * one);
}

/* Written, read, and no VMA behind them. */
TEST_F(entries, without_the_module_many_pages)
{
	for (int i = 0; i < 6; i++)
		self->map[i * PAGE] = 1;
	(void)*(volatile char *)(self->map + 6 * PAGE);
	(void)*(volatile char *)(self->map + 7 * PAGE);
	expect_many(_metadata, self->map);
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

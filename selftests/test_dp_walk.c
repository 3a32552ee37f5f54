// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmq walk: the indexes of its lines follow from the address, the tables from each
 * other, and the last line is the page that dp shows.
 */
#include <stdint.h>
#include <vmq.h>

#include "lib/entries.h"

/* The rows are the levels of @address, one after the other. */
static void expect_path(struct __test_metadata *_metadata, const volatile void *address, int bottom)
{
	static const char *const names[] = { "pte", "pmd", "pud", "p4d", "pgd" };
	struct vmq *vmq;
	int levels;

	ASSERT_EQ(0, vmq_open(&vmq, 0, VMQ_BACKEND_MODULE));
	levels = vmq_top(vmq) > 1ULL << 47 ? 5 : 4;
	vmq_close(vmq);
	ASSERT_TRUE(tsv_run("vmq walk --tsv %d %lx", getpid(), (uintptr_t)address));
	ASSERT_EQ(levels - bottom, tsv_rows);
	EXPECT_STREQ("pgd", tsv(0, "level"));
	for (int i = 0, level = levels - 1; level >= bottom; i++, level--) {
		if (i)
			EXPECT_STREQ(names[level], tsv(i, "level"));
		EXPECT_EQ((uintptr_t)address >> (12 + 9 * level) & 511, tsv_number(i, "index"));
		EXPECT_EQ((uintptr_t)address & -PAGE, tsv_number(i, "linaddr"));
		if (level > bottom)
			expect_directory(_metadata, i, tsv(i, "level"));
	}
}

TEST_F(entries, on_the_way_to_a_small_page)
{
	self->map[PAGE] = 1;
	expect_path(_metadata, self->map + PAGE + 7, 0);
	expect_page(_metadata, self->vmq, tsv_rows - 1, self->map + PAGE);
	EXPECT_EQ(tsv_number(tsv_rows - 1, "frame"), tsv_number(tsv_rows - 1, "pteframe"));
}

TEST_F(entries, on_the_way_to_a_huge_page)
{
	volatile char *huge = setup_huge();
	struct vmq_run run;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	ASSERT_EQ(0, device_page(self->vmq, huge, &run));
	if (run.shift != 21)
		SKIP_TEST("no huge page was free");
	expect_path(_metadata, huge + 9 * PAGE, 1);
	expect_page(_metadata, self->vmq, tsv_rows - 1, huge + 9 * PAGE);
	EXPECT_EQ(tsv_number(tsv_rows - 1, "frame") - 9, tsv_number(tsv_rows - 1, "pteframe"));
}

TEST_F(entries, on_the_way_to_nothing)
{
	self->map[0] = 1;	/* so that there is a table */
	expect_path(_metadata, self->map + PAGE, 0);
	EXPECT_STREQ("none", tsv(tsv_rows - 1, "fstate"));
	EXPECT_STREQ("-", tsv(tsv_rows - 1, "frame"));
	EXPECT_STREQ("-", tsv(tsv_rows - 1, "pteframe"));
	EXPECT_STREQ("fill", tsv(tsv_rows - 1, "on_write"));
}

TEST_HARNESS_MAIN

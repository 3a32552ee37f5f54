/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the tests of what vmq prints of page-table entries, and what has to
 * hold of each of its rows. Static: the test harness has its data in the file that
 * includes it.
 */
#ifndef ENTRIES_H
#define ENTRIES_H

#include <sys/mman.h>
#include <unistd.h>

#include "../../module/shared/names.h"
#include "device.h"
#include "harness.h"
#include "oracle.h"
#include "setup.h"
#include "tsv.h"

#define HUGE (512 * PAGE)

FIXTURE(entries) {
	int vmq;
	char *map;		/* 8 anonymous pages of one table, nothing touched */
};

FIXTURE_SETUP(entries)
{
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	self->map = setup_map_aligned(8 * PAGE, HUGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->map);
	ASSERT_EQ(0, madvise(self->map, 8 * PAGE, MADV_NOHUGEPAGE));
}

FIXTURE_TEARDOWN(entries)
{
	munmap(self->map, 8 * PAGE);
	close(self->vmq);
}

/* Row @row is of the page at @at, a present one, and all sources agree. */
static inline void expect_page(struct __test_metadata *_metadata, int vmq, size_t row,
			       const volatile char *at)
{
	uint64_t entry = oracle_entry(at);
	struct vmq_run runs[1];
	struct vmq_scan scan = device_scan((uintptr_t)at, (uintptr_t)at + PAGE, VMQ_FACTS_ALL,
					   runs, 1);

	ASSERT_TRUE(entry & PM_PRESENT);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_SCAN, &scan));
	EXPECT_EQ((uintptr_t)at, tsv_number(row, "linaddr"));
	EXPECT_EQ(PM_FRAME(entry), tsv_number(row, "frame"));
	EXPECT_EQ(oracle_kpage("kpagecount", PM_FRAME(entry)), tsv_number(row, "map_count"));
	EXPECT_STREQ(vmq_kind_name(runs[0].kind), tsv(row, "fstate"));
	EXPECT_STREQ(vmq_sharing_name(runs[0].sharing), tsv(row, "sharing"));
	EXPECT_STREQ(vmq_on_write_name(runs[0].on_write), tsv(row, "on_write"));
	EXPECT_STREQ(vmq_on_write_name(runs[0].forced_write), tsv(row, "forced_write"));
	EXPECT_STREQ(vmq_memtype_name(runs[0].memtype), tsv(row, "memtype"));
	EXPECT_EQ(runs[0].pkey, tsv_number(row, "pkey"));
	EXPECT_EQ(1ULL << runs[0].shift, tsv_number(row, "leaf_bytes"));
	for (const struct vmq_bit *bit = vmq_entry_bits; bit->bit; bit++) {
		EXPECT_EQ(!!(bit->bit & runs[0].entry), tsv_has(row, "entry", bit->name))
			TH_LOG("%s", bit->name);
	}
}

/* Row @row is the entry that leads to the table of row @row + 1. */
static inline void expect_directory(struct __test_metadata *_metadata, size_t row,
				    const char *level)
{
	EXPECT_STREQ("table", tsv(row, "fstate"));
	EXPECT_STREQ("resident", tsv(row, "pstate"));
	EXPECT_STREQ(level, tsv(row, "level"));
	EXPECT_TRUE(tsv_has(row, "entry", "present"));
	EXPECT_EQ(tsv_number(row + 1, "table"), tsv_number(row, "frame"));
	EXPECT_EQ(tsv_number(row, "frame"), tsv_number(row, "pteframe"));
	EXPECT_EQ(tsv_number(row + 1, "linaddr"), tsv_number(row, "linaddr"));
	EXPECT_STREQ("-", tsv(row, "map_count"));
}

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * WALK: every level of one address. The indexes follow from the address, the
 * tables from each other, and the page is the one SCAN and pagemap show.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define HUGE (512 * PAGE)

FIXTURE(walk) {
	int vmq;
	char *map;		/* 4 private anonymous pages, nothing touched */
};

FIXTURE_SETUP(walk)
{
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	self->map = setup_map(4 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(walk)
{
	munmap(self->map, 4 * PAGE);
	close(self->vmq);
}

static int walk(int vmq, const void *address, struct vmq_walk *result)
{
	*result = (struct vmq_walk){
		.size = sizeof(*result),
		.facts = VMQ_FACTS_ALL,
		.address = (uintptr_t)address,
	};
	return device_call(vmq, VMQ_IOC_WALK, result);
}

/* Levels follow each other downwards, and each entry leads to the next table. */
static void expect_chain(struct __test_metadata *_metadata, const struct vmq_walk *w)
{
	int level = w->levels[0].level, bottom = w->levels[w->count - 1].level - 1;

	EXPECT_GE(level, VMQ_LEVEL_PUD);
	for (__u32 i = 0; i < w->count; i++) {
		const struct vmq_level *l = w->levels + i;

		/* a folded P4D is left out, the others are not */
		EXPECT_TRUE(l->level == level || (level == VMQ_LEVEL_P4D &&
						  l->level == VMQ_LEVEL_PUD));
		level = l->level;
		/* with four levels the root is the PGD, and indexed as level 4 */
		EXPECT_EQ((w->address >> (12 + 9 * (w->count - i - 1 + bottom))) & 511,
			  l->index) TH_LOG("level %d", l->level);
		EXPECT_TRUE(l->valid & VMQ_VALID_TABLE);
		if (i)
			EXPECT_EQ(w->levels[i - 1].frame, l->table);
		level--;
	}
}

TEST_F(walk, a_small_page)
{
	struct vmq_walk w;
	const struct vmq_level *leaf;
	uint64_t entry;
	int pagemap = oracle_open_pagemap(0);

	self->map[PAGE] = 1;
	ASSERT_EQ(0, walk(self->vmq, self->map + PAGE, &w));
	ASSERT_EQ(0, oracle_pagemap(pagemap, w.address, 1, &entry));
	ASSERT_GE(w.count, 4);
	expect_chain(_metadata, &w);
	leaf = w.levels + w.count - 1;
	EXPECT_EQ(VMQ_LEVEL_PTE, leaf->level);
	EXPECT_EQ(1, leaf->leaf);
	EXPECT_EQ(PM_FRAME(entry), leaf->frame);
	EXPECT_EQ(PM_FRAME(entry), w.run.frame);
	EXPECT_EQ(w.run.entry, leaf->entry);
	EXPECT_EQ(1, w.run.pages);
	EXPECT_EQ(w.address, w.run.start);
	EXPECT_EQ(0, w.levels[0].leaf);
	EXPECT_TRUE(w.levels[0].entry & VMQ_ENTRY_PRESENT);
	close(pagemap);
}

TEST_F(walk, a_huge_page_ends_one_level_earlier)
{
	char *huge = setup_huge();
	struct vmq_walk w;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	ASSERT_EQ(0, walk(self->vmq, huge + 3 * PAGE, &w));
	expect_chain(_metadata, &w);
	EXPECT_EQ(VMQ_LEVEL_PMD, w.levels[w.count - 1].level);
	EXPECT_EQ(1, w.levels[w.count - 1].leaf);
	EXPECT_EQ(21, w.run.shift);
	EXPECT_EQ(w.levels[w.count - 1].frame + 3, w.run.frame);
}

TEST_F(walk, nothing_there)
{
	char *far = mmap(NULL, 1UL << 31, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);
	struct vmq_walk w;

	ASSERT_NE(MAP_FAILED, far);
	self->map[0] = 1;	/* the neighbour has a table, so the page has an entry */
	ASSERT_EQ(0, walk(self->vmq, self->map + PAGE, &w));
	EXPECT_EQ(VMQ_KIND_NONE, w.run.kind);
	EXPECT_EQ(VMQ_LEVEL_PTE, w.levels[w.count - 1].level);
	EXPECT_EQ(0, w.levels[w.count - 1].leaf);
	EXPECT_EQ(0, w.levels[w.count - 1].entry);
	ASSERT_EQ(0, walk(self->vmq, far + (1UL << 30), &w));
	EXPECT_EQ(VMQ_KIND_NONE, w.run.kind);
	EXPECT_GT(w.levels[w.count - 1].level, VMQ_LEVEL_PTE);
	munmap(far, 1UL << 31);
}

TEST_F(walk, no_vma_there)
{
	struct vmq_walk w;

	EXPECT_EQ(-ENOMEM, walk(self->vmq, (void *)PAGE, &w));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library's procfs backend says of mappings made by hand. It needs no
 * module: this runs on any kernel, and as root on one with the frames visible.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/asked.h"
#include "lib/oracle.h"
#include "lib/procfs_fixture.h"
#include "lib/setup.h"
#include "lib/harness.h"

TEST_F(procfs, says_who_answers_and_what_it_knows)
{
	struct vmq_info info;
	struct vmq_walk walk;

	EXPECT_EQ(VMQ_BACKEND_PROCFS, vmq_backend(self->vmq));
	EXPECT_EQ(VMQ_ENTRY_PRESENT | VMQ_ENTRY_UFFD_WP, vmq_entry_known(self->vmq));
	ASSERT_EQ(0, vmq_get_info(self->vmq, &info));
	EXPECT_EQ(VMQ_ABI_VERSION, info.abi);
	EXPECT_EQ(PAGE, info.page_size);
	EXPECT_EQ(vmq_top(self->vmq), info.top);
	EXPECT_EQ(-EOPNOTSUPP, vmq_walk_page(self->vmq, (uintptr_t)self->map, 0, &walk));
}

TEST_F(procfs, top_is_where_mmap_ends)
{
	char *top = (char *)(uintptr_t)vmq_top(self->vmq);
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	EXPECT_EQ(MAP_FAILED, mmap(top, PAGE, PROT_NONE, flags, -1, 0));
	EXPECT_EQ(top - PAGE, mmap(top - PAGE, PAGE, PROT_NONE, flags, -1, 0));
	EXPECT_EQ(0, munmap(top - PAGE, PAGE));
}

TEST_F(procfs, a_hole_is_one_run)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	struct vmq_run runs[4];

	self->map[5 * PAGE] = 1;
	ASSERT_EQ(3, asked_runs(self->vmq, self->map, PAGES * PAGE, query, runs, 4));
	EXPECT_EQ((uintptr_t)self->map, runs[0].start);
	EXPECT_EQ(5, runs[0].pages);
	EXPECT_EQ(1, runs[1].pages);
	EXPECT_EQ(PAGES - 6, runs[2].pages);
	EXPECT_EQ(ALL_KNOWN, runs[0].valid);
	EXPECT_EQ(VMQ_KIND_NONE, runs[0].kind);
	EXPECT_EQ(VMQ_SHARING_NONE, runs[0].sharing);
	EXPECT_EQ(VMQ_ON_WRITE_FILL, runs[0].on_write);
	EXPECT_EQ(0, runs[0].entry);
}

TEST_F(procfs, a_written_page_is_anonymous)
{
	struct vmq_run run;

	self->map[0] = 1;
	run = asked_page(self->vmq, self->map);
	EXPECT_EQ(VMQ_ENTRY_PRESENT, run.entry);
	EXPECT_EQ(VMQ_VALID_KIND, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(0, run.flags);
	ASSERT_EQ(0, mprotect(self->map, PAGE, PROT_READ));
	run = asked_page(self->vmq, self->map);
	EXPECT_EQ(VMQ_VALID_KIND | VMQ_VALID_ON_WRITE, FACTS_OF(run));
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
}

TEST_F(procfs, frames_are_those_of_pagemap)
{
	int pagemap = oracle_open_pagemap(0);
	struct vmq_run run;
	uint64_t entry;

	if (!self->frames)
		SKIP_TEST("frames are not for this user");
	self->map[0] = 1;
	for (int try = 0; try < 5; try++) {	/* it may be moved between the two */
		run = asked_page(self->vmq, self->map);
		ASSERT_EQ(0, oracle_pagemap(pagemap, run.start, 1, &entry));
		if (run.frame == PM_FRAME(entry))
			break;
	}
	EXPECT_EQ(PM_FRAME(entry), run.frame);
	EXPECT_EQ(VMQ_VALID_FRAME | VMQ_VALID_ORDER | VMQ_VALID_MAP_COUNT |
		  VMQ_VALID_PAGE_FLAGS, run.valid & ~VMQ_VALID_KIND);
	EXPECT_EQ(0, run.order);
	EXPECT_EQ(1, run.map_count);
	EXPECT_TRUE(run.page_flags & (1ULL << 12));	/* ANON */
	EXPECT_TRUE(run.page_flags & (1ULL << 14));	/* SWAPBACKED */
	EXPECT_FALSE(run.page_flags & (1ULL << 21));	/* KSM */
	close(pagemap);
}

TEST_F(procfs, only_facts_asked_for_are_told)
{
	struct vmq_query query = { .facts = 0 };
	struct vmq_run run;

	self->map[0] = 1;
	ASSERT_EQ(1, asked_runs(self->vmq, self->map, PAGE, query, &run, 1));
	EXPECT_EQ(VMQ_ENTRY_PRESENT, run.entry);
	EXPECT_EQ(0, run.valid);
	query.facts = VMQ_FACTS_PAGE;
	ASSERT_EQ(1, asked_runs(self->vmq, self->map, PAGE, query, &run, 1));
	EXPECT_EQ(VMQ_VALID_KIND, run.valid & ~VMQ_VALID_ORDER);
}

TEST_F(procfs, zero_pages_are_one_run)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	volatile char *map = self->map;
	struct vmq_run run;

	if (!self->frames)
		SKIP_TEST("the zero page is told by its flags, not for this user");
	for (int i = 0; i < PAGES; i++)
		(void)map[i * PAGE];
	ASSERT_EQ(1, asked_runs(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
	EXPECT_EQ(PAGES, run.pages);
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_ZERO, run.kind);
	EXPECT_EQ(VMQ_SHARING_ZERO, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_FILL, run.on_write);
	EXPECT_FALSE(run.valid & VMQ_VALID_MAP_COUNT);
}

TEST_F(procfs, a_fork_is_counted)
{
	struct vmq_run run;
	int hold[2];
	char byte;
	pid_t child;

	if (!self->frames)
		SKIP_TEST("counts are not for this user");
	self->map[0] = 1;
	ASSERT_EQ(0, pipe2(hold, O_CLOEXEC));
	child = fork();
	if (!child) {
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	run = asked_page(self->vmq, self->map);
	EXPECT_EQ(2, run.map_count);
	close(hold[1]);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	close(hold[0]);
}

TEST_F(procfs, a_huge_page_tells_one_folio)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	char *area, *huge;
	struct vmq_run run;

	if (!self->frames)
		SKIP_TEST("page flags are not for this user");
	area = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	huge = (char *)(((uintptr_t)area + HUGE - 1) & -HUGE);
	ASSERT_EQ(0, madvise(huge, HUGE, MADV_HUGEPAGE));
	huge[0] = 1;
	ASSERT_EQ(1, asked_runs(self->vmq, huge, HUGE, query, &run, 1));
	if (run.pages == 1)
		SKIP_TEST("no huge page was to be had");
	/* a part, so that no page with the head's flags comes first */
	ASSERT_EQ(1, asked_runs(self->vmq, huge + 3 * PAGE, 100 * PAGE, query, &run, 1));
	EXPECT_EQ(100, run.pages);
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(9, run.order);
	EXPECT_EQ(1, run.map_count);
	EXPECT_EQ(0, run.shift);
	EXPECT_TRUE(run.page_flags & (1ULL << 14));	/* SWAPBACKED */
	EXPECT_TRUE(run.page_flags & (1ULL << 22));	/* THP */
	EXPECT_FALSE(run.page_flags & (3ULL << 15));	/* COMPOUND_* */
	munmap(area, 2 * HUGE);
}

TEST_F(procfs, huge_zero_page)
{
	char *area, *huge;
	struct vmq_run run;

	if (!self->frames)
		SKIP_TEST("page flags are not for this user");
	area = mmap(NULL, 2 * HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	huge = (char *)(((uintptr_t)area + HUGE - 1) & -HUGE);
	ASSERT_EQ(0, madvise(huge, HUGE, MADV_HUGEPAGE));
	(void)*(volatile char *)huge;
	run = asked_page(self->vmq, huge + 7 * PAGE);
	if (run.kind == VMQ_KIND_NONE)
		SKIP_TEST("no huge zero page was to be had");
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_HUGE_ZERO, run.kind);
	EXPECT_EQ(VMQ_SHARING_ZERO, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
	munmap(area, 2 * HUGE);
}

/* On kernels whose kpageflags calls every anonymous page merged it may be one. */
TEST_F(procfs, mergeable_memory)
{
	struct vmq_info info;
	struct vmq_run run;

	if (!self->frames)
		SKIP_TEST("page flags are not for this user");
	if (madvise(self->map, PAGES * PAGE, MADV_MERGEABLE))
		SKIP_TEST("this kernel has no KSM");
	ASSERT_EQ(0, vmq_get_info(self->vmq, &info));
	self->map[0] = 1;
	run = asked_page(self->vmq, self->map);
	EXPECT_TRUE(run.valid & VMQ_VALID_MAP_COUNT);
	EXPECT_EQ(info.page_flags & 1ULL << 21 ? VMQ_VALID_KIND : 0, FACTS_OF(run));
	EXPECT_FALSE(run.page_flags & 1ULL << 21);
}

TEST_F(procfs, a_page_in_swap)
{
	int pagemap = oracle_open_pagemap(0);
	struct vmq_run run;
	uint64_t entry;

	if (setup_swap() || setup_one_cpu())
		SKIP_TEST("there is no swap");
	self->map[0] = 1;
	setup_page_out(self->map);
	ASSERT_EQ(0, oracle_pagemap(pagemap, (uintptr_t)self->map, 1, &entry));
	close(pagemap);
	if (!self->frames)
		SKIP_TEST("places in swap are not for this user");
	ASSERT_TRUE(entry & PM_SWAP);
	run = asked_page(self->vmq, self->map);
	EXPECT_EQ(VMQ_VALID_SWAP | VMQ_VALID_KIND, run.valid);
	EXPECT_EQ(VMQ_KIND_SWAP, run.kind);
	EXPECT_EQ(PM_FRAME(entry), run.frame << 5 | run.index);
	EXPECT_EQ(0, run.entry);
}

TEST_F(procfs, a_guard_region)
{
	struct vmq_run run;

	if (madvise(self->map, PAGE, 102 /* MADV_GUARD_INSTALL, v6.13 */))
		SKIP_TEST("this kernel has no guard regions");
	run = asked_page(self->vmq, self->map);
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_GUARD, run.kind);
	EXPECT_EQ(VMQ_SHARING_NONE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
}

TEST_F(procfs, hugetlb_pages_and_what_hides_there)
{
	struct vmq_run run;
	struct vmq_vma vma;
	char name[256];
	char *huge;

	huge = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26), -1, 0);
	if (huge == MAP_FAILED)
		SKIP_TEST("no hugetlb pages (vm.nr_hugepages)");
	huge[0] = 1;
	vma = asked_vma(self->vmq, huge, name);
	EXPECT_EQ(VMQ_VMA_TYPE_HUGETLB, vma.type);
	EXPECT_TRUE(vma.flags & VMQ_VMA_HUGETLB);
	run = asked_page(self->vmq, huge + PAGE);
	EXPECT_EQ(VMQ_VALID_KIND, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_HUGETLB, run.kind);
	EXPECT_EQ(21, run.shift);
	run = asked_page(self->vmq, huge + HUGE);	/* or an entry that is not present */
	EXPECT_EQ(0, run.valid);
	EXPECT_EQ(0, run.entry);
	munmap(huge, 2 * HUGE);
}

/* The file system tells what is in memory only; its mount may be younger than the handle. */
TEST_F(procfs, a_mount_that_comes_later)
{
	char folder[] = "/tmp/vmq.XXXXXX", path[64], name[256], *at;
	int fd, young, old;

	EXPECT_EQ(VMQ_VMA_TYPE_ANON, asked_vma(self->vmq, self->map, name).type);
	ASSERT_NE(NULL, mkdtemp(folder));
	if (mount("vmq", folder, "tmpfs", 0, NULL)) {
		rmdir(folder);
		SKIP_TEST("mounting is not for this user");
	}
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	young = asked_vma(self->vmq, at, name).type;
	old = asked_vma(self->vmq, at, name).type;
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_STREQ(path, name);
	EXPECT_EQ(VMQ_VMA_TYPE_SHMEM, young);
	EXPECT_EQ(VMQ_VMA_TYPE_SHMEM, old);
	munmap(at, PAGE);
	close(fd);
}

TEST_HARNESS_MAIN

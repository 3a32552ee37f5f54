// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict on_write against the only judge there is: each case is a real
 * mapping whose verdict is read, then written to, then looked at again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/fault.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/verdict_fixture.h"
#include "lib/harness.h"

#define HUGE (512 * PAGE)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

TEST_F(verdict, read_only_mapping)
{
	self->map[0] = 1;
	ASSERT_EQ(0, mprotect((void *)self->map, PAGE, PROT_READ));
	EXPECT_DENIED(SIGSEGV, self->map);
}

TEST_F(verdict, no_access)
{
	self->map[0] = 1;
	ASSERT_EQ(0, mprotect((void *)self->map, PAGE, PROT_NONE));
	EXPECT_DENIED(SIGSEGV, self->map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
}

TEST_F(verdict, nothing_anonymous)
{
	EXPECT_SHARING(VMQ_SHARING_NONE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, self->map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
}

TEST_F(verdict, written)
{
	self->map[0] = 1;
	EXPECT_VERDICT(VMQ_ON_WRITE_THROUGH, self->map);
}

TEST_F(verdict, zero_page)
{
	(void)self->map[0];
	EXPECT_SHARING(VMQ_SHARING_ZERO, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, self->map);
}

TEST_F(verdict, huge_zero_page)
{
	volatile char *huge = setup_huge();

	ASSERT_NE(NULL, huge);
	(void)huge[0];
	EXPECT_SHARING(VMQ_SHARING_ZERO, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, huge + PAGE);
}

TEST_F(verdict, nothing_of_a_private_file)
{
	volatile char *map = setup_map(PAGE, MAP_PRIVATE, setup_file("/mnt/ext4", 1));

	ASSERT_NE(NULL, map);
	EXPECT_SHARING(VMQ_SHARING_NONE, map);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, map);
}

static int is_privatized(int vmq, volatile char *address)
{
	struct vmq_run run;

	return device_page(vmq, address, &run) ? -1 : !!(run.flags & VMQ_RUN_PRIVATIZED);
}

static void private_file(struct __test_metadata *_metadata,
			 FIXTURE_DATA(verdict) *self, int fd)
{
	volatile char *map = setup_map(PAGE, MAP_PRIVATE, fd);

	ASSERT_NE(NULL, map);
	(void)map[0];
	EXPECT_SHARING(VMQ_SHARING_FILE, map);
	EXPECT_EQ(0, is_privatized(self->vmq, map));
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, map);
	EXPECT_EQ(1, is_privatized(self->vmq, map));
	EXPECT_VERDICT(VMQ_ON_WRITE_THROUGH, map);
}

TEST_F(verdict, page_of_a_private_file)
{
	private_file(_metadata, self, setup_file("/mnt/ext4", 1));
}

TEST_F(verdict, page_of_a_private_memfd)
{
	int fd = memfd_create("vmq", 0);

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	private_file(_metadata, self, fd);
}

TEST_F(verdict, shared_file_wants_to_know_of_the_first_write)
{
	volatile char *map = setup_map(PAGE, MAP_SHARED, setup_file("/mnt/ext4", 1));

	ASSERT_NE(NULL, map);
	EXPECT_VERDICT(VMQ_ON_WRITE_UPGRADE, map);	/* nothing there */
	EXPECT_VERDICT(VMQ_ON_WRITE_THROUGH, map);
	ASSERT_EQ(0, msync((void *)map, PAGE, MS_SYNC));	/* clean: protected again */
	EXPECT_SHARING(VMQ_SHARING_MAP_SHARED, map);
	EXPECT_VERDICT(VMQ_ON_WRITE_UPGRADE, map);
}

TEST_F(verdict, shared_mapping_of_a_read_only_descriptor)
{
	int fd = setup_file("/mnt/ext4", 1);
	char path[32];
	volatile char *map;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(path, O_RDONLY), 0);
	ASSERT_NE(MAP_FAILED, map);
	(void)map[0];
	EXPECT_SHARING(VMQ_SHARING_MAP_SHARED, map);
	EXPECT_DENIED(SIGSEGV, map);
}

/* Clearing soft-dirty bits protects pages and leaves them exclusive. */
TEST_F(verdict, exclusive_but_protected)
{
	self->map[0] = 1;
	ASSERT_EQ(0, setup_clear_soft_dirty());
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
}

TEST_F(verdict, small_page_shared_by_fork)
{
	pid_t child;

	self->map[0] = 1;
	setup_drain();
	child = setup_fork();
	EXPECT_SHARING(VMQ_SHARING_MAYBE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, self->map);
	setup_end(child);
}

TEST_F(verdict, small_page_of_the_last_user)
{
	self->map[0] = 1;
	setup_drain();
	setup_end(setup_fork());
	EXPECT_SHARING(VMQ_SHARING_MAYBE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
}

TEST_F(verdict, huge_page_shared_by_fork)
{
	volatile char *huge = setup_huge();
	pid_t child;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, huge + 5 * PAGE);
	child = setup_fork();
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, huge + 5 * PAGE);
	setup_end(child);
}

TEST_F(verdict, huge_page_of_the_last_user)
{
	volatile char *huge = setup_huge();

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	setup_end(setup_fork());
	EXPECT_SHARING(VMQ_SHARING_MAYBE, huge + 5 * PAGE);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, huge + 5 * PAGE);
}

/* A page mapped by itself, of a folio that is larger. */
static volatile char *part_of_a_huge_page(void)
{
	volatile char *huge = setup_huge();

	if (!huge)
		return NULL;
	huge[0] = 1;
	mprotect((void *)huge, PAGE, PROT_READ);
	mprotect((void *)huge, PAGE, PROT_READ | PROT_WRITE);
	madvise((void *)huge, HUGE, MADV_NOHUGEPAGE);	/* nor does khugepaged change that */
	return huge + 7 * PAGE;
}

TEST_F(verdict, part_of_a_large_folio_shared_by_fork)
{
	volatile char *page = part_of_a_huge_page();
	struct vmq_run run;
	pid_t child;

	ASSERT_NE(NULL, page);
	child = setup_fork();
	ASSERT_EQ(0, device_page(self->vmq, page, &run));
	EXPECT_EQ(12, run.shift);
	EXPECT_EQ(9, run.order);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, page);
	setup_end(child);
}

/* The kernels differ here, so the verdict is taken as it is, and put to proof. */
TEST_F(verdict, part_of_a_large_folio_of_the_last_user)
{
	volatile char *page = part_of_a_huge_page();
	struct vmq_run run;

	ASSERT_NE(NULL, page);
	setup_end(setup_fork());
	ASSERT_EQ(0, device_page(self->vmq, page, &run));
	EXPECT_EQ(12, run.shift);
	EXPECT_TRUE(run.on_write == VMQ_ON_WRITE_REUSE || run.on_write == VMQ_ON_WRITE_COPY);
	EXPECT_VERDICT(run.on_write, page);
}

TEST_F(verdict, hugetlb)
{
	volatile char *huge;
	pid_t child;

	ASSERT_EQ(0, setup_hugetlb(4));
	huge = setup_map(HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	ASSERT_NE(NULL, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, huge + PAGE);
	child = setup_fork();
	EXPECT_SHARING(VMQ_SHARING_MAYBE, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, huge + PAGE);
	setup_end(child);
	child = setup_fork();
	setup_end(child);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, huge + PAGE);
	munmap((void *)huge, HUGE);
}

TEST_F(verdict, merged_page)
{
	struct vmq_run run;

	if (setup_ksm((char *)self->map, 4 * PAGE))
		SKIP_TEST("no KSM");
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_KSM, run.kind);
	EXPECT_SHARING(VMQ_SHARING_KSM, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, self->map);
}

TEST_F(verdict, swapped_out)
{
	struct vmq_run run;

	if (setup_swap())
		SKIP_TEST("no swap: zram is missing");
	self->map[0] = 1;
	ASSERT_EQ(0, setup_page_out(self->map));
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_SWAP, run.kind);
	EXPECT_TRUE(run.valid & VMQ_VALID_SWAP);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_SWAPIN_REUSE, self->map);
}

TEST_F(verdict, swapped_out_and_shared)
{
	pid_t child;

	if (setup_swap())
		SKIP_TEST("no swap: zram is missing");
	self->map[0] = 1;
	ASSERT_EQ(0, setup_page_out(self->map));
	child = setup_fork();
	EXPECT_SHARING(VMQ_SHARING_MAYBE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_SWAPIN, self->map);
	setup_end(child);
}

TEST_F(verdict, guard_region)
{
	if (madvise((void *)self->map, PAGE, MADV_GUARD_INSTALL))
		SKIP_TEST("this kernel has no guard regions");
	EXPECT_DENIED(SIGSEGV, self->map);
	EXPECT_SHARING(VMQ_SHARING_NONE, self->map);
}

static int lost;

/* On some kernels the process gets a signal at once. */
static void lose_page(volatile char *address)
{
	lost = madvise((void *)address, PAGE, MADV_HWPOISON) ? -errno : 0;
}

TEST_F(verdict, lost_to_a_memory_error)
{
	struct vmq_run run;

	self->map[0] = 1;
	fault_of(lose_page, self->map);
	if (lost == -EINVAL)
		SKIP_TEST("this kernel does not handle memory errors");
	ASSERT_EQ(0, lost);
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_HWPOISON, run.kind);
	EXPECT_DENIED(SIGBUS, self->map);
}

TEST_HARNESS_MAIN

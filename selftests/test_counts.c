// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which counts the procfs backend takes from a kernel that may have averages only. Such
 * a kernel is not at hand: what it would say comes from this program, which stands
 * between the library and the kernel.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/asked.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define COMPOUND	(3ULL << 15)	/* head or tail, in kpageflags */
#define ENABLED		"/sys/kernel/mm/transparent_hugepage/enabled"

static const char *release;		/* what the kernel calls itself, if not NULL */
static bool averages;			/* it has no counts per page */

/* These two in place of the C library's, for the library too. */
int uname(struct utsname *name)
{
	int err = syscall(SYS_uname, name);

	if (!err && release)
		snprintf(name->release, sizeof(name->release), "%s", release);
	return err;
}

static bool is_kpagecount(int fd)
{
	char link[64], path[32] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, path, sizeof(path) - 1) > 0 && !strcmp(path, "/proc/kpagecount");
}

/* A mapped folio has an average of 1 at least, for each of its pages. */
ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	ssize_t n = syscall(SYS_pread64, fd, to, size, offset);
	uint64_t *counts = to;

	if (!averages || !is_kpagecount(fd))
		return n;
	for (ssize_t i = 0; i < n / 8; i++)
		if (oracle_kpage("kpageflags", offset / 8 + i) & COMPOUND)
			counts[i] = 1;
	return n;
}

/* A THP without its second page, and a small page. */
FIXTURE(counts) {
	char *huge;
	char *small;
};

FIXTURE_SETUP(counts)
{
	uint64_t first;

	self->huge = setup_huge();
	self->small = setup_map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->huge);
	ASSERT_NE(NULL, self->small);
	*self->small = *self->huge = 1;
	ASSERT_EQ(0, madvise(self->huge + PAGE, PAGE, MADV_DONTNEED));
	first = oracle_kpage("kpageflags", PM_FRAME(oracle_entry(self->huge)));
	ASSERT_TRUE(first & COMPOUND);
}

/* What was in ENABLED, to be put back, or nothing. */
static char enabled[16];

FIXTURE_TEARDOWN(counts)
{
	release = NULL;
	averages = false;
	if (*enabled)
		setup_write(ENABLED, enabled);
}

/* Whether a new handle tells the counts of the THP, and says so; never less of others. */
static bool are_told(struct __test_metadata *_metadata, const FIXTURE_DATA(counts) *self)
{
	struct vmq_run huge, small;
	struct vmq_info info;
	struct vmq *vmq;
	bool told;

	ASSERT_EQ(0, vmq_open(&vmq, 0, VMQ_BACKEND_PROCFS));
	huge = asked_page(vmq, self->huge);
	small = asked_page(vmq, self->small);
	ASSERT_EQ(0, vmq_get_info(vmq, &info));
	vmq_close(vmq);
	EXPECT_EQ(9, huge.order);
	EXPECT_TRUE(small.valid & VMQ_VALID_MAP_COUNT);
	EXPECT_EQ(1, small.map_count);
	told = huge.valid & VMQ_VALID_MAP_COUNT;
	EXPECT_EQ(told, huge.map_count == 1);
	EXPECT_EQ(told, !!(info.features & VMQ_FEATURE_MAP_COUNT));
	return told;
}

TEST_F(counts, this_kernels_are_told)
{
	EXPECT_TRUE(are_told(_metadata, self));
}

TEST_F(counts, told_where_they_could_be_averages)
{
	release = "6.15.0-test";
	EXPECT_TRUE(are_told(_metadata, self));
	release = "10.0";
	EXPECT_TRUE(are_told(_metadata, self));
}

TEST_F(counts, no_averages)
{
	averages = true;
	release = "6.15.0-test";
	EXPECT_FALSE(are_told(_metadata, self));
	release = "7.0.1";
	EXPECT_FALSE(are_told(_metadata, self));
}

/* Without a huge page nothing can be tried, and need not on kernels of before. */
TEST_F(counts, none_that_cannot_be_tried)
{
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	release = "6.15.0-test";
	EXPECT_FALSE(are_told(_metadata, self));
	release = "6.14.9";
	EXPECT_TRUE(are_told(_metadata, self));
}

TEST_F(counts, told_where_huge_pages_are_switched_off)
{
	char line[64] = "";
	FILE *file = fopen(ENABLED, "r");

	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(line, sizeof(line), file));
	fclose(file);
	snprintf(enabled, sizeof(enabled), "%s", strtok(strchr(line, '[') + 1, "]"));
	ASSERT_EQ(0, setup_write(ENABLED, "never"));
	release = "6.15.0-test";
	EXPECT_TRUE(are_told(_metadata, self));
}

/* A page of hugetlb is mapped as a whole only: an average is exact. */
TEST_F(counts, hugetlb_is_told)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	struct vmq_run run;
	struct vmq *vmq;
	char *map;

	if (setup_hugetlb_pages(21, 1))
		SKIP_TEST("no huge pages are free");
	map = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	*map = 1;
	averages = true;
	release = "6.15.0-test";
	ASSERT_EQ(0, vmq_open(&vmq, 0, VMQ_BACKEND_PROCFS));
	run = asked_page(vmq, map);
	EXPECT_EQ(VMQ_KIND_HUGETLB, run.kind);
	EXPECT_TRUE(run.valid & VMQ_VALID_MAP_COUNT);
	EXPECT_EQ(1, run.map_count);
	vmq_close(vmq);
	munmap(map, HUGE);
}

TEST_HARNESS_MAIN

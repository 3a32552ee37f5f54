// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of files that are in memory though no entry leads to them, against mincore(2)
 * and what was dropped here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/entries.h"
#include "lib/child.h"
#include "lib/program.h"

static bool dp(pid_t pid, const volatile void *at, int pages)
{
	return tsv_run("vmq dp --tsv %d %lx %d", pid, (uintptr_t)at, pages);
}

/* Whether vmq @command says @words of the page at @at, to people. */
static bool says(const char *command, const volatile void *at, const char *words)
{
	char line[80], text[4096];

	snprintf(line, sizeof(line), "vmq %s %d %lx 2>&1", command, getpid(), (uintptr_t)at);
	return !program_run(line, text, sizeof(text)) && strstr(text, words);
}

/* Drops the page of @fd that is mapped at @address from the page cache: 0 or -1. */
static int drop(int fd, off_t offset, void *address)
{
	unsigned char in_core = 1;

	for (int i = 0; i < 100 && in_core & 1; i++)
		if (posix_fadvise(fd, offset, PAGE, POSIX_FADV_DONTNEED) ||
		    mincore(address, PAGE, &in_core))
			return -1;
	return in_core & 1 ? -1 : 0;
}

/* Without an entry, a page of a file may be in memory all the same. */
TEST_F(entries, in_the_page_cache)
{
	int fd = setup_file("/mnt/ext4", 4), memory = memfd_create("vmq", 0);
	char *map = setup_map(4 * PAGE, MAP_PRIVATE, fd), *shared;

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, drop(fd, 2 * PAGE, map + 2 * PAGE));
	ASSERT_TRUE(dp(getpid(), map, 4));
	for (int i = 0; i < 4; i++) {
		EXPECT_STREQ("none", tsv(i + 1, "fstate"));
		EXPECT_STREQ(i == 2 ? "no" : "yes", tsv(i + 1, "cached"));
	}
	EXPECT_TRUE(says("dp", map, " cached "));
	EXPECT_FALSE(says("dp", map + 2 * PAGE, " cached "));
	/* to look has brought nothing in */
	ASSERT_TRUE(dp(getpid(), map + 2 * PAGE, 1));
	EXPECT_STREQ("no", tsv(1, "cached"));
	ASSERT_EQ(0, ftruncate(memory, 2 * PAGE));
	ASSERT_EQ(1, pwrite(memory, "", 1, PAGE));
	shared = setup_map(2 * PAGE, MAP_SHARED, memory);
	ASSERT_TRUE(dp(getpid(), shared, 2));
	EXPECT_STREQ("no", tsv(1, "cached"));
	EXPECT_STREQ("yes", tsv(2, "cached"));
	/* what is mapped, or of no file, has no such question */
	(void)((volatile char *)map)[0];
	ASSERT_TRUE(dp(getpid(), map, 1));
	EXPECT_STREQ("-", tsv(1, "cached"));
	ASSERT_TRUE(dp(getpid(), self->map, 1));
	EXPECT_STREQ("-", tsv(1, "cached"));
	close(memory);
	close(fd);
}

/* Before it is brought in, and whether it had to be. */
TEST_F(entries, brought_in)
{
	int fd = setup_file("/mnt/ext4", 2);
	char *map = setup_map(2 * PAGE, MAP_PRIVATE, fd);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, drop(fd, PAGE, map + PAGE));
	EXPECT_TRUE(says("in", map, "was in the page cache, and is mapped now"));
	EXPECT_TRUE(says("in", map + PAGE, "was not in the page cache"));
	EXPECT_TRUE(says("in", map + PAGE, "was in memory before"));
	map = setup_map(PAGE, MAP_SHARED | MAP_ANONYMOUS, -1);
	EXPECT_TRUE(says("in", map, "was not in memory: it is a new one, or comes from swap"));
	close(fd);
}

/* What the library says of the first page of @map, which is the caller's. */
static int cached(char *map)
{
	struct vmq_vma_list list;
	struct vmq *vmq;
	int answer = vmq_open(&vmq, 0, VMQ_BACKEND_PROCFS);

	if (answer)
		return answer;
	answer = vmq_vmas_read(vmq, (uintptr_t)map, (uintptr_t)map + PAGE, &list);
	if (!answer)
		answer = vmq_page_cached(vmq, list.vmas, (uintptr_t)map);
	vmq_vmas_free(&list);
	vmq_close(vmq);
	return answer;
}

CHILD(user_asks, fd)
{
	char *map = setup_map(PAGE, MAP_PRIVATE, fd);

	EXPECT_EQ(1, cached(map));
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(-EPERM, cached(map));
}

/* mincore(2) says yes to who neither owns a file nor may write it: that is no answer. */
CHILD(some_root_asks, fd)
{
	char *map = setup_map(PAGE, MAP_PRIVATE, fd);

	ASSERT_EQ(0, fchmod(fd, 0644));
	ASSERT_EQ(0, fchown(fd, CALLER_USER, CALLER_USER));
	EXPECT_EQ(1, cached(map));
	ASSERT_EQ(0, caller_drop(CAP_FOWNER));
	ASSERT_EQ(0, caller_drop(CAP_DAC_OVERRIDE));
	EXPECT_EQ(-EACCES, cached(map));
}

TEST(who_is_told)
{
	int fd = setup_file("/mnt/ext4", 1);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, as_child(_metadata, user_asks, fd));
	EXPECT_EQ(0, as_child(_metadata, some_root_asks, fd));
	close(fd);
}

TEST(pages_of_no_file)
{
	struct vmq_vma vma = { .start = PAGE, .end = 2 * PAGE, .type = VMQ_VMA_TYPE_DEVICE };
	struct vmq *vmq;

	ASSERT_EQ(0, vmq_open(&vmq, 0, VMQ_BACKEND_ANY));
	EXPECT_EQ(-EOPNOTSUPP, vmq_page_cached(vmq, &vma, PAGE));
	vma.type = VMQ_VMA_TYPE_FILE;
	EXPECT_EQ(-EINVAL, vmq_page_cached(vmq, &vma, 2 * PAGE));
	EXPECT_EQ(-ESRCH, vmq_page_cached(vmq, &vma, PAGE));
	vmq_close(vmq);
}

TEST_HARNESS_MAIN

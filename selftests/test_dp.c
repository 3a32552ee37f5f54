// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmq dp: its lines against pagemap and kpagecount, against what the device says of
 * the same page, and against what was done to the pages here.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/bar.h"
#include "lib/entries.h"
#include "lib/program.h"

/* Fills the rows with what dp says of @pages pages of @pid from @at. */
static bool dp(pid_t pid, const volatile void *at, int pages)
{
	return tsv_run("vmq dp --tsv %d %lx %d", pid, (uintptr_t)at, pages);
}

/* Whether dp, for people, has @word in the column @title of its last line. */
static bool backend_shows(const char *backend, const volatile void *at, const char *title,
			  const char *word)
{
	char command[128], text[4096], *line, *last, *column;

	snprintf(command, sizeof(command), "vmq dp --backend=%s %d %lx 2>/dev/null", backend,
		 getpid(), (uintptr_t)at);
	if (program_run(command, text, sizeof(text)))
		return false;
	line = strstr(text, "\nlinaddr ");
	last = strrchr(text, '\n');
	if (!line || !last)
		return false;
	*last = '\0';
	last = strrchr(text, '\n') + 1;
	column = strstr(line, title);
	if (!column || strlen(last) <= (size_t)(column - line - 1))
		return false;
	return !strncmp(last + (column - line - 1), word, strlen(word));
}

static bool shows(const volatile void *at, const char *title, const char *word)
{
	return backend_shows("module", at, title, word);
}

TEST_F(entries, written_read_and_untouched)
{
	volatile char *map = self->map;

	map[0] = 1;
	(void)map[PAGE];
	ASSERT_TRUE(dp(getpid(), map + 5, 3));
	ASSERT_EQ(4, tsv_rows);
	expect_directory(_metadata, 0, "pmd");
	expect_page(_metadata, self->vmq, 1, map);
	EXPECT_STREQ("anon", tsv(1, "fstate"));
	EXPECT_STREQ("pageable", tsv(1, "pstate"));
	EXPECT_STREQ("exclusive", tsv(1, "sharing"));
	EXPECT_STREQ("through", tsv(1, "on_write"));
	EXPECT_STREQ("pte", tsv(1, "level"));
	EXPECT_EQ((uintptr_t)map / PAGE % 512, tsv_number(1, "index"));
	EXPECT_EQ(tsv_number(1, "frame"), tsv_number(1, "pteframe"));
	EXPECT_EQ(PM_FRAME(oracle_entry(map + PAGE)), tsv_number(2, "frame"));
	EXPECT_STREQ("zero", tsv(2, "fstate"));
	EXPECT_STREQ("resident", tsv(2, "pstate"));
	EXPECT_STREQ("fill", tsv(2, "on_write"));
	EXPECT_STREQ("none", tsv(3, "fstate"));
	EXPECT_STREQ("-", tsv(3, "frame"));
	EXPECT_STREQ("-", tsv(3, "pteframe"));
	EXPECT_STREQ("-", tsv(3, "inode"));
	EXPECT_STREQ("-", tsv(3, "entry"));
}

/* A table, the next, and none at all above a hole. */
TEST_F(entries, the_directory_comes_again)
{
	char *area = setup_map_aligned(3 * HUGE, HUGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	volatile char *edge = area + HUGE;

	ASSERT_NE(NULL, area);
	ASSERT_EQ(0, madvise(area, 3 * HUGE, MADV_NOHUGEPAGE));
	edge[-PAGE] = 1;
	edge[0] = 1;
	ASSERT_EQ(0, munmap(area + HUGE + 2 * PAGE, PAGE));
	ASSERT_TRUE(dp(getpid(), edge - PAGE, 5));
	ASSERT_EQ(8, tsv_rows);
	expect_directory(_metadata, 0, "pmd");
	expect_page(_metadata, self->vmq, 1, edge - PAGE);
	expect_directory(_metadata, 2, "pmd");
	expect_page(_metadata, self->vmq, 3, edge);
	EXPECT_EQ((uintptr_t)edge / HUGE % 512, tsv_number(2, "index"));
	EXPECT_EQ(0, tsv_number(3, "index"));
	EXPECT_EQ((uintptr_t)edge + PAGE, tsv_number(4, "linaddr"));
	EXPECT_STREQ("none", tsv(4, "fstate"));
	EXPECT_STREQ("free", tsv(5, "fstate"));
	EXPECT_STREQ("-", tsv(5, "level"));
	expect_directory(_metadata, 6, "pmd");
	EXPECT_STREQ("none", tsv(7, "fstate"));
	/* without a table of its own: the entry above is the next level's */
	ASSERT_TRUE(dp(getpid(), edge + HUGE, 1));
	ASSERT_EQ(2, tsv_rows);
	EXPECT_STREQ("pud", tsv(0, "level"));
	EXPECT_STREQ("pmd", tsv(1, "level"));
	EXPECT_STREQ("none", tsv(1, "fstate"));
	munmap(area, 3 * HUGE);
}

TEST_F(entries, bits_by_construction)
{
	volatile char *map = self->map;

	map[0] = map[PAGE] = map[2 * PAGE] = map[3 * PAGE] = 1;
	ASSERT_EQ(0, mprotect(self->map + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(self->map + 2 * PAGE, PAGE, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->map + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	ASSERT_TRUE(dp(getpid(), map, 4));
	ASSERT_EQ(5, tsv_rows);
	for (int i = 0; i < 4; i++) {
		expect_page(_metadata, self->vmq, i + 1, map + i * PAGE);
		EXPECT_TRUE(tsv_has(i + 1, "entry", "present"));
		EXPECT_TRUE(tsv_has(i + 1, "entry", "dirty"));
		EXPECT_TRUE(tsv_has(i + 1, "entry", "accessed"));
		EXPECT_EQ(i == 0 || i == 3, tsv_has(i + 1, "entry", "write"));
		if (i != 2)	/* without access the bit says nothing */
			EXPECT_EQ(i == 3, tsv_has(i + 1, "entry", "exec"));
		EXPECT_EQ(i == 2, tsv_has(i + 1, "entry", "protnone"));
		EXPECT_STREQ(i == 0 || i == 3 ? "through" : "deny", tsv(i + 1, "on_write"));
	}
	ASSERT_EQ(0, system("echo 1 >/proc/$PPID/clear_refs"));	/* no page was used, it says */
	ASSERT_TRUE(dp(getpid(), map, 1));
	EXPECT_FALSE(tsv_has(1, "entry", "accessed"));
	EXPECT_TRUE(tsv_has(1, "entry", "dirty"));
}

/* Of a file on a disk: pages it has, and the place of those that are not mapped. */
TEST_F(entries, a_file)
{
	int fd = setup_file("/mnt/ext4", 64);
	volatile char *map = mmap(NULL, 62 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 2 * PAGE);
	char device[16];
	struct stat st;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, fstat(fd, &st));
	snprintf(device, sizeof(device), "%02x:%02x", major(st.st_dev), minor(st.st_dev));
	(void)map[0];		/* some neighbours are mapped with it, none so far away */
	ASSERT_TRUE(dp(getpid(), map, 1));
	expect_page(_metadata, self->vmq, 1, map);
	EXPECT_STREQ("file", tsv(1, "fstate"));
	EXPECT_STREQ("file", tsv(1, "sharing"));
	EXPECT_FALSE(tsv_has(1, "entry", "dirty"));
	EXPECT_STREQ("-", tsv(1, "inode"));
	ASSERT_TRUE(dp(getpid(), map + 40 * PAGE, 1));
	EXPECT_STREQ("none", tsv(1, "fstate"));
	EXPECT_EQ(st.st_ino, tsv_number(1, "inode"));
	EXPECT_EQ(42, tsv_number(1, "file_page"));
	EXPECT_STREQ(device, tsv(1, "device"));
	EXPECT_STREQ("-", tsv(1, "frame"));
	EXPECT_STREQ("fill", tsv(1, "on_write"));
	munmap((void *)map, 62 * PAGE);
	close(fd);
}

TEST_F(entries, swap)
{
	uint64_t entry;

	if (setup_swap())
		SKIP_TEST("no swap: zram is missing");
	ASSERT_EQ(0, setup_one_cpu());
	memset(self->map, 's', PAGE);
	ASSERT_EQ(0, setup_page_out(self->map));
	entry = oracle_entry(self->map);
	ASSERT_TRUE(dp(getpid(), self->map, 1));
	EXPECT_STREQ("swap", tsv(1, "fstate"));
	EXPECT_EQ(entry & 31, tsv_number(1, "swap_area"));
	EXPECT_EQ(PM_FRAME(entry) >> 5, tsv_number(1, "swap_offset"));
	EXPECT_STREQ("-", tsv(1, "frame"));
	EXPECT_STREQ("-", tsv(1, "pstate"));
	EXPECT_TRUE(shows(self->map, "Us", "-"));
	EXPECT_TRUE(shows(self->map, "Pn", "n"));
	EXPECT_STREQ("swapin-reuse", tsv(1, "on_write"));
}

static void expect_huge(struct __test_metadata *_metadata, int vmq, volatile char *huge,
			const char *kind)
{
	ASSERT_TRUE(dp(getpid(), huge + 3 * PAGE, 2));
	ASSERT_EQ(3, tsv_rows);
	expect_directory(_metadata, 0, "pud");
	expect_page(_metadata, vmq, 1, huge + 3 * PAGE);
	expect_page(_metadata, vmq, 2, huge + 4 * PAGE);
	EXPECT_STREQ(kind, tsv(1, "fstate"));
	EXPECT_STREQ("pmd", tsv(1, "level"));
	EXPECT_EQ(HUGE, tsv_number(1, "leaf_bytes"));
	/* the entry holds the first frame, the page has another */
	EXPECT_EQ(PM_FRAME(oracle_entry(huge)), tsv_number(1, "pteframe"));
	EXPECT_EQ(tsv_number(1, "pteframe") + 3, tsv_number(1, "frame"));
}

TEST_F(entries, a_transparent_huge_page)
{
	volatile char *huge = setup_huge();
	struct vmq_run run;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	ASSERT_EQ(0, device_page(self->vmq, huge, &run));
	if (run.shift != 21)
		SKIP_TEST("no huge page was free");
	expect_huge(_metadata, self->vmq, huge, "anon");
	EXPECT_STREQ("pageable", tsv(1, "pstate"));
}

TEST_F(entries, a_hugetlb_page)
{
	volatile char *huge;

	if (setup_hugetlb_pages(21, 1))
		SKIP_TEST("no hugetlb page to be had");
	huge = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, huge);
	huge[0] = 1;
	expect_huge(_metadata, self->vmq, huge, "hugetlb");
	EXPECT_STREQ("resident", tsv(1, "pstate"));
	munmap((void *)huge, HUGE);
}

TEST_F(entries, a_locked_page_is_resident)
{
	self->map[0] = 1;
	ASSERT_EQ(0, mlock(self->map, PAGE));
	setup_drain();
	ASSERT_TRUE(dp(getpid(), self->map, 1));
	EXPECT_STREQ("resident", tsv(1, "pstate"));
	ASSERT_EQ(0, munlock(self->map, PAGE));
}

/* Nobody reclaims them, and no flag says so. */
TEST_F(entries, pages_of_the_kernel_are_resident)
{
	const void *vdso = (void *)getauxval(AT_SYSINFO_EHDR);

	ASSERT_NE(NULL, vdso);
	(void)*(volatile char *)vdso;
	ASSERT_TRUE(dp(getpid(), vdso, 1));
	EXPECT_STREQ("kernel", tsv(1, "fstate"));
	EXPECT_STREQ("resident", tsv(1, "pstate"));
	(void)*(volatile char *)self->map;
	EXPECT_TRUE(backend_shows("module", self->map, "Pn state", "P  resident"));
	EXPECT_TRUE(backend_shows("procfs", self->map, "Pn state", "P  resident"));
}

TEST_F(entries, frames_that_are_no_memory)
{
	volatile char *map;
	struct bar bar;
	int fd;

	if (!bar_find_memory(&bar))
		SKIP_TEST("no pci-testdev with memory: boot with -d pci-testdev,membar=16M");
	fd = bar_open(&bar, "");
	map = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	(void)map[5 * PAGE];
	ASSERT_TRUE(dp(getpid(), map + 5 * PAGE, 1));
	ASSERT_EQ(2, tsv_rows);
	EXPECT_EQ(bar.start / PAGE + 5, tsv_number(1, "frame"));
	EXPECT_STREQ("pfnmap", tsv(1, "fstate"));
	EXPECT_STREQ("uvirt", tsv(1, "pstate"));
	EXPECT_STREQ("uc-", tsv(1, "memtype"));
	EXPECT_STREQ("-", tsv(1, "map_count"));
	EXPECT_TRUE(tsv_has(1, "entry", "special"));
	EXPECT_TRUE(shows(map + 5 * PAGE, "CD", "CD  "));
	self->map[0] = 1;
	EXPECT_TRUE(shows(self->map, "CD", "      U  W  P  pageable"));
	munmap((void *)map, bar.size);
	close(fd);
}

/* A debugger of 1993 finds its columns, in its order. */
TEST_F(entries, the_columns_of_the_debugger)
{
	static const char *const titles[] = {
		"linaddr", "frame", "pteframe", "state", "res", "Dc", "Au", "CD", "WT", "Us", "rW",
		"Pn", "state", "Xx",
	};
	char command[64], text[4096], *line, *word;

	snprintf(command, sizeof(command), "vmq dp %d %lx", getpid(), (uintptr_t)self->map);
	ASSERT_EQ(0, program_run(command, text, sizeof(text)));
	line = strstr(text, "\nlinaddr ");
	ASSERT_NE(NULL, line);
	line++;
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		while ((word = strsep(&line, " ")) && !*word)
			;
		ASSERT_NE(NULL, word);
		EXPECT_STREQ(titles[i], word);
	}
	EXPECT_TRUE(shows(self->map, "Pn", "n"));
}

/* The document's experiment: one page for all who map it, until one of them writes. */
TEST_F(entries, shared_until_written)
{
	int fd = setup_file("/mnt/ext4", 1);
	volatile char *here = setup_map(PAGE, MAP_PRIVATE, fd);
	volatile char *there = setup_map(PAGE, MAP_PRIVATE, fd);
	uint64_t frame;
	pid_t child;

	ASSERT_NE(NULL, here);
	ASSERT_NE(NULL, there);
	(void)here[0];
	(void)there[0];
	child = setup_fork();
	ASSERT_GT(child, 0);
	/* a child maps pages of files anew */
	ASSERT_TRUE(tsv_run("vmq in --tsv %d %lx", child, (uintptr_t)here));
	frame = tsv_number(1, "frame");
	EXPECT_EQ(PM_FRAME(oracle_entry(here)), frame);
	ASSERT_TRUE(dp(getpid(), there, 1));
	EXPECT_EQ(frame, tsv_number(1, "frame"));
	EXPECT_EQ(3, tsv_number(1, "map_count"));
	there[0] = 1;
	ASSERT_TRUE(dp(getpid(), there, 1));
	expect_page(_metadata, self->vmq, 1, there);
	EXPECT_NE(frame, tsv_number(1, "frame"));
	EXPECT_STREQ("anon", tsv(1, "fstate"));
	EXPECT_TRUE(tsv_has(1, "flags", "privatized"));
	ASSERT_TRUE(dp(getpid(), here, 1));
	EXPECT_EQ(frame, tsv_number(1, "frame"));
	EXPECT_FALSE(tsv_has(1, "flags", "privatized"));
	ASSERT_TRUE(dp(child, here, 1));
	EXPECT_EQ(frame, tsv_number(1, "frame"));
	EXPECT_EQ(2, tsv_number(1, "map_count"));
	setup_end(child);
}

TEST_F(entries, shared_by_a_fork)
{
	uint64_t frame;
	pid_t child;

	ASSERT_EQ(0, setup_one_cpu());
	self->map[0] = 1;
	setup_drain();
	child = setup_fork();
	ASSERT_GT(child, 0);
	ASSERT_TRUE(dp(getpid(), self->map, 1));
	frame = tsv_number(1, "frame");
	expect_page(_metadata, self->vmq, 1, self->map);
	ASSERT_TRUE(dp(child, self->map, 1));
	EXPECT_EQ(frame, tsv_number(1, "frame"));
	EXPECT_STREQ("maybe", tsv(1, "sharing"));
	EXPECT_STREQ("copy", tsv(1, "on_write"));
	EXPECT_EQ(2, tsv_number(1, "map_count"));
	EXPECT_FALSE(tsv_has(1, "entry", "write"));
	setup_end(child);
}

/* What only tables tell is absent, what pagemap tells is there. */
TEST_F(entries, without_the_module)
{
	self->map[0] = 1;
	ASSERT_TRUE(tsv_run("vmq dp --tsv --backend=procfs %d %lx 2 2>/dev/null", getpid(),
			    (uintptr_t)self->map));
	ASSERT_EQ(2, tsv_rows);
	EXPECT_EQ(PM_FRAME(oracle_entry(self->map)), tsv_number(0, "frame"));
	EXPECT_STREQ("anon", tsv(0, "fstate"));
	EXPECT_STREQ("-", tsv(0, "level"));
	EXPECT_STREQ("-", tsv(0, "table"));
	EXPECT_STREQ("-", tsv(0, "pteframe"));
	EXPECT_STREQ("-", tsv(0, "memtype"));
	EXPECT_STREQ("present", tsv(0, "entry"));
	EXPECT_STREQ("none", tsv(1, "fstate"));
	EXPECT_TRUE(backend_shows("procfs", self->map, "Dc", "-"));
	EXPECT_TRUE(backend_shows("procfs", self->map, "Pn", "P"));
	EXPECT_TRUE(shows(self->map, "Dc", "D"));
}

TEST_HARNESS_MAIN

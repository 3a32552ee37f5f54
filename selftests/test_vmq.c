// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmq itself: its commands, what it says when it cannot; vmq ps against processes
 * made here; vmq in, which must bring pages in without leaving a trace in the
 * process: no fault of its own, no copy, nothing written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/program.h"
#include "lib/tsv.h"
#include "lib/vq_output.h"
#include "lib/harness.h"

static char text[64 << 10];

/* The status of vmq with arguments made of @format; text has all it said. */
static int vmq(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int vmq(const char *format, ...)
{
	char arguments[256], command[300];
	va_list args;

	va_start(args, format);
	vsnprintf(arguments, sizeof(arguments), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "vmq %s 2>&1", arguments);
	return program_run(command, text, sizeof(text));
}

TEST(help_has_the_commands)
{
	ASSERT_EQ(0, vmq("--help"));
	EXPECT_NE(NULL, strstr(text, "\n  dp "));
	EXPECT_NE(NULL, strstr(text, "\n  in "));
	EXPECT_NE(NULL, strstr(text, "\n  ps "));
	EXPECT_NE(NULL, strstr(text, "\n  walk "));
	EXPECT_NE(NULL, strstr(text, "\nExample: "));
	for (const char *const *name = (const char *const[]){ "dp", "in", "ps", "walk", NULL };
	     *name; name++) {
		EXPECT_EQ(0, vmq("%s --help", *name));
		EXPECT_EQ(0, strncmp(text, "usage: vmq ", 11));
		EXPECT_NE(NULL, strstr(text, "\nExample: vmq "));
	}
	EXPECT_EQ(0, vmq("--version"));
	EXPECT_EQ(0, strncmp(text, "vmq ", 4));
}

TEST(wrong_usage)
{
	static const char *const wrong[] = {
		"", "nothing", "--nothing", "dp", "dp 1", "dp 1 400000 1 2", "dp x 400000",
		"dp -- -1 400000", "dp 1 xyz", "dp 1 0x", "dp 1 -- -1", "dp 1 '' 1", "dp 1 400000 0",
		"dp 1 400000 x", "dp 1 10000000000000000", "dp 1 400000 18446744073709551615",
		"dp --nothing 1 400000", "dp --backend=x 1 400000", "walk", "walk 1",
		"walk 1 400000 2", "in", "in 1", "in 1 400000 1", "ps 1", NULL,
	};

	for (size_t i = 0; wrong[i]; i++) {
		EXPECT_EQ(2, vmq("%s", wrong[i])) TH_LOG("%s", wrong[i]);
		EXPECT_NE(NULL, strstr(text, "vmq: ")) TH_LOG("%s: %s", wrong[i], text);
	}
}

/* What is told to read has what was missing. */
TEST(wrong_usage_leads_to_the_help)
{
	EXPECT_EQ(2, vmq("nothing"));
	EXPECT_NE(NULL, strstr(text, "(see vmq --help)\n"));
	for (const char *const *name = (const char *const[]){ "dp", "in", "ps", "walk", NULL };
	     *name; name++) {
		char help[32];

		snprintf(help, sizeof(help), "(see vmq %s --help)\n", *name);
		EXPECT_EQ(2, vmq("%s --backend=x", *name));
		EXPECT_NE(NULL, strstr(text, help)) TH_LOG("%s", text);
		EXPECT_EQ(2, vmq("%s nothing", *name));
		EXPECT_NE(NULL, strstr(text, help)) TH_LOG("%s", text);
	}
}

/* Where no process has anything, up to the last page that a number can name. */
TEST(the_end_of_user_space)
{
	static const char *const beyond[] = {
		"dp 1 ffffffffff600000", "dp self fffffffffffff000", "dp self ffffffffffffffff 1",
		"walk self fffffffffffff000", "in self 8000000000000000", "dp 1 400000 4000000000000000", NULL,
	};

	for (size_t i = 0; beyond[i]; i++) {
		EXPECT_EQ(1, vmq("%s", beyond[i])) TH_LOG("%s", beyond[i]);
		EXPECT_NE(NULL, strstr(text, "beyond the end of user space")) TH_LOG("%s", text);
	}
	EXPECT_EQ(2, vmq("dp self fffffffffffff000 2"));
	EXPECT_NE(NULL, strstr(text, "2: too many pages"));
}

TEST(what_cannot_be_done)
{
	pid_t child = setup_fork();

	ASSERT_GT(child, 0);
	setup_end(child);
	for (const char *const *name = (const char *const[]){ "dp", "in", "walk", NULL }; *name;
	     name++) {
		EXPECT_EQ(1, vmq("%s %d 400000", *name, child));
		EXPECT_NE(NULL, strstr(text, "it has ended"));
	}
	EXPECT_EQ(1, vmq("walk 1 1000"));
	EXPECT_NE(NULL, strstr(text, "vmq: 1: 0x1000: no VMA is there (vq 1 shows which there are)\n"));
	/* vq self is another process */
	EXPECT_EQ(1, vmq("walk self 1000"));
	EXPECT_NE(NULL, strstr(text, "vmq: self: 0x1000: no VMA is there (self is vmq, "));
	EXPECT_EQ(1, vmq("ps >/dev/full"));
}

TEST(walk_needs_the_module)
{
	EXPECT_EQ(1, vmq("walk --backend=procfs %d %lx", getpid(), (uintptr_t)text));
	EXPECT_NE(NULL, strstr(text, "needs the module"));
}

/* The row of @pid in the list, or tsv_rows. */
static size_t find(pid_t pid)
{
	size_t i = 0;

	while (i < tsv_rows && tsv_number(i, "pid") != (uint64_t)pid)
		i++;
	return i;
}

static void *sleeper(void *unused)
{
	(void)unused;
	pause();
	return NULL;
}

/* A child that stands still. */
static pid_t stopped_child(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise(SIGSTOP);
		_exit(0);
	}
	return child > 0 && waitpid(child, NULL, WUNTRACED) == child ? child : -1;
}

TEST(ps_lists_processes)
{
	pid_t child = stopped_child();
	pthread_t thread;
	size_t i;

	ASSERT_GT(child, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, sleeper, NULL));
	ASSERT_TRUE(tsv_run("vmq ps --tsv"));
	i = find(getpid());
	EXPECT_EQ(getppid(), tsv_number(i, "ppid"));
	EXPECT_EQ(2, tsv_number(i, "threads"));
	EXPECT_STREQ("yes", tsv(i, "may_look"));
	EXPECT_STREQ(program_invocation_short_name, tsv(i, "name"));
	i = find(child);
	EXPECT_EQ(getpid(), tsv_number(i, "ppid"));
	EXPECT_EQ(1, tsv_number(i, "threads"));
	EXPECT_STREQ("T", tsv(i, "state"));
	EXPECT_EQ(vm_size(child), tsv_number(i, "vm_bytes"));
	EXPECT_GT(tsv_number(i, "resident_bytes"), 0);
	EXPECT_EQ(0, tsv_number(i, "resident_bytes") % PAGE);
	EXPECT_EQ(tsv_rows, find(2));	/* kthreadd */
	for (i = 1; i < tsv_rows; i++)
		EXPECT_LT(tsv_number(i - 1, "pid"), tsv_number(i, "pid"));
	setup_end(child);
	ASSERT_TRUE(tsv_run("vmq ps --tsv"));
	EXPECT_EQ(tsv_rows, find(child));
	EXPECT_EQ(0, vmq("ps --json"));
	EXPECT_NE(NULL, strstr(text, "\"schema\":\"processes/1\""));
	EXPECT_NE(NULL, strstr(text, "\"backend\":null"));
}

/* A child that has ended, not waited for, and one with a name made to confuse. */
TEST(ps_of_odd_processes)
{
	int ready[2];
	char byte;
	pid_t ended, odd;
	siginfo_t info;
	size_t i;

	ended = fork();
	if (!ended)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, ended, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(0, pipe(ready));
	odd = fork();
	if (!odd) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "a) Z 1\t(\n");
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_TRUE(tsv_run("vmq ps --tsv"));
	i = find(ended);
	EXPECT_STREQ("Z", tsv(i, "state"));
	EXPECT_STREQ("no", tsv(i, "may_look"));
	EXPECT_EQ(0, tsv_number(i, "vm_bytes"));
	i = find(odd);
	EXPECT_STREQ("a) Z 1\\t(\\n", tsv(i, "name"));
	EXPECT_EQ(getpid(), tsv_number(i, "ppid"));
	EXPECT_STREQ("yes", tsv(i, "may_look"));
	setup_end(odd);
	waitpid(ended, NULL, 0);
}

/* As a user: not what is root's, and no frames of one's own. */
CHILD(check_as_user, with_device)
{
	char *mark = make_mark();

	ASSERT_EQ(MARK, mark);
	ASSERT_EQ(0, caller_become_user());
	ASSERT_TRUE(tsv_run("vmq ps --tsv"));
	EXPECT_STREQ("no", tsv(find(1), "may_look"));
	EXPECT_STREQ("yes", tsv(find(getpid()), "may_look"));
	EXPECT_EQ(1, vmq("dp 1 400000"));
	EXPECT_NE(NULL, strstr(text, "run as root"));
	ASSERT_TRUE(tsv_run("vmq dp --tsv %d %lx 2>/dev/null", getpid(), (uintptr_t)mark));
	ASSERT_EQ(with_device ? 2 : 1, tsv_rows);
	for (size_t i = 0; i < tsv_rows; i++) {
		EXPECT_STREQ("-", tsv(i, "frame"));
		EXPECT_STREQ("-", tsv(i, "pteframe"));
		EXPECT_STREQ("-", tsv(i, "table"));
		EXPECT_STREQ("-", tsv(i, "map_count"));
	}
	EXPECT_EQ(with_device, tsv_number(tsv_rows - 1, "token") != -1ULL);
	EXPECT_EQ(0, vmq("dp %d %lx", getpid(), (uintptr_t)mark));
	EXPECT_NE(NULL, strstr(text, "CAP_SYS_ADMIN"));
	EXPECT_EQ(!with_device, !!strstr(text, "procfs answers"));
	EXPECT_EQ(with_device ? 0 : 1, vmq("walk %d %lx", getpid(), (uintptr_t)mark));
}

TEST(a_user_is_told_less)
{
	EXPECT_EQ(0, as_child(_metadata, check_as_user, 0));
	ASSERT_EQ(0, caller_share_device());
	EXPECT_EQ(0, as_child(_metadata, check_as_user, 1));
	EXPECT_EQ(0, caller_keep_device());
}

/* Faults the kernel has counted for @pid, minor and major. */
static long faults(pid_t pid)
{
	unsigned long minor, major;
	char stat[1024], *end;

	if (!read_proc(pid, "stat", stat, sizeof(stat)))
		return -1;
	end = strrchr(stat, ')');
	if (!end || sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &minor, &major) != 2)
		return -1;
	return minor + major;
}

/*
 * Brings the page at @at of @child in: the rows are what was there before, and
 * after. Neither a fault of the child's, nor anything written.
 */
static void expect_in(struct __test_metadata *_metadata, pid_t child, const volatile char *at,
		      const char *before, const char *after)
{
	int pagemap = oracle_open_pagemap(child);
	uint64_t entry = 0;
	long count = faults(child);

	ASSERT_GT(count, 0);
	ASSERT_TRUE(tsv_run("vmq in --tsv %d %lx 2>/dev/null", child, (uintptr_t)at));
	ASSERT_EQ(2, tsv_rows);
	EXPECT_STREQ(before, tsv(0, "fstate"));
	EXPECT_STREQ(after, tsv(1, "fstate"));
	ASSERT_EQ(0, oracle_pagemap(pagemap, (uintptr_t)at, 1, &entry));
	EXPECT_TRUE(entry & PM_PRESENT);
	EXPECT_EQ(PM_FRAME(entry), tsv_number(1, "frame"));
	EXPECT_TRUE(tsv_has(1, "entry", "present"));
	EXPECT_EQ(count, faults(child));
	close(pagemap);
}

TEST(in_of_an_anonymous_hole)
{
	char *map = setup_map(2 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t child = stopped_child();
	long before = faults(child);

	ASSERT_GT(child, 0);
	expect_in(_metadata, child, map, "none", "zero");
	EXPECT_STREQ("fill", tsv(1, "on_write"));
	EXPECT_EQ(0, vmq("in %d %lx", child, (uintptr_t)map + PAGE));
	EXPECT_NE(NULL, strstr(text, "nothing was there; the zero page is"));
	EXPECT_EQ(0, vmq("in %d %lx", child, (uintptr_t)map + PAGE));
	EXPECT_NE(NULL, strstr(text, "was in memory before"));
	EXPECT_EQ(before, faults(child));
	setup_end(child);
}

TEST(in_of_a_page_in_swap)
{
	char *map = setup_map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t child;

	if (setup_swap())
		SKIP_TEST("no swap: zram is missing");
	ASSERT_EQ(0, setup_one_cpu());
	map[0] = 's';
	ASSERT_EQ(0, setup_page_out(map));
	child = stopped_child();
	ASSERT_GT(child, 0);
	expect_in(_metadata, child, map, "swap", "anon");
	EXPECT_STREQ("-", tsv(1, "swap_area"));
	EXPECT_TRUE(oracle_entry(map) & PM_SWAP);	/* not this process', which shares it */
	EXPECT_EQ('s', map[0]);
	setup_end(child);
}

/* Of a file: still the file's, and the file is as it was. */
TEST(in_of_a_file_leaves_it_the_files)
{
	int fd = setup_file("/mnt/ext4", 1);
	char *private = setup_map(PAGE, MAP_PRIVATE, fd);
	char *shared = setup_map(PAGE, MAP_SHARED, fd);
	char bytes[PAGE];
	uint64_t frame;
	pid_t child = stopped_child();

	ASSERT_GT(child, 0);
	ASSERT_NE(NULL, private);
	ASSERT_NE(NULL, shared);
	expect_in(_metadata, child, private, "none", "file");
	EXPECT_EQ(0, tsv_number(0, "file_page"));
	EXPECT_STREQ("file", tsv(1, "sharing"));
	EXPECT_STREQ("copy", tsv(1, "on_write"));
	EXPECT_FALSE(tsv_has(1, "flags", "privatized"));
	EXPECT_FALSE(tsv_has(1, "entry", "dirty"));
	frame = tsv_number(1, "frame");
	expect_in(_metadata, child, shared, "none", "file");
	EXPECT_EQ(frame, tsv_number(1, "frame"));
	EXPECT_STREQ("upgrade", tsv(1, "on_write"));
	EXPECT_FALSE(tsv_has(1, "entry", "dirty"));
	ASSERT_EQ(PAGE, (unsigned long)pread(fd, bytes, PAGE, 0));
	for (size_t i = 0; i < PAGE; i++)
		ASSERT_EQ('f', bytes[i]);
	EXPECT_EQ(0, oracle_kpage("kpageflags", frame) >> 4 & 1);	/* KPF_DIRTY */
	setup_end(child);
	close(fd);
}

TEST(in_is_refused)
{
	int fd = setup_file("/mnt/ext4", 1);
	char *map = setup_map(2 * PAGE, MAP_PRIVATE, fd);
	pid_t child;

	ASSERT_NE(NULL, map);
	child = stopped_child();
	ASSERT_GT(child, 0);
	EXPECT_EQ(1, vmq("in %d 1000", child));
	EXPECT_NE(NULL, strstr(text, "0x1000: no VMA is there"));
	EXPECT_EQ(1, vmq("in %d %lx", child, (uintptr_t)map + PAGE));
	EXPECT_NE(NULL, strstr(text, "behind the end of its file"));
	setup_end(child);
	close(fd);
}

TEST_HARNESS_MAIN

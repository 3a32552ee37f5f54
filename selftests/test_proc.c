// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/vmq: what its files say of a stopped process is what the program vq,
 * /dev/vmq and the kernel's own files say, however it is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/proc_files.h"
#include "lib/setup.h"
#include "lib/vq_output.h"
#include "shared/columns.h"
#include "shared/text.h"
#include "lib/harness.h"

#define TRIES 6

static char first[PROC_ROOM], second[PROC_ROOM];

FIXTURE(proc) {
	pid_t pid;	/* stopped and attached */
};

FIXTURE_SETUP(proc)
{
	self->pid = proc_start_stopped();
	ASSERT_GT(self->pid, 0);
	ASSERT_EQ(0, proc_attach(self->pid));
}

FIXTURE_TEARDOWN(proc)
{
	setup_end(self->pid);
	EXPECT_TRUE(proc_folder_goes(self->pid));
}

TEST_F(proc, prints_what_vq_prints)
{
	static const char *const options[] = { "", "--vmas" };
	char arguments[48];

	for (int i = 0; i < 2; i++) {
		snprintf(arguments, sizeof(arguments), "%s %d", options[i], self->pid);
		for (int try = 0; try < TRIES; try++) {
			ASSERT_EQ(0, vq(arguments, first, PROC_ROOM));
			ASSERT_LT(1000, proc_read(self->pid, proc_files[i], second));
			if (!strcmp(first, second))
				break;
		}
		EXPECT_STREQ(first, second);
	}
}

TEST_F(proc, vmas_are_those_of_maps)
{
	const char *line = second;
	int vmas = 0;

	ASSERT_TRUE(read_proc(self->pid, "maps", first, PROC_ROOM));
	ASSERT_LT(0, proc_read(self->pid, "vmas", second));
	while (*line == '#')
		line = strchr(line, '\n') + 1;
	line = strchr(line, '\n') + 1;		/* the names of the columns */
	for (char *maps = first, *m; (m = strsep(&maps, "\n")) && *m;) {
		char *end, *line_end;

		if (strstr(m, "[vsyscall]"))
			continue;
		EXPECT_EQ(strtoul(m, &end, 16), strtoul(line, &line_end, 16));
		EXPECT_EQ('-', *end);
		EXPECT_EQ(' ', *line_end);
		EXPECT_EQ(strtoul(end + 1, NULL, 16), strtoul(line_end, NULL, 16));
		line = strchr(line, '\n') + 1;
		vmas++;
	}
	EXPECT_EQ('#', *line);
	EXPECT_EQ(vmas, atoi(line + 2));
}

/* The lines of pages as the runs of /dev/vmq give them. */
static bool expected_pages(pid_t pid, char *text)
{
	struct vmq_info info = { .size = sizeof(info) };
	int vmq = device_open(pid);
	struct vmq_run *runs = NULL;
	struct vmq_scan scan;
	ssize_t count;
	size_t length;

	device_call(vmq, VMQ_IOC_INFO, &info);
	scan = device_scan(0, info.top, VMQ_FACTS_ALL, NULL, 10000);
	scan.none_of = VMQ_SET_KIND(VMQ_KIND_NONE);
	count = device_runs(vmq, &scan, &runs);
	length = vmq_text_header(&vmq_run_table, VMQ_TEXT_HUMAN, text, PROC_ROOM);
	for (ssize_t i = 0; i < count; i++)
		length += vmq_text_line(&vmq_run_table, VMQ_TEXT_HUMAN, runs + i, text + length,
					PROC_ROOM - length);
	free(runs);
	close(vmq);
	return count > 0;
}

TEST_F(proc, pages_are_the_runs_of_the_device)
{
	for (int try = 0; try < TRIES; try++) {
		ASSERT_TRUE(expected_pages(self->pid, first));
		ASSERT_LT(1000, proc_read(self->pid, "pages", second));
		if (!strcmp(first, second))
			break;
	}
	EXPECT_STREQ(first, second);
}

TEST_F(proc, frames_are_those_of_pagemap)
{
	int pagemap = oracle_open_pagemap(self->pid), compared = 0;
	char *text = first, *line;

	ASSERT_LT(0, proc_read(self->pid, "pages", first));
	text = proc_first_run(first);
	while ((line = strsep(&text, "\n")) && *line) {
		unsigned long start, pages, frame;
		uint64_t entry;

		if (sscanf(line, "%lx %lu 4K %lx ", &start, &pages, &frame) != 3)
			continue;
		ASSERT_EQ(0, oracle_pagemap(pagemap, start, 1, &entry));
		if (!(entry & PM_PRESENT))
			continue;	/* of a pfn-mapped VMA */
		EXPECT_EQ(PM_FRAME(entry), frame);
		compared++;
	}
	EXPECT_GT(compared, 20);
	close(pagemap);
}

TEST_F(proc, self_is_the_one_who_opened_it)
{
	int pidfd = syscall(SYS_pidfd_open, self->pid, 0);

	ASSERT_GE(pidfd, 0);
	for (int i = 0; i < 3; i++) {
		int fd = syscall(SYS_pidfd_getfd, pidfd, 100 + i, 0);

		ASSERT_GE(fd, 0);
		for (int try = 0; try < TRIES; try++) {
			lseek(fd, 0, SEEK_SET);
			EXPECT_LT(0, proc_read_on(fd, first, PROC_ROOM));
			EXPECT_LT(0, proc_read(self->pid, proc_files[i], second));
			if (!strcmp(first, second))
				break;
		}
		EXPECT_STREQ(second, first);
		close(fd);
	}
	close(pidfd);
}

/* Reads @fd from @at on, by @step bytes, and says whether that is the rest of first. */
static bool reads_the_same(int fd, ssize_t length, off_t at, size_t step)
{
	return lseek(fd, at, SEEK_SET) == at && proc_read_on(fd, second, step) == length - at &&
	       !memcmp(first + at, second, length - at);
}

/*
 * The file, read in all ways, is the same. It changes when another process uses
 * or copies a page both have, as this one does at its first calls: callers try again.
 */
static bool any_way_is_the_same(int fd)
{
	static const size_t steps[] = { 1, 17, 4096, 5000 };
	ssize_t length;
	bool same;

	lseek(fd, 0, SEEK_SET);
	length = proc_read_on(fd, first, PROC_ROOM);
	same = length > 1000 && !read(fd, second, 1);
	for (size_t i = 0; same && i < ARRAY_SIZE(steps); i++)
		same = reads_the_same(fd, length, 0, steps[i]);
	for (off_t at = length - 1; same && at > 0; at = at * 2 / 3)
		same = reads_the_same(fd, length, at, 700);
	return same;
}

TEST_F(proc, any_way_of_reading_gives_the_same)
{
	for (int i = 0; i < 3; i++) {
		int fd = proc_open(self->pid, proc_files[i]), tries = TRIES;

		ASSERT_GE(fd, 0);
		while (tries && !any_way_is_the_same(fd))
			tries--;
		EXPECT_GT(tries, 0) TH_LOG("%s", proc_files[i]);
		close(fd);
	}
}

/* Reads a file while another open one has been read in part. */
static bool half_read_is_the_same(pid_t pid, const char *name)
{
	int half = proc_open(pid, name);
	ssize_t begun = read(half, first, 1000), length, rest;

	length = proc_read(pid, name, second);
	rest = proc_read_on(half, first + begun, 300);
	close(half);
	return begun == 1000 && length == begun + rest && !memcmp(first, second, length);
}

TEST_F(proc, two_open_files_do_not_know_of_each_other)
{
	for (int i = 0; i < 3; i++) {
		int tries = TRIES;

		while (tries && !half_read_is_the_same(self->pid, proc_files[i]))
			tries--;
		EXPECT_GT(tries, 0) TH_LOG("%s", proc_files[i]);
	}
}

TEST_HARNESS_MAIN

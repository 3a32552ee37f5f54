// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/vmq: what its files say of a stopped process is what the program vq,
 * /dev/vmq and the kernel's own files say, however it is read; and who may attach
 * what, and when a folder comes and goes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/vq_output.h"
#include "shared/columns.h"
#include "shared/text.h"
#include "kselftest_harness.h"

#define ROOM (4 << 20)
#define USER 1000
#define MAX_ATTACHED 256
#define TRIES 6

static const char *const files[] = { "vq", "vmas", "pages" };
static char first[ROOM], second[ROOM];

/* Writes @text to attach: 0 or a negative errno. */
static int attach_text(const char *text)
{
	int fd = open("/proc/vmq/attach", O_WRONLY | O_CLOEXEC), err = -errno;

	if (fd < 0)
		return err;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static int attach(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", pid);
	return attach_text(text);
}

/* Opens /proc/vmq/@pid/@name, of the caller itself for 0; or a negative errno. */
static int open_file(pid_t pid, const char *name)
{
	char path[48];
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/vmq/%d/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/vmq/self/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Reads @fd on to its end, @step bytes at a time; the length or a negative errno. */
static ssize_t read_on(int fd, char *text, size_t step)
{
	size_t length = 0;
	ssize_t n;

	do {
		size_t room = ROOM - 1 - length;

		n = read(fd, text + length, step < room ? step : room);
		length += n > 0 ? n : 0;
	} while (n > 0 && length < ROOM - 1);
	text[length] = '\0';
	return n < 0 ? -errno : (ssize_t)length;
}

static ssize_t read_file(pid_t pid, const char *name, char *text)
{
	int fd = open_file(pid, name);
	ssize_t length = fd < 0 ? fd : read_on(fd, text, ROOM);

	if (fd >= 0)
		close(fd);
	return length;
}

static bool has_folder(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/vmq/%d", pid);
	return !access(path, F_OK);
}

/* Waits up to three seconds until the folder has gone. */
static bool folder_goes(pid_t pid)
{
	for (int i = 0; i < 300 && has_folder(pid); i++)
		usleep(10000);
	return !has_folder(pid);
}

/* Memory of several kinds. */
static void make_mappings(void)
{
	char *map = setup_map(64 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int fd = setup_file("/mnt/ext4", 16);

	memset(map, 1, 8 * PAGE);
	mprotect(map + 2 * PAGE, PAGE, PROT_READ);
	map = setup_map(16 * PAGE, MAP_PRIVATE, fd);
	map[3 * PAGE] = 1;
	map = setup_map(16 * PAGE, MAP_SHARED, fd);
	map[5 * PAGE] = 1;
}

/* A stopped child; it has the files of self open, in the order of files[], from 100. */
static pid_t start_stopped(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		make_mappings();
		for (int i = 0; i < 3; i++)
			dup2(open_file(0, files[i]), 100 + i);
		raise(SIGSTOP);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, WUNTRACED);
	return child;
}

FIXTURE(proc) {
	pid_t pid;	/* stopped and attached */
};

FIXTURE_SETUP(proc)
{
	self->pid = start_stopped();
	ASSERT_GT(self->pid, 0);
	ASSERT_EQ(0, attach(self->pid));
}

FIXTURE_TEARDOWN(proc)
{
	setup_end(self->pid);
	EXPECT_TRUE(folder_goes(self->pid));
}

TEST_F(proc, prints_what_vq_prints)
{
	static const char *const options[] = { "", "--vmas" };
	char arguments[48];

	for (int i = 0; i < 2; i++) {
		snprintf(arguments, sizeof(arguments), "%s %d", options[i], self->pid);
		for (int try = 0; try < TRIES; try++) {
			ASSERT_EQ(0, vq(arguments, first, ROOM));
			ASSERT_LT(1000, read_file(self->pid, files[i], second));
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

	ASSERT_TRUE(read_proc(self->pid, "maps", first, ROOM));
	ASSERT_LT(0, read_file(self->pid, "vmas", second));
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
	length = vmq_text_header(&vmq_run_table, VMQ_TEXT_HUMAN, text, ROOM);
	for (ssize_t i = 0; i < count; i++)
		length += vmq_text_line(&vmq_run_table, VMQ_TEXT_HUMAN, runs + i, text + length,
					ROOM - length);
	free(runs);
	close(vmq);
	return count > 0;
}

TEST_F(proc, pages_are_the_runs_of_the_device)
{
	for (int try = 0; try < TRIES; try++) {
		ASSERT_TRUE(expected_pages(self->pid, first));
		ASSERT_LT(1000, read_file(self->pid, "pages", second));
		if (!strcmp(first, second))
			break;
	}
	EXPECT_STREQ(first, second);
}

/* The first line of a run in @text. */
static char *first_run(char *text)
{
	char *line = strstr(text, "\nSTART ");

	return line ? strchr(line + 1, '\n') + 1 : text + strlen(text);
}

TEST_F(proc, frames_are_those_of_pagemap)
{
	int pagemap = oracle_open_pagemap(self->pid), compared = 0;
	char *text = first, *line;

	ASSERT_LT(0, read_file(self->pid, "pages", first));
	text = first_run(first);
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
			EXPECT_LT(0, read_on(fd, first, ROOM));
			EXPECT_LT(0, read_file(self->pid, files[i], second));
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
	return lseek(fd, at, SEEK_SET) == at && read_on(fd, second, step) == length - at &&
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
	length = read_on(fd, first, ROOM);
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
		int fd = open_file(self->pid, files[i]), tries = TRIES;

		ASSERT_GE(fd, 0);
		while (tries && !any_way_is_the_same(fd))
			tries--;
		EXPECT_GT(tries, 0) TH_LOG("%s", files[i]);
		close(fd);
	}
}

/* Reads a file while another open one has been read in part. */
static bool half_read_is_the_same(pid_t pid, const char *name)
{
	int half = open_file(pid, name);
	ssize_t begun = read(half, first, 1000), length, rest;

	length = read_file(pid, name, second);
	rest = read_on(half, first + begun, 300);
	close(half);
	return begun == 1000 && length == begun + rest && !memcmp(first, second, length);
}

TEST_F(proc, two_open_files_do_not_know_of_each_other)
{
	for (int i = 0; i < 3; i++) {
		int tries = TRIES;

		while (tries && !half_read_is_the_same(self->pid, files[i]))
			tries--;
		EXPECT_GT(tries, 0) TH_LOG("%s", files[i]);
	}
}

/* Runs @act as user 1000 in a child; what it returned, as 0 to 255. */
static int as_user(int (*act)(int arg), int arg)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ? 255 : act(arg));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int try_attach(int pid)
{
	return -attach(pid);
}

static int try_open(int pid)
{
	int fd = open_file(pid, "vq");

	return fd < 0 ? -fd : 0;
}

TEST_F(proc, others_may_neither_attach_nor_look)
{
	int err = as_user(try_attach, self->pid);

	EXPECT_TRUE(err == EPERM || err == EACCES) TH_LOG("attach: %d", err);
	err = as_user(try_open, self->pid);
	EXPECT_TRUE(err == EPERM || err == EACCES) TH_LOG("open: %d", err);
	err = as_user(try_attach, -self->pid);
	EXPECT_TRUE(err == EPERM || err == EACCES) TH_LOG("detach: %d", err);
	EXPECT_TRUE(has_folder(self->pid));
}

/* Lines of @text that tell a frame, and those that tell a token. */
static void count_places(char *text, int *frames, int *tokens)
{
	char *line;

	*frames = *tokens = 0;
	text = first_run(text);
	while ((line = strsep(&text, "\n")) && *line) {
		char place[64];

		if (sscanf(line, "%*x %*u %*s %63s", place) != 1 || !strcmp(place, "-"))
			continue;
		if (strchr(place, '+'))
			++*tokens;
		else
			++*frames;
	}
}

/* 1: there are tokens and no frames. */
static int sees_tokens_only(int fd)
{
	int frames, tokens;

	if (read_on(fd, first, ROOM) <= 0)
		return 0;
	count_places(first, &frames, &tokens);
	return tokens > 10 && !frames;
}

static int own_pages(int unused)
{
	(void)unused;
	if (read_file(0, "vq", first) <= 0 || read_file(0, "vmas", first) <= 0)
		return 0;
	return sees_tokens_only(open_file(0, "pages"));
}

TEST_F(proc, without_the_right_there_are_no_frames)
{
	int fd = open_file(self->pid, "pages"), frames, tokens;

	EXPECT_EQ(1, as_user(own_pages, 0));
	/* the one who opened had the right, the one who reads has not */
	EXPECT_EQ(1, as_user(sees_tokens_only, fd));
	lseek(fd, 0, SEEK_SET);
	ASSERT_LT(0, read_on(fd, first, ROOM));
	count_places(first, &frames, &tokens);
	EXPECT_GT(frames, 10);
	EXPECT_EQ(0, tokens);
	close(fd);
}

/* Makes new namespaces and tries to attach from a process in them. */
static int attach_from(int namespaces, pid_t pid)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (unshare(namespaces))
			_exit(255);
		child = fork();
		if (!child)
			_exit(-attach(pid));
		waitpid(child, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 254);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

TEST_F(proc, namespaces_have_no_say)
{
	ASSERT_EQ(0, attach(-self->pid));
	EXPECT_EQ(EPERM, attach_from(CLONE_NEWPID, self->pid));
	EXPECT_EQ(EPERM, attach_from(CLONE_NEWUSER, self->pid));
	EXPECT_FALSE(has_folder(self->pid));
	EXPECT_EQ(0, attach_from(CLONE_NEWUTS, self->pid));
	EXPECT_TRUE(has_folder(self->pid));
}

TEST_F(proc, attach_says_what_is_wrong)
{
	static const char *const junk[] = {
		"x", "0", "-0", "1x", "1 2", "--1", "99999999999", "-2147483648", "\n",
	};
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		int err = attach_text(junk[i]);

		EXPECT_EQ(-EINVAL, err) TH_LOG("'%s'", junk[i]);
	}
	EXPECT_EQ(-EEXIST, attach(self->pid));
	EXPECT_EQ(-ESRCH, attach(2));			/* kthreadd */
	EXPECT_EQ(-ESRCH, attach(2147483647));
	EXPECT_EQ(-ESRCH, attach(-getpid()));		/* not attached */
	fd = open("/proc/vmq/attach", O_WRONLY);
	EXPECT_EQ(-1, write(fd, nowhere, 3));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
}

TEST_F(proc, minus_takes_the_folder_away)
{
	int fd = open_file(self->pid, "vq");

	ASSERT_LT(0, read(fd, first, 1000));
	ASSERT_EQ(0, attach(-self->pid));
	EXPECT_FALSE(has_folder(self->pid));
	EXPECT_EQ(-1, read(fd, first, 1000));
	EXPECT_EQ(EIO, errno);
	close(fd);
	EXPECT_EQ(-ESRCH, attach(-self->pid));
	EXPECT_EQ(0, attach(self->pid));
}

TEST_F(proc, a_process_that_has_ended)
{
	int fd = open_file(self->pid, "pages");

	ASSERT_LT(0, read(fd, first, 1000));
	setup_end(self->pid);
	errno = 0;
	while (read(fd, first, 1000) > 0)
		;			/* what was made before may still come */
	EXPECT_TRUE(errno == ESRCH || errno == EIO);
	EXPECT_TRUE(folder_goes(self->pid));
	EXPECT_EQ(-1, read(fd, first, 1000));
	EXPECT_TRUE(errno == ESRCH || errno == EIO);
	close(fd);
}

/* A process that calls exec when @go is written to. */
static pid_t start_exec(int *go)
{
	int fds[2];
	char byte;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (read(fds[0], &byte, 1) == 1)
			execlp("sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	close(fds[0]);
	*go = fds[1];
	return child;
}

static bool has_called_exec(pid_t pid)
{
	static char line[256];

	for (int i = 0; i < 500; i++) {
		if (read_proc(pid, "cmdline", line, sizeof(line)) && !strcmp(line, "sleep"))
			return true;
		usleep(10000);
	}
	return false;
}

TEST(a_folder_follows_exec)
{
	int go, fd;
	pid_t pid = start_exec(&go);

	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, attach(pid));
	ASSERT_LT(0, read_file(pid, "vmas", first));
	EXPECT_NE(NULL, strstr(first, "/test_proc"));
	fd = open_file(pid, "vmas");
	ASSERT_EQ(1, write(go, "g", 1));
	ASSERT_TRUE(has_called_exec(pid));
	EXPECT_EQ(-ESRCH, read_on(fd, first, ROOM));
	ASSERT_LT(0, read_file(pid, "vmas", first));
	EXPECT_EQ(NULL, strstr(first, "/test_proc"));
	EXPECT_NE(NULL, strstr(first, "[stack]"));
	close(fd);
	setup_end(pid);
	EXPECT_TRUE(folder_goes(pid));
}

/* One is attached already. */
TEST_F_TIMEOUT(proc, no_more_than_256_are_attached, 120)
{
	pid_t pids[MAX_ATTACHED];

	for (int i = 0; i < MAX_ATTACHED; i++) {
		pids[i] = setup_fork();
		ASSERT_GT(pids[i], 0);
		EXPECT_EQ(i < MAX_ATTACHED - 1 ? 0 : -ENOSPC, attach(pids[i]));
	}
	EXPECT_FALSE(has_folder(pids[MAX_ATTACHED - 1]));
	EXPECT_EQ(0, attach(-pids[0]));
	EXPECT_EQ(0, attach(pids[MAX_ATTACHED - 1]));
	for (int i = 0; i < MAX_ATTACHED; i++)
		setup_end(pids[i]);
	for (int i = 0; i < MAX_ATTACHED; i++)
		EXPECT_TRUE(folder_goes(pids[i]));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The folders of /proc/vmq: who may make them and look into them, what becomes of
 * them when the process ends or begins another program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/oracle.h"
#include "lib/proc_files.h"
#include "lib/setup.h"
#include "lib/vq_output.h"
#include "lib/harness.h"

#define MAX_ATTACHED 256

static char first[PROC_ROOM];

FIXTURE(folder) {
	pid_t pid;	/* stopped and attached */
};

FIXTURE_SETUP(folder)
{
	self->pid = proc_start_stopped();
	ASSERT_GT(self->pid, 0);
	ASSERT_EQ(0, proc_attach(self->pid));
}

FIXTURE_TEARDOWN(folder)
{
	setup_end(self->pid);
	EXPECT_TRUE(proc_folder_goes(self->pid));
}

CHILD(others_are_refused, pid)
{
	int err;

	ASSERT_EQ(0, caller_become_user());
	err = proc_attach(pid);
	EXPECT_TRUE(err == -EPERM || err == -EACCES) TH_LOG("attach: %d", err);
	err = proc_open(pid, "vq");
	EXPECT_TRUE(err == -EPERM || err == -EACCES) TH_LOG("open: %d", err);
	err = proc_attach(-pid);
	EXPECT_TRUE(err == -EPERM || err == -EACCES) TH_LOG("detach: %d", err);
}

TEST_F(folder, others_may_neither_attach_nor_look)
{
	EXPECT_EQ(0, as_child(_metadata, others_are_refused, self->pid));
	EXPECT_TRUE(proc_has_folder(self->pid));
}

/* Lines of @text that tell a frame, and those that tell a token. */
static void count_places(char *text, int *frames, int *tokens)
{
	char *line;

	*frames = *tokens = 0;
	text = proc_first_run(text);
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

static void expect_places(struct __test_metadata *_metadata, int fd, bool right)
{
	int frames, tokens;

	ASSERT_LT(0, proc_read_on(fd, first, PROC_ROOM));
	count_places(first, &frames, &tokens);
	EXPECT_LT(10, right ? frames : tokens);
	EXPECT_EQ(0, right ? tokens : frames);
}

CHILD(own_pages_without_the_right, unused)
{
	ASSERT_EQ(0, caller_become_user());
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 0));	/* others may not look, he himself may */
	EXPECT_LT(0, proc_read(0, "vq", first));
	EXPECT_LT(0, proc_read(0, "vmas", first));
	expect_places(_metadata, proc_open(0, "pages"), false);
}

CHILD(pages_without_the_right, fd)
{
	ASSERT_EQ(0, caller_become_user());
	expect_places(_metadata, fd, false);
}

TEST_F(folder, without_the_right_there_are_no_frames)
{
	int fd = proc_open(self->pid, "pages");

	EXPECT_EQ(0, as_child(_metadata, own_pages_without_the_right, 0));
	/* the one who opened had the right, the one who reads has not */
	EXPECT_EQ(0, as_child(_metadata, pages_without_the_right, fd));
	lseek(fd, 0, SEEK_SET);
	expect_places(_metadata, fd, true);
	close(fd);
}

/* What is left of a line is read by somebody else. */
CHILD(rest_of_a_line, fd)
{
	static char rest[PROC_ROOM];
	int lines;

	ASSERT_EQ(0, caller_become_user());
	ASSERT_LT(0, proc_read_on(fd, rest, PROC_ROOM));
	EXPECT_EQ(16, strspn(rest, "0123456789abcdef")) TH_LOG("begins with %.40s", rest);
	EXPECT_EQ(NULL, caller_told_by_text(rest, &lines));
}

TEST_F(folder, the_rest_of_a_line_is_not_for_who_has_no_right)
{
	int fd = proc_open(self->pid, "pages");
	ssize_t header;

	ASSERT_LT(0, proc_read(self->pid, "pages", first));
	header = proc_first_run(first) - first;
	/* address and number of pages, the frame comes behind */
	ASSERT_EQ(header + 20, read(fd, first, header + 20));
	EXPECT_EQ(0, as_child(_metadata, rest_of_a_line, fd));
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
			_exit(-proc_attach(pid));
		waitpid(child, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 254);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

TEST_F(folder, namespaces_have_no_say)
{
	ASSERT_EQ(0, proc_attach(-self->pid));
	EXPECT_EQ(EPERM, attach_from(CLONE_NEWPID, self->pid));
	EXPECT_EQ(EPERM, attach_from(CLONE_NEWUSER, self->pid));
	EXPECT_FALSE(proc_has_folder(self->pid));
	EXPECT_EQ(0, attach_from(CLONE_NEWUTS, self->pid));
	EXPECT_TRUE(proc_has_folder(self->pid));
}

TEST_F(folder, attach_says_what_is_wrong)
{
	static const char *const junk[] = {
		"x", "0", "-0", "1x", "1 2", "--1", "99999999999", "-2147483648", "\n",
	};
	void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
		int err = proc_attach_text(junk[i]);

		EXPECT_EQ(-EINVAL, err) TH_LOG("'%s'", junk[i]);
	}
	EXPECT_EQ(-EEXIST, proc_attach(self->pid));
	EXPECT_EQ(-ESRCH, proc_attach(2));			/* kthreadd */
	EXPECT_EQ(-ESRCH, proc_attach(2147483647));
	EXPECT_EQ(-ESRCH, proc_attach(-getpid()));		/* not attached */
	fd = open("/proc/vmq/attach", O_WRONLY);
	EXPECT_EQ(-1, write(fd, nowhere, 3));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
}

TEST_F(folder, minus_takes_the_folder_away)
{
	int fd = proc_open(self->pid, "vq");

	ASSERT_LT(0, read(fd, first, 1000));
	ASSERT_EQ(0, proc_attach(-self->pid));
	EXPECT_FALSE(proc_has_folder(self->pid));
	EXPECT_EQ(-1, read(fd, first, 1000));
	EXPECT_EQ(EIO, errno);
	close(fd);
	EXPECT_EQ(-ESRCH, proc_attach(-self->pid));
	EXPECT_EQ(0, proc_attach(self->pid));
}

TEST_F(folder, a_process_that_has_ended)
{
	int fd = proc_open(self->pid, "pages");

	ASSERT_LT(0, read(fd, first, 1000));
	setup_end(self->pid);
	errno = 0;
	while (read(fd, first, 1000) > 0)
		;			/* what was made before may still come */
	EXPECT_TRUE(errno == ESRCH || errno == EIO);
	EXPECT_TRUE(proc_folder_goes(self->pid));
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
	ASSERT_EQ(0, proc_attach(pid));
	ASSERT_LT(0, proc_read(pid, "vmas", first));
	EXPECT_NE(NULL, strstr(first, "/test_proc_folders"));
	fd = proc_open(pid, "vmas");
	ASSERT_EQ(1, write(go, "g", 1));
	ASSERT_TRUE(has_called_exec(pid));
	EXPECT_EQ(-ESRCH, proc_read_on(fd, first, PROC_ROOM));
	ASSERT_LT(0, proc_read(pid, "vmas", first));
	EXPECT_EQ(NULL, strstr(first, "/test_proc_folders"));
	EXPECT_NE(NULL, strstr(first, "[stack]"));
	close(fd);
	setup_end(pid);
	EXPECT_TRUE(proc_folder_goes(pid));
}

/* One is attached already. */
TEST_F(folder, no_more_than_256_are_attached)
{
	pid_t pids[MAX_ATTACHED];

	for (int i = 0; i < MAX_ATTACHED; i++) {
		pids[i] = setup_fork();
		ASSERT_GT(pids[i], 0);
		EXPECT_EQ(i < MAX_ATTACHED - 1 ? 0 : -ENOSPC, proc_attach(pids[i]));
	}
	EXPECT_FALSE(proc_has_folder(pids[MAX_ATTACHED - 1]));
	EXPECT_EQ(0, proc_attach(-pids[0]));
	EXPECT_EQ(0, proc_attach(pids[MAX_ATTACHED - 1]));
	for (int i = 0; i < MAX_ATTACHED; i++)
		setup_end(pids[i]);
	for (int i = 0; i < MAX_ATTACHED; i++)
		EXPECT_TRUE(proc_folder_goes(pids[i]));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what in /proc/vmq: its text in the hands of a setuid program, and who
 * may attach processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "lib/child.h"

#define ATTACH "/proc/vmq/attach"
#define SETUID_PROGRAM "/tmp/vmq-setuid"

/* Reads file 0: what this program does when it is started as SETUID_PROGRAM. */
static __attribute__((constructor)) void read_as_setuid_program(void)
{
	char text[1 << 16];
	const char *name = program_invocation_name;
	size_t length = 0;
	int lines;
	ssize_t n;

	if (strcmp(name, SETUID_PROGRAM))
		return;
	if (geteuid() || getuid() != CALLER_USER)
		_exit(1);
	while ((n = read(0, text + length, sizeof(text) - 1 - length)) > 0)
		length += n;
	text[length] = '\0';
	if (n < 0)
		_exit(errno);
	if (!length || !strstr(text, MARK_TEXT) || caller_told_by_text(text, &lines))
		_exit(2);
	_exit(0);
}

FIXTURE(attach) {
	char *mark;
};

FIXTURE_SETUP(attach)
{
	self->mark = make_mark();
	ASSERT_EQ(MARK, self->mark);
	ASSERT_EQ(0, chmod(ATTACH, 0200));
}

FIXTURE_TEARDOWN(attach)
{
	chmod(ATTACH, 0200);
	unlink(SETUID_PROGRAM);
	munmap(self->mark, PAGE);
}

TEST(the_file_is_roots_at_first)
{
	struct stat attach;

	ASSERT_EQ(0, stat(ATTACH, &attach));
	EXPECT_EQ(0200, attach.st_mode & 07777);
	EXPECT_EQ(0, attach.st_uid + attach.st_gid);
}

/* A copy of this program that runs as root, whoever starts it. */
static int make_setuid_program(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(SETUID_PROGRAM, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	struct stat stat;

	if (fstat(from, &stat) || sendfile(to, from, NULL, stat.st_size) != stat.st_size)
		return -1;
	close(from);
	close(to);
	return chmod(SETUID_PROGRAM, 04755);
}

CHILD(exec_setuid_program, keeps_mm)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, caller_become_user());
	ASSERT_LE(0, dup2(open("/proc/vmq/self/pages", O_RDONLY), 0));
	child = keeps_mm ? vfork() : 0;
	if (!child) {
		execl(SETUID_PROGRAM, SETUID_PROGRAM, NULL);
		_exit(99);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	_exit(WEXITSTATUS(status));
}

/*
 * The file is of the address space that opened it: gone after an exec, and never
 * the one of a setuid program that is made to read it.
 */
TEST_F(attach, a_setuid_program_reads_our_text)
{
	ASSERT_EQ(0, make_setuid_program());
	EXPECT_EQ(ESRCH << 8, as_child(_metadata, exec_setuid_program, false));
	EXPECT_EQ(0, as_child(_metadata, exec_setuid_program, true));
}

static int open_attach(void)
{
	int fd = open(ATTACH, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int write_number(int fd, int number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", number);

	return write(fd, text, length) == length ? 0 : -errno;
}

CHILD(user_attaches, expected)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(-expected, open_attach());
}

CHILD(powerless_root_attaches, unused)
{
	ASSERT_EQ(0, caller_drop(CAP_SYS_ADMIN));
	EXPECT_EQ(-EPERM, open_attach());
}

CHILD(namespace_root_attaches, expected)
{
	ASSERT_EQ(0, caller_become_namespace_root());
	EXPECT_EQ(-expected, open_attach());
}

TEST_F(attach, who_may_not_attach)
{
	EXPECT_EQ(0, as_child(_metadata, user_attaches, EACCES));
	EXPECT_EQ(0, as_child(_metadata, namespace_root_attaches, EACCES));
	EXPECT_EQ(0, as_child(_metadata, powerless_root_attaches, 0));
	ASSERT_EQ(0, chmod(ATTACH, 0666));
	EXPECT_EQ(0, as_child(_metadata, user_attaches, EPERM));
	EXPECT_EQ(0, as_child(_metadata, namespace_root_attaches, EPERM));
}

CHILD(user_writes, fd)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(0, write_number(fd, getppid()));
	EXPECT_EQ(-1, open("/proc/vmq/1/pages", O_RDONLY));
	EXPECT_EQ(0, write_number(fd, -getppid()));
}

/* It is the opener who counts: a program with rights gives none away by writing. */
TEST_F(attach, attach_through_a_descriptor)
{
	int fd = open_attach();

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, as_child(_metadata, user_writes, fd));
	close(fd);
}

CHILD(attached_and_read, unused)
{
	char path[40];
	int text;

	snprintf(path, sizeof(path), "/proc/vmq/%d/pages", getppid());
	text = open(path, O_RDONLY);
	EXPECT_LE(0, text);
	ASSERT_EQ(0, caller_drop(CAP_SYS_PTRACE));
	EXPECT_EQ(-1, open(path, O_RDONLY));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(-1, open(path, O_RDONLY));
	EXPECT_EQ(EACCES, errno);
	close(text);
}

TEST_F(attach, what_is_attached_is_roots)
{
	int fd = open_attach();

	ASSERT_EQ(0, write_number(fd, getpid()));
	EXPECT_EQ(0, as_child(_metadata, attached_and_read, 0));
	EXPECT_EQ(0, write_number(fd, -getpid()));
	close(fd);
}

CHILD(attaches_inside, fd)
{
	EXPECT_EQ(-EPERM, open_attach());
	EXPECT_EQ(-EPERM, write_number(fd, 1));
}

CHILD(in_a_pid_namespace, fd)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, as_child(_metadata, attaches_inside, fd));
}

/* Numbers would mean something else there. */
TEST_F(attach, in_a_pid_namespace)
{
	int fd = open_attach();

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, as_child(_metadata, in_a_pid_namespace, fd));
	close(fd);
}

TEST_HARNESS_MAIN

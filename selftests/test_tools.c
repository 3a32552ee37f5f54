// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tools have in common: who answers and why it is not the module, what they
 * say of folders, commands and rights, and what becomes of them when the files they
 * were started with are closed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/program.h"
#include "lib/setup.h"
#include "lib/harness.h"

static char text[256 << 10];

static bool says(const char *words)
{
	return strstr(text, words);
}

/* The status of a command; text has all it said. */
static int run(const char *command)
{
	char both[256];

	snprintf(both, sizeof(both), "{ %s; } 2>&1", command);
	return program_run(both, text, sizeof(text));
}

/* Mounts for this process and its children only. */
static int mount_here(const char *what, const char *where, const char *type, unsigned long flags)
{
	return unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount(what, where, type, flags, NULL) ? -1 : 0;
}

/* Tools of which each opens its target in a way of its own. */
#define ANSWER "procfs answers, not the module"
static const char *const openers[] = {
	"vq self", "vmq dp self 400000", "vmq lab breakpoint", "showphys", NULL,
};

static void expect_procfs(struct __test_metadata *_metadata, const char *why)
{
	char words[256];

	snprintf(words, sizeof(words), ANSWER "%s: what only page tables tell is absent\n", why);
	for (const char *const *command = openers; *command; command++) {
		run(*command);
		EXPECT_TRUE(says(words)) TH_LOG("%s: %.200s", *command, text);
	}
}

TEST(the_module_is_not_loaded)
{
	ASSERT_EQ(0, mount_here("vmq", "/dev", "tmpfs", 0));
	ASSERT_EQ(0, mknod("/dev/null", S_IFCHR | 0666, 1 << 8 | 3));
	expect_procfs(_metadata, " (it is not loaded)");
	/* who asked for it knows why */
	EXPECT_EQ(0, run("vq --backend=procfs self"));
	EXPECT_TRUE(says(ANSWER ": ")) TH_LOG("%.200s", text);
}

TEST(the_module_is_another)
{
	ASSERT_EQ(0, mount_here("/dev/zero", "/dev/vmq", NULL, MS_BIND));
	expect_procfs(_metadata, " (at /dev/vmq is none of this version, or not for this kernel)");
}

CHILD(check_no_right, unused)
{
	ASSERT_EQ(0, caller_become_user());
	expect_procfs(_metadata,
		      " (you may not open /dev/vmq; root may, and the group of 60-vmq.rules)");
}

TEST(the_module_is_not_for_everybody)
{
	ASSERT_EQ(0, chmod("/dev/vmq", 0600));
	EXPECT_EQ(0, as_child(_metadata, check_no_right, 0));
}

/* To the owner of the process it is not the process that is closed. */
CHILD(check_closed, unused)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(1, run("vq --backend=module self"));
	EXPECT_STREQ("vq: self: Permission denied (you may not open /dev/vmq; root may, and the group of "
		     "60-vmq.rules)\n", text);
}

CHILD(check_foreign, unused)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(1, run("vq --backend=module 1"));
	EXPECT_STREQ("vq: 1: Permission denied (run as root, or as the owner of the process)\n", text);
}

TEST(the_module_is_asked_for_and_not_for_everybody)
{
	ASSERT_EQ(0, chmod("/dev/vmq", 0600));
	EXPECT_EQ(0, as_child(_metadata, check_closed, 0));
	ASSERT_EQ(0, chmod("/dev/vmq", 0666));
	EXPECT_EQ(0, as_child(_metadata, check_foreign, 0));
	ASSERT_EQ(0, chmod("/dev/vmq", 0600));
}

TEST(a_walk_needs_the_module)
{
	EXPECT_EQ(1, run("vmq walk --backend=procfs 1 400000"));
	EXPECT_TRUE(says("vmq: 1: walk needs the module, as nothing else reads page tables (insmod vmq.ko)\n"))
		TH_LOG("%s", text);
	EXPECT_FALSE(says("kernel"));
}

/* It is not the process that has no room left. */
TEST(a_file_that_is_full)
{
	static const char *const commands[] = {
		"vq %d", "vq --vmas %d", "vmq dp %d %lx", "vmq walk %d %lx", "vmq in %d %lx", NULL,
	};
	char command[64];

	for (const char *const *format = commands; *format; format++) {
		int length = snprintf(command, sizeof(command), *format, getpid(), (uintptr_t)text);

		snprintf(command + length, sizeof(command) - length, " >/dev/full");
		EXPECT_EQ(1, run(command));
		EXPECT_TRUE(says(": standard output: ")) TH_LOG("%s: %s", command, text);
		EXPECT_FALSE(says("run as")) TH_LOG("%s: %s", command, text);
	}
}

TEST(the_module_answers)
{
	EXPECT_EQ(0, run("vq self"));
	EXPECT_FALSE(says(ANSWER));
}

/* What has files of its own, and in which folder. */
static void expect_refused(struct __test_metadata *_metadata, const char *folder, const char *words)
{
	static const char *const commands[] = {
		"showphys", "vmq lab breakpoint", "vmq lab views", "vmq lab patterns", NULL,
	};
	char command[64];

	for (const char *const *tool = commands; *tool; tool++) {
		snprintf(command, sizeof(command), "%s --folder=%s", *tool, folder);
		EXPECT_EQ(1, run(command));
		EXPECT_TRUE(says(words)) TH_LOG("%s: %s", *tool, text);
		EXPECT_FALSE(says("module") || says("as root"));
	}
}

TEST(a_folder_without_nameless_files)
{
	expect_refused(_metadata, "/proc", "/proc: no nameless files there (use another file system)\n");
}

TEST(a_folder_of_which_nothing_is_executed)
{
	ASSERT_EQ(0, mount_here("vmq", "/mnt", "tmpfs", MS_NOEXEC));
	expect_refused(_metadata, "/mnt", "/mnt: mounted noexec (use another file system)\n");
}

TEST(a_command_that_cannot_be_run)
{
	EXPECT_EQ(1, run("vq -- /tmp"));
	EXPECT_STREQ("vq: /tmp: Permission denied\n", text);
}

/* To bring a page in asks for more than to look at it. */
CHILD(check_scope, unused)
{
	char command[64];
	char *map = setup_map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pid_t sibling;

	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, caller_become_user());
	sibling = setup_fork();
	ASSERT_GT(sibling, 0);
	snprintf(command, sizeof(command), "vmq dp %d %lx", sibling, (uintptr_t)map);
	EXPECT_EQ(0, run(command));
	snprintf(command, sizeof(command), "vmq in %d %lx", sibling, (uintptr_t)map);
	EXPECT_EQ(1, run(command));
	EXPECT_TRUE(says(": Permission denied (root, or see kernel.yama.ptrace_scope)\n"))
		TH_LOG("%s", text);
	setup_end(sibling);
}

/* Runs @check while ptrace is for those that @scope names; false without Yama. */
static bool in_scope(struct __test_metadata *_metadata, const char *scope,
		     void (*check)(struct __test_metadata *_metadata, int argument))
{
	int file = open("/proc/sys/kernel/yama/ptrace_scope", O_RDWR | O_CLOEXEC);
	char before;

	if (file < 0)
		return false;
	EXPECT_EQ(1, pread(file, &before, 1, 0));
	EXPECT_EQ(1, pwrite(file, scope, 1, 0));
	EXPECT_EQ(0, as_child(_metadata, check, 0));
	EXPECT_EQ(1, pwrite(file, &before, 1, 0));
	close(file);
	return true;
}

TEST(a_page_that_may_not_be_brought_in)
{
	if (!in_scope(_metadata, "1", check_scope))
		SKIP_TEST("no Yama in this kernel");
}

CHILD(check_attach, unused)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(1, run("vmq lab breakpoint"));
	EXPECT_TRUE(says("vmq: p1: Operation not permitted (run as root, or see kernel.yama.ptrace_scope;"))
		TH_LOG("%s", text);
	EXPECT_EQ(1, run("vmq lab views"));
	EXPECT_TRUE(says("vmq: B: Operation not permitted (run as root, or see kernel.yama.ptrace_scope;"));
}

TEST(a_debugger_that_is_forbidden)
{
	bool scoped;

	ASSERT_EQ(0, caller_share_device());
	scoped = in_scope(_metadata, "2", check_attach);
	ASSERT_EQ(0, caller_keep_device());
	if (!scoped)
		SKIP_TEST("no Yama in this kernel");
}

/* An experiment has files of its own, which must not take the place of these. */
TEST(standard_files_that_are_closed)
{
	static const char *const commands[] = {
		"showphys", "vmq lab breakpoint", "vmq lab views", "vmq lab patterns", NULL,
	};
	char command[64];

	for (const char *const *tool = commands; *tool; tool++) {
		snprintf(command, sizeof(command), "%s <&-", *tool);
		EXPECT_EQ(0, run(command)) TH_LOG("%s: %s", command, text);
		snprintf(command, sizeof(command), "%s <&- 2>&-", *tool);
		EXPECT_EQ(0, run(command)) TH_LOG("%s: %s", command, text);
		snprintf(command, sizeof(command), "%s <&- >&-", *tool);
		EXPECT_EQ(1, run(command));
		EXPECT_TRUE(says("standard output: ")) TH_LOG("%s: %s", command, text);
	}
}

/* Nobody reads what it prints, and whoever started it does not care for that signal. */
static int run_unread(const char *tool, const char *argument)
{
	int status, out[2], words = fileno(tmpfile());
	ssize_t length;
	pid_t pid;

	if (pipe(out))
		return -1;
	close(out[0]);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_IGN);
		dup2(out[1], 1);
		dup2(words, 2);
		execlp(tool, tool, argument, NULL);
		_exit(127);
	}
	close(out[1]);
	waitpid(pid, &status, 0);
	length = pread(words, text, sizeof(text) - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	close(words);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(a_reader_that_goes_away)
{
	static const char *const commands[][2] = {
		{ "vq", "self" }, { "vmq", "ps" }, { "showphys", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(SIGPIPE, run_unread(commands[i][0], commands[i][1]))
			TH_LOG("%s", commands[i][0]);
		EXPECT_STREQ("", text);
	}
}

TEST_HARNESS_MAIN

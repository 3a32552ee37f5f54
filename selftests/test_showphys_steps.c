// SPDX-License-Identifier: GPL-2.0-only
/*
 * showphys from one step to the next: what is shown is so while it stands still, what
 * others do to it shows, and nothing is left of it, wherever it is ended.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include "lib/oracle.h"
#include "lib/program.h"
#include "kselftest_harness.h"

#define PROMPT "-- Enter goes on --"
#define STEPS 11

/* What could be left behind. */
struct traces {
	int entries, sockets;
	unsigned long files;
};

static int entries_of(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

/* Lines of /proc/net/unix with the name of a meeting. */
static int sockets(void)
{
	FILE *file = fopen("/proc/net/unix", "r");
	char line[256];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		count += !!strstr(line, "showphys");
	if (file)
		fclose(file);
	return count;
}

static struct traces traces(void)
{
	struct statfs ext4;

	if (statfs("/mnt/ext4", &ext4))
		ext4.f_ffree = 0;
	return (struct traces){
		.entries = entries_of("/mnt/ext4") + entries_of("/dev/shm") + entries_of("/tmp") +
			   entries_of("/run"),
		.sockets = sockets(),
		.files = ext4.f_ffree,
	};
}

#define EXPECT_NO_TRACES(before) \
do { \
	const struct traces after = traces(); \
	\
	EXPECT_EQ(-1, waitpid(-1, NULL, __WALL)); \
	EXPECT_EQ((before).entries, after.entries); \
	EXPECT_EQ((before).sockets, after.sockets); \
	EXPECT_EQ((before).files, after.files); \
} while (0)

/* Waits for all that comes to this process when its parent has ended. */
static void reap(void)
{
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* The first child of @pid, or the one after @before. */
static pid_t child_of(pid_t pid, pid_t before)
{
	char path[64];
	FILE *file;
	int child = 0, next;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (fscanf(file, "%d", &next) == 1 && (!child || child == before))
		child = next;
	fclose(file);
	return child;
}

FIXTURE(steps) {
	struct program program;
	char words[8192];
	struct traces before;
};

FIXTURE_SETUP(steps)
{
	char *const argv[] = { "showphys", "--folder=/mnt/ext4", NULL };

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, setenv("STEP", "1", 1));
	self->before = traces();
	ASSERT_EQ(0, program_start(&self->program, 0, argv));
}

FIXTURE_TEARDOWN(steps)
{
}

/* The process that a line of the table calls @name, by its place in the family. */
static pid_t process_of(pid_t director, const char *name)
{
	pid_t eldest = child_of(director, 0);

	if (!strcmp(name, "second"))
		return child_of(director, eldest);
	return strcmp(name, "child") ? eldest : child_of(eldest, 0);
}

/* Compares the last table shown with pagemap; how many of its lines are right. */
static int right_lines(const struct program *program)
{
	const char *line = program->said;
	int right = 0;

	for (const char *table; (table = strstr(line, "\nPROCESS ")); line = table + 1)
		;
	for (line = strchr(line, '\n') + 1; line; line = strchr(line, '\n') + 1) {
		unsigned long address, physical;
		char process[16], name[32];
		uint64_t entry;
		int pagemap;

		if (sscanf(line, "%15s %31s %lx %lx", process, name, &address, &physical) != 4)
			break;
		pagemap = oracle_open_pagemap(process_of(program->pid, process));
		right += !oracle_pagemap(pagemap, address & -PAGE, 1, &entry) &&
			 entry & PM_PRESENT && PM_FRAME(entry) * PAGE + address % PAGE == physical;
		close(pagemap);
	}
	return right;
}

TEST_F(steps, show_what_pagemap_says)
{
	static const int lines[STEPS] = { 4, 8, 8, 8, 8, 4, 8, 8, 8, 4, 4 };

	for (int i = 0; i < STEPS; i++) {
		ASSERT_TRUE(program_says(&self->program, PROMPT, i + 1));
		EXPECT_EQ(lines[i], right_lines(&self->program));
		program_tell(&self->program, "\n");
	}
	EXPECT_EQ(0, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_STREQ("", self->words);
	EXPECT_NO_TRACES(self->before);
}

/* Somebody writes to NonSharedVariable of the first instance, though what is there. */
TEST_F(steps, end_with_3_when_a_page_is_not_as_claimed)
{
	unsigned long address;
	const char *line;
	char path[32];
	int mem, fields;

	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	line = strstr(self->program.said, "\nfirst    NonSharedVariable");
	ASSERT_NE(NULL, line);
	fields = sscanf(line, "%*s %*s %lx", &address);
	ASSERT_EQ(1, fields);
	snprintf(path, sizeof(path), "/proc/%d/mem", child_of(self->program.pid, 0));
	mem = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, mem);
	EXPECT_EQ(1, pwrite(mem, "\1", 1, address));
	close(mem);
	EXPECT_EQ(3, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_NE(NULL, strstr(self->words, "showphys: step II.1: not so: NonSharedVariable is one page"));
	EXPECT_EQ(NULL, strstr(self->words, "RelocatableFunction is"));
	EXPECT_EQ(1, program_said(&self->program, "DO NOT\n"));
	EXPECT_NO_TRACES(self->before);
}

TEST_F(steps, end_with_1_when_an_instance_is_killed)
{
	pid_t first;

	program_tell(&self->program, "\n");
	ASSERT_TRUE(program_says(&self->program, PROMPT, 2));
	first = child_of(self->program.pid, 0);
	ASSERT_NE(0, first);
	ASSERT_EQ(0, kill(first, SIGKILL));
	EXPECT_EQ(1, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_NE(NULL, strstr(self->words, "showphys: first: No such process"));
	EXPECT_NO_TRACES(self->before);
}

FIXTURE(killed) {
	struct program program;
	char words[8192];
};

FIXTURE_VARIANT(killed) {
	int signal;
};

FIXTURE_VARIANT_ADD(killed, by_sigint) {
	.signal = SIGINT,
};

FIXTURE_VARIANT_ADD(killed, by_sigterm) {
	.signal = SIGTERM,
};

FIXTURE_VARIANT_ADD(killed, by_sigkill) {
	.signal = SIGKILL,
};

FIXTURE_SETUP(killed)
{
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, setenv("STEP", "1", 1));
}

FIXTURE_TEARDOWN(killed)
{
}

/* The director alone gets the signal: what it has started ends because it does. */
TEST_F_TIMEOUT(killed, at_each_step, 300)
{
	const struct traces before = traces();

	for (int step = 1; step <= STEPS; step++) {
		char *const argv[] = { "showphys", "--folder=/mnt/ext4", NULL };

		ASSERT_EQ(0, program_start(&self->program, 0, argv));
		for (int i = 1; i < step; i++)
			program_tell(&self->program, "\n");
		ASSERT_TRUE(program_says(&self->program, PROMPT, step));
		ASSERT_NE(0, child_of(self->program.pid, 0));
		kill(self->program.pid, variant->signal);
		EXPECT_EQ(128 + variant->signal,
			  program_end(&self->program, self->words, sizeof(self->words)));
		EXPECT_STREQ("", self->words);
		reap();
		EXPECT_NO_TRACES(before);
	}
}

TEST_HARNESS_MAIN

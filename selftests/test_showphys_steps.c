// SPDX-License-Identifier: GPL-2.0-only
/*
 * showphys from one step to the next: what is shown is so while it stands still, what
 * others do to it shows, and nothing is left of it, wherever it is ended.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "../tools/showphys/instance.h"
#include "lib/meddle.h"
#include "lib/oracle.h"
#include "lib/orders.h"
#include "lib/program.h"
#include "lib/setup.h"
#include "lib/traces.h"
#include "lib/harness.h"

#define PROMPT "-- Enter goes on --"
#define STEPS 11

FIXTURE(steps) {
	struct program program;
	char words[8192];
	struct traces before;
};

FIXTURE_SETUP(steps)
{
	char *const argv[] = { "showphys", "--folder=/mnt/ext4", NULL };

	ASSERT_EQ(0, traces_adopt());
	ASSERT_EQ(0, setenv("STEP", "1", 1));
	self->before = traces_now();
	ASSERT_EQ(0, program_start(&self->program, 0, argv));
}

FIXTURE_TEARDOWN(steps)
{
}

/* The process that a line of the table calls @name, by its place in the family. */
static pid_t process_of(pid_t director, const char *name)
{
	if (!strcmp(name, "child"))
		return traces_child(traces_child(director, 0), 0);
	return traces_child(director, !strcmp(name, "second"));
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
	EXPECT_TRUE(traces_gone(&self->before));
}

TEST_F(steps, end_with_3_when_a_page_is_not_as_claimed)
{
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_TRUE(meddle(&self->program));
	EXPECT_EQ(3, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_NE(NULL, strstr(self->words, "showphys: step II.1: not so: NonSharedVariable is one page"));
	EXPECT_EQ(NULL, strstr(self->words, "RelocatableFunction is"));
	EXPECT_EQ(1, program_said(&self->program, "DO NOT\n"));
	EXPECT_TRUE(traces_gone(&self->before));
}

TEST_F(steps, end_with_1_when_an_instance_is_killed)
{
	pid_t first;

	program_tell(&self->program, "\n");
	ASSERT_TRUE(program_says(&self->program, PROMPT, 2));
	first = traces_child(self->program.pid, 0);
	ASSERT_NE(0, first);
	ASSERT_EQ(0, traces_kill(first));
	EXPECT_EQ(1, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_NE(NULL, strstr(self->words, "showphys: first: No such process"));
	EXPECT_EQ(1, program_said(&self->program, " claims hold; the experiment was not finished\n"));
	EXPECT_EQ(2, program_said(&self->program, PROMPT));
	EXPECT_TRUE(traces_gone(&self->before));
}

TEST_F(steps, end_with_3_when_an_instance_is_killed_after_that)
{
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_TRUE(meddle(&self->program));
	program_tell(&self->program, "\n");
	ASSERT_TRUE(program_says(&self->program, PROMPT, 2));
	ASSERT_EQ(0, traces_kill(traces_child(self->program.pid, 0)));
	EXPECT_EQ(3, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_NE(NULL, strstr(self->words, "showphys: first: No such process"));
	EXPECT_EQ(1, program_said(&self->program, " DO NOT; the experiment was not finished\n"));
	EXPECT_TRUE(traces_gone(&self->before));
}

/* Where @process has NonSharedVariable, of which the last table says so. */
static uint64_t variable(const struct program *program, const char *process)
{
	const char *line = program->said;
	uint64_t address = 0;
	char start[64];

	snprintf(start, sizeof(start), "\n%s NonSharedVariable", process);
	while ((line = strstr(line, start)))
		sscanf(++line, "%*s %*s %lx", &address);
	return address;
}

/* Goes on to the end of the step with this title. */
static bool go_to(struct program *program, const char *title)
{
	for (int i = 1; program_says(program, PROMPT, i); i++) {
		if (program_said(program, title))
			return true;
		program_tell(program, "\n");
	}
	return false;
}

#define ONCE_MORE "Once more, with a new family."

/* The kernel may move pages as long as Enter is awaited. */
TEST_F(steps, go_on_from_where_pages_are_now)
{
	pid_t parent;

	if (setup_swap())
		SKIP_TEST("no swap");
	ASSERT_TRUE(go_to(&self->program, "\nIII.2  "));
	parent = process_of(self->program.pid, "parent");
	ASSERT_TRUE(meddle_move(parent, variable(&self->program, "parent  ")));
	ASSERT_TRUE(meddle_move(process_of(self->program.pid, "child"),
				variable(&self->program, "child   ")));
	EXPECT_EQ(0, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_STREQ("", self->words);
	EXPECT_EQ(0, program_said(&self->program, ONCE_MORE));
	EXPECT_TRUE(traces_gone(&self->before));
}

/* It moves the page in the moment between the look and the write: that is not a copy. */
TEST_F(steps, try_again_when_a_page_is_moved)
{
	pid_t parent;

	if (setup_swap())
		SKIP_TEST("no swap");
	ASSERT_TRUE(go_to(&self->program, "\nIII.4  "));
	parent = process_of(self->program.pid, "parent");
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, parent, 0, 0));
	ASSERT_EQ(parent, waitpid(parent, NULL, __WALL));
	program_tell(&self->program, "\n");
	ASSERT_TRUE(orders_wait_for(parent, INSTANCE_WRITE));
	ASSERT_TRUE(meddle_move(parent, variable(&self->program, "parent  ")));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, parent, 0, 0));
	EXPECT_EQ(0, program_end(&self->program, self->words, sizeof(self->words)));
	EXPECT_STREQ("", self->words);
	EXPECT_EQ(1, program_said(&self->program, ONCE_MORE));
	EXPECT_TRUE(traces_gone(&self->before));
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
	ASSERT_EQ(0, traces_adopt());
	ASSERT_EQ(0, setenv("STEP", "1", 1));
}

FIXTURE_TEARDOWN(killed)
{
}

/* The director alone gets the signal: what it has started ends because it does. */
TEST_F(killed, at_each_step)
{
	const struct traces before = traces_now();

	for (int step = 1; step <= STEPS; step++) {
		char *const argv[] = { "showphys", "--folder=/mnt/ext4", NULL };

		ASSERT_EQ(0, program_start(&self->program, 0, argv));
		for (int i = 1; i < step; i++)
			program_tell(&self->program, "\n");
		ASSERT_TRUE(program_says(&self->program, PROMPT, step));
		ASSERT_NE(0, traces_child(self->program.pid, 0));
		kill(self->program.pid, variant->signal);
		EXPECT_EQ(128 + variant->signal,
			  program_end(&self->program, self->words, sizeof(self->words)));
		EXPECT_STREQ("", self->words);
		EXPECT_TRUE(traces_gone(&before));
	}
}

TEST_HARNESS_MAIN

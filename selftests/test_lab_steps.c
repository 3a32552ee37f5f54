// SPDX-License-Identifier: GPL-2.0-only
/*
 * The labs of vmq from one step to the next: what is shown is so while all stands
 * still, what others do to it shows, and nothing is left, wherever they are ended.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "lib/oracle.h"
#include "lib/program.h"
#include "lib/traces.h"
#include "lib/harness.h"

#define PROMPT "-- Enter goes on --"
#define INT3 0xcc

static char output[1 << 20], words[8192];

FIXTURE(steps) {
	struct program program;
	struct traces before;
};

FIXTURE_SETUP(steps)
{
	ASSERT_EQ(0, traces_adopt());
	ASSERT_EQ(0, setenv("STEP", "1", 1));
	self->before = traces_now();
}

FIXTURE_TEARDOWN(steps)
{
}

static int start(struct program *program, char *lab)
{
	return program_start(program, 0, (char *[]){ "vmq", "lab", "--folder=/mnt/ext4", lab, NULL });
}

/* What was said in the last step. */
static const char *last_step(const struct program *program)
{
	const char *from = program->said, *last = from, *before = from;

	while ((from = strstr(from, PROMPT))) {
		before = last;
		last = from += strlen(PROMPT);
	}
	return before;
}

static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

/* A line of a table of pages, as it was printed. */
struct shown {
	char process[16], item[32];
	uint64_t address, physical;
};

/* Names of items are aligned, and may have a space. */
static bool read_shown(const char *line, struct shown *shown)
{
	memset(shown, 0, sizeof(*shown));
	return sscanf(line, "%15s %22c %lx %lx", shown->process, shown->item, &shown->address,
		      &shown->physical) == 4;
}

/* p1 to p5 and A, B are children of the director, in this order; p1child is p1's. */
static pid_t process_of(pid_t director, const char *name)
{
	if (!strcmp(name, "p1child"))
		return traces_child(traces_child(director, 0), 0);
	return traces_child(director, *name == 'p' ? name[1] - '1' : *name - 'A');
}

/* The frame that pagemap has there is the one that was shown. */
static bool right_frame(pid_t pid, const struct shown *shown)
{
	int pagemap = oracle_open_pagemap(pid);
	uint64_t entry = 0;
	bool right = !oracle_pagemap(pagemap, shown->address & -PAGE, 1, &entry) &&
		     entry & PM_PRESENT &&
		     PM_FRAME(entry) * PAGE + shown->address % PAGE == shown->physical;

	close(pagemap);
	return right;
}

/* The byte of @pid at @address; -1 if it cannot be read. */
static int byte_at(pid_t pid, uint64_t address)
{
	unsigned char byte;
	char path[32];
	int fd, got;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = pread(fd, &byte, 1, address);
	close(fd);
	return got == 1 ? byte : -1;
}

/* A step may show more than one. */
static const char *last_table(const struct program *program)
{
	const char *table = strstr(last_step(program), "\nPROCESS "), *next;

	while (table && (next = strstr(table + 1, "\nPROCESS ")))
		table = next;
	return table;
}

/*
 * Of the last table shown, how many lines are right: pagemap has that frame, and the
 * byte at @offset is @byte, or for the one that is @process and @item, @other.
 */
static int right_lines(const struct program *program, int offset, int byte, const char *process,
		       const char *item, int other)
{
	const char *line = last_table(program);
	struct shown shown;
	int right = 0;

	for (line = line ? next_line(line + 1) : NULL; line && read_shown(line, &shown);
	     line = next_line(line)) {
		pid_t pid = process_of(program->pid, shown.process);
		bool odd = !strcmp(shown.process, process) &&
			   !strncmp(shown.item, item, strlen(item));

		right += right_frame(pid, &shown) &&
			 byte_at(pid, shown.address + offset) == (odd ? other : byte);
	}
	return right;
}

#define FUNCTION "NonRelocatableFunction"

TEST_F(steps, of_breakpoint)
{
	static const int lines[] = { 4, 4, 4, 4, 4, 5, 6, 6, 6, 6 };
	int byte = -1;

	ASSERT_EQ(0, start(&self->program, "breakpoint"));
	for (int i = 0; i < 10; i++) {
		struct shown shown;

		ASSERT_TRUE(program_says(&self->program, PROMPT, i + 1));
		if (!i) {
			ASSERT_TRUE(read_shown(strstr(self->program.said, "\np1 ") + 1, &shown));
			byte = byte_at(traces_child(self->program.pid, 0), shown.address);
			EXPECT_NE(INT3, byte);
		}
		EXPECT_EQ(lines[i], right_lines(&self->program, 0, byte, "p1", FUNCTION,
						i == 3 ? INT3 : byte));
		program_tell(&self->program, "\n");
	}
	EXPECT_EQ(0, program_end(&self->program, words, sizeof(words)));
	EXPECT_STREQ("", words);
	EXPECT_TRUE(traces_gone(&self->before));
}

/* The byte that says how much the function adds, in B's private view and in all others. */
TEST_F(steps, of_views)
{
	static const struct {
		int lines, adds, copy_adds;
	} steps[] = { { 3, 1, 1 }, { 6, 1, 1 }, { 6, 2, 2 }, { 6, 2, 2 }, { 6, 2, 4 }, { 6, 5, 4 }, { 6, 6, 4 } };

	ASSERT_EQ(0, start(&self->program, "views"));
	for (int i = 0; i < 7; i++) {
		ASSERT_TRUE(program_says(&self->program, PROMPT, i + 1));
		EXPECT_EQ(steps[i].lines, right_lines(&self->program, 3, steps[i].adds, "B",
						      "private rx", steps[i].copy_adds));
		program_tell(&self->program, "\n");
	}
	EXPECT_EQ(0, program_end(&self->program, words, sizeof(words)));
	EXPECT_STREQ("", words);
	EXPECT_TRUE(traces_gone(&self->before));
}

/* How many lines of the last step are rows, and how many of those vq prints as well. */
static int rows_shown(const struct program *program, int *of_vq)
{
	char command[32], row[128];
	int rows = 0;

	*of_vq = 0;
	snprintf(command, sizeof(command), "vq %d", traces_child(program->pid, 0));
	if (program_run(command, output, sizeof(output)))
		return -1;
	for (const char *line = last_step(program); line; line = next_line(line)) {
		if ((strncmp(line, " 0", 2) && strncmp(line, "~0", 2)) || !next_line(line))
			continue;
		snprintf(row, sizeof(row), "\n%.*s", (int)(next_line(line) - line), line);
		rows++;
		*of_vq += !!strstr(output, row);
	}
	return rows;
}

TEST_F(steps, of_patterns)
{
	ASSERT_EQ(0, start(&self->program, "patterns"));
	for (int i = 0; i < 8; i++) {
		int rows, of_vq;

		ASSERT_TRUE(program_says(&self->program, PROMPT, i + 1));
		rows = rows_shown(&self->program, &of_vq);
		/* a guard region, the device's memory: not everywhere */
		EXPECT_LT(i < 4 || i == 5 ? 1 : -1, rows);
		EXPECT_EQ(rows, of_vq);
		program_tell(&self->program, "\n");
	}
	EXPECT_EQ(0, program_end(&self->program, words, sizeof(words)));
	EXPECT_STREQ("", words);
	EXPECT_TRUE(traces_gone(&self->before));
}

/* Another debugger writes to @pid, though what is there. */
static int poke(pid_t pid, uint64_t address)
{
	long word;
	int err;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0) || waitpid(pid, NULL, __WALL) != pid)
		return -1;
	word = ptrace(PTRACE_PEEKTEXT, pid, (void *)address, 0);
	err = ptrace(PTRACE_POKETEXT, pid, (void *)address, (void *)word);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return err;
}

TEST_F(steps, of_breakpoint_end_with_3_when_somebody_else_writes)
{
	struct shown shown;

	ASSERT_EQ(0, start(&self->program, "breakpoint"));
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_TRUE(read_shown(strstr(self->program.said, "\np3 ") + 1, &shown));
	ASSERT_EQ(0, poke(traces_child(self->program.pid, 2), shown.address));
	EXPECT_EQ(3, program_end(&self->program, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "vmq: step 1: not so: p1, p2, p3 and p4 have one page"));
	EXPECT_NE(NULL, strstr(words, "vmq: step 1: not so: Entries that map the page of p1's NonRelocatableFunction: 4."));
	EXPECT_NE(NULL, strstr(words, "vmq: step 1: not so: None of the four has anonymous memory"));
	EXPECT_EQ(NULL, strstr(words, "step 0"));
	EXPECT_NE(NULL, strstr(self->program.said, "\n  p1, p2, p4 share one page. p3 has a page of its own.\n"));
	EXPECT_EQ(1, program_said(&self->program, " DO NOT"));
	EXPECT_TRUE(traces_gone(&self->before));
}

TEST_F(steps, of_views_end_with_3_when_somebody_else_writes)
{
	struct shown shown;

	ASSERT_EQ(0, start(&self->program, "views"));
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_TRUE(read_shown(strstr(self->program.said, "\nA        private rx") + 1, &shown));
	ASSERT_EQ(0, poke(traces_child(self->program.pid, 0), shown.address));
	EXPECT_EQ(3, program_end(&self->program, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "vmq: step 2: not so: All six views are one page."));
	/* the copy is not changed with the file: what it adds is not what is claimed */
	EXPECT_NE(NULL, strstr(words, "vmq: step 3: not so: It adds 2 at every address"));
	EXPECT_EQ(NULL, strstr(words, "step 1"));
	EXPECT_TRUE(traces_gone(&self->before));
}

/*
 * Somebody changes the library, still to be loaded: the segment with its code is to
 * be writable as well. Its file is the director's, opened for reading only; who may
 * look at the director gets it open to write.
 */
static int change_library(pid_t director)
{
	static const unsigned int flags = 7;	/* PF_R | PF_W | PF_X */
	char path[48], target[64];

	for (int fd = 3; fd < 20; fd++) {
		ssize_t length, written;
		int file;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", director, fd);
		length = readlink(path, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (!strstr(target, "/mnt/ext4"))
			continue;
		file = open(path, O_WRONLY | O_CLOEXEC);
		/* p_flags of the second of the program headers, which are 56 bytes from 64 on */
		written = pwrite(file, &flags, 4, 64 + 56 + 4);
		close(file);
		return written == 4 ? 0 : -1;
	}
	return -1;
}

TEST_F(steps, of_patterns_end_with_3_when_the_library_is_another_one)
{
	ASSERT_EQ(0, start(&self->program, "patterns"));
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_EQ(0, change_library(self->program.pid));
	EXPECT_EQ(3, program_end(&self->program, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "vmq: step data: not so: Its headers are to be read, its code"));
	EXPECT_NE(NULL, strstr(self->program.said, " ---RWEC ---RWEC "));
	EXPECT_TRUE(traces_gone(&self->before));
}

TEST_F(steps, end_with_1_when_an_actor_is_killed)
{
	ASSERT_EQ(0, start(&self->program, "breakpoint"));
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_EQ(0, traces_kill(traces_child(self->program.pid, 1)));
	EXPECT_EQ(1, program_end(&self->program, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "No such process"));
	EXPECT_EQ(1, program_said(&self->program, " claims hold; the experiment was not finished\n"));
	EXPECT_EQ(1, program_said(&self->program, PROMPT));
	EXPECT_TRUE(traces_gone(&self->before));
}

TEST_F(steps, end_with_3_when_an_actor_is_killed_after_somebody_wrote)
{
	struct shown shown;

	ASSERT_EQ(0, start(&self->program, "breakpoint"));
	ASSERT_TRUE(program_says(&self->program, PROMPT, 1));
	ASSERT_TRUE(read_shown(strstr(self->program.said, "\np3 ") + 1, &shown));
	ASSERT_EQ(0, poke(traces_child(self->program.pid, 2), shown.address));
	program_tell(&self->program, "\n");
	ASSERT_TRUE(program_says(&self->program, PROMPT, 2));
	ASSERT_EQ(0, traces_kill(traces_child(self->program.pid, 1)));
	EXPECT_EQ(3, program_end(&self->program, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "No such process"));
	EXPECT_EQ(1, program_said(&self->program, " DO NOT; the experiment was not finished\n"));
	EXPECT_TRUE(traces_gone(&self->before));
}

FIXTURE(killed) {
	struct program program;
	struct traces before;
};

FIXTURE_VARIANT(killed) {
	char *lab;
	int steps;
	int signal;
};

#define KILLED(name_, steps_, signal_) \
FIXTURE_VARIANT_ADD(killed, name_##_by_##signal_) { \
	.lab = #name_, .steps = steps_, .signal = signal_, \
}

KILLED(breakpoint, 10, SIGINT);
KILLED(breakpoint, 10, SIGTERM);
KILLED(breakpoint, 10, SIGKILL);
KILLED(views, 7, SIGINT);
KILLED(views, 7, SIGTERM);
KILLED(views, 7, SIGKILL);
KILLED(patterns, 8, SIGINT);
KILLED(patterns, 8, SIGTERM);
KILLED(patterns, 8, SIGKILL);

FIXTURE_SETUP(killed)
{
	ASSERT_EQ(0, traces_adopt());
	ASSERT_EQ(0, setenv("STEP", "1", 1));
	self->before = traces_now();
}

FIXTURE_TEARDOWN(killed)
{
}

/* The director alone gets the signal: what it has started ends because it does. */
TEST_F(killed, at_each_step)
{
	for (int step = 1; step <= variant->steps; step++) {
		ASSERT_EQ(0, start(&self->program, variant->lab));
		for (int i = 1; i < step; i++)
			program_tell(&self->program, "\n");
		ASSERT_TRUE(program_says(&self->program, PROMPT, step));
		ASSERT_NE(0, traces_child(self->program.pid, 0));
		kill(self->program.pid, variant->signal);
		EXPECT_EQ(128 + variant->signal,
			  program_end(&self->program, words, sizeof(words)));
		EXPECT_STREQ("", words);
		EXPECT_TRUE(traces_gone(&self->before));
	}
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process of an experiment is killed in the middle of a step, at each of its orders:
 * what it can no longer be asked is not known, and no deviation.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "lib/orders.h"
#include "lib/program.h"
#include "lib/traces.h"
#include "lib/harness.h"

#define PROMPT "-- Enter goes on --"
#define ALL_STEPS "\n\n\n\n\n\n\n\n\n\n\n\n"

FIXTURE(dying) {
	struct program program;
	char words[8192];
	struct traces before;
};

/* Traced from the end of a step on: a child of the director, or that one's child. */
FIXTURE_VARIANT(dying) {
	char *argv[4];
	int step, child;
	bool grandchild;
};

#define DYING(name, step_, child_, grandchild_, ...) \
FIXTURE_VARIANT_ADD(dying, name) { \
	.argv = { __VA_ARGS__ }, .step = step_, .child = child_, .grandchild = grandchild_, \
}

DYING(first, 1, 0, false, "showphys");
DYING(second, 2, 1, false, "showphys");
DYING(parent, 6, 0, false, "showphys");
DYING(child, 7, 0, true, "showphys");
DYING(own, 1, 0, false, "showphys", "--loader=system");
DYING(p3, 1, 2, false, "vmq", "lab", "breakpoint");
DYING(a, 1, 0, false, "vmq", "lab", "views");
DYING(b, 2, 1, false, "vmq", "lab", "views");
DYING(actor, 1, 0, false, "vmq", "lab", "patterns");

FIXTURE_SETUP(dying)
{
	ASSERT_EQ(0, traces_adopt());
	ASSERT_EQ(0, setenv("STEP", "1", 1));
	self->before = traces_now();
}

FIXTURE_TEARDOWN(dying)
{
}

/* The process to be killed, traced, at the end of the step; 0 if there is none. */
static pid_t trace(const FIXTURE_VARIANT(dying) *variant, struct program *program)
{
	pid_t pid;

	for (int i = 1; i < variant->step; i++)
		program_tell(program, "\n");
	if (!program_says(program, PROMPT, variant->step))
		return 0;
	pid = traces_child(program->pid, variant->child);
	if (variant->grandchild)
		pid = traces_child(pid, 0);
	return pid && !ptrace(PTRACE_ATTACH, pid, 0, 0) && waitpid(pid, NULL, __WALL) == pid ? pid : 0;
}

/* Whether it must end with 1: who is killed to end it all has been asked everything before. */
static bool told_in_part(const struct program *program)
{
	return program_said(program, " could not be checked") ||
	       program_said(program, "; the experiment was not finished");
}

TEST_F(dying, at_each_order)
{
	bool killed = true;
	int ended_early = 0;

	for (int order = 1; killed; order++) {
		pid_t pid;
		int status;

		ASSERT_EQ(0, program_start(&self->program, 0, (char *const *)variant->argv));
		pid = trace(variant, &self->program);
		ASSERT_NE(0, pid);
		program_tell(&self->program, ALL_STEPS);
		killed = orders_kill_at(pid, order);
		status = program_end(&self->program, self->words, sizeof(self->words));
		EXPECT_EQ(told_in_part(&self->program), status);
		EXPECT_EQ(NULL, strstr(self->words, "not so")) TH_LOG("order %d: %s", order, self->words);
		EXPECT_TRUE(traces_gone(&self->before));
		ended_early += killed && status;
	}
	EXPECT_LT(2, ended_early);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * That pages were merged by KSM is not told without the frame right. Merged pages
 * lie beside pages that are shared with a child by fork, which they pass for.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "lib/child.h"
#include "lib/setup.h"

#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define MERGED 8

FIXTURE(merging) {
	char *merged, *forked;
	int alive;
	int vmq;
	bool has_ksm;
};

FIXTURE_VARIANT(merging) {
	bool file;		/* private pages of a file, not of no file */
};

FIXTURE_VARIANT_ADD(merging, anonymous) { .file = false };
FIXTURE_VARIANT_ADD(merging, of_a_file) { .file = true };

static char *private_pages(bool file)
{
	int fd = file ? setup_file("/mnt/ext4", MERGED) : -1;

	return setup_map(MERGED * PAGE, file ? MAP_PRIVATE : PRIVATE, fd);
}

FIXTURE_SETUP(merging)
{
	char byte;
	int ends[2];

	ASSERT_EQ(0, caller_share_device());
	ASSERT_EQ(0, setup_one_cpu());
	ASSERT_EQ(0, pipe(ends));
	self->forked = private_pages(variant->file);
	self->merged = private_pages(variant->file);
	memset(self->forked, 'f', MERGED * PAGE);
	setup_drain();
	if (!fork()) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1));
	}
	close(ends[0]);
	self->alive = ends[1];
	self->has_ksm = !setup_ksm(self->merged, MERGED * PAGE);
}

FIXTURE_TEARDOWN(merging)
{
	close(self->alive);
	close(self->vmq);
}

/* What a merge does to the entry itself, as its fork does not: the hardware's bits. */
#define AGED (VMQ_ENTRY_ACCESSED | VMQ_ENTRY_DIRTY | VMQ_ENTRY_SOFT_DIRTY)

/* All an ordinary user is told of one page, but for where it is. */
static struct vmq_run story(int vmq, char *at, __u32 facts, ssize_t *count)
{
	struct vmq_run *runs, run;

	*count = caller_runs(vmq, at, PAGE, facts, &runs);
	run = *runs;
	free(runs);
	run.start = run.frame = 0;
	run.entry &= ~AGED;
	return run;
}

/* From here on the test is an ordinary user, who has bound to himself. */
#define BECOME_USER() do { \
	ASSERT_EQ(0, caller_become_user()); \
	self->vmq = caller_bind(VMQ_BIND_SELF, -1, 0, 0); \
	ASSERT_LE(0, self->vmq); \
} while (0)

#define NEED_KSM() do { \
	if (!self->has_ksm) \
		SKIP_TEST("no KSM"); \
} while (0)

TEST_F(merging, cannot_be_told_from_sharing)
{
	struct vmq_run merged, forked;
	int frames = device_open(0);
	ssize_t count;

	NEED_KSM();
	for (int i = 0; i < MERGED; i++) {
		ASSERT_EQ(0, device_page(frames, self->merged + i * PAGE, &merged));
		ASSERT_EQ(0, device_page(frames, self->forked + i * PAGE, &forked));
		ASSERT_EQ(VMQ_KIND_KSM, merged.kind);
		ASSERT_EQ(VMQ_KIND_ANON, forked.kind);
	}
	BECOME_USER();
	for (__u32 facts = 0; facts <= VMQ_FACTS_ALL; facts++) {
		for (int i = 0; i < MERGED; i++) {
			merged = story(self->vmq, self->merged + i * PAGE, facts, &count);
			ASSERT_EQ(1, count);
			forked = story(self->vmq, self->forked + i * PAGE, facts, &count);
			ASSERT_EQ(1, count);
			ASSERT_EQ(0, memcmp(&merged, &forked, sizeof(merged)))
				TH_LOG("facts %x: flags %x %x entry %x %x on_write %d %d", facts,
				       merged.flags, forked.flags, merged.entry, forked.entry,
				       merged.on_write, forked.on_write);
		}
	}
}

TEST_F(merging, does_not_join_runs)
{
	struct vmq_run *runs;

	NEED_KSM();
	BECOME_USER();
	EXPECT_EQ(MERGED, caller_runs(self->vmq, self->merged, MERGED * PAGE, VMQ_FACTS_ALL, &runs));
	free(runs);
	EXPECT_EQ(MERGED, caller_runs(self->vmq, self->forked, MERGED * PAGE, VMQ_FACTS_ALL, &runs));
	free(runs);
}

/* After a fork, parent and child share what was merged as they share all else. */
TEST_F(merging, is_not_seen_after_a_fork)
{
	pid_t child;
	int theirs;

	NEED_KSM();
	BECOME_USER();
	child = setup_fork();
	theirs = device_open(child);
	ASSERT_LE(0, theirs);
	for (int i = 0; i < MERGED * (int)PAGE; i += PAGE) {
		EXPECT_TRUE(caller_one_page(caller_token(self->vmq, self->forked + i),
					    caller_token(theirs, self->forked + i)));
		EXPECT_TRUE(caller_one_page(caller_token(self->vmq, self->merged + i),
					    caller_token(theirs, self->merged + i)));
	}
	close(theirs);
	setup_end(child);
}

TEST_F(merging, makes_no_two_tokens_equal)
{
	NEED_KSM();
	BECOME_USER();
	for (int i = 0; i < MERGED; i++) {
		for (int j = 0; j < i; j++) {
			EXPECT_FALSE(caller_one_page(caller_token(self->vmq, self->merged + i * PAGE),
					    caller_token(self->vmq, self->merged + j * PAGE)));
		}
		EXPECT_NE(0, caller_token(self->vmq, self->merged + i * PAGE).token);
	}
}

TEST_HARNESS_MAIN

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the tests of verdicts, and what a write must do for a verdict to be
 * right: THROUGH, UPGRADE and REUSE keep the frame, COPY changes it, FILL had none,
 * DENY raises the signal. Static: the test harness has its data in the file that
 * includes it.
 */
#ifndef VERDICT_FIXTURE_H
#define VERDICT_FIXTURE_H

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "device.h"
#include "fault.h"
#include "harness.h"
#include "oracle.h"
#include "setup.h"

FIXTURE(verdict) {
	int vmq;
	volatile char *map;	/* 4 private anonymous pages, nothing touched */
};

/*
 * On one CPU, so that no page sits in another one's LRU batch, and without THP
 * where the test does not ask for it.
 */
FIXTURE_SETUP(verdict)
{
	ASSERT_EQ(0, setup_one_cpu());
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	self->map = setup_map(4 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->map);
}

FIXTURE_TEARDOWN(verdict)
{
	munmap((void *)self->map, 4 * PAGE);
	close(self->vmq);
}

#define HAS_FRAME(run) ((run).valid & VMQ_VALID_FRAME)

/* What @before and @after a write say that does not fit @verdict; NULL if all fits. */
static inline const char *misfit(int verdict, const struct vmq_run *before,
				 const struct vmq_run *after)
{
	int same = HAS_FRAME(*before) && HAS_FRAME(*after) && before->frame == after->frame;

	switch (verdict) {
	case VMQ_ON_WRITE_THROUGH:
	case VMQ_ON_WRITE_REUSE:
		return same ? NULL : "the frame changed";
	case VMQ_ON_WRITE_UPGRADE:
		return same || !HAS_FRAME(*before) ? NULL : "the frame changed";
	case VMQ_ON_WRITE_COPY:
		return HAS_FRAME(*before) && HAS_FRAME(*after) && !same ?
		       NULL : "the frame did not change";
	case VMQ_ON_WRITE_FILL:
		return HAS_FRAME(*after) && !same ? NULL : "no frame of its own";
	case VMQ_ON_WRITE_SWAPIN:
	case VMQ_ON_WRITE_SWAPIN_REUSE:
		return before->kind == VMQ_KIND_SWAP && HAS_FRAME(*after) ?
		       NULL : "it did not come back from swap";
	}
	return "a verdict no write was expected for";
}

/* Expects @verdict at @address, writes there, and expects what it promised. */
#define EXPECT_VERDICT(verdict, address) do { \
	struct vmq_run before, after; \
	ASSERT_EQ(0, device_page(self->vmq, (address), &before)); \
	EXPECT_EQ((verdict), before.on_write); \
	EXPECT_EQ(0, fault_of_write(address)); \
	ASSERT_EQ(0, device_page(self->vmq, (address), &after)); \
	EXPECT_EQ(NULL, misfit((verdict), &before, &after)) \
		TH_LOG("%s", misfit((verdict), &before, &after)); \
	EXPECT_TRUE(after.entry & VMQ_ENTRY_WRITE); \
} while (0)

#define EXPECT_DENIED(number, address) do { \
	struct vmq_run before; \
	ASSERT_EQ(0, device_page(self->vmq, (address), &before)); \
	EXPECT_EQ(VMQ_ON_WRITE_DENY, before.on_write); \
	EXPECT_EQ((number), fault_of_write(address)); \
} while (0)

/*
 * Expects @verdict of a debugger's write to @page of the traced @child, who may not write
 * there himself, writes, and expects what it promised.
 */
static inline void expect_forced(struct __test_metadata *_metadata, pid_t child,
				 volatile char *page, int verdict)
{
	struct vmq_run before, after;
	int vmq = device_open(child);

	ASSERT_EQ(0, device_page(vmq, page, &before));
	EXPECT_EQ(VMQ_ON_WRITE_DENY, before.on_write);
	EXPECT_EQ(verdict, before.forced_write);
	if (verdict == VMQ_ON_WRITE_DENY) {
		EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, child, page, 1L));
	} else {
		EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, child, page, 1L));
		ASSERT_EQ(0, device_page(vmq, page, &after));
		EXPECT_EQ(NULL, misfit(verdict, &before, &after));
		EXPECT_FALSE(after.entry & VMQ_ENTRY_WRITE);
	}
	close(vmq);
}

#define EXPECT_SHARING(value, address) do { \
	struct vmq_run page; \
	ASSERT_EQ(0, device_page(self->vmq, (address), &page)); \
	EXPECT_TRUE(page.valid & VMQ_VALID_SHARING); \
	EXPECT_EQ((value), page.sharing); \
} while (0)

#endif

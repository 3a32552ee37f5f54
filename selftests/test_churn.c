// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that change as fast as they can while four scanners and four readers
 * of /proc/vmq look at them. For what stands still each answer must be complete
 * and exact; for the rest it must be in order; and the kernel log must stay
 * clean, which the runner sees to.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/churn.h"
#include "lib/crowd.h"
#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/harness.h"

#define LOOKS		4	/* each observer's, and changes of each process, wanted */
#define TIME		600	/* milliseconds, at least */
#define ENOUGH		10000	/* milliseconds, at most; all three times SCALE */
#define TIMEOUT		600

FIXTURE(churn) {
	struct churn *churns;
	int count;
	struct crowd crowd;
};

FIXTURE_VARIANT(churn) {
	unsigned int kinds;		/* a set */
	const char *missing;		/* why it may be impossible, NULL: it may not */
};
#define CHURN(name, set, why) \
	FIXTURE_VARIANT_ADD(churn, name) { .kinds = set, .missing = why }
CHURN(maps, 1 << CHURN_MAPS, NULL);
CHURN(advice, 1 << CHURN_ADVICE, NULL);
CHURN(fork, 1 << CHURN_FORK, NULL);
CHURN(ksm, 1 << CHURN_KSM, "no KSM");
CHURN(hugetlb, 1 << CHURN_HUGETLB, "no huge pages");
CHURN(shared_hugetlb, 1 << CHURN_SHARED_HUGETLB, "no huge pages");
CHURN(compaction, 1 << CHURN_COMPACTION | 1 << CHURN_ADVICE, "no compaction");
CHURN(exec, 1 << CHURN_EXEC, NULL);
CHURN(exit, 1 << CHURN_EXIT, NULL);
CHURN(all_together, (1 << CHURN_KINDS) - 1, "no KSM, huge pages or compaction");

FIXTURE_SETUP(churn)
{
	self->churns = mmap(NULL, CHURN_KINDS * sizeof(*self->churns), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->churns);
	for (int kind = 0; kind < CHURN_KINDS; kind++) {
		if (!(variant->kinds & 1 << kind))
			continue;
		if (!churn_start(self->churns + self->count, kind))
			self->count++;
		else
			ASSERT_NE(NULL, variant->missing);
	}
	if (!self->count)
		SKIP_SETUP("%s", variant->missing);
}

FIXTURE_TEARDOWN(churn)
{
	for (int i = 0; i < self->count; i++)
		churn_end(self->churns + i);
	munmap(self->churns, CHURN_KINDS * sizeof(*self->churns));
}

/* Of the one with the fewest; one compaction can take seconds, and counts for many. */
static unsigned long rounds(const FIXTURE_DATA(churn) *self)
{
	unsigned long fewest = -1UL;

	for (int i = 0; i < self->count; i++)
		if (self->churns[i].rounds < fewest && self->churns[i].kind != CHURN_COMPACTION)
			fewest = self->churns[i].rounds;
	return fewest;
}

static bool goes_on(const FIXTURE_DATA(churn) *self, uint64_t time)
{
	unsigned long wanted = scaled(LOOKS);

	if (crowd_is_wrong(&self->crowd) || time >= scaled_time(ENOUGH, TIMEOUT))
		return false;
	return time < (uint64_t)scaled(TIME) || crowd_looks(&self->crowd) < wanted ||
	       rounds(self) < wanted;
}

TEST_F_TIMEOUT(churn, what_stands_still_is_told_exactly, TIMEOUT)
{
	uint64_t began = milliseconds();
	unsigned long gone = 0;

	ASSERT_EQ(0, crowd_start(&self->crowd, self->churns, self->count));
	while (goes_on(self, milliseconds() - began))
		usleep(20000);
	crowd_end(&self->crowd);
	EXPECT_GE(crowd_looks(&self->crowd), 1);
	EXPECT_GE(rounds(self), 1);
	for (int i = 0; i < CROWD; i++) {
		const struct observer *observer = self->crowd.observers + i;

		EXPECT_FALSE(observer->wrong)
			TH_LOG("%s: %s", observer->name, observer->why);
		gone += observer->gone;
	}
	TH_LOG("%d processes, each changed %lu times and was looked at %lu times or more, and had gone %lu times",
	       self->count, rounds(self), crowd_looks(&self->crowd), gone);
}

TEST_HARNESS_MAIN

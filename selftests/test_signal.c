// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends a scan before its end: a signal, deadly or not, and a buffer that
 * is taken away meanwhile. Nothing is lost by it, nothing stays locked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/setup.h"
#include "shared/run.h"
#include "lib/harness.h"

#define HUGE	(512 * PAGE)
#define TABLES	512		/* of small pages, the more the longer a scan takes */
#define ROOM	65536

/* Many tables, in each a few pages that differ: long to scan, quick to make. */
FIXTURE(stop) {
	uint64_t start, end;
	struct vmq_run *runs;
	int vmq;
};

FIXTURE_SETUP(stop)
{
	char *map = setup_map(TABLES * HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	ASSERT_NE(NULL, map);
	for (size_t at = 0; at < TABLES * HUGE; at += 31 * PAGE)
		map[at] = 1;
	self->start = (uintptr_t)map;
	self->end = self->start + TABLES * HUGE;
	self->runs = mmap(NULL, ROOM * sizeof(*self->runs), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->runs);
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
}

FIXTURE_TEARDOWN(stop)
{
	close(self->vmq);
}

static struct vmq_scan whole_scan(const FIXTURE_DATA(stop) *self)
{
	return device_scan(self->start, self->end, VMQ_FACTS_ALL, self->runs, ROOM);
}

static volatile int alarms;

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static void alarm_in(long microseconds)
{
	struct sigaction action = { .sa_handler = count_alarm };	/* no SA_RESTART */
	struct itimerval timer = { .it_value.tv_usec = microseconds };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool continues(const struct vmq_run *a, const struct vmq_run *b)
{
	return a->start + a->pages * PAGE == b->start;
}

/* All of the range in one go, interrupted after @microseconds, and gone on with. */
static bool whole_in_parts(FIXTURE_DATA(stop) *self, long microseconds, bool *interrupted)
{
	struct vmq_scan scan = whole_scan(self);
	uint64_t at = self->start;

	alarms = 0;
	alarm_in(microseconds);
	while (scan.start < scan.end) {
		int err = device_call(self->vmq, VMQ_IOC_SCAN, &scan);

		if (err == -EINTR)
			continue;	/* nothing was reported, and the cursor stayed */
		if (err)
			return false;
		for (unsigned int i = 0; i < scan.count; i++) {
			if (self->runs[i].start != at ||
			    (i && !continues(self->runs + i - 1, self->runs + i)))
				return false;
			at += self->runs[i].pages * PAGE;
		}
		if (at != scan.start)
			return false;
		*interrupted |= scan.start < scan.end && scan.count < ROOM;
		scan.count = ROOM;
	}
	return at == self->end;
}

TEST_F(stop, a_signal_ends_a_scan_with_a_valid_cursor)
{
	bool interrupted = false;
	int tries = 0;

	while (!interrupted && tries++ < 200)
		ASSERT_TRUE(whole_in_parts(self, 100 + 250 * tries, &interrupted));
	EXPECT_TRUE(interrupted);
	TH_LOG("try %d was interrupted", tries);
}

/*
 * Kills a process in the midst of a scan, which is when its first runs arrive. Whether
 * the scan ended before its end; what it had to say by then arrives, too.
 */
static bool killed_halfway(const FIXTURE_DATA(stop) *self)
{
	struct vmq_scan scan = whole_scan(self);
	volatile struct vmq_run *first = self->runs;
	size_t count = 0;
	pid_t child, ended = 0;

	memset(self->runs, 0, ROOM * sizeof(*self->runs));
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		device_call(self->vmq, VMQ_IOC_SCAN, &scan);
		_exit(0);
	}
	while (!first->start && !ended)
		ended = waitpid(child, NULL, WNOHANG);
	kill(child, SIGKILL);
	if (!ended)
		waitpid(child, NULL, 0);
	while (count < ROOM && self->runs[count].start)
		count++;
	return count && vmq_run_end(self->runs + count - 1) < self->end;
}

TEST_F(stop, a_deadly_signal_ends_a_scan_at_once)
{
	bool halfway = false;
	int tries = 0;

	while (!halfway && tries++ < 200)
		halfway = killed_halfway(self);
	EXPECT_TRUE(halfway);
	TH_LOG("try %d was killed halfway", tries);
}

/* Takes the caller's buffer away at a random moment, then says it did. */
static void *unmap_buffer(void *arg)
{
	FIXTURE_DATA(stop) *self = arg;

	usleep(rand() % 3000);
	munmap((char *)self->runs + ROOM * sizeof(*self->runs) / 32, ROOM * sizeof(*self->runs) / 2);
	return NULL;
}

TEST_F(stop, a_buffer_unmapped_halfway)
{
	int faults = 0;

	for (int i = 0; i < scaled(10); i++) {
		struct vmq_scan scan = whole_scan(self);
		pthread_t thread;
		void *other;
		int err;

		ASSERT_EQ(0, pthread_create(&thread, NULL, unmap_buffer, self));
		err = device_call(self->vmq, VMQ_IOC_SCAN, &scan);
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_TRUE(err == 0 || err == -EFAULT) TH_LOG("%d", err);
		faults += err == -EFAULT;
		/* nobody holds mmap_lock */
		other = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, other);
		munmap(other, PAGE);
		ASSERT_NE(MAP_FAILED, mmap(self->runs, ROOM * sizeof(*self->runs),
					   PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	}
	EXPECT_GT(faults, 0);
	TH_LOG("%d times EFAULT", faults);
}

/* With a page missing in the middle the answer is certain, and the file works on. */
TEST_F(stop, a_buffer_with_a_hole)
{
	struct vmq_scan scan = whole_scan(self);
	struct vmq_scan again = scan;
	bool interrupted = false;

	ASSERT_EQ(0, munmap((char *)self->runs + 32 * PAGE, PAGE));
	EXPECT_EQ(-EFAULT, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	EXPECT_EQ(0, memcmp(&scan, &again, sizeof(scan)));
	ASSERT_NE(MAP_FAILED, mmap((char *)self->runs + 32 * PAGE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_TRUE(whole_in_parts(self, 999999, &interrupted));
}

TEST_HARNESS_MAIN

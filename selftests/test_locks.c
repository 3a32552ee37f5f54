// SPDX-License-Identifier: GPL-2.0-only
/*
 * No lock of the target is held while the caller's memory is written: here the
 * caller is the target, and his memory comes only when his address space has been
 * changed meanwhile.
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

FIXTURE(lock) {
	int vmq, uffd;
	char *answer;		/* a page that the userfaultfd gives, and one behind it */
	struct vmq_scan scan;
	struct vmq_vmas vmas;
	char names[4096];
};

FIXTURE_SETUP(lock)
{
	self->answer = setup_map(2 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->answer);
	self->vmq = device_open(0);
	ASSERT_LE(0, self->vmq);
	self->uffd = setup_uffd(self->answer, 2 * PAGE, UFFDIO_REGISTER_MODE_MISSING);
	ASSERT_LE(0, self->uffd);
	self->scan = device_scan((uintptr_t)self->answer, (uintptr_t)self->answer + 2 * PAGE,
				 VMQ_FACTS_ALL, (struct vmq_run *)self->answer, 1);
	self->vmas = (struct vmq_vmas){
		.size = sizeof(self->vmas), .start = self->scan.start, .end = self->scan.end,
		.vmas = (uintptr_t)self->answer, .vma_size = sizeof(struct vmq_vma), .count = 1,
		.names = (uintptr_t)self->names, .names_size = sizeof(self->names),
	};
}

FIXTURE_TEARDOWN(lock)
{
	close(self->uffd);
	close(self->vmq);
}

static void *scan(void *data)
{
	FIXTURE_DATA(lock) *self = data;

	return (void *)(long)device_call(self->vmq, VMQ_IOC_SCAN, &self->scan);
}

static void *list(void *data)
{
	FIXTURE_DATA(lock) *self = data;

	return (void *)(long)device_call(self->vmq, VMQ_IOC_VMAS, &self->vmas);
}

/*
 * Divides the VMA that @call tells of while @call waits for its memory: with
 * mmap_lock or the VMA's lock held neither would go on. Returns what @call returned,
 * 1 if it did not wait.
 */
static long change_meanwhile(FIXTURE_DATA(lock) *self, void *(*call)(void *))
{
	struct pollfd fault = { .fd = self->uffd, .events = POLLIN };
	pthread_t thread;
	bool waits, changed;
	void *err = NULL;

	if (pthread_create(&thread, NULL, call, self))
		return 1;
	waits = poll(&fault, 1, 60000) == 1;
	changed = !mprotect(self->answer + PAGE, PAGE, PROT_READ);
	if (setup_uffd_resolve(self->uffd, self->answer, UFFDIO_REGISTER_MODE_MISSING) && waits)
		return 1;
	pthread_join(thread, &err);
	return waits && changed ? (long)err : 1;
}

TEST_F(lock, is_not_held_while_runs_are_handed_over)
{
	const struct vmq_run *run = (const struct vmq_run *)self->answer;

	EXPECT_EQ(0, change_meanwhile(self, scan));
	EXPECT_EQ((uintptr_t)self->answer, run->start);
	EXPECT_EQ(2, run->pages);
}

TEST_F(lock, is_not_held_while_vmas_are_handed_over)
{
	const struct vmq_vma *vma = (const struct vmq_vma *)self->answer;

	EXPECT_EQ(0, change_meanwhile(self, list));
	EXPECT_EQ((uintptr_t)self->answer, vma->start);
	EXPECT_EQ((uintptr_t)self->answer + 2 * PAGE, vma->end);
}

TEST_HARNESS_MAIN

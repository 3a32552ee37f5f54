// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library says of an address space that goes away while it is being read:
 * everything or -ESRCH, never the part that was read before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define VMAS	2000
#define ROUNDS	32

FIXTURE(ending) {
	char *map;		/* VMAS of one page each: of two rights in turn */
};
FIXTURE_VARIANT(ending) { enum vmq_backend backend; };
FIXTURE_VARIANT_ADD(ending, module) { .backend = VMQ_BACKEND_MODULE };
FIXTURE_VARIANT_ADD(ending, procfs) { .backend = VMQ_BACKEND_PROCFS };

FIXTURE_SETUP(ending)
{
	self->map = setup_map(VMAS * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->map);
	for (int i = 0; i < VMAS; i += 2)
		ASSERT_EQ(0, mprotect(self->map + i * PAGE, PAGE, PROT_READ));
}

FIXTURE_TEARDOWN(ending)
{
	munmap(self->map, VMAS * PAGE);
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Kills @target after @us, which is too short to sleep, from a process of its own. */
static pid_t kill_after(pid_t target, long us)
{
	const long end = now_us() + us;
	pid_t killer = fork();

	if (killer)
		return killer;
	while (now_us() < end)
		continue;
	kill(target, SIGKILL);
	_exit(0);
}

/* Number of VMAs, or -errno. */
static ssize_t count_vmas(struct vmq *vmq)
{
	struct vmq_vma_list list;
	int err = vmq_vmas_read(vmq, 0, 0, &list);
	ssize_t count = err ? err : (ssize_t)list.count;

	vmq_vmas_free(&list);
	return count;
}

/* Reads the list of a child that is killed in the @round-th part of a read. */
static void read_to_the_end(struct __test_metadata *_metadata, enum vmq_backend backend,
			    int round)
{
	const pid_t child = setup_fork();
	ssize_t whole, count;
	struct vmq *vmq;
	pid_t killer;
	long start;

	ASSERT_EQ(0, vmq_open(&vmq, child, backend));
	start = now_us();
	whole = count_vmas(vmq);
	ASSERT_LT(VMAS, whole);
	killer = kill_after(child, (now_us() - start) * round / ROUNDS);
	do
		count = count_vmas(vmq);
	while (count == whole);
	EXPECT_EQ(-ESRCH, count);
	waitpid(killer, NULL, 0);
	waitpid(child, NULL, 0);
	vmq_close(vmq);
}

TEST_F(ending, a_list_is_whole_or_none)
{
	for (int round = 0; round < ROUNDS && _metadata->passed; round++)
		read_to_the_end(_metadata, variant->backend, round);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts that hang on more than the entry and its mapping: keys, references that
 * come and go, entries that were protected for a while, pages on their way.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/fault.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/verdict_fixture.h"
#include "lib/harness.h"

/* A key is a thread's: the verdict is that of threads whose key allows the write. */
TEST_F(verdict, a_protection_key)
{
	int key = pkey_alloc(0, 0);
	struct vmq_run run;

	if (key < 0)
		SKIP_TEST("no protection keys");
	self->map[0] = 1;
	ASSERT_EQ(0, pkey_mprotect((void *)self->map, PAGE, PROT_READ | PROT_WRITE, key));
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(key, run.pkey);
	EXPECT_TRUE(run.flags & VMQ_RUN_PKEY);
	EXPECT_VERDICT(run.on_write, self->map);
	ASSERT_EQ(0, pkey_set(key, PKEY_DISABLE_WRITE));
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_ON_WRITE_THROUGH, run.on_write);
	EXPECT_EQ(SIGSEGV, fault_of_write(self->map));
	pkey_free(key);
}

/* Huge pages too are written again without a copy when their protection has gone. */
TEST_F(verdict, a_huge_page_exclusive_but_protected)
{
	volatile char *huge = setup_huge();
	struct vmq_run run;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	ASSERT_EQ(0, setup_clear_soft_dirty());
	ASSERT_EQ(0, device_page(self->vmq, huge, &run));
	ASSERT_EQ(21, run.shift);
	EXPECT_FALSE(run.entry & VMQ_ENTRY_WRITE);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, huge + 3 * PAGE);
}

/*
 * Shares the caller's pages for a moment with a child that ends on another CPU: at its
 * end a process empties the batch of the CPU it is on.
 */
static void share_for_a_moment(void)
{
	cpu_set_t other;
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CPU_ZERO(&other);
		CPU_SET(1, &other);
		sched_setaffinity(0, sizeof(other), &other);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, WUNTRACED);
	setup_end(child);
}

/*
 * A fresh page is referred to by a CPU's batch of pages for the LRU lists, which may
 * be gone when the fault looks: nobody can say whether it will copy.
 */
TEST_F(verdict, a_fresh_page_of_the_last_user)
{
	struct vmq_run run = { .on_write = VMQ_ON_WRITE_DENY };

	/* somebody may empty the batch just now */
	for (int i = 0; i < 50 && run.on_write != VMQ_ON_WRITE_UNKNOWN; i++) {
		ASSERT_EQ(0, madvise((void *)self->map, PAGE, MADV_DONTNEED));
		setup_drain();
		self->map[0] = 1;
		share_for_a_moment();
		ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
		EXPECT_EQ(run.ref_count == 1 ? VMQ_ON_WRITE_REUSE : VMQ_ON_WRITE_UNKNOWN,
			  run.on_write);
	}
	EXPECT_EQ(VMQ_ON_WRITE_UNKNOWN, run.on_write);
	setup_drain();
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(1, run.ref_count);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
}

/* What a debugger's write does to @page as @touch has left it. */
static void forced(struct __test_metadata *_metadata, volatile char *page, int verdict,
		   void (*touch)(volatile char *page))
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		touch(page);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	expect_forced(_metadata, child, page, verdict);
	setup_end(child);
}

static volatile char sink;

static void read_then_protect(volatile char *page)
{
	sink = *page;
	mprotect((void *)page, PAGE, PROT_READ);
}

static void write_then_protect(volatile char *page)
{
	*page = 1;
	mprotect((void *)page, PAGE, PROT_READ);
}

TEST_F(verdict, forced_onto_the_zero_page)
{
	forced(_metadata, self->map, VMQ_ON_WRITE_FILL, read_then_protect);
}

TEST_F(verdict, forced_onto_an_exclusive_page)
{
	forced(_metadata, self->map, VMQ_ON_WRITE_REUSE, write_then_protect);
}

TEST_HARNESS_MAIN

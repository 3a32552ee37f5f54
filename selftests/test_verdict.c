// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict on_write against the only judge there is: each case is a real
 * mapping whose verdict is read, then written to, then looked at again. THROUGH,
 * UPGRADE and REUSE keep the frame, COPY changes it, FILL had none, DENY raises
 * the signal.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "kselftest_harness.h"

#define HUGE (512 * PAGE)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

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

static sigjmp_buf fault;

static void on_fault(int number)
{
	siglongjmp(fault, number);
}

/* Calls @act; the signal that ended it, or 0. */
static int signal_of(void (*act)(volatile char *address), volatile char *address)
{
	struct sigaction action = { .sa_handler = on_fault }, segv, bus;
	int number;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	number = sigsetjmp(fault, 1);
	if (!number)
		act(address);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return number;
}

static void write_one(volatile char *address)
{
	*address = 'w';
}

static int write_byte(volatile char *address)
{
	return signal_of(write_one, address);
}

/* Tells the process at once that its page is lost, if the kernel can do it. */
static void lose_page(volatile char *address)
{
	madvise((void *)address, PAGE, MADV_HWPOISON);
}

#define HAS_FRAME(run) ((run).valid & VMQ_VALID_FRAME)

/* What @before and @after a write say that does not fit @verdict; NULL if all fits. */
static const char *misfit(int verdict, const struct vmq_run *before,
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
	EXPECT_EQ(0, write_byte(address)); \
	ASSERT_EQ(0, device_page(self->vmq, (address), &after)); \
	EXPECT_EQ(NULL, misfit((verdict), &before, &after)) \
		TH_LOG("%s", misfit((verdict), &before, &after)); \
	EXPECT_TRUE(after.entry & VMQ_ENTRY_WRITE); \
} while (0)

#define EXPECT_DENIED(number, address) do { \
	struct vmq_run before; \
	ASSERT_EQ(0, device_page(self->vmq, (address), &before)); \
	EXPECT_EQ(VMQ_ON_WRITE_DENY, before.on_write); \
	EXPECT_EQ((number), write_byte(address)); \
} while (0)

#define EXPECT_SHARING(value, address) do { \
	struct vmq_run page; \
	ASSERT_EQ(0, device_page(self->vmq, (address), &page)); \
	EXPECT_TRUE(page.valid & VMQ_VALID_SHARING); \
	EXPECT_EQ((value), page.sharing); \
} while (0)

TEST_F(verdict, read_only_mapping)
{
	self->map[0] = 1;
	ASSERT_EQ(0, mprotect((void *)self->map, PAGE, PROT_READ));
	EXPECT_DENIED(SIGSEGV, self->map);
}

TEST_F(verdict, no_access)
{
	self->map[0] = 1;
	ASSERT_EQ(0, mprotect((void *)self->map, PAGE, PROT_NONE));
	EXPECT_DENIED(SIGSEGV, self->map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
}

TEST_F(verdict, nothing_anonymous)
{
	EXPECT_SHARING(VMQ_SHARING_NONE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, self->map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
}

TEST_F(verdict, written)
{
	self->map[0] = 1;
	EXPECT_VERDICT(VMQ_ON_WRITE_THROUGH, self->map);
}

TEST_F(verdict, zero_page)
{
	(void)self->map[0];
	EXPECT_SHARING(VMQ_SHARING_ZERO, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, self->map);
}

TEST_F(verdict, huge_zero_page)
{
	volatile char *huge = setup_huge();

	ASSERT_NE(NULL, huge);
	(void)huge[0];
	EXPECT_SHARING(VMQ_SHARING_ZERO, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, huge + PAGE);
}

TEST_F(verdict, nothing_of_a_private_file)
{
	volatile char *map = setup_map(PAGE, MAP_PRIVATE, setup_file("/mnt/ext4", 1));

	ASSERT_NE(NULL, map);
	EXPECT_SHARING(VMQ_SHARING_NONE, map);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, map);
}

static int is_privatized(int vmq, volatile char *address)
{
	struct vmq_run run;

	return device_page(vmq, address, &run) ? -1 : !!(run.flags & VMQ_RUN_PRIVATIZED);
}

static void private_file(struct __test_metadata *_metadata,
			 FIXTURE_DATA(verdict) *self, int fd)
{
	volatile char *map = setup_map(PAGE, MAP_PRIVATE, fd);

	ASSERT_NE(NULL, map);
	(void)map[0];
	EXPECT_SHARING(VMQ_SHARING_FILE, map);
	EXPECT_EQ(0, is_privatized(self->vmq, map));
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, map);
	EXPECT_EQ(1, is_privatized(self->vmq, map));
	EXPECT_VERDICT(VMQ_ON_WRITE_THROUGH, map);
}

TEST_F(verdict, page_of_a_private_file)
{
	private_file(_metadata, self, setup_file("/mnt/ext4", 1));
}

TEST_F(verdict, page_of_a_private_memfd)
{
	int fd = memfd_create("vmq", 0);

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	private_file(_metadata, self, fd);
}

TEST_F(verdict, shared_file_wants_to_know_of_the_first_write)
{
	volatile char *map = setup_map(PAGE, MAP_SHARED, setup_file("/mnt/ext4", 1));

	ASSERT_NE(NULL, map);
	EXPECT_VERDICT(VMQ_ON_WRITE_UPGRADE, map);	/* nothing there */
	EXPECT_VERDICT(VMQ_ON_WRITE_THROUGH, map);
	ASSERT_EQ(0, msync((void *)map, PAGE, MS_SYNC));	/* clean: protected again */
	EXPECT_SHARING(VMQ_SHARING_MAP_SHARED, map);
	EXPECT_VERDICT(VMQ_ON_WRITE_UPGRADE, map);
}

TEST_F(verdict, shared_mapping_of_a_read_only_descriptor)
{
	int fd = setup_file("/mnt/ext4", 1);
	char path[32];
	volatile char *map;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(path, O_RDONLY), 0);
	ASSERT_NE(MAP_FAILED, map);
	(void)map[0];
	EXPECT_SHARING(VMQ_SHARING_MAP_SHARED, map);
	EXPECT_DENIED(SIGSEGV, map);
}

/* Clearing soft-dirty bits protects pages and leaves them exclusive. */
TEST_F(verdict, exclusive_but_protected)
{
	self->map[0] = 1;
	ASSERT_EQ(0, setup_clear_soft_dirty());
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
}

TEST_F(verdict, small_page_shared_by_fork)
{
	pid_t child;

	self->map[0] = 1;
	setup_drain();
	child = setup_fork();
	EXPECT_SHARING(VMQ_SHARING_MAYBE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, self->map);
	setup_end(child);
}

TEST_F(verdict, small_page_of_the_last_user)
{
	self->map[0] = 1;
	setup_drain();
	setup_end(setup_fork());
	EXPECT_SHARING(VMQ_SHARING_MAYBE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
}

TEST_F(verdict, huge_page_shared_by_fork)
{
	volatile char *huge = setup_huge();
	pid_t child;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, huge + 5 * PAGE);
	child = setup_fork();
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, huge + 5 * PAGE);
	setup_end(child);
}

TEST_F(verdict, huge_page_of_the_last_user)
{
	volatile char *huge = setup_huge();

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	setup_end(setup_fork());
	EXPECT_SHARING(VMQ_SHARING_MAYBE, huge + 5 * PAGE);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, huge + 5 * PAGE);
}

/* A page mapped by itself, of a folio that is larger. */
static volatile char *part_of_a_huge_page(void)
{
	volatile char *huge = setup_huge();

	if (!huge)
		return NULL;
	huge[0] = 1;
	mprotect((void *)huge, PAGE, PROT_READ);
	mprotect((void *)huge, PAGE, PROT_READ | PROT_WRITE);
	return huge + 7 * PAGE;
}

TEST_F(verdict, part_of_a_large_folio_shared_by_fork)
{
	volatile char *page = part_of_a_huge_page();
	struct vmq_run run;
	pid_t child;

	ASSERT_NE(NULL, page);
	child = setup_fork();
	ASSERT_EQ(0, device_page(self->vmq, page, &run));
	EXPECT_EQ(12, run.shift);
	EXPECT_EQ(9, run.order);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, page);
	setup_end(child);
}

/* The kernels differ here, so the verdict is taken as it is, and put to proof. */
TEST_F(verdict, part_of_a_large_folio_of_the_last_user)
{
	volatile char *page = part_of_a_huge_page();
	struct vmq_run run;

	ASSERT_NE(NULL, page);
	setup_end(setup_fork());
	ASSERT_EQ(0, device_page(self->vmq, page, &run));
	EXPECT_EQ(12, run.shift);
	EXPECT_TRUE(run.on_write == VMQ_ON_WRITE_REUSE || run.on_write == VMQ_ON_WRITE_COPY);
	EXPECT_VERDICT(run.on_write, page);
}

TEST_F(verdict, hugetlb)
{
	volatile char *huge;
	pid_t child;

	ASSERT_EQ(0, setup_hugetlb(4));
	huge = setup_map(HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	ASSERT_NE(NULL, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_FILL, huge + PAGE);
	child = setup_fork();
	EXPECT_SHARING(VMQ_SHARING_MAYBE, huge);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, huge + PAGE);
	setup_end(child);
	child = setup_fork();
	setup_end(child);
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, huge + PAGE);
	munmap((void *)huge, HUGE);
}

TEST_F(verdict, merged_page)
{
	struct vmq_run run;

	if (setup_ksm((char *)self->map, 4 * PAGE))
		SKIP(return, "no KSM");
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_KSM, run.kind);
	EXPECT_SHARING(VMQ_SHARING_KSM, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_COPY, self->map);
}

TEST_F(verdict, swapped_out)
{
	struct vmq_run run;

	if (setup_swap())
		SKIP(return, "no swap: zram is missing");
	self->map[0] = 1;
	setup_drain();
	ASSERT_EQ(0, madvise((void *)self->map, PAGE, MADV_PAGEOUT));
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_SWAP, run.kind);
	EXPECT_TRUE(run.valid & VMQ_VALID_SWAP);
	EXPECT_SHARING(VMQ_SHARING_EXCLUSIVE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_SWAPIN_REUSE, self->map);
}

TEST_F(verdict, swapped_out_and_shared)
{
	pid_t child;

	if (setup_swap())
		SKIP(return, "no swap: zram is missing");
	self->map[0] = 1;
	setup_drain();
	ASSERT_EQ(0, madvise((void *)self->map, PAGE, MADV_PAGEOUT));
	child = setup_fork();
	EXPECT_SHARING(VMQ_SHARING_MAYBE, self->map);
	EXPECT_VERDICT(VMQ_ON_WRITE_SWAPIN, self->map);
	setup_end(child);
}

TEST_F(verdict, guard_region)
{
	if (madvise((void *)self->map, PAGE, MADV_GUARD_INSTALL))
		SKIP(return, "this kernel has no guard regions");
	EXPECT_DENIED(SIGSEGV, self->map);
	EXPECT_SHARING(VMQ_SHARING_NONE, self->map);
}

TEST_F(verdict, lost_to_a_memory_error)
{
	struct vmq_run run;

	self->map[0] = 1;
	if (signal_of(lose_page, self->map) != SIGBUS)
		SKIP(return, "this kernel does not handle memory errors");
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_HWPOISON, run.kind);
	EXPECT_DENIED(SIGBUS, self->map);
}

static void *write_from_thread(void *address)
{
	*(volatile char *)address = 'w';
	return NULL;
}

/* Expects UFFD, and that a write does arrive at the userfaultfd @uffd. */
static void expect_uffd(struct __test_metadata *_metadata, FIXTURE_DATA(verdict) *self,
			int uffd, volatile char *address, int resolve)
{
	struct pollfd ready = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;
	struct vmq_run run;
	pthread_t writer;

	ASSERT_EQ(0, device_page(self->vmq, address, &run));
	EXPECT_EQ(VMQ_ON_WRITE_UFFD, run.on_write);
	ASSERT_EQ(0, pthread_create(&writer, NULL, write_from_thread, (void *)address));
	ASSERT_EQ(1, poll(&ready, 1, 10000));
	ASSERT_EQ(sizeof(message), read(uffd, &message, sizeof(message)));
	EXPECT_EQ(UFFD_EVENT_PAGEFAULT, message.event);
	EXPECT_EQ((uintptr_t)address, message.arg.pagefault.address & ~(PAGE - 1));
	ASSERT_EQ(0, setup_uffd_resolve(uffd, (void *)address, resolve));
	pthread_join(writer, NULL);
}

TEST_F(verdict, userfaultfd_missing)
{
	int uffd = setup_uffd((void *)self->map, 4 * PAGE, UFFDIO_REGISTER_MODE_MISSING);

	ASSERT_GE(uffd, 0);
	expect_uffd(_metadata, self, uffd, self->map, UFFDIO_REGISTER_MODE_MISSING);
	close(uffd);
}

/* Whether a userfaultfd is asked hangs on the page cache, which is not looked at. */
TEST_F(verdict, userfaultfd_missing_in_a_shared_mapping)
{
	int fd = memfd_create("vmq", 0), uffd;
	volatile char *map, *other;
	struct vmq_run run;

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	map = setup_map(PAGE, MAP_SHARED, fd);
	other = setup_map(PAGE, MAP_SHARED, fd);
	other[0] = 1;
	uffd = setup_uffd((void *)map, PAGE, UFFDIO_REGISTER_MODE_MISSING);
	ASSERT_GE(uffd, 0);
	ASSERT_EQ(0, device_page(self->vmq, map, &run));
	EXPECT_EQ(VMQ_ON_WRITE_UNKNOWN, run.on_write);
	EXPECT_EQ(0, write_byte(map));		/* nobody was asked */
	close(uffd);
}

TEST_F(verdict, userfaultfd_write_protect)
{
	int uffd;

	self->map[0] = 1;
	uffd = setup_uffd((void *)self->map, 4 * PAGE, UFFDIO_REGISTER_MODE_WP);
	ASSERT_GE(uffd, 0);
	ASSERT_EQ(0, setup_uffd_protect(uffd, (void *)self->map, PAGE));
	expect_uffd(_metadata, self, uffd, self->map, UFFDIO_REGISTER_MODE_WP);
	close(uffd);
}

#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

/* v6.7: the kernel lifts the protection by itself. */
TEST_F(verdict, userfaultfd_write_protect_that_asks_nobody)
{
	int uffd;

	self->map[0] = 1;
	uffd = setup_uffd_with((void *)self->map, 4 * PAGE, UFFDIO_REGISTER_MODE_WP,
			       UFFD_FEATURE_WP_ASYNC);
	if (uffd < 0)
		SKIP(return, "this kernel has no asynchronous write protection");
	ASSERT_EQ(0, setup_uffd_protect(uffd, (void *)self->map, PAGE));
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
	close(uffd);
}

/* What a debugger's write does to a page whose own process may not write it. */
static void forced(struct __test_metadata *_metadata, volatile char *page, int verdict)
{
	struct vmq_run before, after;
	pid_t child = setup_traced();
	int vmq = device_open(child);

	ASSERT_GE(vmq, 0);
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
	setup_end(child);
}

TEST_F(verdict, forced_into_a_private_file)
{
	volatile char *map = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_POPULATE,
				  setup_file("/mnt/ext4", 1), 0);

	ASSERT_NE(MAP_FAILED, map);
	forced(_metadata, map, VMQ_ON_WRITE_FILL);	/* the child has no entry yet */
}

TEST_F(verdict, forced_into_an_anonymous_page)
{
	self->map[0] = 1;
	setup_drain();
	ASSERT_EQ(0, mprotect((void *)self->map, PAGE, PROT_READ));
	forced(_metadata, self->map, VMQ_ON_WRITE_COPY);
}

TEST_F(verdict, forced_into_a_shared_mapping)
{
	volatile char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				  setup_file("/mnt/ext4", 1), 0);

	ASSERT_NE(MAP_FAILED, map);
	(void)map[0];
	forced(_metadata, map, VMQ_ON_WRITE_DENY);
}

TEST_HARNESS_MAIN

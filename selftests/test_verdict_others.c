// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts on writes in which somebody besides the process has a say: a userfaultfd
 * that is asked, and a debugger that writes where the process itself may not
 * (forced_write). Here too the write itself is the judge.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/fault.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/verdict_fixture.h"
#include "lib/harness.h"

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
	EXPECT_EQ(0, fault_of_write(map));		/* nobody was asked */
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
		SKIP_TEST("this kernel has no asynchronous write protection");
	ASSERT_EQ(0, setup_uffd_protect(uffd, (void *)self->map, PAGE));
	EXPECT_VERDICT(VMQ_ON_WRITE_REUSE, self->map);
	close(uffd);
}

/* A huge page is split for it, though nobody else has it any more. */
TEST_F(verdict, a_huge_page_whose_write_protection_asks_nobody)
{
	volatile char *huge = setup_huge();
	struct vmq_run run;
	int uffd;

	ASSERT_NE(NULL, huge);
	huge[0] = 1;
	ASSERT_EQ(0, device_page(self->vmq, huge, &run));
	if (run.shift != 21)
		SKIP_TEST("no huge page was free");
	setup_end(setup_fork());
	uffd = setup_uffd_with((void *)huge, 512 * PAGE, UFFDIO_REGISTER_MODE_WP,
			       UFFD_FEATURE_WP_ASYNC);
	if (uffd < 0)
		SKIP_TEST("this kernel has no asynchronous write protection");
	ASSERT_EQ(0, setup_uffd_protect(uffd, (void *)huge, 512 * PAGE));
	ASSERT_EQ(0, device_page(self->vmq, huge, &run));
	ASSERT_EQ(21, run.shift);
	EXPECT_EQ(VMQ_SHARING_MAYBE, run.sharing);
	EXPECT_VERDICT(run.on_write, huge);
	close(uffd);
}

/* What a debugger's write does to the page that a child has by fork. */
static void forced(struct __test_metadata *_metadata, volatile char *page, int verdict)
{
	pid_t child = setup_traced();

	expect_forced(_metadata, child, page, verdict);
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

/* v6.14 lets a debugger write there, too. */
TEST_F(verdict, forced_into_a_hugetlb_page)
{
	volatile char *map;
	struct vmq_run run;

	if (setup_hugetlb_pages(21, 2))
		SKIP_TEST("no hugetlb page to be had");
	map = mmap(NULL, 512 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	map[0] = 1;
	ASSERT_EQ(0, mprotect((void *)map, 512 * PAGE, PROT_READ));
	ASSERT_EQ(0, device_page(self->vmq, map, &run));
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
	forced(_metadata, map, run.forced_write == VMQ_ON_WRITE_DENY ? VMQ_ON_WRITE_DENY :
								       VMQ_ON_WRITE_COPY);
}

/* Nobody but the process itself gets at its secrets. */
TEST_F(verdict, forced_into_a_secret)
{
	int fd = syscall(447 /* memfd_secret */, O_CLOEXEC), vmq;
	volatile char *map;
	struct vmq_run run;
	pid_t child;

	if (fd < 0)
		SKIP_TEST("this kernel has no memfd_secret()");
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	map[0] = 1;
	child = setup_traced();
	vmq = device_open(child);
	ASSERT_EQ(0, device_page(vmq, map, &run));
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.forced_write);
	EXPECT_NE(VMQ_ON_WRITE_DENY, run.on_write);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, child, map, 1L));
	close(vmq);
	setup_end(child);
	close(fd);
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

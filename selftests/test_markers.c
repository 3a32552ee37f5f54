// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries that are neither empty nor a page but a mark for a userfaultfd: what
 * kind they are, and what a write to them does.
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/fault.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

/* v6.6; the headers at hand may be older */
struct poison {
	struct uffdio_range range;
	uint64_t mode;
	int64_t updated;
};
#define POISON _IOWR(UFFDIO, 0x08, struct poison)

FIXTURE(markers) {
	int vmq;
	char *map;		/* 4 pages of a shared memfd, nothing there */
};

FIXTURE_SETUP(markers)
{
	int fd = memfd_create("vmq", 0);

	ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
	self->map = setup_map(4 * PAGE, MAP_SHARED, fd);
	ASSERT_NE(NULL, self->map);
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
}

FIXTURE_TEARDOWN(markers)
{
	close(self->vmq);
	munmap(self->map, 4 * PAGE);
}

static void *write_from_thread(void *address)
{
	*(volatile char *)address = 'w';
	return NULL;
}

TEST_F(markers, write_protected_before_it_is_there)
{
	struct pollfd ready = { .events = POLLIN };
	struct uffd_msg message;
	struct vmq_run run;
	pthread_t writer;

	ready.fd = setup_uffd_with(self->map, 4 * PAGE, UFFDIO_REGISTER_MODE_WP,
				   UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	if (ready.fd < 0)
		SKIP_TEST("this kernel write-protects no shared memory");
	ASSERT_EQ(0, setup_uffd_protect(ready.fd, self->map + PAGE, PAGE));
	ASSERT_EQ(0, device_page(self->vmq, self->map + PAGE, &run));
	EXPECT_EQ(VMQ_KIND_MARKER, run.kind);
	EXPECT_EQ(VMQ_ENTRY_UFFD_WP, run.entry);
	EXPECT_EQ(VMQ_SHARING_NONE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_UFFD, run.on_write);
	EXPECT_FALSE(run.valid & (VMQ_VALID_FRAME | VMQ_VALID_SWAP));
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_NONE, run.kind);
	ASSERT_EQ(0, pthread_create(&writer, NULL, write_from_thread, self->map + PAGE));
	ASSERT_EQ(1, poll(&ready, 1, 10000));
	ASSERT_EQ(sizeof(message), read(ready.fd, &message, sizeof(message)));
	EXPECT_EQ(UFFD_EVENT_PAGEFAULT, message.event);
	ASSERT_EQ(0, setup_uffd_resolve(ready.fd, self->map + PAGE, UFFDIO_REGISTER_MODE_WP));
	pthread_join(writer, NULL);
	close(ready.fd);
}

TEST_F(markers, poisoned)
{
	struct poison poison = { .range = { (uintptr_t)self->map, PAGE } };
	int uffd = setup_uffd(self->map, 4 * PAGE, UFFDIO_REGISTER_MODE_MISSING);
	struct vmq_run run;

	ASSERT_GE(uffd, 0);
	if (ioctl(uffd, POISON, &poison))
		SKIP_TEST("this kernel poisons no pages for a userfaultfd");
	ASSERT_EQ(0, device_page(self->vmq, self->map, &run));
	EXPECT_EQ(VMQ_KIND_MARKER, run.kind);
	EXPECT_EQ(0, run.entry);
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
	EXPECT_EQ(SIGBUS, fault_of_write(self->map));
	close(uffd);
}

TEST_HARNESS_MAIN

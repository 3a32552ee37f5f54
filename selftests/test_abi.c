// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract of /dev/vmq: each test makes a valid call, breaks exactly one
 * thing, and expects the errno the header names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define NOWHERE ((void *)8)

FIXTURE(abi) {
	int vmq;		/* bound to this process */
	char *map;
	struct vmq_run runs[8];
	struct vmq_vma vma_records[64];
	char names[8192];
	struct vmq_info info;
	struct vmq_scan scan;
	struct vmq_vmas vmas;
	struct vmq_walk walk;
};

/* One valid call of each kind. */
FIXTURE_SETUP(abi)
{
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	self->map = setup_map(8 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	self->map[0] = 1;
	self->info = (struct vmq_info){ .size = sizeof(self->info) };
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_INFO, &self->info));
	self->scan = device_scan((uintptr_t)self->map, (uintptr_t)self->map + 8 * PAGE,
				 VMQ_FACTS_ALL, self->runs, 8);
	self->vmas = (struct vmq_vmas){
		.size = sizeof(self->vmas), .end = self->info.top,
		.vmas = (uintptr_t)self->vma_records, .count = 64,
		.vma_size = sizeof(struct vmq_vma),
		.names = (uintptr_t)self->names, .names_size = sizeof(self->names),
	};
	self->walk = (struct vmq_walk){
		.size = sizeof(self->walk), .facts = VMQ_FACTS_ALL,
		.address = (uintptr_t)self->map,
	};
}

FIXTURE_TEARDOWN(abi)
{
	munmap(self->map, 8 * PAGE);
	close(self->vmq);
}

TEST_F(abi, the_calls_to_be_broken_are_valid)
{
	EXPECT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &self->scan));
	EXPECT_EQ(0, device_call(self->vmq, VMQ_IOC_VMAS, &self->vmas));
	EXPECT_EQ(0, device_call(self->vmq, VMQ_IOC_WALK, &self->walk));
	EXPECT_EQ(2, self->scan.count);
	EXPECT_GT(self->vmas.count, 5);
	EXPECT_EQ(self->vmas.total, self->vmas.count);
	EXPECT_EQ(VMQ_ABI_VERSION, self->info.abi);
	EXPECT_EQ(PAGE, self->info.page_size);
	EXPECT_EQ(sizeof(struct vmq_run), self->info.run_size);
	EXPECT_TRUE(self->info.features & VMQ_FEATURE_PAGEMAP_FD);
}

/* Expects @errno_ from the fixture's valid @call after @change. */
#define BROKEN(errno_, command, call, change) do { \
	typeof(self->call) saved = self->call; \
	change; \
	EXPECT_EQ(-(errno_), device_call(self->vmq, command, &self->call)); \
	self->call = saved; \
	EXPECT_EQ(0, device_call(self->vmq, command, &self->call)); \
	self->call = saved; \
} while (0)
#define SCAN(errno_, change) BROKEN(errno_, VMQ_IOC_SCAN, scan, self->scan.change)
#define VMAS(errno_, change) BROKEN(errno_, VMQ_IOC_VMAS, vmas, self->vmas.change)
#define WALK(errno_, change) BROKEN(errno_, VMQ_IOC_WALK, walk, self->walk.change)

TEST_F(abi, scan)
{
	SCAN(EINVAL, size = sizeof(struct vmq_scan) - 1);
	SCAN(EINVAL, size = 0);
	SCAN(EINVAL, size = 1 << 20);
	SCAN(EINVAL, flags = 1);
	SCAN(EINVAL, reserved = 1);
	SCAN(EINVAL, start += 1);
	SCAN(EINVAL, end += 8);
	SCAN(EINVAL, end = self->scan.start);
	SCAN(EINVAL, end = self->scan.start - PAGE);
	SCAN(EINVAL, end = self->info.top + PAGE);
	SCAN(EINVAL, end = -PAGE);
	SCAN(EINVAL, count = 0);
	SCAN(EINVAL, run_size = 0);
	SCAN(EINVAL, run_size = 1 << 20);
	SCAN(EINVAL, facts |= VMQ_FACTS_ALL + 1);
	SCAN(EINVAL, all_of = 1 << 23);
	SCAN(EINVAL, any_of = VMQ_SET_KIND(VMQ_KIND_UNKNOWN + 1));
	SCAN(EINVAL, none_of = VMQ_SET_ON_WRITE(VMQ_ON_WRITE_DENY + 1));
	SCAN(EINVAL, frame_start = 1);
	SCAN(EFAULT, runs = (uintptr_t)NOWHERE);
	/* more room than there is memory: it is not asked for at once, nor trusted */
	BROKEN(EFAULT, VMQ_IOC_SCAN, scan, {
		self->scan.count = UINT32_MAX;
		self->scan.run_size = PAGE;
		self->scan.runs = (uintptr_t)NOWHERE;
	});
	SCAN(EFAULT, runs = UINT64_MAX - 100);
}

TEST_F(abi, filters_on_facts_that_were_not_asked_for)
{
	self->scan.facts = VMQ_FACTS_COUNTS;
	SCAN(EINVAL, all_of = VMQ_SET_KIND(VMQ_KIND_ANON));
	SCAN(EINVAL, any_of = VMQ_SET_SHARING(VMQ_SHARING_MAYBE));
	SCAN(EINVAL, none_of = VMQ_SET_ON_WRITE(VMQ_ON_WRITE_COPY));
	SCAN(EINVAL, frame_end = 100);
	self->scan.facts = VMQ_FACTS_FRAME;
	BROKEN(EINVAL, VMQ_IOC_SCAN, scan, {
		self->scan.frame_start = 5;
		self->scan.frame_end = 5;
	});
}

TEST_F(abi, vmas)
{
	VMAS(EINVAL, size -= 4);
	VMAS(EINVAL, flags = 1);
	VMAS(EINVAL, reserved = 1);
	VMAS(EINVAL, start = 1);
	VMAS(EINVAL, end -= 1);
	VMAS(EINVAL, end = 0);
	VMAS(EINVAL, end += PAGE);
	VMAS(EINVAL, count = 0);
	VMAS(EINVAL, vma_size = 0);
	VMAS(EINVAL, names_size = PAGE - 1);
	VMAS(EFAULT, vmas = (uintptr_t)NOWHERE);
	VMAS(EFAULT, names = (uintptr_t)NOWHERE);
	BROKEN(EFAULT, VMQ_IOC_VMAS, vmas, {
		self->vmas.count = self->vmas.names_size = UINT32_MAX;
		self->vmas.vmas = (uintptr_t)NOWHERE;
	});
}

TEST_F(abi, walk)
{
	WALK(EINVAL, size -= 8);
	WALK(EINVAL, flags = 1);
	WALK(EINVAL, address += 1);
	WALK(EINVAL, address = self->info.top);
	WALK(EINVAL, address = -PAGE);
	WALK(EINVAL, facts = VMQ_FACTS_ALL + 1);
	WALK(ENOMEM, address = PAGE);
}

TEST_F(abi, command_and_pointer)
{
	EXPECT_EQ(-ENOTTY, device_call(self->vmq, _IO(VMQ_IOC_MAGIC, 0x1f), NULL));
	EXPECT_EQ(-ENOTTY, device_call(self->vmq, _IO(VMQ_IOC_MAGIC + 1, 2), NULL));
	EXPECT_EQ(-EFAULT, device_call(self->vmq, VMQ_IOC_INFO, NOWHERE));
	EXPECT_EQ(-EFAULT, device_call(self->vmq, VMQ_IOC_SCAN, NULL));
	self->info.size = 4;
	EXPECT_EQ(-EINVAL, device_call(self->vmq, VMQ_IOC_INFO, &self->info));
}

/* A caller built with a newer header passes more, and zeros are no reason to refuse. */
TEST_F(abi, longer_arguments)
{
	struct {
		struct vmq_scan scan;
		char more[32];
	} longer = { .scan = self->scan };

	longer.scan.size = sizeof(longer);
	EXPECT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &longer));
	longer.scan = self->scan;
	longer.scan.size = sizeof(longer);
	EXPECT_EQ(0, device_call(self->vmq, _IOWR(VMQ_IOC_MAGIC, 2, typeof(longer)), &longer));
	longer.scan = self->scan;
	longer.scan.size = sizeof(longer);
	longer.more[31] = 1;
	EXPECT_EQ(-EINVAL, device_call(self->vmq, VMQ_IOC_SCAN, &longer));
}

TEST_F(abi, longer_and_shorter_records)
{
	struct {
		struct vmq_run run;
		char more[8];
	} longer[8];
	char shorter[8][16];

	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &self->scan));
	memset(longer, 0xff, sizeof(longer));
	self->scan.start = (uintptr_t)self->map;
	self->scan.runs = (uintptr_t)longer;
	self->scan.run_size = sizeof(longer[0]);
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &self->scan));
	EXPECT_EQ(0, memcmp(&longer[0].run, self->runs, sizeof(struct vmq_run)));
	EXPECT_EQ(0, longer[1].more[7]);
	memset(shorter, 0xff, sizeof(shorter));
	self->scan.start = (uintptr_t)self->map;
	self->scan.runs = (uintptr_t)shorter;
	self->scan.run_size = 16;
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &self->scan));
	EXPECT_EQ(0, memcmp(shorter[1], self->runs + 1, 16));
	EXPECT_EQ('\xff', shorter[self->scan.count][0]);
}

static int bind_to(int vmq, uint32_t how, int fd)
{
	struct vmq_bind bind = { .size = sizeof(bind), .how = how, .fd = fd };

	return device_call(vmq, VMQ_IOC_BIND, &bind);
}

TEST_F(abi, bind)
{
	int vmq = open("/dev/vmq", O_RDWR), pagemap = oracle_open_pagemap(0);
	int other = open("/proc/self/maps", O_RDONLY);
	struct vmq_bind bind = { .size = sizeof(bind), .how = VMQ_BIND_SELF, .fd = -1,
		.flags = VMQ_BIND_TOKENS << 1,
	};

	EXPECT_EQ(-ENOTCONN, device_call(vmq, VMQ_IOC_SCAN, &self->scan));
	EXPECT_EQ(-ENOTCONN, device_call(vmq, VMQ_IOC_VMAS, &self->vmas));
	EXPECT_EQ(-ENOTCONN, device_call(vmq, VMQ_IOC_WALK, &self->walk));
	EXPECT_EQ(-EINVAL, device_call(vmq, VMQ_IOC_BIND, &bind));
	bind.flags = 0;
	bind.reserved = 1;
	EXPECT_EQ(-EINVAL, device_call(vmq, VMQ_IOC_BIND, &bind));
	bind.reserved = 0;
	bind.pid = 1;
	EXPECT_EQ(-EINVAL, device_call(vmq, VMQ_IOC_BIND, &bind));
	EXPECT_EQ(-EINVAL, bind_to(vmq, 7, -1));
	EXPECT_EQ(-EINVAL, bind_to(vmq, VMQ_BIND_SELF, pagemap));
	EXPECT_EQ(-EBADF, bind_to(vmq, VMQ_BIND_PAGEMAP_FD, -1));
	EXPECT_EQ(-EBADF, bind_to(vmq, VMQ_BIND_PAGEMAP_FD, 9999));
	EXPECT_EQ(-EINVAL, bind_to(vmq, VMQ_BIND_PAGEMAP_FD, other));
	EXPECT_EQ(-EINVAL, bind_to(vmq, VMQ_BIND_PAGEMAP_FD, vmq));
	EXPECT_EQ(0, bind_to(vmq, VMQ_BIND_PAGEMAP_FD, pagemap));
	EXPECT_EQ(-EBUSY, bind_to(vmq, VMQ_BIND_PAGEMAP_FD, pagemap));
	EXPECT_EQ(-EBUSY, bind_to(vmq, VMQ_BIND_SELF, -1));
	EXPECT_EQ(0, device_call(vmq, VMQ_IOC_SCAN, &self->scan));
	close(other);
	close(pagemap);
	close(vmq);
}

static int bind_to_pid(int vmq, pid_t pid)
{
	struct vmq_bind bind = {
		.size = sizeof(bind), .how = VMQ_BIND_PID, .fd = -1, .pid = pid,
	};

	return device_call(vmq, VMQ_IOC_BIND, &bind);
}

TEST_F(abi, bind_by_pid)
{
	int vmq = open("/dev/vmq", O_RDWR);

	EXPECT_EQ(-ESRCH, bind_to_pid(vmq, 2));
	EXPECT_EQ(-ESRCH, bind_to_pid(vmq, 0));
	EXPECT_EQ(-ESRCH, bind_to_pid(vmq, -1));
	EXPECT_EQ(-ESRCH, bind_to_pid(vmq, 4000000));
	EXPECT_EQ(0, bind_to_pid(vmq, getpid()));
	EXPECT_EQ(-EBUSY, bind_to_pid(vmq, 1));
	EXPECT_EQ(0, device_call(vmq, VMQ_IOC_SCAN, &self->scan));
	EXPECT_TRUE(self->runs[0].valid & VMQ_VALID_FRAME);
	close(vmq);
}

TEST_F(abi, kernel_thread)
{
	EXPECT_EQ(-ESRCH, device_open(2));
}

TEST_F(abi, target_that_has_ended)
{
	pid_t child = setup_fork();
	int pagemap = oracle_open_pagemap(child);
	int vmq = device_open(child), late = open("/dev/vmq", O_RDWR);

	ASSERT_GE(vmq, 0);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_SCAN, &self->scan));
	setup_end(child);
	EXPECT_EQ(-ESRCH, device_call(vmq, VMQ_IOC_SCAN, &self->scan));
	EXPECT_EQ(-ESRCH, device_call(vmq, VMQ_IOC_VMAS, &self->vmas));
	EXPECT_EQ(-ESRCH, device_call(vmq, VMQ_IOC_WALK, &self->walk));
	EXPECT_EQ(-ESRCH, bind_to(late, VMQ_BIND_PAGEMAP_FD, pagemap));
	close(late);
	close(pagemap);
	close(vmq);
}

TEST_F(abi, target_that_called_exec)
{
	int go[2], status, vmq;
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe(go));
	child = fork();
	if (!child) {
		if (read(go[0], &byte, 1) == 1)
			execlp("true", "true", NULL);
		_exit(1);
	}
	vmq = device_open(child);
	ASSERT_GE(vmq, 0);
	ASSERT_EQ(1, write(go[1], "g", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ESRCH, device_call(vmq, VMQ_IOC_WALK, &self->walk));
	close(vmq);
}

/* Small arrays give the same VMAs, and a name that does not fit is not lost. */
TEST_F(abi, vmas_in_small_steps)
{
	struct vmq_vmas all = self->vmas, step = self->vmas;
	struct vmq_vma one;
	char names[PAGE];
	__u32 seen = 0;

	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_VMAS, &all));
	while (step.start < step.end) {
		step.vmas = (uintptr_t)&one;
		step.count = 1;
		step.names = (uintptr_t)names;
		step.names_size = sizeof(names);
		ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_VMAS, &step));
		if (!step.count)
			break;
		ASSERT_LT(seen, all.count);
		EXPECT_EQ(self->vma_records[seen].start, one.start);
		EXPECT_EQ(self->vma_records[seen].end, one.end);
		EXPECT_EQ(0, strcmp(self->names + self->vma_records[seen].name, names));
		seen++;
	}
	EXPECT_EQ(all.count, seen);
	EXPECT_EQ(all.end, step.start);
}

TEST_HARNESS_MAIN

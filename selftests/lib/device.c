// SPDX-License-Identifier: GPL-2.0-only
/* Calls of /dev/vmq. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "oracle.h"

int device_call(int fd, unsigned long command, void *arg)
{
	return ioctl(fd, command, arg) ? -errno : 0;
}

int device_open(pid_t pid)
{
	struct vmq_bind bind = { .size = sizeof(bind), .how = VMQ_BIND_SELF, .fd = -1 };
	int fd = open("/dev/vmq", O_RDWR | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (pid) {
		bind.how = VMQ_BIND_PAGEMAP_FD;
		bind.fd = oracle_open_pagemap(pid);
		/* newer kernels refuse to open that of a kernel thread */
		err = bind.fd < 0 ? -errno : 0;
	}
	if (!err)
		err = device_call(fd, VMQ_IOC_BIND, &bind);
	if (bind.fd >= 0)
		close(bind.fd);
	if (err)
		close(fd);
	return err ? err : fd;
}

int device_page(int fd, const volatile void *address, struct vmq_run *run)
{
	struct vmq_walk walk = {
		.size = sizeof(walk),
		.facts = VMQ_FACTS_ALL,
		.address = (uintptr_t)address & ~(PAGE - 1),
	};
	int err = device_call(fd, VMQ_IOC_WALK, &walk);

	*run = walk.run;
	return err;
}

struct vmq_scan device_scan(uint64_t start, uint64_t end, uint32_t facts,
			    struct vmq_run *runs, uint32_t count)
{
	return (struct vmq_scan){
		.size = sizeof(struct vmq_scan),
		.start = start,
		.end = end,
		.runs = (uintptr_t)runs,
		.count = count,
		.run_size = sizeof(struct vmq_run),
		.facts = facts,
	};
}

ssize_t device_runs(int fd, const struct vmq_scan *scan, struct vmq_run **runs)
{
	struct vmq_scan call = *scan;
	ssize_t count = 0;
	int err = 0;

	*runs = NULL;
	while (!err && call.start < call.end) {
		*runs = realloc(*runs, (count + scan->count) * sizeof(**runs));
		call.runs = (uintptr_t)(*runs + count);
		call.count = scan->count;
		err = device_call(fd, VMQ_IOC_SCAN, &call);
		count += err ? 0 : call.count;
	}
	return err ? err : count;
}

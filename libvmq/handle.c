// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opens /dev/vmq, binds it to a process, closes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "handle.h"

int vmq_call(struct vmq *vmq, unsigned long command, void *arg)
{
	return ioctl(vmq->fd, command, arg) ? -errno : 0;
}

static int open_pagemap(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

static int bind_target(struct vmq *vmq, pid_t pid)
{
	struct vmq_bind bind = {
		.size = sizeof(bind), .how = VMQ_BIND_SELF, .fd = -1,
	};
	int err;

	if (pid) {
		bind.how = VMQ_BIND_PAGEMAP_FD;
		bind.fd = open_pagemap(pid);
		if (bind.fd < 0)
			return bind.fd;
	}
	err = vmq_call(vmq, VMQ_IOC_BIND, &bind);
	if (pid)
		close(bind.fd);
	return err;
}

static int open_device(struct vmq *vmq, pid_t pid)
{
	struct vmq_info info;
	int err;

	vmq->fd = open("/dev/vmq", O_RDWR | O_CLOEXEC);
	if (vmq->fd < 0)
		return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	err = bind_target(vmq, pid);
	if (!err)
		err = vmq_get_info(vmq, &info);
	if (err)
		close(vmq->fd);
	else
		vmq->top = info.top;
	return err;
}

int vmq_open(struct vmq **out, pid_t pid)
{
	struct vmq *vmq;
	int err;

	if (pid < 0)
		return -EINVAL;
	vmq = calloc(1, sizeof(*vmq));
	if (!vmq)
		return -ENOMEM;
	err = open_device(vmq, pid);
	if (err) {
		free(vmq);
		return err;
	}
	*out = vmq;
	return 0;
}

void vmq_close(struct vmq *vmq)
{
	if (!vmq)
		return;
	close(vmq->fd);
	free(vmq);
}

int vmq_get_info(struct vmq *vmq, struct vmq_info *info)
{
	*info = (struct vmq_info){ .size = sizeof(*info) };
	return vmq_call(vmq, VMQ_IOC_INFO, info);
}

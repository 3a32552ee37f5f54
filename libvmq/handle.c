// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opens a handle with the backend asked for, or the best there is; closes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"

int vmq_open_proc(pid_t pid, const char *file)
{
	char path[64] = "/proc/self";
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d", pid);
	strcat(path, "/");
	strcat(path, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/*
 * Whether another backend may do better: the module is not there, not for this
 * caller, or of another version.
 */
static int is_refusal(int err)
{
	return err == -ENODEV || err == -EACCES || err == -EPERM ||
	       err == -EOPNOTSUPP;
}

static int open_backend(struct vmq **vmq, pid_t pid, enum vmq_backend backend)
{
	int err;

	switch (backend) {
	case VMQ_BACKEND_MODULE:
		return vmq_module_ops.open(vmq, pid);
	case VMQ_BACKEND_PROCFS:
		return vmq_procfs_ops.open(vmq, pid);
	case VMQ_BACKEND_ANY:
		err = vmq_module_ops.open(vmq, pid);
		if (is_refusal(err))
			err = vmq_procfs_ops.open(vmq, pid);
		return err;
	}
	return -EINVAL;
}

int vmq_open(struct vmq **vmq, pid_t pid, enum vmq_backend backend)
{
	int err;

	*vmq = NULL;
	err = pid < 0 ? -EINVAL : open_backend(vmq, pid, backend);
	if (!err)
		(*vmq)->pid = pid;
	return err;
}

void vmq_close(struct vmq *vmq)
{
	if (vmq)
		vmq->ops->close(vmq);
}

enum vmq_backend vmq_backend(const struct vmq *vmq)
{
	return vmq->ops->name;
}

__u64 vmq_top(const struct vmq *vmq)
{
	return vmq->top;
}

__u32 vmq_entry_known(const struct vmq *vmq)
{
	return vmq->ops->entry_known;
}

int vmq_get_info(struct vmq *vmq, struct vmq_info *info)
{
	*info = (struct vmq_info){ .size = sizeof(*info) };
	return vmq->ops->info(vmq, info);
}

int vmq_walk_page(struct vmq *vmq, __u64 address, __u32 facts,
		  struct vmq_walk *walk)
{
	*walk = (struct vmq_walk){
		.size = sizeof(*walk), .facts = facts, .address = address,
	};
	return vmq->ops->walk(vmq, walk);
}

static int read_byte(int fd, __u64 address)
{
	char byte;
	ssize_t n = pread(fd, &byte, 1, address);

	if (n < 0)
		return -errno;
	return n ? 0 : -ESRCH;
}

int vmq_page_in(struct vmq *vmq, __u64 address)
{
	int fd = vmq_open_proc(vmq->pid, "mem"), err;

	/*
	 * The file stays with the space that the process had at the open: with that of
	 * the handle, if this is still there now.
	 */
	err = vmq->ops->alive(vmq);
	if (!err)
		err = fd < 0 ? fd : read_byte(fd, address);
	if (fd >= 0)
		close(fd);
	return err;
}

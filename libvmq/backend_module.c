// SPDX-License-Identifier: LGPL-2.1-or-later
/* The backend of /dev/vmq: each call is an ioctl. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../module/shared/run.h"
#include "backend.h"

/* Records and bytes of names per VMQ_IOC_VMAS. */
#define VMAS_BATCH	512
#define NAMES_BATCH	65536

struct module {
	struct vmq vmq;
	int fd;			/* /dev/vmq, bound */
};

static struct module *to_module(struct vmq *vmq)
{
	return (struct module *)vmq;
}

static int call(struct vmq *vmq, unsigned long command, void *arg)
{
	return ioctl(to_module(vmq)->fd, command, arg) ? -errno : 0;
}

static int bind_target(struct vmq *vmq, pid_t pid)
{
	struct vmq_bind bind = {
		.size = sizeof(bind), .how = VMQ_BIND_SELF, .fd = -1,
	};
	int err;

	if (pid) {
		bind.how = VMQ_BIND_PAGEMAP_FD;
		bind.fd = vmq_open_proc(pid, "pagemap");
		if (bind.fd < 0)
			return bind.fd;
	}
	err = call(vmq, VMQ_IOC_BIND, &bind);
	if (pid)
		close(bind.fd);
	return err;
}

static int module_info(struct vmq *vmq, struct vmq_info *info)
{
	return call(vmq, VMQ_IOC_INFO, info);
}

/*
 * Before anything else is asked: a module of another version, or a file that is
 * none of ours, may take a call for something else or refuse it in its own words.
 */
static int check_abi(struct vmq *vmq)
{
	struct vmq_info info = { .size = sizeof(info) };

	return module_info(vmq, &info) || info.abi != VMQ_ABI_VERSION ? -EOPNOTSUPP : 0;
}

static int open_device(void)
{
	int fd = open("/dev/vmq", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
	case ENXIO:
		return -ENODEV;
	case EISDIR:		/* containers make one for a device that is not there */
		return -EOPNOTSUPP;
	default:
		return -errno;
	}
}

static int prepare(struct module *module, pid_t pid)
{
	struct vmq_info info = { .size = sizeof(info) };
	int err = check_abi(&module->vmq);

	if (!err)
		err = bind_target(&module->vmq, pid);
	if (!err)
		err = module_info(&module->vmq, &info);
	module->vmq.top = info.top;
	return err;
}

static void module_close(struct vmq *vmq)
{
	close(to_module(vmq)->fd);
	free(vmq);
}

static int module_open(struct vmq **vmq, pid_t pid)
{
	struct module *module = calloc(1, sizeof(*module));
	int err;

	if (!module)
		return -ENOMEM;
	module->vmq.ops = &vmq_module_ops;
	module->fd = open_device();
	if (module->fd < 0) {
		err = module->fd;
		free(module);
		return err;
	}
	err = prepare(module, pid);
	if (err)
		module_close(&module->vmq);
	else
		*vmq = &module->vmq;
	return err;
}

/* The kernel keeps no state between two scans. */
static void module_rewind(struct vmq *vmq)
{
	(void)vmq;
}

static int module_scan(struct vmq *vmq, struct vmq_scan *scan)
{
	return call(vmq, VMQ_IOC_SCAN, scan);
}

/* What is asked of it is nothing, of the page where nobody has any. */
static int module_alive(struct vmq *vmq)
{
	struct vmq_run run;
	struct vmq_scan scan = {
		.size = sizeof(scan),
		.end = 1ULL << VMQ_PAGE_SHIFT,
		.runs = (uintptr_t)&run,
		.count = 1,
		.run_size = sizeof(run),
	};

	return module_scan(vmq, &scan);
}

struct vmas_batch {
	struct vmq_vma vmas[VMAS_BATCH];
	char names[NAMES_BATCH];
};

static int read_batch(struct vmq *vmq, struct vmas_batch *batch, __u64 *start,
		      __u64 end, struct vmq_vma_list *list)
{
	struct vmq_vmas arg = {
		.size = sizeof(arg),
		.start = *start,
		.end = end,
		.vmas = (uintptr_t)batch->vmas,
		.names = (uintptr_t)batch->names,
		.count = VMAS_BATCH,
		.vma_size = sizeof(struct vmq_vma),
		.names_size = sizeof(batch->names),
	};
	int err = call(vmq, VMQ_IOC_VMAS, &arg);

	for (__u32 i = 0; !err && i < arg.count; i++) {
		const struct vmq_vma *vma = &batch->vmas[i];

		err = vmq_vmas_append(list, vma, batch->names + vma->name,
				      vma->name_length);
	}
	if (err)
		return err;
	list->total = arg.total;
	list->height = arg.height;
	*start = arg.start;
	return 0;
}

static int module_vmas(struct vmq *vmq, __u64 start, __u64 end,
		       struct vmq_vma_list *list)
{
	struct vmas_batch *batch = malloc(sizeof(*batch));
	int err = 0;

	if (!batch)
		return -ENOMEM;
	while (!err && start < end)
		err = read_batch(vmq, batch, &start, end, list);
	free(batch);
	return err;
}

static int module_walk(struct vmq *vmq, struct vmq_walk *walk)
{
	return call(vmq, VMQ_IOC_WALK, walk);
}

const struct vmq_ops vmq_module_ops = {
	.name = VMQ_BACKEND_MODULE,
	.entry_known = ~0U,
	.open = module_open,
	.close = module_close,
	.info = module_info,
	.alive = module_alive,
	.rewind = module_rewind,
	.scan = module_scan,
	.vmas = module_vmas,
	.walk = module_walk,
};

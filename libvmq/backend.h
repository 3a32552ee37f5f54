/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a backend is, and what the files of the library share; not installed.
 * A backend answers the calls of the module's contract; iteration, lists and the
 * choice between backends are above it.
 */
#ifndef VMQ_BACKEND_H
#define VMQ_BACKEND_H

#include <errno.h>
#include <stdbool.h>

#include "vmq.h"

/**
 * struct vmq_ops - a backend
 * @name: what vmq_backend() says
 * @entry_known: what vmq_entry_known() says
 * @open: makes a handle with ops and top set; errors as vmq_open()
 * @close: frees it
 * @info: fills *info, which is zero but for its size
 * @alive: 0 while the address space is, -ESRCH when it is gone
 * @rewind: an iteration begins: what was read before is out of date
 * @scan: as VMQ_IOC_SCAN, with records of sizeof(struct vmq_run)
 * @vmas: as vmq_vmas_read(), of a checked range, into an empty list
 * @walk: as VMQ_IOC_WALK
 */
struct vmq_ops {
	enum vmq_backend name;
	__u32 entry_known;
	int (*open)(struct vmq **vmq, pid_t pid);
	void (*close)(struct vmq *vmq);
	int (*info)(struct vmq *vmq, struct vmq_info *info);
	int (*alive)(struct vmq *vmq);
	void (*rewind)(struct vmq *vmq);
	int (*scan)(struct vmq *vmq, struct vmq_scan *scan);
	int (*vmas)(struct vmq *vmq, __u64 start, __u64 end,
		    struct vmq_vma_list *list);
	int (*walk)(struct vmq *vmq, struct vmq_walk *walk);
};

/* The first member of each backend's own handle. */
struct vmq {
	const struct vmq_ops *ops;
	__u64 top;		/* end of the target's user space */
	pid_t pid;		/* as given to vmq_open() */
};

extern const struct vmq_ops vmq_module_ops;
extern const struct vmq_ops vmq_procfs_ops;

/* Opens @file of /proc/@pid, of the caller's for 0: a descriptor or -errno. */
int vmq_open_proc(pid_t pid, const char *file);

/*
 * Whether @err says nothing of the file that was to be opened or read: then there is
 * no answer. With any other it is not there for this caller, and the answer is less.
 */
static inline bool vmq_is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

/*
 * Appends *@vma to @list with the @length bytes of @name, setting its fields
 * name and name_length. On -ENOMEM the list is as before.
 */
int vmq_vmas_append(struct vmq_vma_list *list, const struct vmq_vma *vma,
		    const char *name, size_t length);

#endif

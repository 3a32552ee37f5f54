// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binds an open file to the address space it looks at: the caller's own, or
 * the one behind an open /proc/PID/pagemap, whose open ran the kernel's own
 * ptrace and LSM checks. There is no access policy of vmq's own here; who may
 * look at everything can name a process instead.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>

#include "compat.h"
#include "target.h"

/* File operations of /proc/PID/pagemap; NULL while they are not proven. */
static const struct file_operations *pagemap_fops;

static bool is_procfs_pagemap(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == PROC_SUPER_MAGIC &&
	       !strcmp(file_dentry(file)->d_name.name, "pagemap");
}

/*
 * The kernel does not export pagemap's file operations, nor promise that the
 * private data is the mm. Both are seen by opening the caller's own pagemap:
 * it must be procfs' file of that name (not something mounted over it) and
 * lead to the caller's mm. Tried at load, and again at each bind until it
 * works, as a loader without /proc proves nothing.
 */
static const struct file_operations *prove_pagemap(void)
{
	const struct file_operations *fops = READ_ONCE(pagemap_fops);
	struct file *file;

	if (fops || !current->mm)
		return fops;
	file = filp_open("/proc/self/pagemap", O_RDONLY, 0);
	if (IS_ERR(file))
		return NULL;
	if (is_procfs_pagemap(file) && file->private_data == current->mm) {
		fops = file->f_op;
		WRITE_ONCE(pagemap_fops, fops);
	}
	fput(file);
	return fops;
}

void vmq_target_init(void)
{
	prove_pagemap();
}

bool vmq_target_can_pagemap(void)
{
	return READ_ONCE(pagemap_fops);
}

/*
 * Publishes @mm as the target, for the life of the file. The one who binds
 * first wins; readers pair with the cmpxchg in vmq_target_get_mm().
 */
static int bind(struct vmq_target *target, struct mm_struct *mm, bool frames)
{
	frames = frames && vmq_caller_sees_frames();
	mmgrab(mm);
	if (cmpxchg(&target->mm, NULL, mm)) {
		mmdrop(mm);
		return -EBUSY;
	}
	/* A call that races with bind sees no frames, never too many. */
	WRITE_ONCE(target->frames, frames);
	return 0;
}

/* 0, EBUSY bound before, ESRCH a caller without user memory. */
int vmq_target_bind_self(struct vmq_target *target, bool frames)
{
	return current->mm ? bind(target, current->mm, frames) : -ESRCH;
}

/*
 * Binds to the address space behind the pagemap descriptor @fd of the caller.
 * 0, EBUSY bound before, EBADF, EINVAL not a pagemap, ESRCH ended or a kernel
 * thread, EOPNOTSUPP pagemap not proven.
 */
int vmq_target_bind_pagemap(struct vmq_target *target, int fd, bool frames)
{
	const struct file_operations *fops = prove_pagemap();
	struct mm_struct *mm;
	struct file *file;
	int err = -EINVAL;

	if (!fops)
		return -EOPNOTSUPP;
	file = fget(fd);
	if (!file)
		return -EBADF;
	if (file->f_op != fops)
		goto out;
	err = -ESRCH;
	mm = file->private_data;	/* pinned by the open file */
	if (!mm || !mmget_not_zero(mm))
		goto out;
	err = bind(target, mm, frames);
	mmput_async(mm);
out:
	fput(file);
	return err;
}

/* The address space of the process of @first, which may have ended before others. */
static struct mm_struct *mm_of_process(struct task_struct *first)
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	rcu_read_lock();
	for_each_thread(first, thread) {
		mm = get_task_mm(thread);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

/*
 * The address space of the process @pid, with a reference for mmput_async(). No
 * check of ours could be as good as the one at the open of pagemap, so this is for
 * those who may look at everything. EPERM, ESRCH.
 */
struct mm_struct *vmq_target_mm_of(struct pid *pid)
{
	struct task_struct *task;
	struct mm_struct *mm;

	if (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_PTRACE))
		return ERR_PTR(-EPERM);
	task = get_pid_task(pid, PIDTYPE_TGID);
	if (!task)
		return ERR_PTR(-ESRCH);
	mm = mm_of_process(task);
	put_task_struct(task);
	return mm ?: ERR_PTR(-ESRCH);
}

/*
 * Binds to the process @nr of the caller's pid namespace. 0, EBUSY, EPERM, ESRCH.
 */
int vmq_target_bind_pid(struct vmq_target *target, pid_t nr, bool frames)
{
	struct pid *pid = find_get_pid(nr);
	struct mm_struct *mm = vmq_target_mm_of(pid);
	int err;

	put_pid(pid);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = bind(target, mm, frames);
	mmput_async(mm);
	return err;
}

void vmq_target_release(struct vmq_target *target)
{
	if (target->mm)
		mmdrop(target->mm);
}

/*
 * The target's address space, alive until vmq_target_put_mm(), or an error:
 * ENOTCONN not bound, ESRCH exited or replaced by exec.
 */
struct mm_struct *vmq_target_get_mm(const struct vmq_target *target)
{
	struct mm_struct *mm = smp_load_acquire(&target->mm);	/* cmpxchg in bind() */

	if (!mm)
		return ERR_PTR(-ENOTCONN);
	return mmget_not_zero(mm) ? mm : ERR_PTR(-ESRCH);
}

/* The last user of an mm tears it down, which may take long: never here. */
void vmq_target_put_mm(struct mm_struct *mm)
{
	mmput_async(mm);
}

/* End of the target's user space, 0 before bind. */
unsigned long vmq_target_top(const struct vmq_target *target)
{
	struct mm_struct *mm = smp_load_acquire(&target->mm);	/* cmpxchg in bind() */

	return mm ? mm->task_size : 0;
}

/*
 * Whether the calling process may see frames at all. A kernel locked down for
 * confidentiality keeps them to itself, as it does with /proc/kcore.
 */
bool vmq_caller_sees_frames(void)
{
	return capable(CAP_SYS_ADMIN) && !security_locked_down(LOCKDOWN_KCORE);
}

/* Whether the calling process may see frames through this target. */
bool vmq_target_sees_frames(const struct vmq_target *target)
{
	return READ_ONCE(target->frames) && vmq_caller_sees_frames();
}

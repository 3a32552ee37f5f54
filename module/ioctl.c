// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vmq: checks arguments, asks the core, copies answers out. Nothing is
 * copied to or from user memory while a lock is held: the target may be the
 * caller itself.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmq.h>

#include "ioctl.h"
#include "target.h"
#include "walk.h"

/* Runs gathered before they are copied out: 64 KiB of kernel memory. */
#define BATCH_RUNS	1024

struct vmq_file {
	struct vmq_target target;
	spinlock_t stat_lock;	/* the fields below */
	u64 max_hold_entries;
	u64 max_hold_ns;
};

/* Copies in an argument that begins with its size; see the header's rules. */
static int get_arg(void *arg, size_t size, const void __user *uarg)
{
	u32 usize;

	if (get_user(usize, (const u32 __user *)uarg))
		return -EFAULT;
	if (usize < size || usize > PAGE_SIZE)
		return -EINVAL;
	/* E2BIG means bytes are set that we do not know */
	switch (copy_struct_from_user(arg, size, uarg, usize)) {
	case 0:
		return 0;
	case -EFAULT:
		return -EFAULT;
	default:
		return -EINVAL;
	}
}

static int put_arg(void __user *uarg, const void *arg, size_t size)
{
	return copy_to_user(uarg, arg, size) ? -EFAULT : 0;
}

static long ioctl_info(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_info info;
	int err;

	err = get_arg(&info, sizeof(info), uarg);
	if (err)
		return err;
	info.abi = VMQ_ABI_VERSION;
	info.features = 0;
	if (vmq_target_can_pagemap())
		info.features |= VMQ_FEATURE_PAGEMAP_FD;
	info.page_size = PAGE_SIZE;
	info.run_size = sizeof(struct vmq_run);
	info.top = vmq_target_top(&vf->target);
	spin_lock(&vf->stat_lock);
	info.max_hold_entries = vf->max_hold_entries;
	info.max_hold_ns = vf->max_hold_ns;
	spin_unlock(&vf->stat_lock);
	return put_arg(uarg, &info, sizeof(info));
}

static long ioctl_bind(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_bind bind;
	int err;

	err = get_arg(&bind, sizeof(bind), uarg);
	if (err)
		return err;
	if (bind.flags)
		return -EINVAL;
	switch (bind.how) {
	case VMQ_BIND_SELF:
		return bind.fd == -1 ? vmq_target_bind_self(&vf->target) : -EINVAL;
	case VMQ_BIND_PAGEMAP_FD:
		return vmq_target_bind_pagemap(&vf->target, bind.fd);
	default:
		return -EINVAL;
	}
}

static int check_scan(const struct vmq_scan *scan, unsigned long top)
{
	if (scan->flags || scan->reserved || scan->facts & ~VMQ_FACTS_FRAME)
		return -EINVAL;
	if (!scan->count || !scan->run_size || scan->run_size > PAGE_SIZE)
		return -EINVAL;
	if (!PAGE_ALIGNED(scan->start) || !PAGE_ALIGNED(scan->end))
		return -EINVAL;
	if (scan->start >= scan->end || scan->end > top)
		return -EINVAL;
	return 0;
}

/* Copies @count runs to records of @size bytes each at @to. */
static int put_runs(void __user *to, const struct vmq_run *runs, u32 count,
		    u32 size)
{
	size_t common = min_t(size_t, size, sizeof(*runs));
	u32 i;

	if (size == sizeof(*runs))
		return copy_to_user(to, runs, size * count) ? -EFAULT : 0;
	for (i = 0; i < count; i++, to += size) {
		if (copy_to_user(to, runs + i, common) ||
		    clear_user(to + common, size - common))
			return -EFAULT;
	}
	return 0;
}

/* Moves the walk's runs to the caller's array and makes room for new ones. */
static int flush(struct vmq_walk *walk, struct vmq_scan *scan, u32 *done)
{
	void __user *to = u64_to_user_ptr(scan->runs);
	int err;

	err = put_runs(to + (size_t)*done * scan->run_size, walk->runs,
		       walk->count, scan->run_size);
	if (err)
		return err;
	*done += walk->count;
	walk->count = 0;
	walk->full = false;
	walk->max = min_t(u32, BATCH_RUNS, scan->count - *done);
	return 0;
}

/* Fills the caller's array from walk->next on; *@done counts the records. */
static int fill(struct vmq_walk *walk, struct vmq_scan *scan, u32 *done)
{
	int err;

	while (walk->next < walk->end) {
		err = vmq_walk_hold(walk);
		if (err)
			return err;
		if (walk->full) {
			err = flush(walk, scan, done);
			if (err || !walk->max)
				return err;
		}
		if (signal_pending(current))
			break;
		cond_resched();
	}
	if (walk->count && walk->next < walk->end)
		walk->runs[walk->count - 1].flags |= VMQ_RUN_CUT;
	return flush(walk, scan, done);
}

static void note_hold(struct vmq_file *vf, const struct vmq_walk *walk)
{
	spin_lock(&vf->stat_lock);
	vf->max_hold_entries = max(vf->max_hold_entries, walk->max_hold_entries);
	vf->max_hold_ns = max(vf->max_hold_ns, walk->max_hold_ns);
	spin_unlock(&vf->stat_lock);
}

static int scan_mm(struct vmq_file *vf, struct mm_struct *mm,
		   struct vmq_scan *scan)
{
	struct vmq_walk walk = {
		.mm = mm,
		.next = scan->start,
		.end = scan->end,
		.facts = scan->facts,
		.frames = vmq_target_sees_frames(&vf->target),
		.max = min_t(u32, scan->count, BATCH_RUNS),
	};
	u32 done = 0;
	int err;

	walk.runs = kvmalloc_array(walk.max, sizeof(*walk.runs), GFP_KERNEL_ACCOUNT);
	if (!walk.runs)
		return -ENOMEM;
	err = fill(&walk, scan, &done);
	kvfree(walk.runs);
	note_hold(vf, &walk);
	scan->start = walk.next;
	scan->count = done;
	return err;
}

static long ioctl_scan(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_scan scan;
	struct mm_struct *mm;
	int err;

	err = get_arg(&scan, sizeof(scan), uarg);
	if (err)
		return err;
	mm = vmq_target_get_mm(&vf->target);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = check_scan(&scan, mm->task_size);
	if (!err)
		err = scan_mm(vf, mm, &scan);
	vmq_target_put_mm(mm);
	return err ?: put_arg(uarg, &scan, sizeof(scan));
}

static long vmq_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	struct vmq_file *vf = file->private_data;

	switch (cmd) {
	case VMQ_IOC_INFO:
		return ioctl_info(vf, uarg);
	case VMQ_IOC_BIND:
		return ioctl_bind(vf, uarg);
	case VMQ_IOC_SCAN:
		return ioctl_scan(vf, uarg);
	default:
		return -ENOTTY;
	}
}

static int vmq_open(struct inode *inode, struct file *file)
{
	struct vmq_file *vf = kzalloc(sizeof(*vf), GFP_KERNEL_ACCOUNT);

	if (!vf)
		return -ENOMEM;
	spin_lock_init(&vf->stat_lock);
	file->private_data = vf;
	return 0;
}

static int vmq_release(struct inode *inode, struct file *file)
{
	struct vmq_file *vf = file->private_data;

	vmq_target_release(&vf->target);
	kfree(vf);
	return 0;
}

static const struct file_operations vmq_fops = {
	.owner = THIS_MODULE,
	.open = vmq_open,
	.release = vmq_release,
	.unlocked_ioctl = vmq_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice vmq_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmq",
	.mode = 0600,
	.fops = &vmq_fops,
};

int vmq_ioctl_init(void)
{
	return misc_register(&vmq_misc);
}

void vmq_ioctl_exit(void)
{
	misc_deregister(&vmq_misc);
}

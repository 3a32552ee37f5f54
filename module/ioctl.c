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
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmq.h>

#include "args.h"
#include "compat.h"
#include "frame.h"
#include "ioctl.h"
#include "shared/run.h"
#include "target.h"
#include "vma.h"
#include "walk.h"
#include "x86.h"

/* Runs gathered before they are copied out: 64 KiB of kernel memory. */
#define BATCH_RUNS	1024

/* VMAs, and bytes of names, one call of VMAS gives. */
#define BATCH_VMAS	1024
#define BATCH_NAMES	SZ_64K

struct vmq_file {
	struct vmq_target target;
	spinlock_t stat_lock;	/* the fields below */
	u64 max_hold_entries;
	u64 max_hold_ns;
	u64 retries;
};

static u64 features(void)
{
	return (vmq_target_can_pagemap() ? VMQ_FEATURE_PAGEMAP_FD : 0) |
	       (vmq_counts_pages() ? VMQ_FEATURE_MAP_COUNT : 0) |
	       (VMQ_MARKER_GUARD ? VMQ_FEATURE_GUARD : 0);
}

static long ioctl_info(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_info info;
	int err;

	err = vmq_get_arg(&info, sizeof(info), uarg);
	if (err)
		return err;
	info = (struct vmq_info){ .size = info.size, .abi = VMQ_ABI_VERSION };
	info.features = features();
	info.page_size = PAGE_SIZE;
	info.run_size = sizeof(struct vmq_run);
	info.page_flags = vmq_frame_flags_known();
	info.leaf_sizes = vmq_arch_leaf_sizes();
	info.top = vmq_target_top(&vf->target);
	spin_lock(&vf->stat_lock);
	info.max_hold_entries = vf->max_hold_entries;
	info.max_hold_ns = vf->max_hold_ns;
	info.retries = vf->retries;
	spin_unlock(&vf->stat_lock);
	return vmq_put_arg(uarg, &info, sizeof(info));
}

static long ioctl_bind(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_bind bind;
	bool frames;
	int err;

	err = vmq_get_arg(&bind, sizeof(bind), uarg);
	if (err)
		return err;
	frames = !(bind.flags & VMQ_BIND_TOKENS);
	if (bind.flags & ~VMQ_BIND_TOKENS || bind.reserved ||
	    (bind.how != VMQ_BIND_PAGEMAP_FD && bind.fd != -1) ||
	    (bind.how != VMQ_BIND_PID && bind.pid))
		return -EINVAL;
	switch (bind.how) {
	case VMQ_BIND_SELF:
		return vmq_target_bind_self(&vf->target, frames);
	case VMQ_BIND_PAGEMAP_FD:
		return vmq_target_bind_pagemap(&vf->target, bind.fd, frames);
	case VMQ_BIND_PID:
		return vmq_target_bind_pid(&vf->target, bind.pid, frames);
	default:
		return -EINVAL;
	}
}

/* A range of pages inside user space. */
static int check_range(u64 start, u64 end, unsigned long top)
{
	if (!PAGE_ALIGNED(start) || !PAGE_ALIGNED(end))
		return -EINVAL;
	return start < end && end <= top ? 0 : -EINVAL;
}

static int check_array(u32 count, u32 record_size)
{
	return count && record_size && record_size <= PAGE_SIZE ? 0 : -EINVAL;
}

static struct vmq_wish wish_of(const struct vmq_file *vf, const struct vmq_scan *scan)
{
	return (struct vmq_wish){
		.facts = scan->facts,
		.frames = vmq_target_sees_frames(&vf->target),
		.all_of = scan->all_of,
		.any_of = scan->any_of,
		.none_of = scan->none_of,
		.frame_start = scan->frame_start,
		.frame_end = scan->frame_end,
	};
}

/* Moves the report's runs to the caller's array and makes room for new ones. */
static int flush(struct vmq_report *report, struct vmq_scan *scan, u32 *done)
{
	void __user *to = u64_to_user_ptr(scan->runs);
	int err;

	err = vmq_put_records(to + (size_t)*done * scan->run_size, scan->run_size,
			      report->runs, sizeof(*report->runs), report->count);
	if (err)
		return err;
	*done += report->count;
	report->count = 0;
	report->full = false;
	report->max = min_t(u32, BATCH_RUNS, scan->count - *done);
	return 0;
}

static struct vmq_run *last_run(const struct vmq_report *report)
{
	return report->runs + report->count - 1;
}

/* Fills the caller's array from walk->next on; *@done counts the records. */
static int fill(struct vmq_walker *walk, struct vmq_scan *scan, u32 *done)
{
	struct vmq_report *report = &walk->report;
	int err;

	while (walk->next < walk->end) {
		err = vmq_walk_hold(walk);
		if (err)
			return err;
		if (report->full) {
			err = flush(report, scan, done);
			if (err || !report->max)
				return err;
		}
		if (signal_pending(current))
			break;
		cond_resched();
	}
	if (report->count && walk->next < walk->end &&
	    vmq_run_end(last_run(report)) == walk->next)
		last_run(report)->flags |= VMQ_RUN_CUT;
	return flush(report, scan, done);
}

/* @entries and @ns: the most of the holds of one call. */
static void note_hold(struct vmq_file *vf, u64 entries, u64 ns, u64 retries)
{
	spin_lock(&vf->stat_lock);
	vf->max_hold_entries = max(vf->max_hold_entries, entries);
	vf->max_hold_ns = max(vf->max_hold_ns, ns);
	vf->retries += retries;
	spin_unlock(&vf->stat_lock);
}

static void note_walk(struct vmq_file *vf, const struct vmq_walker *walk)
{
	note_hold(vf, walk->max_hold_entries, walk->max_hold_ns, walk->retries);
}

static int scan_mm(struct vmq_file *vf, struct mm_struct *mm,
		   struct vmq_scan *scan)
{
	struct vmq_walker walk = {
		.mm = mm,
		.next = scan->start,
		.end = scan->end,
		.report.wish = wish_of(vf, scan),
		.report.max = min_t(u32, scan->count, BATCH_RUNS),
	};
	u32 done = 0;
	int err;

	err = vmq_wish_check(&walk.report.wish);
	if (err)
		return err;
	walk.report.runs = kvmalloc_array(walk.report.max, sizeof(struct vmq_run),
					  GFP_KERNEL_ACCOUNT);
	if (!walk.report.runs)
		return -ENOMEM;
	err = fill(&walk, scan, &done);
	kvfree(walk.report.runs);
	note_walk(vf, &walk);
	scan->start = walk.next;
	scan->count = done;
	return err;
}

static long ioctl_scan(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_scan scan;
	struct mm_struct *mm;
	int err;

	err = vmq_get_arg(&scan, sizeof(scan), uarg);
	if (err)
		return err;
	if (scan.flags || scan.reserved)
		return -EINVAL;
	mm = vmq_target_get_mm(&vf->target);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = check_range(scan.start, scan.end, mm->task_size) ?:
	      check_array(scan.count, scan.run_size) ?:
	      scan_mm(vf, mm, &scan);
	vmq_target_put_mm(mm);
	return err ?: vmq_put_arg(uarg, &scan, sizeof(scan));
}

/* Copies out what @lister has gathered; see struct vmq_vmas for its size rules. */
static int put_vmas(struct vmq_vma_lister *lister, struct vmq_vmas *vmas)
{
	int err;

	err = vmq_put_records(u64_to_user_ptr(vmas->vmas), vmas->vma_size,
			      lister->vmas, sizeof(*lister->vmas), lister->count);
	if (err)
		return err;
	if (copy_to_user(u64_to_user_ptr(vmas->names), lister->names, lister->names_size))
		return -EFAULT;
	vmas->start = lister->next;
	vmas->count = lister->count;
	vmas->names_size = lister->names_size;
	vmas->total = lister->total;
	vmas->height = lister->height;
	return 0;
}

static int list_vmas(struct vmq_vma_lister *lister, struct vmq_vmas *vmas)
{
	int err;

	do {
		err = vmq_vma_hold(lister);
		cond_resched();
	} while (!err && !lister->full && lister->next < lister->end &&
		 !signal_pending(current));
	return err ?: put_vmas(lister, vmas);
}

/* One call fills at most one batch: a list of VMAs is not long. */
static int vmas_mm(struct vmq_file *vf, struct mm_struct *mm, struct vmq_vmas *vmas)
{
	struct vmq_vma_lister lister = {
		.mm = mm,
		.next = vmas->start,
		.end = vmas->end,
		.max = min_t(u32, vmas->count, BATCH_VMAS),
		.names_max = min_t(u32, vmas->names_size, BATCH_NAMES),
	};
	int err = -ENOMEM;

	lister.vmas = kvmalloc_array(lister.max, sizeof(*lister.vmas), GFP_KERNEL_ACCOUNT);
	lister.names = kvmalloc(lister.names_max, GFP_KERNEL_ACCOUNT);
	lister.scratch = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (lister.vmas && lister.names && lister.scratch)
		err = list_vmas(&lister, vmas);
	note_hold(vf, lister.max_hold_vmas, lister.max_hold_ns, 0);
	kfree(lister.scratch);
	kvfree(lister.names);
	kvfree(lister.vmas);
	return err;
}

static long ioctl_vmas(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_vmas vmas;
	struct mm_struct *mm;
	int err;

	err = vmq_get_arg(&vmas, sizeof(vmas), uarg);
	if (err)
		return err;
	if (vmas.flags || vmas.reserved || vmas.names_size < PAGE_SIZE)
		return -EINVAL;
	mm = vmq_target_get_mm(&vf->target);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = check_range(vmas.start, vmas.end, mm->task_size) ?:
	      check_array(vmas.count, vmas.vma_size) ?:
	      vmas_mm(vf, mm, &vmas);
	vmq_target_put_mm(mm);
	return err ?: vmq_put_arg(uarg, &vmas, sizeof(vmas));
}

static int walk_mm(struct vmq_file *vf, struct mm_struct *mm, struct vmq_walk *arg)
{
	struct vmq_walker walk = {
		.mm = mm,
		.next = arg->address,
		.end = arg->address + PAGE_SIZE,
		.levels = arg->levels,
		.report = {
			.wish.facts = arg->facts,
			.wish.frames = vmq_target_sees_frames(&vf->target),
			.runs = &arg->run,
			.max = 1,
		},
	};
	int err;

	err = vmq_wish_check(&walk.report.wish);
	if (err)
		return err;
	memset(arg->levels, 0, sizeof(arg->levels));
	memset(&arg->run, 0, sizeof(arg->run));
	err = vmq_walk_hold(&walk);
	note_walk(vf, &walk);
	arg->count = walk.level_count;
	return err ?: walk.report.count ? 0 : -ENOMEM;
}

static long ioctl_walk(struct vmq_file *vf, void __user *uarg)
{
	struct vmq_walk walk;
	struct mm_struct *mm;
	int err;

	err = vmq_get_arg(&walk, sizeof(walk), uarg);
	if (err)
		return err;
	if (walk.flags || walk.address + PAGE_SIZE < walk.address)
		return -EINVAL;
	mm = vmq_target_get_mm(&vf->target);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = check_range(walk.address, walk.address + PAGE_SIZE, mm->task_size) ?:
	      walk_mm(vf, mm, &walk);
	vmq_target_put_mm(mm);
	return err ?: vmq_put_arg(uarg, &walk, sizeof(walk));
}

static long vmq_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	struct vmq_file *vf = file->private_data;

	/* The size is in the argument: a grown one is the same command. */
	if (_IOC_TYPE(cmd) != VMQ_IOC_MAGIC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(VMQ_IOC_INFO):
		return ioctl_info(vf, uarg);
	case _IOC_NR(VMQ_IOC_BIND):
		return ioctl_bind(vf, uarg);
	case _IOC_NR(VMQ_IOC_SCAN):
		return ioctl_scan(vf, uarg);
	case _IOC_NR(VMQ_IOC_VMAS):
		return ioctl_vmas(vf, uarg);
	case _IOC_NR(VMQ_IOC_WALK):
		return ioctl_walk(vf, uarg);
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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/vmq: for people and cat. self/ is for everybody; `echo PID > attach` makes
 * PID/ appear for the administrator, and -PID takes it away. Decides who may open
 * what; proc_text.c says what is in the files.
 *
 * A folder follows its process across exec, and goes within a second after the
 * process has ended. Removing one waits for its readers, so that is done by a
 * worker or the writer of attach, never where a reader or the process may wait
 * for us.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "proc.h"
#include "proc_text.h"
#include "target.h"

#define MAX_ATTACHED	256
#define SWEEP_PERIOD	(HZ / 2)

struct attached {
	struct list_head list;
	struct pid *pid;
	pid_t number;		/* in the initial pid namespace */
	struct proc_dir_entry *dir;
	bool leaving;		/* somebody takes the folder away */
};

static struct proc_dir_entry *root;
static LIST_HEAD(attached_list);
static int attached_count;
static DEFINE_MUTEX(attached_lock);	/* the two above */

static void sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweeper, sweep);

/* Which process the file is of: NULL data stands for the reader. */
static struct mm_struct *mm_of(struct pid *pid)
{
	struct mm_struct *mm = current->mm;

	if (pid)
		return vmq_target_mm_of(pid);
	return mm && mmget_not_zero(mm) ? mm : ERR_PTR(-ESRCH);
}

static int open_text(struct inode *inode, struct file *file,
		     const struct seq_operations *ops)
{
	struct mm_struct *mm = mm_of(pde_data(inode));
	int err;

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	err = vmq_proc_text_open(file, ops, mm);
	mmput_async(mm);
	return err;
}

static int open_vq(struct inode *inode, struct file *file)
{
	return open_text(inode, file, &vmq_proc_vq);
}

static int open_vmas(struct inode *inode, struct file *file)
{
	return open_text(inode, file, &vmq_proc_vmas);
}

static int open_pages(struct inode *inode, struct file *file)
{
	return open_text(inode, file, &vmq_proc_pages);
}

#define TEXT_OPS(open) { \
	.proc_open = open, \
	.proc_read_iter = vmq_proc_text_read, \
	.proc_lseek = vmq_proc_text_lseek, \
	.proc_release = vmq_proc_text_release, \
}

static const struct proc_ops vq_ops = TEXT_OPS(open_vq);
static const struct proc_ops vmas_ops = TEXT_OPS(open_vmas);
static const struct proc_ops pages_ops = TEXT_OPS(open_pages);

/* A folder with the three files, of @pid or of the reader. */
static struct proc_dir_entry *make_dir(const char *name, struct pid *pid)
{
	struct proc_dir_entry *dir = proc_mkdir_mode(name, pid ? 0500 : 0555, root);
	umode_t mode = pid ? 0400 : 0444;

	if (dir && proc_create_data("vq", mode, dir, &vq_ops, pid) &&
	    proc_create_data("vmas", mode, dir, &vmas_ops, pid) &&
	    proc_create_data("pages", mode, dir, &pages_ops, pid))
		return dir;
	proc_remove(dir);
	return NULL;
}

/* attached_lock held. */
static struct attached *find_attached(pid_t number)
{
	struct attached *a;

	list_for_each_entry(a, &attached_list, list)
		if (a->number == number)
			return a;
	return NULL;
}

/*
 * Takes the folder away and waits for its readers, who may be slow: without the
 * lock. Until then the entry stays, so that the name is not used twice. @a was
 * marked as leaving under the lock by the caller.
 */
static void detach(struct attached *a)
{
	proc_remove(a->dir);
	mutex_lock(&attached_lock);
	list_del(&a->list);
	attached_count--;
	mutex_unlock(&attached_lock);
	put_pid(a->pid);
	kfree(a);
}

/* The next folder to be taken away, marked as leaving; NULL for none. */
static struct attached *take_ended(bool all)
{
	struct attached *a, *found = NULL;

	mutex_lock(&attached_lock);
	list_for_each_entry(a, &attached_list, list) {
		if (!a->leaving && (all || !pid_has_task(a->pid, PIDTYPE_TGID))) {
			a->leaving = true;
			found = a;
			break;
		}
	}
	mutex_unlock(&attached_lock);
	return found;
}

/* Takes away the folders of processes that have ended, while there are any. */
static void sweep(struct work_struct *work)
{
	struct attached *a;

	while ((a = take_ended(false)))
		detach(a);
	mutex_lock(&attached_lock);
	if (!list_empty(&attached_list))
		schedule_delayed_work(&sweeper, SWEEP_PERIOD);
	mutex_unlock(&attached_lock);
}

static bool has_user_memory(struct pid *pid)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_TGID);
	bool has = task && !(task->flags & PF_KTHREAD);

	if (task)
		put_task_struct(task);
	return has;
}

/* attached_lock held. Takes over the reference to @pid when it returns 0. */
static int attach_process(struct pid *pid, pid_t number)
{
	struct attached *a = find_attached(number);
	char name[16];

	if (a)			/* or of an ended process that had the number */
		return a->pid == pid && !a->leaving ? -EEXIST : -EBUSY;
	if (attached_count == MAX_ATTACHED)
		return -ENOSPC;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%d", number);
	a->pid = pid;
	a->number = number;
	a->dir = make_dir(name, pid);
	if (!a->dir) {
		kfree(a);
		return -ENOMEM;
	}
	list_add(&a->list, &attached_list);
	attached_count++;
	schedule_delayed_work(&sweeper, SWEEP_PERIOD);
	return 0;
}

static int attach(pid_t number)
{
	struct pid *pid = find_get_pid(number);
	int err;

	if (!pid)
		return -ESRCH;
	if (!has_user_memory(pid)) {
		put_pid(pid);
		return -ESRCH;
	}
	mutex_lock(&attached_lock);
	err = attach_process(pid, number);
	mutex_unlock(&attached_lock);
	if (err)
		put_pid(pid);
	return err;
}

static int detach_number(pid_t number)
{
	struct attached *a;

	mutex_lock(&attached_lock);
	a = find_attached(number);
	if (a && a->leaving)
		a = NULL;
	if (a)
		a->leaving = true;
	mutex_unlock(&attached_lock);
	if (!a)
		return -ESRCH;
	detach(a);
	return 0;
}

/*
 * The rights are those of the opener: a privileged program that is made to write
 * to a descriptor of somebody else attaches nothing. Numbers are those of the
 * initial pid namespace.
 */
static int open_attach(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN) || task_active_pid_ns(current) != &init_pid_ns)
		return -EPERM;
	return nonseekable_open(inode, file);
}

/*
 * PID or -PID and a newline. EINVAL, EPERM, ESRCH, EEXIST, EBUSY the folder of a
 * process that had the number is just going, ENOSPC, ENOMEM, EFAULT.
 */
static ssize_t write_attach(struct file *file, const char __user *text, size_t size,
			    loff_t *pos)
{
	int number, err;

	if (!file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN) ||
	    task_active_pid_ns(current) != &init_pid_ns)
		return -EPERM;
	err = kstrtoint_from_user(text, size, 10, &number);
	if (err)
		return err == -EFAULT ? err : -EINVAL;
	if (!number || number == INT_MIN)
		return -EINVAL;
	err = number > 0 ? attach(number) : detach_number(-number);
	return err ?: size;
}

static const struct proc_ops attach_ops = {
	.proc_open = open_attach,
	.proc_write = write_attach,
};

int vmq_proc_init(void)
{
	root = proc_mkdir("vmq", NULL);
	if (root && make_dir("self", NULL) &&
	    proc_create("attach", 0200, root, &attach_ops))
		return 0;
	proc_remove(root);
	return -ENOMEM;
}

void vmq_proc_exit(void)
{
	struct attached *a;

	remove_proc_entry("attach", root);	/* nobody attaches any more */
	cancel_delayed_work_sync(&sweeper);
	while ((a = take_ended(true)))
		detach(a);
	proc_remove(root);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The files vq, vmas and pages of one address space, as text. */
#ifndef VMQ_PROC_TEXT_H
#define VMQ_PROC_TEXT_H

#include <linux/seq_file.h>

struct file;
struct inode;
struct iov_iter;
struct kiocb;
struct mm_struct;

extern const struct seq_operations vmq_proc_vq;
extern const struct seq_operations vmq_proc_vmas;
extern const struct seq_operations vmq_proc_pages;

int vmq_proc_text_open(struct file *file, const struct seq_operations *ops,
		       struct mm_struct *mm);
ssize_t vmq_proc_text_read(struct kiocb *iocb, struct iov_iter *to);
loff_t vmq_proc_text_lseek(struct file *file, loff_t offset, int whence);
int vmq_proc_text_release(struct inode *inode, struct file *file);

#endif

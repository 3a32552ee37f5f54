// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the rooms of vmq in their order and unloads them in the reverse one.
 */
#include <linux/module.h>

#include "frame.h"
#include "ioctl.h"
#include "proc.h"
#include "target.h"
#include "vma.h"
#include "x86.h"

static int __init vmq_init(void)
{
	int err;

	vmq_arch_init();
	vmq_frame_init();
	vmq_vma_init();
	vmq_target_init();
	err = vmq_proc_init();
	if (err)
		return err;
	err = vmq_ioctl_init();
	if (err)
		vmq_proc_exit();
	return err;
}

static void __exit vmq_exit(void)
{
	vmq_ioctl_exit();
	vmq_proc_exit();
}

module_init(vmq_init);
module_exit(vmq_exit);

MODULE_DESCRIPTION("What virtual memory really does, read from the page tables");
MODULE_LICENSE("GPL");

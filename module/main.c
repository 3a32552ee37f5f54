// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the rooms of vmq in their order and unloads them in the reverse one.
 */
#include <linux/module.h>

#include "frame.h"
#include "ioctl.h"
#include "target.h"
#include "vma.h"
#include "x86.h"

static int __init vmq_init(void)
{
	vmq_arch_init();
	vmq_frame_init();
	vmq_vma_init();
	vmq_target_init();
	return vmq_ioctl_init();
}

static void __exit vmq_exit(void)
{
	vmq_ioctl_exit();
}

module_init(vmq_init);
module_exit(vmq_exit);

MODULE_DESCRIPTION("What virtual memory really does, read from the page tables");
MODULE_LICENSE("GPL");

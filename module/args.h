/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves arguments and records between user memory and ours, by the size rules of
 * the contract.
 */
#ifndef VMQ_ARGS_H
#define VMQ_ARGS_H

#include <linux/types.h>

int vmq_get_arg(void *arg, size_t size, const void __user *uarg);
int vmq_put_arg(void __user *uarg, const void *arg, size_t size);
int vmq_put_records(void __user *to, size_t to_size, const void *from,
		    size_t from_size, u32 count);

#endif

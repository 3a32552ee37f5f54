// SPDX-License-Identifier: GPL-2.0-only
/* See args.h. Called without any lock held. */
#include <linux/minmax.h>
#include <linux/uaccess.h>

#include "args.h"

/*
 * Copies in an argument that begins with its size. EFAULT, or EINVAL when it is
 * shorter than @size or has bytes set beyond.
 */
int vmq_get_arg(void *arg, size_t size, const void __user *uarg)
{
	u32 usize;
	int err;

	if (get_user(usize, (const u32 __user *)uarg))
		return -EFAULT;
	if (usize < size || usize > PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(arg, size, uarg, usize);
	return err == -E2BIG ? -EINVAL : err;
}

int vmq_put_arg(void __user *uarg, const void *arg, size_t size)
{
	return copy_to_user(uarg, arg, size) ? -EFAULT : 0;
}

/*
 * Copies @count records of @from_size bytes to ones of @to_size, cut or filled up
 * with zeros. 0 or EFAULT.
 */
int vmq_put_records(void __user *to, size_t to_size, const void *from,
		    size_t from_size, u32 count)
{
	size_t common = min(to_size, from_size);

	if (to_size == from_size)
		return copy_to_user(to, from, from_size * count) ? -EFAULT : 0;
	for (; count; count--, to += to_size, from += from_size) {
		if (copy_to_user(to, from, common) ||
		    clear_user(to + common, to_size - common))
			return -EFAULT;
	}
	return 0;
}

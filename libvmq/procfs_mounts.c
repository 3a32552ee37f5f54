// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tells which file system a device number stands for: reads /proc/PID/mountinfo
 * once, and again when poll(2) says that something was mounted or unmounted.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs.h"

/* @fs is the end of a line, as in "tmpfs none rw,nr_inodes=100". */
static __u8 type_of(const char *fs)
{
	if (procfs_begins(fs, "devtmpfs "))
		return VMQ_VMA_TYPE_DEVICE;
	if (procfs_begins(fs, "tmpfs "))
		return VMQ_VMA_TYPE_SHMEM;
	/* the first file system calls itself so, but has the options of what it is */
	if (procfs_begins(fs, "rootfs ") && strstr(fs, "nr_inodes="))
		return VMQ_VMA_TYPE_SHMEM;
	return VMQ_VMA_TYPE_FILE;
}

/* Reads a line like "36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw". */
static bool parse_line(const char *line, struct procfs_mount *mount)
{
	const char *fs = strstr(line, " - ");

	if (!fs || sscanf(line, "%*u %*u %u:%u", &mount->dev_major, &mount->dev_minor) != 2)
		return false;
	mount->type = type_of(fs + 3);
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct procfs_mount *x = a, *y = b;

	if (x->dev_major != y->dev_major)
		return x->dev_major < y->dev_major ? -1 : 1;
	return x->dev_minor < y->dev_minor ? -1 : x->dev_minor > y->dev_minor;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		count++;
	}
	return count;
}

static int parse(struct procfs_mounts *mounts, char *text)
{
	char *line;

	mounts->list = calloc(count_lines(text) + 1, sizeof(*mounts->list));
	if (!mounts->list)
		return -ENOMEM;
	while ((line = strsep(&text, "\n")))
		mounts->count += parse_line(line, &mounts->list[mounts->count]);
	mounts->read = true;
	qsort(mounts->list, mounts->count, sizeof(*mounts->list), compare);
	return 0;
}

int vmq_procfs_mounts_refresh(struct procfs_mounts *mounts)
{
	struct pollfd changed = { .fd = mounts->fd, .events = POLLPRI };
	ssize_t size;
	char *text;
	int err;

	/* says each change once; before reading, so that none is lost */
	if (mounts->fd < 0 || (!poll(&changed, 1, 0) && mounts->read))
		return 0;
	free(mounts->list);
	mounts->list = NULL;
	mounts->count = 0;
	mounts->read = false;
	size = vmq_procfs_read_text(mounts->fd, &text);
	if (size < 0)
		return vmq_is_shortage(size) ? size : 0;
	err = parse(mounts, text);
	free(text);
	return err;
}

const struct procfs_mount *vmq_procfs_mount_of(const struct procfs_mounts *mounts,
					       const struct vmq_vma *vma)
{
	const struct procfs_mount key = {
		.dev_major = vma->dev_major, .dev_minor = vma->dev_minor,
	};

	if (!mounts->count)
		return NULL;
	return bsearch(&key, mounts->list, mounts->count, sizeof(key), compare);
}

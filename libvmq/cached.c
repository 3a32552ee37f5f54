// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether the page of a file is in memory although nobody here maps it. mincore(2) is
 * asked of a mapping of that file, which is made without access: nothing is brought in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../module/shared/run.h"
#include "backend.h"

#define PAGE (1ULL << VMQ_PAGE_SHIFT)

static int open_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/*
 * The regular file behind the descriptor @path of its name alone: to open anything else
 * could do something to it, or wait for it.
 */
static int open_regular(int path)
{
	char name[32];
	struct stat file;

	if (fstat(path, &file))
		return -errno;
	if (!S_ISREG(file.st_mode))
		return -EOPNOTSUPP;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	return open_path(name, O_RDONLY | O_NONBLOCK);
}

/* The file that @vma maps, by whatever name or none. */
static int open_mapped(struct vmq *vmq, const struct vmq_vma *vma)
{
	char name[80], pid[16] = "self";
	int path, fd;

	if (vmq->pid)
		snprintf(pid, sizeof(pid), "%d", vmq->pid);
	snprintf(name, sizeof(name), "/proc/%s/map_files/%llx-%llx", pid, vma->start, vma->end);
	path = open_path(name, O_PATH);
	if (path < 0)
		return path == -ENOENT ? -ESRCH : path;
	/* of the space of the handle, if this is still there now */
	fd = vmq->ops->alive(vmq);
	if (!fd)
		fd = open_regular(path);
	close(path);
	return fd;
}

/* 1 or 0, or a negative errno. */
static int is_in_core(int fd, __u64 offset)
{
	void *map = mmap(NULL, PAGE, PROT_NONE, MAP_SHARED, fd, offset);
	unsigned char in_core;
	int err;

	if (map == MAP_FAILED)
		return -errno;
	err = mincore(map, PAGE, &in_core) ? -errno : 0;
	munmap(map, PAGE);
	return err ? err : in_core & 1;
}

/* Behind the end of a file, and of the largest folio or reserve that goes beyond it. */
#define FAR_BEHIND (4ULL << 30)

/*
 * To who may neither write the file nor owns it mincore(2) says that all of it is in
 * memory, also far behind its end, where there is nothing.
 */
static int find_cached(int fd, __u64 offset)
{
	struct stat file;
	int behind;

	if (fstat(fd, &file))
		return -errno;
	behind = is_in_core(fd, (file.st_size & -PAGE) + FAR_BEHIND);
	if (behind)
		return behind < 0 ? behind : -EACCES;
	return is_in_core(fd, offset);
}

int vmq_page_cached(struct vmq *vmq, const struct vmq_vma *vma, __u64 address)
{
	int fd, cached;

	/* mincore(2) knows no hugetlb */
	if (vma->type != VMQ_VMA_TYPE_FILE && vma->type != VMQ_VMA_TYPE_SHMEM)
		return -EOPNOTSUPP;
	if (address < vma->start || address >= vma->end)
		return -EINVAL;
	fd = open_mapped(vmq, vma);
	if (fd < 0)
		return fd;
	cached = find_cached(fd, vma->offset + ((address & -PAGE) - vma->start));
	close(fd);
	return cached;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether the page of a file is in memory although nobody here maps it. mincore(2) is
 * asked of a mapping of that file, which is made without access: nothing is brought in.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../module/shared/run.h"
#include "backend.h"

#define PAGE (1ULL << VMQ_PAGE_SHIFT)

/* The file that @vma maps, by whatever name or none. */
static int open_mapped(const struct vmq *vmq, const struct vmq_vma *vma)
{
	char name[48];

	snprintf(name, sizeof(name), "map_files/%llx-%llx", vma->start, vma->end);
	return vmq_open_proc(vmq->pid, name);
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

/*
 * To who may neither write the file nor owns it mincore(2) says that all of it is in
 * memory, also what lies behind its end, where there is nothing.
 */
static int find_cached(int fd, __u64 offset)
{
	struct stat file;
	int behind;

	if (fstat(fd, &file))
		return -errno;
	behind = is_in_core(fd, (file.st_size + PAGE - 1) & -PAGE);
	if (behind)
		return behind < 0 ? behind : -EACCES;
	return is_in_core(fd, offset);
}

int vmq_page_cached(struct vmq *vmq, const struct vmq_vma *vma, __u64 address)
{
	int fd, cached;

	/* to open a device could do something to it; mincore(2) knows no hugetlb */
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

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tells what a VMA maps. smaps has only a name and numbers, so this is the one
 * place where names count; the file system behind a device number comes first.
 */
#include <string.h>
#include <sys/stat.h>

#include "procfs.h"

static bool is_deleted(const struct procfs_vma *vma)
{
	static const char end[] = " (deleted)";
	const size_t length = sizeof(end) - 1;

	return vma->name_length >= length &&
	       !strcmp(vma->name + vma->name_length - length, end);
}

static bool is_device_node(const struct procfs_vma *vma)
{
	struct stat stat_;

	return procfs_begins(vma->name, "/dev/") && !stat(vma->name, &stat_) &&
	       stat_.st_ino == vma->vma.inode && S_ISCHR(stat_.st_mode);
}

/* Files of the kernel's own tmpfs mount, which no mountinfo shows. */
static bool is_kernel_shmem(const struct procfs_vma *vma)
{
	if (procfs_begins(vma->name, "[anon_shmem:"))
		return true;
	return is_deleted(vma) && (procfs_begins(vma->name, "/memfd:") ||
				   procfs_begins(vma->name, "/SYSV") ||
				   procfs_begins(vma->name, "/dev/zero"));
}

static __u8 file_type(const struct procfs_mounts *mounts, const struct procfs_vma *vma)
{
	const struct procfs_mount *mount = vmq_procfs_mount_of(mounts, &vma->vma);

	if (is_device_node(vma))
		return VMQ_VMA_TYPE_DEVICE;
	if (mount)
		return mount->type;
	/* A major number other than 0 is that of a disk. */
	if (vma->vma.dev_major)
		return VMQ_VMA_TYPE_FILE;
	if (is_kernel_shmem(vma))
		return VMQ_VMA_TYPE_SHMEM;
	/* anon_inode:, socket:, dmabuf: and their like */
	return vma->name[0] == '/' ? VMQ_VMA_TYPE_FILE : VMQ_VMA_TYPE_DEVICE;
}

__u8 vmq_procfs_vma_type(const struct procfs_mounts *mounts, const struct procfs_vma *vma)
{
	const bool frames = vma->vma.flags & (VMQ_VMA_PFNMAP | VMQ_VMA_IO);

	if (vma->vma.flags & VMQ_VMA_HUGETLB)
		return VMQ_VMA_TYPE_HUGETLB;
	if (vma->vma.object)
		return frames ? VMQ_VMA_TYPE_DEVICE : file_type(mounts, vma);
	if (procfs_begins(vma->name, "[anon:") || !strcmp(vma->name, "[heap]") ||
	    !strcmp(vma->name, "[stack]"))
		return VMQ_VMA_TYPE_ANON;
	if (vma->name[0] == '[')
		return VMQ_VMA_TYPE_SPECIAL;
	return frames ? VMQ_VMA_TYPE_DEVICE : VMQ_VMA_TYPE_ANON;
}

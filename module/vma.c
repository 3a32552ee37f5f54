// SPDX-License-Identifier: GPL-2.0-only
/*
 * Describes VMAs the way /proc/PID/maps and smaps do. Knows nothing of page
 * tables.
 */
#include <linux/file.h>
#include <linux/hugetlb.h>
#include <linux/kdev_t.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/pkeys.h>
#include <linux/random.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/siphash.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "vma.h"

/* VMAs described under one hold of mmap_lock. */
#define HOLD_VMAS	512

static siphash_key_t object_key __ro_after_init;

void vmq_vma_init(void)
{
	get_random_bytes(&object_key, sizeof(object_key));
}

static const struct {
	vm_flags_t from;	/* VM_NONE on a kernel without the flag */
	u64 to;
} flag_bits[] = {
	{ VM_SHARED, VMQ_VMA_SHARED },
	{ VM_MAYSHARE, VMQ_VMA_MAYSHARE },
	{ VM_GROWSDOWN, VMQ_VMA_GROWSDOWN },
	{ VM_PFNMAP, VMQ_VMA_PFNMAP },
	{ VM_LOCKED, VMQ_VMA_LOCKED },
	{ VM_IO, VMQ_VMA_IO },
	{ VM_SEQ_READ, VMQ_VMA_SEQ_READ },
	{ VM_RAND_READ, VMQ_VMA_RAND_READ },
	{ VM_DONTCOPY, VMQ_VMA_DONTCOPY },
	{ VM_DONTEXPAND, VMQ_VMA_DONTEXPAND },
	{ VM_LOCKONFAULT, VMQ_VMA_LOCKONFAULT },
	{ VM_ACCOUNT, VMQ_VMA_ACCOUNT },
	{ VM_NORESERVE, VMQ_VMA_NORESERVE },
	{ VM_HUGETLB, VMQ_VMA_HUGETLB },
	{ VM_SYNC, VMQ_VMA_SYNC },
	{ VM_WIPEONFORK, VMQ_VMA_WIPEONFORK },
	{ VM_DONTDUMP, VMQ_VMA_DONTDUMP },
	{ VM_SOFTDIRTY, VMQ_VMA_SOFTDIRTY },
	{ VM_MIXEDMAP, VMQ_VMA_MIXEDMAP },
	{ VM_HUGEPAGE, VMQ_VMA_HUGEPAGE },
	{ VM_NOHUGEPAGE, VMQ_VMA_NOHUGEPAGE },
	{ VM_MERGEABLE, VMQ_VMA_MERGEABLE },
	{ VM_UFFD_MISSING, VMQ_VMA_UFFD_MISSING },
	{ VM_UFFD_WP, VMQ_VMA_UFFD_WP },
	{ VM_UFFD_MINOR, VMQ_VMA_UFFD_MINOR },
	{ VM_SHADOW_STACK, VMQ_VMA_SHADOW_STACK },
	{ VM_SEALED, VMQ_VMA_SEALED },
	{ VM_DROPPABLE, VMQ_VMA_DROPPABLE },
	{ VM_MAYBE_GUARD, VMQ_VMA_MAYBE_GUARD },
};

static u64 flags_of(vm_flags_t flags)
{
	u64 result = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(flag_bits); i++)
		if (flags & flag_bits[i].from)
			result |= flag_bits[i].to;
	return result;
}

static u8 rights(vm_flags_t flags, vm_flags_t read, vm_flags_t write, vm_flags_t exec)
{
	return (flags & read ? VMQ_RIGHT_READ : 0) |
	       (flags & write ? VMQ_RIGHT_WRITE : 0) |
	       (flags & exec ? VMQ_RIGHT_EXEC : 0);
}

static u8 type_of(struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma))
		return VMQ_VMA_TYPE_HUGETLB;
	if (vma_is_anonymous(vma))
		return VMQ_VMA_TYPE_ANON;
	if (!vma->vm_file)
		return VMQ_VMA_TYPE_SPECIAL;
	if (vma->vm_file->f_mapping && shmem_mapping(vma->vm_file->f_mapping))
		return VMQ_VMA_TYPE_SHMEM;
	if (!S_ISREG(file_inode(vma->vm_file)->i_mode) || vma->vm_flags & (VM_PFNMAP | VM_IO))
		return VMQ_VMA_TYPE_DEVICE;
	return VMQ_VMA_TYPE_FILE;
}

/* Equal for equal backing, and nothing else can be learnt from it. */
static u64 object_of(const struct vm_area_struct *vma)
{
	const void *object = NULL;

	if (vma->vm_file && !vma_is_anonymous((struct vm_area_struct *)vma))
		object = vma->vm_file->f_mapping;
	else if (READ_ONCE(vma->anon_vma))
		object = vma->anon_vma->root;
	return object ? siphash_1u64((uintptr_t)object, &object_key) : 0;
}

static bool is_stack(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->start_stack &&
	       vma->vm_end >= vma->vm_mm->start_stack;
}

/* The name of a VMA that maps no file; it may be built in @scratch. */
static const char *special_name(struct vm_area_struct *vma, char *scratch)
{
	const char *anon = vmq_vma_anon_name(vma), *name = NULL;

	if (vma->vm_ops && vma->vm_ops->name)
		name = vma->vm_ops->name(vma);
	if (name)
		return name;
	if (vmq_vma_is_heap(vma))
		return "[heap]";
	if (is_stack(vma))
		return "[stack]";
	if (!anon)
		return "";
	snprintf(scratch, PAGE_SIZE, "[anon:%s]", anon);
	return scratch;
}

/* The name as maps shows it, "" for none or for a path longer than a page. */
static const char *name_of(struct vm_area_struct *vma, char *scratch)
{
	const char *anon;
	char *path;

	if (!vma->vm_file)
		return special_name(vma, scratch);
	anon = vmq_vma_anon_name(vma);
	if (anon) {
		snprintf(scratch, PAGE_SIZE, "[anon_shmem:%s]", anon);
		return scratch;
	}
	path = d_path(vmq_file_path(vma->vm_file), scratch, PAGE_SIZE);
	return IS_ERR(path) ? "" : path;
}

static void describe(struct vm_area_struct *vma, struct vmq_vma *record)
{
	*record = (struct vmq_vma){
		.start = vma->vm_start,
		.end = vma->vm_end,
		.object = object_of(vma),
		.flags = flags_of(vma->vm_flags),
		.rights = rights(vma->vm_flags, VM_READ, VM_WRITE, VM_EXEC),
		.max_rights = rights(vma->vm_flags, VM_MAYREAD, VM_MAYWRITE, VM_MAYEXEC),
		.type = type_of(vma),
		.pkey = vma_pkey(vma),
	};
	if (vma->vm_file) {
		struct inode *inode = vmq_file_inode(vma->vm_file);

		record->offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
		record->inode = inode->i_ino;
		record->dev_major = MAJOR(inode->i_sb->s_dev);
		record->dev_minor = MINOR(inode->i_sb->s_dev);
	}
}

/* A VMA that has grown downwards since the last hold: its new part comes too late. */
static void clip(struct vmq_vma *record, u64 start)
{
	if (record->start >= start)
		return;
	if (record->inode)
		record->offset += start - record->start;
	record->start = start;
}

/* Appends @vma; false when record or name does not fit. */
static bool list(struct vmq_vma_lister *lister, struct vm_area_struct *vma)
{
	struct vmq_vma *record = lister->vmas + lister->count;
	const char *name = "";
	u32 length;

	lister->full = lister->count == lister->max;
	if (lister->full)
		return false;
	name = name_of(vma, lister->scratch);
	length = strlen(name);
	lister->full = lister->names_max - lister->names_size <= length;
	if (lister->full)
		return false;
	describe(vma, record);
	if (lister->count)
		clip(record, record[-1].end);
	record->name = lister->names_size;
	record->name_length = length;
	memcpy(lister->names + lister->names_size, name, length + 1);
	lister->names_size += length + 1;
	lister->count++;
	lister->next = vma->vm_end;
	return true;
}

/*
 * Goes on from lister->next under one bounded hold of mmap_lock, until
 * lister->full or lister->next >= lister->end. 0, or EINTR when killed while
 * waiting for the lock.
 */
int vmq_vma_hold(struct vmq_vma_lister *lister)
{
	VMA_ITERATOR(vmi, lister->mm, lister->next);
	struct mm_struct *mm = lister->mm;
	struct vm_area_struct *vma;
	u64 seen = 0, began;
	bool go_on = true;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	began = ktime_get_ns();
	lister->total = mm->map_count;
	lister->height = mt_height(&mm->mm_mt);
	for_each_vma_range(vmi, vma, lister->end) {
		go_on = list(lister, vma) && ++seen < HOLD_VMAS;
		if (!go_on)
			break;
	}
	mmap_read_unlock(mm);
	lister->max_hold_vmas = max(lister->max_hold_vmas, seen);
	lister->max_hold_ns = max(lister->max_hold_ns, ktime_get_ns() - began);
	if (go_on || lister->next > lister->end)
		lister->next = lister->end;
	return 0;
}

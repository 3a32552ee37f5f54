// SPDX-License-Identifier: GPL-2.0-only
/*
 * Follows the kernel's write fault (handle_pte_fault, do_wp_page,
 * do_huge_pmd_wp_page, hugetlb_wp) without taking it. "Shared mapping" is
 * VM_MAYSHARE: a MAP_SHARED mapping of a read-only descriptor has lost
 * VM_SHARED.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/userfaultfd_k.h>

#include "verdict.h"
#include "x86.h"

static bool is_shared(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_MAYSHARE;
}

/* Of a private mapping of a file, some pages are the file's and some are not. */
static bool may_map_file_pages(const struct vm_area_struct *vma)
{
	return !is_shared(vma) && !vma_is_anonymous((struct vm_area_struct *)vma);
}

/* Anonymous hugetlb memory is a private mapping of a file nobody sees. */
static bool is_private_file(const struct vm_area_struct *vma)
{
	return vma->vm_file && may_map_file_pages(vma) &&
	       !is_vm_hugetlb_page((struct vm_area_struct *)vma);
}

static u8 sharing_of_page(const struct vmq_leaf *leaf, const struct vmq_frame *frame)
{
	switch (frame->kind) {
	case VMQ_KIND_ZERO:
	case VMQ_KIND_HUGE_ZERO:
		return VMQ_SHARING_ZERO;
	case VMQ_KIND_KSM:
		return VMQ_SHARING_KSM;
	case VMQ_KIND_PFNMAP:
		return VMQ_SHARING_NOPAGE;
	case VMQ_KIND_DEVICE:
		return is_shared(leaf->vma) ? VMQ_SHARING_MAP_SHARED : VMQ_SHARING_NOPAGE;
	}
	if (is_shared(leaf->vma))
		return VMQ_SHARING_MAP_SHARED;
	if (!frame->anon)
		return VMQ_SHARING_FILE;
	return frame->exclusive ? VMQ_SHARING_EXCLUSIVE : VMQ_SHARING_MAYBE;
}

/*
 * Fills sharing and VMQ_RUN_PRIVATIZED. A migration entry that is neither
 * writable nor exclusive may stand for an anonymous page or for one of the file:
 * in a private file mapping the fact is left out.
 */
void vmq_sharing(struct vmq_run *run, const struct vmq_leaf *leaf,
		 const struct vmq_frame *frame, const struct vmq_softleaf *soft)
{
	const struct vm_area_struct *vma = leaf->vma;
	bool anon = frame ? frame->anon : soft && soft->anon;

	run->valid |= VMQ_VALID_SHARING;
	if (frame) {
		run->sharing = sharing_of_page(leaf, frame);
	} else if (soft && soft->kind == VMQ_KIND_MIGRATION && is_shared(vma)) {
		run->sharing = VMQ_SHARING_MAP_SHARED;
	} else if (soft && (anon || soft->kind == VMQ_KIND_MIGRATION)) {
		if (!soft->exclusive && !anon && may_map_file_pages(vma)) {
			run->valid &= ~VMQ_VALID_SHARING;
			return;
		}
		anon = true;
		run->sharing = soft->exclusive ? VMQ_SHARING_EXCLUSIVE : VMQ_SHARING_MAYBE;
	}
	if (anon && is_private_file(vma))
		run->flags |= VMQ_RUN_PRIVATIZED;
}

static u8 reuse_if(bool reuse)
{
	return reuse ? VMQ_ON_WRITE_REUSE : VMQ_ON_WRITE_COPY;
}

/*
 * A small anonymous page that is not exclusive: reused by its last user.
 * References of another CPU's LRU batch, or of the swap cache, may be gone when
 * the fault comes to look.
 */
static u8 small_page(struct folio *folio)
{
	int refs = folio_ref_count(folio);

	if (refs == 1)
		return VMQ_ON_WRITE_REUSE;
	if (refs <= 3 && (!folio_test_lru(folio) || folio_test_swapcache(folio)))
		return VMQ_ON_WRITE_UNKNOWN;
	return VMQ_ON_WRITE_COPY;
}

static u8 large_page(struct folio *folio)
{
	switch (vmq_large_folio_reuse(folio)) {
	case VMQ_REUSE_YES:
		return VMQ_ON_WRITE_REUSE;
	case VMQ_REUSE_NO:
		return VMQ_ON_WRITE_COPY;
	case VMQ_REUSE_UNKNOWN:
		return VMQ_ON_WRITE_UNKNOWN;
	default:
		return small_page(folio);
	}
}

/*
 * An anonymous page mapped by a huge entry, not exclusive. An entry that is still
 * protected by a userfaultfd here is split first, as nobody is asked.
 */
static u8 huge_page(const struct vmq_run *run, struct vm_area_struct *vma,
		    struct folio *folio)
{
	if (run->entry & VMQ_ENTRY_UFFD_WP && userfaultfd_wp(vma) && vmq_copies_split_pages())
		return VMQ_ON_WRITE_COPY;
	if (folio_ref_count(folio) <= 1)
		return VMQ_ON_WRITE_REUSE;
	return folio_test_swapcache(folio) ? VMQ_ON_WRITE_UNKNOWN : VMQ_ON_WRITE_COPY;
}

/* A page of a private mapping that its entry does not let be written. */
static u8 write_to_protected(const struct vmq_run *run, const struct vmq_leaf *leaf,
			     const struct vmq_frame *frame)
{
	switch (frame->kind) {
	case VMQ_KIND_ZERO:
	case VMQ_KIND_HUGE_ZERO:
		return VMQ_ON_WRITE_FILL;
	case VMQ_KIND_HUGETLB:
		return reuse_if(frame->exclusive ||
				(frame->anon && vmq_folio_map_count(frame->folio) == 1));
	case VMQ_KIND_ANON:
		if (frame->exclusive)
			return VMQ_ON_WRITE_REUSE;
		if (leaf->shift > PAGE_SHIFT)
			return huge_page(run, leaf->vma, frame->folio);
		return folio_test_large(frame->folio) ? large_page(frame->folio) :
							small_page(frame->folio);
	default:
		return VMQ_ON_WRITE_COPY;
	}
}

/* Whether a write-protected page waits for a userfaultfd. */
static bool asks_before_write(struct vm_area_struct *vma)
{
	return userfaultfd_wp(vma) && !vmq_uffd_wp_async(vma);
}

static u8 write_to_nothing(struct vm_area_struct *vma)
{
	if (userfaultfd_missing(vma) && vma_is_anonymous(vma))
		return VMQ_ON_WRITE_UFFD;
	/* a driver decides, or whether the page cache has the page */
	if (vma->vm_flags & VM_PFNMAP || userfaultfd_missing(vma) || userfaultfd_minor(vma))
		return VMQ_ON_WRITE_UNKNOWN;
	return is_shared(vma) ? VMQ_ON_WRITE_UPGRADE : VMQ_ON_WRITE_FILL;
}

static u8 write_to_softleaf(struct vm_area_struct *vma, const struct vmq_softleaf *soft)
{
	switch (soft->kind) {
	case VMQ_KIND_SWAP:
		return soft->exclusive ? VMQ_ON_WRITE_SWAPIN_REUSE : VMQ_ON_WRITE_SWAPIN;
	case VMQ_KIND_MIGRATION:
		return VMQ_ON_WRITE_WAIT;
	case VMQ_KIND_DEVICE_PRIVATE:
		return VMQ_ON_WRITE_SWAPIN;
	case VMQ_KIND_HWPOISON:
	case VMQ_KIND_GUARD:
		return VMQ_ON_WRITE_DENY;
	case VMQ_KIND_MARKER:
		if (!soft->uffd_wp)
			return VMQ_ON_WRITE_DENY;
		return asks_before_write(vma) ? VMQ_ON_WRITE_UFFD : write_to_nothing(vma);
	default:
		return VMQ_ON_WRITE_UNKNOWN;
	}
}

/*
 * Whether the entry under a NUMA hint will be writable when a use has taken the
 * hint away (do_numa_page, can_change_pte_writable).
 */
static bool gets_write_back(const struct vmq_run *run, const struct vmq_leaf *leaf,
			    const struct vmq_frame *frame)
{
	struct vm_area_struct *vma = leaf->vma;

	if (!(run->flags & VMQ_RUN_NUMA_HINT) || vmq_hint_keeps_write() ||
	    !(vma->vm_flags & VM_WRITE))
		return false;
	if (vmq_arch_prot_write(vma->vm_page_prot))
		return true;
	if ((vmq_wants_soft_dirty(vma) && !pte_soft_dirty(leaf->pte)) ||
	    (userfaultfd_wp(vma) && pte_uffd_wp(leaf->pte)))
		return false;
	return vma->vm_flags & VM_SHARED ? pte_dirty(leaf->pte) : frame->exclusive;
}

static u8 write_to_page(const struct vmq_run *run, const struct vmq_leaf *leaf,
			const struct vmq_frame *frame)
{
	if (run->entry & VMQ_ENTRY_WRITE || gets_write_back(run, leaf, frame))
		return VMQ_ON_WRITE_THROUGH;
	if (run->entry & VMQ_ENTRY_UFFD_WP && asks_before_write(leaf->vma))
		return VMQ_ON_WRITE_UFFD;
	/* a hole of a DAX file: the file system allocates */
	if (is_shared(leaf->vma) && (frame->kind == VMQ_KIND_ZERO ||
				     frame->kind == VMQ_KIND_HUGE_ZERO))
		return VMQ_ON_WRITE_UNKNOWN;
	if (is_shared(leaf->vma))
		return VMQ_ON_WRITE_UPGRADE;
	return write_to_protected(run, leaf, frame);
}

/* What a write does that the VMA's rights have let pass. */
static u8 permitted_write(const struct vmq_run *run, const struct vmq_leaf *leaf,
			  const struct vmq_frame *frame, const struct vmq_softleaf *soft)
{
	if (frame)
		return write_to_page(run, leaf, frame);
	return soft ? write_to_softleaf(leaf->vma, soft) : write_to_nothing(leaf->vma);
}

/* Whether a debugger may write where the process may not (check_vma_flags). */
static bool can_force_write(struct vm_area_struct *vma)
{
	return is_cow_mapping(vma->vm_flags) &&
	       (!is_vm_hugetlb_page(vma) || vmq_forces_hugetlb());
}

/* Of memfd_secret(): nobody but the process itself gets at these pages. */
static bool is_secret(const struct vm_area_struct *vma)
{
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

/*
 * Fills on_write, forced_write and VMQ_RUN_PKEY. @frame is NULL for what is not
 * present, @soft for what is empty or present.
 */
void vmq_on_write(struct vmq_run *run, const struct vmq_leaf *leaf,
		  const struct vmq_frame *frame, const struct vmq_softleaf *soft)
{
	struct vm_area_struct *vma = leaf->vma;
	bool may_write = vma->vm_flags & VM_WRITE && !(vma->vm_flags & VM_SHADOW_STACK);
	u8 write = permitted_write(run, leaf, frame, soft);

	run->valid |= VMQ_VALID_ON_WRITE | VMQ_VALID_FORCED_WRITE;
	run->on_write = may_write ? write : VMQ_ON_WRITE_DENY;
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))	/* access() of a driver */
		run->forced_write = VMQ_ON_WRITE_UNKNOWN;
	else if (!is_secret(vma) && (may_write || can_force_write(vma)))
		run->forced_write = write;
	else
		run->forced_write = VMQ_ON_WRITE_DENY;
	if (run->pkey)
		run->flags |= VMQ_RUN_PKEY;
}

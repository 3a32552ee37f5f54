/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gives older kernels the shape of the newest one. The only place that may look
 * at a kernel version; each block says what changed and in which release, and
 * may go when that release is the oldest one supported.
 */
#ifndef VMQ_COMPAT_H
#define VMQ_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>
#include <linux/version.h>
#include <linux/vmq.h>

#if __has_include(<linux/leafops.h>)
#include <linux/leafops.h>
#define VMQ_HAS_SOFTLEAF
#endif

/* v6.18: the flags of a folio are a struct of their own. */
static inline unsigned long vmq_folio_flags(const struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return folio->flags.f;
#else
	return folio->flags;
#endif
}

/* v6.17: the low bits of folio->mapping got a name that says whose they are. */
#ifdef FOLIO_MAPPING_ANON
#define VMQ_MAPPING_ANON	FOLIO_MAPPING_ANON
#define VMQ_MAPPING_KSM		FOLIO_MAPPING_KSM
#define VMQ_MAPPING_FLAGS	FOLIO_MAPPING_FLAGS
#else
#define VMQ_MAPPING_ANON	PAGE_MAPPING_ANON
#define VMQ_MAPPING_KSM		PAGE_MAPPING_KSM
#define VMQ_MAPPING_FLAGS	PAGE_MAPPING_FLAGS
#endif

/* v7.3: the bit serves userfaultfd's new mode too and has lost its "_wp". */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define pte_uffd_wp		pte_uffd
#define pte_swp_uffd_wp		pte_swp_uffd
#define pte_swp_clear_uffd_wp	pte_swp_clear_uffd
#endif

/*
 * Number of entries that map @page, as /proc/kpagecount shows it. v6.11 took
 * page_mapcount() away; a page type shares the place of the count, which is
 * negative then.
 */
static inline u32 vmq_page_map_count(struct page *page, struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	int count = atomic_read(&page->_mapcount) + 1;

	if (count < 0)
		count = 0;
	if (folio_test_large(folio))
		count += folio_entire_mapcount(folio);
	return count;
#else
	return page_mapcount(page);
#endif
}

/* v6.15 can be built without a count per page; what it has then is an average. */
static inline bool vmq_counts_pages(void)
{
	return !IS_ENABLED(CONFIG_NO_PAGE_MAPCOUNT);
}

/*
 * Number of entries that map any page of @folio. v6.11 counts them for large
 * folios; the function of before is not exported. Before, only hugetlb folios
 * are asked for, and those are mapped as a whole only.
 */
static inline int vmq_folio_map_count(struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	return folio_mapcount(folio);
#else
	return page_mapcount(&folio->page);
#endif
}

/*
 * Whether all pages of @folio, which is mapped by a huge entry, have the same
 * map count: no page of it is mapped by itself.
 */
static inline bool vmq_folio_counts_alike(struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	return folio_mapcount(folio) == folio_entire_mapcount(folio);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return false;		/* the flag is gone, the count not yet there */
#else
	return !PageDoubleMap(&folio->page);
#endif
}

/*
 * Whether a write to a page of the large anonymous @folio, mapped by a PTE and
 * not exclusive, could reuse it (do_wp_page). Up to v6.11 small and large folios
 * are treated alike; then large ones are always copied; v6.15 knows whether all
 * mappings are of one mm.
 */
enum vmq_reuse { VMQ_REUSE_AS_SMALL, VMQ_REUSE_NO, VMQ_REUSE_YES, VMQ_REUSE_UNKNOWN };

static inline enum vmq_reuse vmq_large_folio_reuse(struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	if (folio_large_mapcount(folio) <= 1 || folio_maybe_mapped_shared(folio))
		return VMQ_REUSE_NO;
	if (folio_large_mapcount(folio) == folio_ref_count(folio))
		return VMQ_REUSE_YES;
	return folio_test_swapcache(folio) ? VMQ_REUSE_UNKNOWN : VMQ_REUSE_NO;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return VMQ_REUSE_NO;
#else
	return VMQ_REUSE_AS_SMALL;
#endif
}

/*
 * Whether a huge page that loses an asynchronous write protection is split, and then
 * copied by 4K for it: v6.15 has the count that says its parts are of one mm.
 */
static inline bool vmq_copies_split_pages(void)
{
	return LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0);
}

/* v6.14: a debugger may write to read-only hugetlb pages, as it may to others. */
static inline bool vmq_forces_hugetlb(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0);
}

/* v6.2: an entry that gets a NUMA hint loses its write bit, and gets it back later. */
static inline bool vmq_hint_keeps_write(void)
{
	return LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0);
}

/* Whether the first write to each page of @vma must fault, to be noted. */
static inline bool vmq_wants_soft_dirty(const struct vm_area_struct *vma)
{
	return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) && !(vma->vm_flags & VM_SOFTDIRTY);
}

/* Up to v6.14 the entry of a DAX page is marked as special besides; v6.17 has no such bit. */
static inline bool vmq_pte_special(pte_t pte)
{
#ifdef CONFIG_ARCH_HAS_PTE_DEVMAP
	if (pte_devmap(pte))
		return false;
#endif
	return pte_special(pte);
}

/* v6.12: huge entries can be special too. */
static inline bool vmq_pmd_special(pmd_t pmd)
{
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	return pmd_special(pmd);
#else
	return false;
#endif
}

static inline bool vmq_pud_special(pud_t pud)
{
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	return pud_special(pud);
#else
	return false;
#endif
}

/* v6.8: a file on overlayfs has another path for people than for mm. */
static inline const struct path *vmq_file_path(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

static inline struct inode *vmq_file_inode(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return (struct inode *)file_user_inode(file);
#else
	return file_inode(file);
#endif
}

/* v6.6: a heap of no size, or next to the VMA, is no longer called one. */
static inline bool vmq_vma_is_heap(const struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return vma_is_initial_heap(vma);
#else
	return vma->vm_start <= vma->vm_mm->brk &&
	       vma->vm_end >= vma->vm_mm->start_brk;
#endif
}

/*
 * The name prctl gave an anonymous VMA; the function for it is not exported. Up to
 * v6.1 the place serves file VMAs for something else.
 */
static inline const char *vmq_vma_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	if (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) && vma->vm_file)
		return NULL;
	return vma->anon_name ? vma->anon_name->name : NULL;
#else
	return NULL;
#endif
}

/*
 * Whether the kernel itself resolves write-protect faults of the userfaultfd of
 * @vma (v6.7). The structure that says so is public in v6.12.
 */
static inline bool vmq_uffd_wp_async(const struct vm_area_struct *vma)
{
#if defined(CONFIG_USERFAULTFD) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	const struct userfaultfd_ctx *ctx = vma->vm_userfaultfd_ctx.ctx;

	return ctx && ctx->features & UFFD_FEATURE_WP_ASYNC;
#else
	return false;
#endif
}

/* Flags of VMAs that only newer kernels have. */
#ifndef VM_MAYBE_GUARD
#define VM_MAYBE_GUARD	VM_NONE
#endif
#ifndef VM_DROPPABLE
#define VM_DROPPABLE	VM_NONE
#endif
#ifndef VM_SEALED
#define VM_SEALED	VM_NONE
#endif
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK	VM_NONE
#endif

/* What an entry that is neither empty nor present says. */
struct vmq_softleaf {
	u8 kind;	/* VMQ_KIND_SWAP .. VMQ_KIND_UNKNOWN */
	bool exclusive;	/* an anonymous page that was this mm's alone */
	bool anon;	/* surely an anonymous page */
	bool uffd_wp;	/* of a marker */
	u64 value;	/* frame, or swap offset */
	u32 area;	/* swap area */
};

/* v6.15: guard regions. */
#ifdef PTE_MARKER_GUARD
#define VMQ_MARKER_GUARD	PTE_MARKER_GUARD
#else
#define VMQ_MARKER_GUARD	0
#endif

static inline void vmq_decode_marker(struct vmq_softleaf *leaf, unsigned long marker)
{
	leaf->kind = marker & VMQ_MARKER_GUARD ? VMQ_KIND_GUARD : VMQ_KIND_MARKER;
	leaf->uffd_wp = marker & PTE_MARKER_UFFD_WP;
	leaf->value = 0;
}

/* v6.19 replaced the predicates on swap entries by a type of the entry. */
#ifdef VMQ_HAS_SOFTLEAF
static inline void vmq_decode_softleaf(struct vmq_softleaf *leaf, swp_entry_t entry)
{
	enum softleaf_type type = softleaf_type(entry);

	if (softleaf_has_pfn(entry))
		leaf->value = softleaf_to_pfn(entry);
	switch (type) {
	case SOFTLEAF_MIGRATION_WRITE:
	case SOFTLEAF_MIGRATION_READ_EXCLUSIVE:
	case SOFTLEAF_MIGRATION_READ:
		leaf->kind = VMQ_KIND_MIGRATION;
		leaf->anon = type == SOFTLEAF_MIGRATION_READ_EXCLUSIVE;
		leaf->exclusive = type != SOFTLEAF_MIGRATION_READ;
		break;
	case SOFTLEAF_DEVICE_PRIVATE_READ:
	case SOFTLEAF_DEVICE_PRIVATE_WRITE:
	case SOFTLEAF_DEVICE_EXCLUSIVE:
		leaf->kind = VMQ_KIND_DEVICE_PRIVATE;
		leaf->anon = true;
		leaf->exclusive = type == SOFTLEAF_DEVICE_PRIVATE_WRITE;
		break;
	case SOFTLEAF_HWPOISON:
		leaf->kind = VMQ_KIND_HWPOISON;
		break;
	case SOFTLEAF_MARKER:
		vmq_decode_marker(leaf, softleaf_to_marker(entry));
		break;
	default:
		break;
	}
}
#else
static inline void vmq_decode_softleaf(struct vmq_softleaf *leaf, swp_entry_t entry)
{
	if (is_pfn_swap_entry(entry))
		leaf->value = swp_offset_pfn(entry);
	if (is_migration_entry(entry)) {
		leaf->kind = VMQ_KIND_MIGRATION;
		leaf->anon = is_readable_exclusive_migration_entry(entry);
		leaf->exclusive = !is_readable_migration_entry(entry);
	} else if (is_device_private_entry(entry) ||
		   is_device_exclusive_entry(entry)) {
		leaf->kind = VMQ_KIND_DEVICE_PRIVATE;
		leaf->anon = true;
		leaf->exclusive = is_writable_device_private_entry(entry);
	} else if (is_hwpoison_entry(entry)) {
		leaf->kind = VMQ_KIND_HWPOISON;
	} else if (is_pte_marker_entry(entry)) {
		vmq_decode_marker(leaf, pte_marker_get(entry));
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	} else if (is_swapin_error_entry(entry)) {	/* v6.6: a marker */
		leaf->kind = VMQ_KIND_MARKER;
		leaf->value = 0;
#endif
	}
}
#endif

/*
 * Takes apart a not-present entry. Type and offset lie where they do on all
 * supported kernels once the software bits are cleared.
 */
static inline struct vmq_softleaf vmq_softleaf(pte_t pte)
{
	struct vmq_softleaf leaf = { .kind = VMQ_KIND_UNKNOWN };
	bool exclusive = pte_swp_exclusive(pte);
	swp_entry_t entry;

	pte = pte_swp_clear_exclusive(pte_swp_clear_uffd_wp(pte_swp_clear_soft_dirty(pte)));
	entry = __pte_to_swp_entry(pte);
	entry = swp_entry(__swp_type(entry), __swp_offset(entry));
	if (swp_type(entry) < MAX_SWAPFILES) {
		leaf.kind = VMQ_KIND_SWAP;
		leaf.exclusive = exclusive;
		leaf.anon = true;
		leaf.value = swp_offset(entry);
		leaf.area = swp_type(entry);
	} else {
		vmq_decode_softleaf(&leaf, entry);
	}
	return leaf;
}

#endif

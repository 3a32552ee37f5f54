// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts of the page behind an entry. Must not be asked about special entries'
 * pages: those may be none, or not ours to look at.
 */
#include <linux/hugetlb.h>
#include <linux/kernel-page-flags.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rmap.h>
#include <linux/siphash.h>

#include "compat.h"
#include "frame.h"
#include "leaf.h"

static siphash_key_t token_key __ro_after_init;

void vmq_frame_init(void)
{
	get_random_bytes(&token_key, sizeof(token_key));
}

/* Only the first page behind a huge entry carries the bit. */
static bool is_exclusive(const struct vmq_frame *frame, const struct vmq_leaf *leaf)
{
	unsigned long inside = leaf->start & ((1UL << leaf->shift) - 1);
	struct page *first = frame->page - (inside >> PAGE_SHIFT);

	return PageAnonExclusive(is_vm_hugetlb_page(leaf->vma) ?
				 &frame->folio->page : first);
}

static void tell_anon(struct vmq_frame *frame, const struct vmq_leaf *leaf)
{
	frame->anon = true;
	frame->kind = VMQ_KIND_ANON;
	if ((frame->mapping & VMQ_MAPPING_FLAGS) == VMQ_MAPPING_KSM)
		frame->kind = VMQ_KIND_KSM;
	else
		frame->exclusive = is_exclusive(frame, leaf);
}

/*
 * The huge zero page has no exported name. It is the only page that is not
 * anonymous and mapped by a huge entry of an anonymous VMA, or an ordinary page
 * mapped by one of a DAX VMA; since v6.18 such an entry is special as well.
 */
static bool is_huge_zero(const struct vmq_leaf *leaf)
{
	return leaf->shift == PMD_SHIFT &&
	       (vma_is_anonymous(leaf->vma) || vma_is_dax(leaf->vma));
}

static u8 kind_of_page(const struct vmq_frame *frame, const struct vmq_leaf *leaf)
{
	if (is_huge_zero(leaf))
		return VMQ_KIND_HUGE_ZERO;
	if (folio_test_swapbacked(frame->folio))
		return VMQ_KIND_SHMEM;
	return frame->mapping ? VMQ_KIND_FILE : VMQ_KIND_KERNEL;
}

static u8 kind_without_page(const struct vmq_leaf *leaf)
{
	if (leaf->special)
		return is_huge_zero(leaf) ? VMQ_KIND_HUGE_ZERO : VMQ_KIND_PFNMAP;
	return pfn_valid(leaf->pfn) ? VMQ_KIND_DEVICE : VMQ_KIND_PFNMAP;
}

/*
 * Huge entries of a pfn-mapped VMA have no page to ask, and before v6.12 no bit
 * to say so.
 */
static bool has_ordinary_page(const struct vmq_leaf *leaf)
{
	return !leaf->special &&
	       !(leaf->shift > PAGE_SHIFT && leaf->vma->vm_flags & VM_PFNMAP);
}

/* The page a present @leaf maps. Caller: holds the page-table lock. */
struct vmq_frame vmq_frame(const struct vmq_leaf *leaf)
{
	struct vmq_frame frame = { };

	if (is_zero_pfn(leaf->pfn) && leaf->shift == PAGE_SHIFT) {
		frame.kind = VMQ_KIND_ZERO;
		return frame;
	}
	if (has_ordinary_page(leaf))
		frame.page = pfn_to_online_page(leaf->pfn);
	if (!frame.page) {
		frame.kind = kind_without_page(leaf);
		return frame;
	}
	frame.folio = page_folio(frame.page);
	frame.mapping = (unsigned long)READ_ONCE(frame.folio->mapping);
	if (frame.mapping & VMQ_MAPPING_ANON)
		tell_anon(&frame, leaf);
	else
		frame.kind = kind_of_page(&frame, leaf);
	if (is_vm_hugetlb_page(leaf->vma))
		frame.kind = VMQ_KIND_HUGETLB;
	return frame;
}

/*
 * Takes the print of a small @page, which an entry maps; false for a page of a
 * large folio, whose facts lie elsewhere too.
 */
bool vmq_frame_print(struct page *page, struct vmq_frame_print *print)
{
	const struct folio *folio = (const struct folio *)page;
	unsigned long mapping = (unsigned long)READ_ONCE(folio->mapping);

	*print = (struct vmq_frame_print){
		.flags = vmq_folio_flags(folio),
		.mapping = (mapping & VMQ_MAPPING_FLAGS) | (mapping ? BIT(2) : 0),
		.map_count = atomic_read(&folio->_mapcount),
		.ref_count = atomic_read(&folio->_refcount),
	};
	return !PageTail(page) && !(print->flags & BIT(PG_head));
}

/* What anonymous pages of @anon_vma have in common with those of all its forks. */
static u64 family_of(const struct anon_vma *anon_vma)
{
	return anon_vma ? (uintptr_t)anon_vma->root : 0;
}

/*
 * Stands for the folio without telling where it lies. Split folios show which frames
 * are neighbours. If a frame kept its token, a caller could collect such pairs and put
 * all tokens in the order of memory; so the token changes with the use of the frame. A
 * merged page gets the token a page of its VMA would have there: that it was merged is
 * not for everyone.
 */
u64 vmq_frame_token(const struct vmq_frame *frame, const struct vmq_leaf *leaf)
{
	const struct vm_area_struct *vma = leaf->vma;
	u64 of = frame->mapping, index;

	if (!frame->folio)
		return siphash_1u64(leaf->pfn, &token_key);
	index = frame->folio->index;
	if (frame->kind == VMQ_KIND_KSM) {
		of = family_of(READ_ONCE(vma->anon_vma));
		index = vma->vm_pgoff + ((leaf->start - vma->vm_start) >> PAGE_SHIFT);
	} else if (frame->anon) {
		of = family_of((struct anon_vma *)(frame->mapping & ~VMQ_MAPPING_FLAGS));
	} else if (!of) {		/* then the index is somebody's own */
		index = 0;
	}
	return siphash_3u64(folio_pfn(frame->folio), of, index, &token_key);
}

/* Which bit of the folio's flag word is which of /proc/kpageflags. */
static const struct { u8 from, to; } flag_bits[] = {
	{ PG_locked, KPF_LOCKED },
	{ PG_referenced, KPF_REFERENCED },
	{ PG_uptodate, KPF_UPTODATE },
	{ PG_dirty, KPF_DIRTY },
	{ PG_lru, KPF_LRU },
	{ PG_active, KPF_ACTIVE },
	{ PG_writeback, KPF_WRITEBACK },
	{ PG_reclaim, KPF_RECLAIM },
	{ PG_swapbacked, KPF_SWAPBACKED },
	{ PG_unevictable, KPF_UNEVICTABLE },
	{ PG_mlocked, KPF_MLOCKED },
	{ PG_reserved, KPF_RESERVED },
	{ PG_private, KPF_PRIVATE },
	{ PG_private_2, KPF_PRIVATE_2 },
	{ PG_owner_priv_1, KPF_OWNER_PRIVATE },
};

/* Flags that are not one bit of the word. */
#define COMPUTED_FLAGS (BIT_ULL(KPF_MMAP) | BIT_ULL(KPF_ANON) | \
			BIT_ULL(KPF_SWAPCACHE) | BIT_ULL(KPF_HUGE) | \
			BIT_ULL(KPF_KSM) | BIT_ULL(KPF_THP) | BIT_ULL(KPF_ZERO_PAGE))

/* The flags vmq_frame_flags() can set, as a set of KPF numbers. */
u64 vmq_frame_flags_known(void)
{
	u64 known = COMPUTED_FLAGS;
	int i;

	for (i = 0; i < ARRAY_SIZE(flag_bits); i++)
		known |= BIT_ULL(flag_bits[i].to);
	return known;
}

static u64 copied_flags(unsigned long word)
{
	u64 flags = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(flag_bits); i++)
		flags |= (u64)(word >> flag_bits[i].from & 1) << flag_bits[i].to;
	return flags;
}

/* The folio's flags, as numbered in /proc/kpageflags. */
u64 vmq_frame_flags(const struct vmq_frame *frame)
{
	u64 flags = copied_flags(vmq_folio_flags(frame->folio));

	if (frame->anon)
		flags |= BIT_ULL(KPF_ANON);
	if (folio_test_swapcache(frame->folio))
		flags |= BIT_ULL(KPF_SWAPCACHE);
	if (frame->kind == VMQ_KIND_KSM)
		flags |= BIT_ULL(KPF_KSM);
	if (frame->kind == VMQ_KIND_HUGE_ZERO)
		flags |= BIT_ULL(KPF_ZERO_PAGE);
	else			/* an entry maps it; those of zero pages are not counted */
		flags |= BIT_ULL(KPF_MMAP);
	if (frame->kind == VMQ_KIND_HUGETLB)
		flags |= BIT_ULL(KPF_HUGE);
	else if (folio_test_large(frame->folio))
		flags |= BIT_ULL(KPF_THP);
	return flags;
}

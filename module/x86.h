/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is true of x86-64 page tables only: where the bits of a leaf entry are.
 * Everything here works on a pte_t; a huge leaf has the same low bits, and its
 * frame is taken by the caller with the level's own helper, since bit 12 of a
 * huge entry is its PAT bit.
 */
#ifndef VMQ_X86_H
#define VMQ_X86_H

#include <linux/pgtable.h>
#include <linux/vmq.h>

/* VMQ_ENTRY_* of a present leaf, without those only the VMA can tell. */
static inline u32 vmq_arch_entry_bits(pte_t pte)
{
	pteval_t flags = pte_flags(pte);
	u32 bits = VMQ_ENTRY_PRESENT;

	if (pte_write(pte))
		bits |= VMQ_ENTRY_WRITE;
	if (flags & _PAGE_USER)
		bits |= VMQ_ENTRY_USER;
	if (flags & _PAGE_ACCESSED)
		bits |= VMQ_ENTRY_ACCESSED;
	if (pte_dirty(pte))
		bits |= VMQ_ENTRY_DIRTY;
	if (!(flags & _PAGE_NX))
		bits |= VMQ_ENTRY_EXEC;
	if (!(flags & _PAGE_PRESENT))	/* protnone shares the place of global */
		bits |= VMQ_ENTRY_PROTNONE;
	else if (flags & _PAGE_GLOBAL)
		bits |= VMQ_ENTRY_GLOBAL;
	if (pte_soft_dirty(pte))
		bits |= VMQ_ENTRY_SOFT_DIRTY;
	return bits;
}

#endif

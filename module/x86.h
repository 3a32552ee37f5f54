/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is true of x86-64 page tables only: where the bits of an entry are.
 * Entries of every level have the same low bits, so all of them are looked at
 * as a pte_t; only frame and memory type differ, since bit 12 of a huge leaf is
 * its PAT bit.
 */
#ifndef VMQ_X86_H
#define VMQ_X86_H

#include <linux/pgtable.h>
#include <linux/vmq.h>
#include <asm/msr.h>

/* VMQ_ENTRY_* of a present entry. */
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

/*
 * Whether an entry's neighbour in memory follows it by its frame alone: then it is
 * pte_val(@pte) + PAGE_SIZE. Not so without the present bit: protnone entries hold
 * their frame inverted (L1TF), and count downwards.
 */
static inline bool vmq_arch_counts_up(pte_t pte)
{
	return pte_flags(pte) & _PAGE_PRESENT;
}

/* Whether @prot gives entries the write bit. pte_modify() needs what is not exported. */
static inline bool vmq_arch_prot_write(pgprot_t prot)
{
	return pgprot_val(prot) & _PAGE_RW;
}

/* VMQ_ENTRY_* of an entry that points to a table: rights and use, no more. */
static inline u32 vmq_arch_table_bits(pte_t pte)
{
	return vmq_arch_entry_bits(pte) &
	       (VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_USER |
		VMQ_ENTRY_ACCESSED | VMQ_ENTRY_EXEC);
}

/* Frame of the table a present non-leaf entry points to. */
static inline u64 vmq_arch_table_frame(pte_t pte)
{
	return (pte_val(pte) & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/* VMQ_MEMTYPE_* for each entry of the PAT register, read once at load. */
extern u8 vmq_arch_memtypes[8];

static inline void vmq_arch_init(void)
{
	static const u8 types[8] = {	/* as the register encodes them */
		[0] = VMQ_MEMTYPE_UC, [1] = VMQ_MEMTYPE_WC, [4] = VMQ_MEMTYPE_WT,
		[5] = VMQ_MEMTYPE_WP, [6] = VMQ_MEMTYPE_WB, [7] = VMQ_MEMTYPE_UC_MINUS,
	};
	u32 low, high;
	int i;

	rdmsr(MSR_IA32_CR_PAT, low, high);
	for (i = 0; i < 4; i++) {
		vmq_arch_memtypes[i] = types[(low >> (8 * i)) & 7];
		vmq_arch_memtypes[i + 4] = types[(high >> (8 * i)) & 7];
	}
}

static inline u8 vmq_arch_memtype(pte_t pte, unsigned int shift)
{
	pteval_t flags = pte_val(pte);
	pteval_t pat = shift > PAGE_SHIFT ? _PAGE_PAT_LARGE : _PAGE_PAT;

	return vmq_arch_memtypes[(flags & _PAGE_PWT ? 1 : 0) |
				 (flags & _PAGE_PCD ? 2 : 0) |
				 (flags & pat ? 4 : 0)];
}

static inline u8 vmq_arch_pkey(pte_t pte)
{
	return (pte_flags(pte) & _PAGE_PKEY_MASK) >> _PAGE_BIT_PKEY_BIT0;
}

static inline u64 vmq_arch_leaf_sizes(void)
{
	u64 sizes = PAGE_SIZE | PMD_SIZE;

	return boot_cpu_has(X86_FEATURE_GBPAGES) ? sizes | PUD_SIZE : sizes;
}

#endif

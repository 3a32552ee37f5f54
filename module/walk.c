// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page-table walk. Reads entries and nothing else: it never faults, takes
 * no page reference and changes no flag.
 *
 * Locks, outermost first: mmap_lock (read, killable), i_mmap_rwsem (read, for
 * hugetlb VMAs whose tables may be shared), RCU, the page-table lock. Tables are
 * read only for addresses of a VMA found under the same hold of mmap_lock:
 * munmap frees the tables outside VMAs with mmap_lock held for read only.
 *
 * Under these locks a PTE table can still be retracted (since v6.5 with only
 * i_mmap_rwsem held) or freed when empty (MADV_DONTNEED, since v6.14). Both free
 * it by RCU and change the PMD entry under its lock. So each level is read
 * inside RCU, the lock is taken, and the entry above is compared again: when it
 * has changed, that entry is read anew. Lower tables are always reached through
 * the value that was checked, not through memory read a second time.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "walk.h"
#include "x86.h"

/* Entries and VMAs visited under one hold of mmap_lock, rounded up to a table. */
#define HOLD_ENTRIES	8192

/* Reports @leaf and moves the cursor behind it; false when it did not fit. */
static bool emit(struct vmq_walker *walk, const struct vmq_leaf *leaf)
{
	walk->report.told_singly = 0;
	walk->next = vmq_report_leaf(&walk->report, leaf);
	walk->hold_entries += walk->report.told_singly;
	return !walk->report.full;
}

/* Nothing is mapped in [addr, end) of the VMA. */
static bool emit_hole(struct vmq_walker *walk, unsigned long addr, unsigned long end)
{
	struct vmq_leaf hole = { .vma = walk->vma, .start = addr, .end = end };

	return emit(walk, &hole);
}

/* The entry above [addr, end) makes no sense, so what is below is not looked at. */
static bool emit_bad(struct vmq_walker *walk, unsigned long addr, unsigned long end)
{
	struct vmq_leaf bad = { .vma = walk->vma, .start = addr, .end = end, .bad = true };

	return emit(walk, &bad);
}

/* Counts one visited entry or VMA; false when the hold has lasted long enough. */
static bool spend(struct vmq_walker *walk)
{
	return ++walk->hold_entries < HOLD_ENTRIES;
}

/*
 * Notes @entry, at @table[index], as the one of @level, for those who want to see
 * the way down. A level that is read again replaces what was noted below.
 */
static void note(struct vmq_walker *walk, u8 level, u16 index, const void *table,
		 pte_t entry, bool leaf)
{
	struct vmq_level *l = walk->levels;

	if (likely(!l))
		return;
	for (walk->level_count = 0; l->level > level; l++)
		walk->level_count++;
	walk->level_count++;
	*l = (struct vmq_level){ .level = level, .index = index, .leaf = leaf };
	if (pte_present(entry))
		l->entry = leaf ? vmq_arch_entry_bits(entry) : vmq_arch_table_bits(entry);
	if (!walk->report.wish.frames)
		return;
	l->table = page_to_pfn(virt_to_page(table));
	l->valid = VMQ_VALID_TABLE;
	if (pte_present(entry) && !leaf) {
		l->frame = vmq_arch_table_frame(entry);
		l->valid |= VMQ_VALID_FRAME;
	}
}

/* Notes where the leaf of the page asked for begins. */
static void note_leaf_frame(struct vmq_walker *walk, unsigned long pfn)
{
	struct vmq_level *l = walk->levels + walk->level_count - 1;

	if (likely(!walk->levels) || !walk->report.wish.frames)
		return;
	l->frame = pfn;
	l->valid |= VMQ_VALID_FRAME;
}

/* Whether the cache line of entries at @ptep is empty. */
static bool line_is_none(const pte_t *ptep)
{
	pteval_t any = 0;
	int i;

	for (i = 0; i < 8; i++)
		any |= pte_val(READ_ONCE(ptep[i]));
	return pte_none(__pte(any));
}

/* Where the empty entries at @ptep end. */
static unsigned long skip_none(const pte_t *ptep, unsigned long addr, unsigned long end)
{
	while (addr < end) {
		if (!(pte_index(addr) & 7) && end - addr >= 8 * PAGE_SIZE &&
		    line_is_none(ptep)) {
			addr += 8 * PAGE_SIZE;
			ptep += 8;
		} else if (pte_none(READ_ONCE(*ptep))) {
			addr += PAGE_SIZE;
			ptep++;
		} else {
			break;
		}
	}
	return addr;
}

/* Where the entries at @ptep end that are told by the one before them. */
static unsigned long skip_repeats(struct vmq_walker *walk, const pte_t *ptep,
				  unsigned long addr, unsigned long end)
{
	while (addr < end && vmq_report_repeats(&walk->report, walk->vma, addr,
						READ_ONCE(*ptep))) {
		addr += PAGE_SIZE;
		ptep++;
	}
	return addr;
}

static bool emit_pte(struct vmq_walker *walk, pte_t *ptep, pte_t pte, unsigned long addr)
{
	struct vmq_leaf leaf = {
		.vma = walk->vma, .start = addr, .end = addr + PAGE_SIZE,
		.pte = pte, .shift = PAGE_SHIFT,
	};

	note(walk, VMQ_LEVEL_PTE, pte_index(addr), ptep, pte, true);
	if (pte_present(pte)) {
		leaf.pfn = pte_pfn(pte);
		leaf.special = vmq_pte_special(pte);
		note_leaf_frame(walk, leaf.pfn);
	}
	return emit(walk, &leaf);
}

/* All entries of the table in [addr, end), with its lock held. */
static bool walk_ptes(struct vmq_walker *walk, pte_t *ptep, unsigned long addr,
		      unsigned long end)
{
	while (addr < end) {
		pte_t pte = READ_ONCE(*ptep);
		unsigned long next = addr + PAGE_SIZE;

		if (pte_none(pte)) {
			next = skip_none(ptep, addr, end);
			note(walk, VMQ_LEVEL_PTE, pte_index(addr), ptep, pte, false);
			if (!emit_hole(walk, addr, next))
				return false;
		} else {
			if (!emit_pte(walk, ptep, pte, addr))
				return false;
			next = skip_repeats(walk, ptep + 1, next, end);
			walk->next = next;
		}
		ptep += (next - addr) >> PAGE_SHIFT;
		addr = next;
	}
	return true;
}

/*
 * The PTE table that @pmd, read from @pmdp inside the caller's RCU section,
 * points to. EAGAIN when @pmdp no longer holds @pmd.
 */
static int walk_pte_table(struct vmq_walker *walk, pmd_t *pmdp, pmd_t pmd,
			  unsigned long addr, unsigned long end)
{
	pte_t *ptep = pte_offset_kernel(&pmd, addr);
	spinlock_t *ptl = pte_lockptr(walk->mm, &pmd);
	bool room;

	spin_lock(ptl);
	if (pmd_val(READ_ONCE(*pmdp)) != pmd_val(pmd)) {
		spin_unlock(ptl);
		return -EAGAIN;
	}
	note(walk, VMQ_LEVEL_PMD, pmd_index(addr), pmdp, __pte(pmd_val(pmd)), false);
	room = walk_ptes(walk, ptep, addr, end);
	spin_unlock(ptl);
	walk->hold_entries += (end - addr) >> PAGE_SHIFT;
	return room ? 0 : -ENOSPC;
}

/* A PMD that is a leaf or not present. EAGAIN when it has changed. */
static int walk_huge_pmd(struct vmq_walker *walk, pmd_t *pmdp, pmd_t pmd,
			 unsigned long addr, unsigned long end)
{
	struct vmq_leaf leaf = {
		.vma = walk->vma, .start = addr, .end = end,
		.pte = __pte(pmd_val(pmd)), .shift = PMD_SHIFT,
	};
	spinlock_t *ptl = pmd_lock(walk->mm, pmdp);
	bool room;

	if (pmd_val(READ_ONCE(*pmdp)) != pmd_val(pmd)) {
		spin_unlock(ptl);
		return -EAGAIN;
	}
	note(walk, VMQ_LEVEL_PMD, pmd_index(addr), pmdp, leaf.pte, true);
	if (pmd_present(pmd)) {
		leaf.pfn = pmd_pfn(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
		leaf.special = vmq_pmd_special(pmd);
		note_leaf_frame(walk, pmd_pfn(pmd));
	}
	room = emit(walk, &leaf);
	spin_unlock(ptl);
	return room ? 0 : -ENOSPC;
}

static int walk_no_pmd(struct vmq_walker *walk, pmd_t *pmdp, pmd_t pmd,
		       unsigned long addr, unsigned long end)
{
	bool room;

	note(walk, VMQ_LEVEL_PMD, pmd_index(addr), pmdp, __pte(0), false);
	room = pmd_none(pmd) ? emit_hole(walk, addr, end) : emit_bad(walk, addr, end);
	return room ? 0 : -ENOSPC;
}

/* Everything below one PMD entry. EAGAIN when it changed while being read. */
static int walk_pmd(struct vmq_walker *walk, pmd_t *pmdp, unsigned long addr,
		    unsigned long end)
{
	int err;
	pmd_t pmd;

	rcu_read_lock();
	pmd = READ_ONCE(*pmdp);
	if (pmd_none(pmd) || unlikely(pmd_present(pmd) && !pmd_leaf(pmd) && pmd_bad(pmd))) {
		rcu_read_unlock();
		return walk_no_pmd(walk, pmdp, pmd, addr, end);
	}
	if (!pmd_present(pmd) || pmd_leaf(pmd)) {
		rcu_read_unlock();
		return walk_huge_pmd(walk, pmdp, pmd, addr, end);
	}
	err = walk_pte_table(walk, pmdp, pmd, addr, end);
	rcu_read_unlock();
	return err;
}

static bool walk_pmd_table(struct vmq_walker *walk, pmd_t *pmdp,
			   unsigned long addr, unsigned long end)
{
	unsigned long next;
	int err;

	for (; addr < end; addr = next, pmdp++) {
		next = pmd_addr_end(addr, end);
		while ((err = walk_pmd(walk, pmdp, addr, next)) == -EAGAIN)
			walk->retries++;
		if (err || !spend(walk))
			return false;
	}
	return true;
}

/* A PUD that is a leaf or not present. EAGAIN when it has changed. */
static int walk_huge_pud(struct vmq_walker *walk, pud_t *pudp, pud_t pud,
			 unsigned long addr, unsigned long end)
{
	struct vmq_leaf leaf = {
		.vma = walk->vma, .start = addr, .end = end,
		.pte = __pte(pud_val(pud)), .shift = PUD_SHIFT,
	};
	spinlock_t *ptl = pud_lock(walk->mm, pudp);
	bool room;

	if (pud_val(READ_ONCE(*pudp)) != pud_val(pud)) {
		spin_unlock(ptl);
		return -EAGAIN;
	}
	note(walk, VMQ_LEVEL_PUD, pud_index(addr), pudp, leaf.pte, true);
	if (pte_present(leaf.pte)) {	/* pud_present() does not know protnone */
		leaf.pfn = pud_pfn(pud) + ((addr & ~PUD_MASK) >> PAGE_SHIFT);
		leaf.special = vmq_pud_special(pud);
		note_leaf_frame(walk, pud_pfn(pud));
	}
	room = emit(walk, &leaf);
	spin_unlock(ptl);
	return room ? 0 : -ENOSPC;
}

/*
 * Everything below one PUD entry; 0, EAGAIN when a huge one has changed, ENOSPC
 * when the walk is to stop. PMD tables stay while mmap_lock is held: only
 * hugetlb frees shared ones, see lock_shared_tables().
 */
static int walk_pud(struct vmq_walker *walk, pud_t *pudp, unsigned long addr,
		    unsigned long end)
{
	pud_t pud = READ_ONCE(*pudp);

	if (!pud_none(pud) && (!pud_present(pud) || pud_leaf(pud)))
		return walk_huge_pud(walk, pudp, pud, addr, end);
	note(walk, VMQ_LEVEL_PUD, pud_index(addr), pudp, __pte(pud_val(pud)), false);
	if (pud_none(pud))
		return emit_hole(walk, addr, end) ? 0 : -ENOSPC;
	if (unlikely(pud_bad(pud)))
		return emit_bad(walk, addr, end) ? 0 : -ENOSPC;
	return walk_pmd_table(walk, pmd_offset(&pud, addr), addr, end) ? 0 : -ENOSPC;
}

static bool walk_pud_table(struct vmq_walker *walk, pud_t *pudp,
			   unsigned long addr, unsigned long end)
{
	unsigned long next;
	int err;

	for (; addr < end; addr = next, pudp++) {
		next = pud_addr_end(addr, end);
		while ((err = walk_pud(walk, pudp, addr, next)) == -EAGAIN)
			walk->retries++;
		if (err || !spend(walk))
			return false;
	}
	return true;
}

static bool walk_p4d(struct vmq_walker *walk, p4d_t *p4dp, unsigned long addr,
		     unsigned long end)
{
	p4d_t p4d = READ_ONCE(*p4dp);

	if (pgtable_l5_enabled())
		note(walk, VMQ_LEVEL_P4D, p4d_index(addr), p4dp, __pte(p4d_val(p4d)), false);
	if (p4d_none(p4d))
		return emit_hole(walk, addr, end);
	if (unlikely(p4d_bad(p4d)))
		return emit_bad(walk, addr, end);
	return walk_pud_table(walk, pud_offset(&p4d, addr), addr, end);
}

static bool walk_p4d_table(struct vmq_walker *walk, p4d_t *p4dp,
			   unsigned long addr, unsigned long end)
{
	unsigned long next;

	for (; addr < end; addr = next, p4dp++) {
		next = p4d_addr_end(addr, end);
		if (!walk_p4d(walk, p4dp, addr, next) || !spend(walk))
			return false;
	}
	return true;
}

static bool walk_pgd(struct vmq_walker *walk, pgd_t *pgdp, unsigned long addr,
		     unsigned long end)
{
	pgd_t pgd = READ_ONCE(*pgdp);

	note(walk, VMQ_LEVEL_PGD, pgd_index(addr), pgdp, __pte(pgd_val(pgd)), false);
	if (pgd_none(pgd))
		return emit_hole(walk, addr, end);
	if (unlikely(pgd_bad(pgd)))
		return emit_bad(walk, addr, end);
	/* with four levels the P4D is the PGD entry itself, not what it points to */
	return walk_p4d_table(walk, p4d_offset(pgtable_l5_enabled() ? &pgd : pgdp, addr),
			      addr, end);
}

static bool walk_pgd_table(struct vmq_walker *walk, unsigned long addr,
			   unsigned long end)
{
	pgd_t *pgdp = pgd_offset(walk->mm, addr);
	unsigned long next;

	for (; addr < end; addr = next, pgdp++) {
		next = pgd_addr_end(addr, end);
		if (!walk_pgd(walk, pgdp, addr, next) || !spend(walk))
			return false;
	}
	return true;
}

/*
 * hugetlb shares PMD tables between processes for VM_MAYSHARE mappings, also
 * for those that lost VM_SHARED with a read-only descriptor. Others may unshare
 * and free such a table; i_mmap_rwsem keeps them from it.
 */
static struct address_space *lock_shared_tables(struct vm_area_struct *vma)
{
	struct address_space *mapping = NULL;

	if (is_vm_hugetlb_page(vma) && vma->vm_flags & VM_MAYSHARE) {
		mapping = vma->vm_file->f_mapping;
		i_mmap_lock_read(mapping);
	}
	return mapping;
}

static bool walk_vma(struct vmq_walker *walk, struct vm_area_struct *vma)
{
	unsigned long start = max(walk->next, vma->vm_start);
	unsigned long end = min(walk->end, vma->vm_end);
	struct address_space *mapping = lock_shared_tables(vma);
	bool go_on;

	walk->vma = vma;
	walk->next = start;
	go_on = walk_pgd_table(walk, start, end);
	if (mapping)
		i_mmap_unlock_read(mapping);
	return go_on && spend(walk);
}

/*
 * Goes on from walk->next under one bounded hold of mmap_lock: until the hold's
 * budget is spent, the report is full, or walk->next == walk->end. 0, or EINTR when
 * killed while waiting for the lock.
 */
int vmq_walk_hold(struct vmq_walker *walk)
{
	VMA_ITERATOR(vmi, walk->mm, walk->next);
	struct vm_area_struct *vma;
	bool go_on = true;
	u64 began;

	if (mmap_read_lock_killable(walk->mm))
		return -EINTR;
	began = ktime_get_ns();
	walk->hold_entries = 0;
	walk->report.repeat.on = false;	/* its VMA may be gone */
	for_each_vma_range(vmi, vma, walk->end) {
		go_on = walk_vma(walk, vma);
		if (!go_on)
			break;
	}
	if (go_on)
		walk->next = walk->end;
	mmap_read_unlock(walk->mm);

	walk->max_hold_entries = max(walk->max_hold_entries, walk->hold_entries);
	walk->max_hold_ns = max(walk->max_hold_ns, ktime_get_ns() - began);
	return 0;
}

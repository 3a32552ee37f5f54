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
#include "shared/run.h"
#include "walk.h"
#include "x86.h"

/* Entries and VMAs visited under one hold of mmap_lock, rounded up to a table. */
#define HOLD_ENTRIES	8192

/* Some pages next to each other that one entry, or one hole, gave. */
struct stretch {
	unsigned long start;
	unsigned long end;
	pte_t pte;		/* the leaf, of whatever level */
	unsigned long pfn;	/* of start */
	u8 shift;
};

/* Joins @run to the last run or appends it; false when there is no room. */
static bool append(struct vmq_walk *walk, const struct vmq_run *run)
{
	struct vmq_run *last = walk->runs + walk->count - 1;

	if (walk->count && vmq_run_continues(last, run)) {
		last->pages += run->pages;
		return true;
	}
	if (walk->count == walk->max) {
		walk->full = true;
		return false;
	}
	walk->runs[walk->count++] = *run;
	return true;
}

/* Reports one stretch; called with the page-table lock held. */
static bool emit(struct vmq_walk *walk, const struct stretch *s)
{
	struct vmq_run run = {
		.start = s->start,
		.pages = (s->end - s->start) >> PAGE_SHIFT,
		.kind = VMQ_KIND_UNKNOWN,
		.shift = s->shift,
	};

	if (pte_present(s->pte)) {
		run.entry = vmq_arch_entry_bits(s->pte);
		if (s->shift == PAGE_SHIFT && pte_special(s->pte))
			run.entry |= VMQ_ENTRY_SPECIAL;
		if (walk->frames && walk->facts & VMQ_FACTS_FRAME) {
			run.frame = s->pfn;
			run.valid |= VMQ_VALID_FRAME;
		}
	}
	if (!append(walk, &run))
		return false;
	walk->next = s->end;
	return true;
}

/* Counts one visited entry or VMA; false when the hold has lasted long enough. */
static bool spend(struct vmq_walk *walk)
{
	return ++walk->hold_entries < HOLD_ENTRIES;
}

/* All entries of the table in [addr, end), with its lock held. */
static bool walk_ptes(struct vmq_walk *walk, pte_t *ptep, unsigned long addr,
		      unsigned long end)
{
	for (; addr < end; addr += PAGE_SIZE, ptep++) {
		struct stretch s = {
			.start = addr, .end = addr + PAGE_SIZE,
			.pte = READ_ONCE(*ptep), .shift = PAGE_SHIFT,
		};

		if (pte_none(s.pte))
			continue;
		if (pte_present(s.pte))
			s.pfn = pte_pfn(s.pte);
		if (!emit(walk, &s))
			return false;
	}
	return true;
}

/*
 * The PTE table that @pmd, read from @pmdp inside the caller's RCU section,
 * points to. EAGAIN when @pmdp no longer holds @pmd.
 */
static int walk_pte_table(struct vmq_walk *walk, pmd_t *pmdp, pmd_t pmd,
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
	room = walk_ptes(walk, ptep, addr, end);
	spin_unlock(ptl);
	walk->hold_entries += (end - addr) >> PAGE_SHIFT;
	return room ? 0 : -ENOSPC;
}

/* A PMD that is a leaf or not present. EAGAIN when it has changed. */
static int walk_huge_pmd(struct vmq_walk *walk, pmd_t *pmdp, pmd_t pmd,
			 unsigned long addr, unsigned long end)
{
	struct stretch s = {
		.start = addr, .end = end,
		.pte = __pte(pmd_val(pmd)), .shift = PMD_SHIFT,
	};
	spinlock_t *ptl = pmd_lock(walk->mm, pmdp);
	bool room;

	if (pmd_val(READ_ONCE(*pmdp)) != pmd_val(pmd)) {
		spin_unlock(ptl);
		return -EAGAIN;
	}
	if (pmd_present(pmd))
		s.pfn = pmd_pfn(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
	room = emit(walk, &s);
	spin_unlock(ptl);
	return room ? 0 : -ENOSPC;
}

/* Everything below one PMD entry. EAGAIN when it changed while being read. */
static int walk_pmd(struct vmq_walk *walk, pmd_t *pmdp, unsigned long addr,
		    unsigned long end)
{
	int err = 0;
	pmd_t pmd;

	rcu_read_lock();
	pmd = READ_ONCE(*pmdp);
	if (pmd_none(pmd))
		goto out;
	if (!pmd_present(pmd) || pmd_leaf(pmd)) {
		rcu_read_unlock();
		return walk_huge_pmd(walk, pmdp, pmd, addr, end);
	}
	if (likely(!pmd_bad(pmd)))
		err = walk_pte_table(walk, pmdp, pmd, addr, end);
out:
	rcu_read_unlock();
	return err;
}

static bool walk_pmd_table(struct vmq_walk *walk, pmd_t *pmdp,
			   unsigned long addr, unsigned long end)
{
	unsigned long next;
	int err;

	for (; addr < end; addr = next, pmdp++) {
		next = pmd_addr_end(addr, end);
		do {
			err = walk_pmd(walk, pmdp, addr, next);
		} while (err == -EAGAIN);
		if (err)
			return false;
		walk->next = next;
		if (!spend(walk))
			return false;
	}
	return true;
}

/* A PUD that is a leaf or not present. EAGAIN when it has changed. */
static int walk_huge_pud(struct vmq_walk *walk, pud_t *pudp, pud_t pud,
			 unsigned long addr, unsigned long end)
{
	struct stretch s = {
		.start = addr, .end = end,
		.pte = __pte(pud_val(pud)), .shift = PUD_SHIFT,
	};
	spinlock_t *ptl = pud_lock(walk->mm, pudp);
	bool room;

	if (pud_val(READ_ONCE(*pudp)) != pud_val(pud)) {
		spin_unlock(ptl);
		return -EAGAIN;
	}
	if (pud_present(pud))
		s.pfn = pud_pfn(pud) + ((addr & ~PUD_MASK) >> PAGE_SHIFT);
	room = emit(walk, &s);
	spin_unlock(ptl);
	return room ? 0 : -ENOSPC;
}

static bool walk_pud_table(struct vmq_walk *walk, pud_t *pudp,
			   unsigned long addr, unsigned long end)
{
	unsigned long next;
	pud_t pud;
	int err;

	for (; addr < end; addr = next, pudp++) {
		next = pud_addr_end(addr, end);
again:
		pud = READ_ONCE(*pudp);
		if (!pud_none(pud) && (!pud_present(pud) || pud_leaf(pud))) {
			err = walk_huge_pud(walk, pudp, pud, addr, next);
			if (err == -EAGAIN)
				goto again;
			if (err)
				return false;
		} else if (!pud_none(pud) && likely(!pud_bad(pud))) {
			if (!walk_pmd_table(walk, pmd_offset(&pud, addr), addr, next))
				return false;
		}
		walk->next = next;
		if (!spend(walk))
			return false;
	}
	return true;
}

static bool walk_p4d_table(struct vmq_walk *walk, p4d_t *p4dp,
			   unsigned long addr, unsigned long end)
{
	unsigned long next;
	p4d_t p4d;

	for (; addr < end; addr = next, p4dp++) {
		next = p4d_addr_end(addr, end);
		p4d = READ_ONCE(*p4dp);
		if (!p4d_none(p4d) && likely(!p4d_bad(p4d)) &&
		    !walk_pud_table(walk, pud_offset(&p4d, addr), addr, next))
			return false;
		walk->next = next;
		if (!spend(walk))
			return false;
	}
	return true;
}

static bool walk_pgd_table(struct vmq_walk *walk, unsigned long addr,
			   unsigned long end)
{
	pgd_t *pgdp = pgd_offset(walk->mm, addr);
	unsigned long next;

	for (; addr < end; addr = next, pgdp++) {
		next = pgd_addr_end(addr, end);
		if (!pgd_none(*pgdp) && likely(!pgd_bad(*pgdp)) &&
		    !walk_p4d_table(walk, p4d_offset(pgdp, addr), addr, next))
			return false;
		walk->next = next;
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

static bool walk_vma(struct vmq_walk *walk, struct vm_area_struct *vma)
{
	unsigned long start = max(walk->next, vma->vm_start);
	unsigned long end = min(walk->end, vma->vm_end);
	struct address_space *mapping = lock_shared_tables(vma);
	bool go_on;

	walk->next = start;
	go_on = walk_pgd_table(walk, start, end);
	if (mapping)
		i_mmap_unlock_read(mapping);
	return go_on && spend(walk);
}

/*
 * Goes on from walk->next under one bounded hold of mmap_lock: until the hold's
 * budget is spent, walk->full, or walk->next == walk->end. 0, or EINTR when
 * killed while waiting for the lock.
 */
int vmq_walk_hold(struct vmq_walk *walk)
{
	struct vm_area_struct *vma;
	u64 began;

	if (mmap_read_lock_killable(walk->mm))
		return -EINTR;
	began = ktime_get_ns();
	walk->hold_entries = 0;
	do {
		vma = find_vma(walk->mm, walk->next);
		if (!vma || vma->vm_start >= walk->end) {
			walk->next = walk->end;
			break;
		}
	} while (walk_vma(walk, vma) && walk->next < walk->end);
	mmap_read_unlock(walk->mm);

	walk->max_hold_entries = max(walk->max_hold_entries, walk->hold_entries);
	walk->max_hold_ns = max(walk->max_hold_ns, ktime_get_ns() - began);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turns leaves into runs. Called with the page-table lock held, so nothing here
 * sleeps or allocates. The one place that decides what a caller without the
 * frame right gets.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pkeys.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "frame.h"
#include "report.h"
#include "shared/run.h"
#include "verdict.h"
#include "x86.h"

u8 vmq_arch_memtypes[8] __ro_after_init;

/* Facts that need the page behind the entry. */
#define PAGE_FACTS	(VMQ_FACTS_PAGE | VMQ_FACTS_WRITE | VMQ_FACTS_COUNTS | \
			 VMQ_FACTS_FLAGS | VMQ_FACTS_NODE)

/* Joins @run to the last run or appends it; false when there is no room. */
static bool append(struct vmq_report *report, const struct vmq_run *run)
{
	struct vmq_run *last = report->count ? report->runs + report->count - 1 : NULL;

	if (last && vmq_run_continues(last, run)) {
		last->pages += run->pages;
		return true;
	}
	if (report->count == report->max) {
		report->full = true;
		return false;
	}
	report->runs[report->count++] = *run;
	return true;
}

static void tell_hole(const struct vmq_wish *wish, const struct vmq_leaf *leaf,
		      struct vmq_run *run)
{
	run->pkey = vma_pkey(leaf->vma);
	run->valid |= VMQ_VALID_KIND | VMQ_VALID_PKEY;
	if (leaf->bad) {
		run->kind = VMQ_KIND_UNKNOWN;
		return;
	}
	if (wish->facts & VMQ_FACTS_PAGE)
		run->valid |= VMQ_VALID_SHARING;
	if (wish->facts & VMQ_FACTS_WRITE)
		vmq_on_write(run, leaf, NULL, NULL);
}

/* Where the page is while it is not present. */
static void tell_softleaf_place(const struct vmq_wish *wish, const struct vmq_leaf *leaf,
				const struct vmq_softleaf *soft, struct vmq_run *run)
{
	unsigned long inside = leaf->start & ((1UL << leaf->shift) - 1);

	if (!wish->frames || !(wish->facts & VMQ_FACTS_FRAME))
		return;
	switch (soft->kind) {
	case VMQ_KIND_SWAP:
		run->valid |= VMQ_VALID_SWAP;
		run->index = soft->area;
		break;
	case VMQ_KIND_MIGRATION:
	case VMQ_KIND_DEVICE_PRIVATE:
	case VMQ_KIND_HWPOISON:
		run->valid |= VMQ_VALID_FRAME;
		break;
	default:
		return;
	}
	run->frame = soft->value + (inside >> PAGE_SHIFT);
}

static void tell_softleaf(const struct vmq_wish *wish, const struct vmq_leaf *leaf,
			  struct vmq_run *run)
{
	struct vmq_softleaf soft = vmq_softleaf(leaf->pte);

	run->pkey = vma_pkey(leaf->vma);
	run->kind = soft.kind;
	run->valid |= VMQ_VALID_KIND | VMQ_VALID_PKEY;
	run->shift = leaf->shift;
	if (pte_swp_soft_dirty(leaf->pte))
		run->entry |= VMQ_ENTRY_SOFT_DIRTY;
	if (pte_swp_uffd_wp(leaf->pte) || soft.uffd_wp)
		run->entry |= VMQ_ENTRY_UFFD_WP;
	tell_softleaf_place(wish, leaf, &soft, run);
	if (wish->facts & VMQ_FACTS_PAGE)
		vmq_sharing(run, leaf, NULL, &soft);
	if (wish->facts & VMQ_FACTS_WRITE)
		vmq_on_write(run, leaf, NULL, &soft);
}

/* What the page-table entry alone says. */
static void tell_entry(const struct vmq_leaf *leaf, struct vmq_run *run)
{
	run->entry = vmq_arch_entry_bits(leaf->pte);
	if (leaf->special)
		run->entry |= VMQ_ENTRY_SPECIAL;
	if (pte_uffd_wp(leaf->pte))
		run->entry |= VMQ_ENTRY_UFFD_WP;
	if (run->entry & VMQ_ENTRY_PROTNONE && vma_is_accessible(leaf->vma))
		run->flags |= VMQ_RUN_NUMA_HINT;
	run->memtype = vmq_arch_memtype(leaf->pte, leaf->shift);
	run->pkey = vmq_arch_pkey(leaf->pte);
	run->shift = leaf->shift;
	run->valid |= VMQ_VALID_MEMTYPE | VMQ_VALID_PKEY;
}

static void tell_place(const struct vmq_wish *wish, const struct vmq_leaf *leaf,
		       const struct vmq_frame *frame, struct vmq_run *run)
{
	if (wish->frames) {
		run->frame = leaf->pfn;
		run->valid |= VMQ_VALID_FRAME;
	} else if (frame->folio || frame->kind == VMQ_KIND_ZERO) {
		run->frame = vmq_frame_token(frame, leaf);
		if (frame->folio)
			run->index = leaf->pfn - folio_pfn(frame->folio);
		run->valid |= VMQ_VALID_TOKEN;
	}
}

/* Facts only those with the frame right get: each tells where memory lies. */
static void tell_page(const struct vmq_wish *wish, const struct vmq_frame *frame,
		      struct vmq_run *run)
{
	if (wish->facts & VMQ_FACTS_PAGE) {
		run->order = folio_order(frame->folio);
		run->valid |= VMQ_VALID_ORDER;
	}
	if (wish->facts & VMQ_FACTS_COUNTS) {
		run->ref_count = folio_ref_count(frame->folio);
		run->valid |= VMQ_VALID_REF_COUNT;
		if (vmq_counts_pages()) {
			run->map_count = vmq_page_map_count(frame->page, frame->folio);
			run->valid |= VMQ_VALID_MAP_COUNT;
		}
	}
	if (wish->facts & VMQ_FACTS_FLAGS) {
		run->page_flags = vmq_frame_flags(frame);
		run->valid |= VMQ_VALID_PAGE_FLAGS;
	}
	if (wish->facts & VMQ_FACTS_NODE) {
		run->node = folio_nid(frame->folio);
		run->valid |= VMQ_VALID_NODE;
	}
}

/* That a page was merged is not for everyone: it shows as an ordinary one. */
static void hide_merging(struct vmq_run *run)
{
	if (run->kind == VMQ_KIND_KSM)
		run->kind = VMQ_KIND_ANON;
	if (run->sharing == VMQ_SHARING_KSM)
		run->sharing = VMQ_SHARING_MAYBE;
}

static bool needs_frame(const struct vmq_wish *wish)
{
	return wish->facts & PAGE_FACTS ||
	       (wish->facts & VMQ_FACTS_FRAME && !wish->frames);
}

/*
 * Fills @run from a present @leaf; returns the page's frame, and in @print what it
 * looked like before its facts were read.
 */
static struct vmq_frame tell_present(const struct vmq_wish *wish,
				     const struct vmq_leaf *leaf, struct vmq_run *run,
				     struct vmq_frame_print *print)
{
	struct vmq_frame frame = { };

	tell_entry(leaf, run);
	if (needs_frame(wish))
		frame = vmq_frame(leaf);
	if (frame.page)
		vmq_frame_print(frame.page, print);
	if (wish->facts & VMQ_FACTS_FRAME)
		tell_place(wish, leaf, &frame, run);
	if (wish->facts & VMQ_FACTS_PAGE) {
		run->kind = frame.kind;
		run->valid |= VMQ_VALID_KIND;
		vmq_sharing(run, leaf, &frame, NULL);
	}
	if (wish->facts & VMQ_FACTS_WRITE)
		vmq_on_write(run, leaf, &frame, NULL);
	if (!wish->frames)
		hide_merging(run);
	else if (frame.page)
		tell_page(wish, &frame, run);
	return frame;
}

/*
 * Whether the pages of a huge @leaf must be told one by one: some are mapped by
 * themselves as well, and have a map count of their own.
 */
static bool counts_differ(const struct vmq_wish *wish, const struct vmq_leaf *leaf,
			  const struct vmq_frame *frame)
{
	return wish->frames && wish->facts & VMQ_FACTS_COUNTS && frame->folio &&
	       leaf->shift > PAGE_SHIFT && frame->kind != VMQ_KIND_HUGETLB &&
	       leaf->end - leaf->start > PAGE_SIZE &&
	       !vmq_folio_counts_alike(frame->folio);
}

/* Reports @run unless filters leave it out; false when it did not fit. */
static bool report_one(struct vmq_report *report, struct vmq_run *run, bool *wanted)
{
	*wanted = vmq_wish_takes(&report->wish, run);
	return !*wanted || append(report, run);
}

static unsigned long report_pages(struct vmq_report *report, struct vmq_leaf leaf)
{
	struct vmq_frame_print print;
	unsigned long end = leaf.end;
	bool wanted;

	report->told_singly += (end - leaf.start) >> PAGE_SHIFT;
	for (; leaf.start < end; leaf.start += PAGE_SIZE, leaf.pfn++) {
		struct vmq_run run = { .start = leaf.start, .pages = 1 };

		leaf.end = leaf.start + PAGE_SIZE;
		tell_present(&report->wish, &leaf, &run, &print);
		if (!report_one(report, &run, &wanted))
			break;
	}
	return leaf.start;
}

/*
 * Most pages differ from the one before by their place only. Finding that out
 * from the raw words costs a fraction of telling all facts anew, so it is tried
 * first: the entry must be the next one up to its frame, and the page's print
 * equal. Where no fact hangs on the frame it is not looked at: the time a call
 * takes would tell everybody which pages are neighbours in memory. Not for
 * tokens, which change from page to page, for a filter of frames, nor across a
 * boundary behind which memory may be offline.
 */
static void expect_repeat(struct vmq_report *report, const struct vmq_leaf *leaf,
			  const struct vmq_frame *frame, bool wanted,
			  const struct vmq_frame_print *before)
{
	const struct vmq_wish *wish = &report->wish;

	report->repeat.on = false;
	if (leaf->shift != PAGE_SHIFT || leaf->special || wish->frame_end ||
	    !vmq_arch_counts_up(leaf->pte))
		return;
	if (needs_frame(wish)) {
		if (!wish->frames || !frame->page || frame->kind == VMQ_KIND_HUGETLB ||
		    !vmq_frame_print(frame->page, &report->repeat.print) ||
		    !vmq_frame_print_equal(&report->repeat.print, before))
			return;
		report->repeat.page = frame->page + 1;
	} else {
		report->repeat.page = NULL;
	}
	report->repeat.on = true;
	report->repeat.wanted = wanted;
	report->repeat.vma = leaf->vma;
	report->repeat.end = leaf->end;
	report->repeat.pte = pte_val(leaf->pte) + PAGE_SIZE;
	report->repeat.mask = wish->facts ? ~0UL : ~PTE_PFN_MASK;
}

/*
 * Whether the present @pte at @start is told by the leaf before it, and if so
 * counts it in. Under the same page-table lock as that leaf, or a later one.
 */
bool vmq_report_repeats(struct vmq_report *report, struct vm_area_struct *vma,
			unsigned long start, pte_t pte)
{
	struct vmq_frame_print print;

	if (!report->repeat.on ||
	    (pte_val(pte) ^ report->repeat.pte) & report->repeat.mask ||
	    start != report->repeat.end || vma != report->repeat.vma)
		return false;
	if (report->repeat.page) {
		if (!(pte_pfn(pte) & (PAGES_PER_SUBSECTION - 1)) ||
		    !vmq_frame_print(report->repeat.page, &print) ||
		    !vmq_frame_print_equal(&print, &report->repeat.print))
			return false;
		report->repeat.page++;
	}
	if (report->repeat.wanted)
		report->runs[report->count - 1].pages++;
	report->repeat.end += PAGE_SIZE;
	report->repeat.pte += PAGE_SIZE;
	return true;
}

/*
 * Reports one leaf, or a hole. Returns up to where it was reported: leaf->end, or
 * less when report->full.
 */
unsigned long vmq_report_leaf(struct vmq_report *report, const struct vmq_leaf *leaf)
{
	struct vmq_frame frame = { };
	struct vmq_frame_print before = { };
	struct vmq_run run = {
		.start = leaf->start,
		.pages = (leaf->end - leaf->start) >> PAGE_SHIFT,
	};
	bool wanted;

	report->repeat.on = false;
	if (pte_none(leaf->pte))
		tell_hole(&report->wish, leaf, &run);
	else if (!pte_present(leaf->pte))
		tell_softleaf(&report->wish, leaf, &run);
	else
		frame = tell_present(&report->wish, leaf, &run, &before);
	if (counts_differ(&report->wish, leaf, &frame))
		return report_pages(report, *leaf);
	if (!report_one(report, &run, &wanted))
		return leaf->start;
	if (pte_present(leaf->pte))
		expect_repeat(report, leaf, &frame, wanted, &before);
	return leaf->end;
}

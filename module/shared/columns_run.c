// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The columns of a run of pages, after the page display of the OS/2 debugger: a
 * pair of letters per bit of the entry, upper case for set.
 */
#include "cells.h"
#include "columns_run.h"
#include "run.h"

/* Of page_flags, as /proc/kpageflags numbers them. */
#define PAGE_UNEVICTABLE	(1ULL << 18)
#define PAGE_MLOCKED		(1ULL << 33)

/* A column that is absent unless @condition holds for the run. */
#define COLUMN(name, condition, fill)						\
void vmq_column_##name(const void *record, struct vmq_cell *cell)		\
{										\
	const struct vmq_run *run = record;					\
										\
	if (condition)								\
		fill;								\
}

/* A column for one bit of the entry. */
#define PAIR(name, bit, set, clear)						\
	COLUMN(name, true, cell_word(cell, run->entry & (bit) ? (set) : (clear)))

#define VALID(fact) (run->valid & VMQ_VALID_##fact)

COLUMN(start, true, cell_address(cell, run->start))
COLUMN(pages, true, cell_number(cell, run->pages))
COLUMN(leaf, run->shift, cell_number(cell, 1ULL << run->shift))
COLUMN(frame, VALID(FRAME), cell_hex(cell, run->frame))
COLUMN(token, VALID(TOKEN), cell_hex(cell, run->frame))
COLUMN(folio_index, VALID(TOKEN), cell_number(cell, run->index))
COLUMN(swap_area, VALID(SWAP), cell_number(cell, run->index))
COLUMN(swap_offset, VALID(SWAP), cell_hex(cell, run->frame))

PAIR(dirty, VMQ_ENTRY_DIRTY, "D", "c")
PAIR(accessed, VMQ_ENTRY_ACCESSED, "A", "u")
PAIR(user, VMQ_ENTRY_USER, "U", "s")
PAIR(writable, VMQ_ENTRY_WRITE, "W", "r")
PAIR(executable, VMQ_ENTRY_EXEC, "X", "x")
PAIR(present, VMQ_ENTRY_PRESENT, "P", "n")

COLUMN(entry, true, cell_set(cell, vmq_entry_bits, run->entry))
COLUMN(memtype, VALID(MEMTYPE), cell_word(cell, vmq_memtype_name(run->memtype)))
COLUMN(pkey, VALID(PKEY), cell_number(cell, run->pkey))
COLUMN(kind, VALID(KIND),
	cell_word(cell, vmq_kind_name(run->kind)))
COLUMN(sharing, VALID(SHARING), cell_word(cell, vmq_sharing_name(run->sharing)))
COLUMN(on_write, VALID(ON_WRITE), cell_word(cell, vmq_on_write_name(run->on_write)))
COLUMN(forced_write, VALID(FORCED_WRITE),
	cell_word(cell, vmq_on_write_name(run->forced_write)))
COLUMN(map_count, VALID(MAP_COUNT), cell_number(cell, run->map_count))
COLUMN(ref_count, VALID(REF_COUNT), cell_number(cell, run->ref_count))
COLUMN(order, VALID(ORDER), cell_number(cell, run->order))
COLUMN(node, VALID(NODE), cell_number(cell, run->node))
COLUMN(page_flags, VALID(PAGE_FLAGS),
	cell_set(cell, vmq_page_flag_bits, run->page_flags))

void vmq_column_short_leaf(const void *record, struct vmq_cell *cell)
{
	static const char units[] = "KMG";
	const struct vmq_run *run = record;
	unsigned int unit = run->shift / 10;

	if (unit < 1 || unit > 3)
		return;
	snprintf(cell->room, sizeof(cell->room), "%u%c", 1U << run->shift % 10,
		 units[unit - 1]);
	cell_word(cell, cell->room);
}

/* Whichever there is of frame, token and place in swap. */
void vmq_column_where(const void *record, struct vmq_cell *cell)
{
	const struct vmq_run *run = record;

	if (VALID(FRAME)) {
		cell_hex(cell, run->frame);
	} else if (VALID(TOKEN)) {
		snprintf(cell->room, sizeof(cell->room), "%016llx+%u", run->frame, run->index);
		cell_word(cell, cell->room);
	} else if (VALID(SWAP)) {
		snprintf(cell->room, sizeof(cell->room), "%u:%llx", run->index, run->frame);
		cell_word(cell, cell->room);
	}
}

/* The letters of the entry's bits that have no pair. */
void vmq_column_rare(const void *record, struct vmq_cell *cell)
{
	const __u32 rest = VMQ_ENTRY_GLOBAL | VMQ_ENTRY_SPECIAL | VMQ_ENTRY_SOFT_DIRTY |
			   VMQ_ENTRY_UFFD_WP | VMQ_ENTRY_PROTNONE;
	const struct vmq_run *run = record;
	const struct vmq_bit *bit;
	unsigned int used = 0;

	for (bit = vmq_entry_bits; bit->bit; bit++)
		if (bit->bit & run->entry & rest)
			cell->room[used++] = bit->letters[0];
	if (used)
		cell_word(cell, cell->room);
}

void vmq_column_flags(const void *record, struct vmq_cell *cell)
{
	const struct vmq_run *run = record;

	/* that a signal ended a call is no fact of the pages */
	cell_set(cell, vmq_run_flag_bits, run->flags & ~VMQ_RUN_CUT);
}

/*
 * Whether the page can leave memory; a page that is no page is uvirt. What is nobody's
 * to reclaim has no flag that says so.
 */
void vmq_column_page_state(const void *record, struct vmq_cell *cell)
{
	const __u64 stays = VMQ_SET_KIND(VMQ_KIND_HUGETLB) | VMQ_SET_KIND(VMQ_KIND_ZERO) |
			    VMQ_SET_KIND(VMQ_KIND_HUGE_ZERO) | VMQ_SET_KIND(VMQ_KIND_KERNEL) |
			    VMQ_SET_KIND(VMQ_KIND_DEVICE);
	const struct vmq_run *run = record;

	if (!VALID(KIND) || !(run->entry & VMQ_ENTRY_PRESENT))
		return;
	if (run->kind == VMQ_KIND_PFNMAP)
		cell_word(cell, "uvirt");
	else if (VMQ_SET_KIND(run->kind) & stays)
		cell_word(cell, "resident");
	else if (VALID(PAGE_FLAGS))
		cell_word(cell, run->page_flags & (PAGE_UNEVICTABLE | PAGE_MLOCKED) ?
			  "resident" : "pageable");
}

static const struct vmq_column columns[] = {
	{ "START",	"start",		-16,	vmq_column_start },
	{ "PAGES",	"pages",		9,	vmq_column_pages },
	{ "LEAF",	NULL,			4,	vmq_column_short_leaf },
	{ NULL,		"leaf_bytes",		0,	vmq_column_leaf },
	{ "FRAME",	NULL,			-10,	vmq_column_where },
	{ NULL,		"frame",		0,	vmq_column_frame },
	{ NULL,		"token",		0,	vmq_column_token },
	{ NULL,		"folio_index",		0,	vmq_column_folio_index },
	{ NULL,		"swap_area",		0,	vmq_column_swap_area },
	{ NULL,		"swap_offset",		0,	vmq_column_swap_offset },
	{ "Dc",		NULL,			-2,	vmq_column_dirty },
	{ "Au",		NULL,			-2,	vmq_column_accessed },
	{ "Us",		NULL,			-2,	vmq_column_user },
	{ "rW",		NULL,			-2,	vmq_column_writable },
	{ "Xx",		NULL,			-2,	vmq_column_executable },
	{ "Pn",		NULL,			-2,	vmq_column_present },
	{ "REST",	NULL,			-4,	vmq_column_rare },
	{ NULL,		"entry",		0,	vmq_column_entry },
	{ "MEM",	"memtype",		-3,	vmq_column_memtype },
	{ NULL,		"pkey",			0,	vmq_column_pkey },
	{ "KIND",	"kind",			-9,	vmq_column_kind },
	{ "SHARING",	"sharing",		-10,	vmq_column_sharing },
	{ "ON-WRITE",	"on_write",		-12,	vmq_column_on_write },
	{ NULL,		"forced_write",		0,	vmq_column_forced_write },
	{ "MAPS",	"map_count",		4,	vmq_column_map_count },
	{ "REFS",	"ref_count",		4,	vmq_column_ref_count },
	{ NULL,		"order",		0,	vmq_column_order },
	{ NULL,		"node",			0,	vmq_column_node },
	{ "STATE",	"pstate",		-8,	vmq_column_page_state },
	{ NULL,		"flags",		0,	vmq_column_flags },
	{ NULL,		"page_flags",		0,	vmq_column_page_flags },
};

const struct vmq_table vmq_run_table = {
	.schema = "pages/1",
	.about =
	"# PAGES of LEAF bytes from START, the first in FRAME (or token+index, or swap area:offset).\n"
	"# Of the entry: Dirty clean, Accessed unused, User supervisor, Write read-only, eXecutable,\n"
	"# Present; REST: Global, special, soft-dirty, userfaultfd w, no access n. MEM is its caching.\n",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The columns of an entry. Where the debugger's have no counterpart in Linux, they
 * keep their sense: "pteframe" is what the entry holds, "frame" where the page is,
 * "state" and "res" are what the system notes in bits the hardware leaves to it.
 */
#include "../../module/shared/cells.h"
#include "../../module/shared/columns_run.h"
#include "../../module/shared/run.h"
#include "entry.h"

/* A column that is absent unless @condition holds for the entry. */
#define COLUMN(name, condition, fill)						\
static void name(const void *record, struct vmq_cell *cell)			\
{										\
	const struct entry *entry = record;					\
										\
	if (condition)								\
		fill;								\
}

/*
 * A pair of a run's. What an entry cannot be known to have is absent, not clear; one
 * that is not present has no such bits.
 */
#define PAIR(name, bit)								\
	COLUMN(name, PRESENT && entry->known & (bit), vmq_column_##name(record, cell))

#define VALID(fact) (entry->run.valid & VMQ_VALID_##fact)
#define PRESENT (entry->run.entry & VMQ_ENTRY_PRESENT)

COLUMN(level, entry->level.level, cell_word(cell, vmq_level_name(entry->level.level)))
COLUMN(number, entry->level.level, cell_number(cell, entry->level.index))
COLUMN(table, entry->level.valid & VMQ_VALID_TABLE, cell_hex(cell, entry->level.table))
COLUMN(pteframe, entry->level.valid & VMQ_VALID_FRAME, cell_hex(cell, entry->level.frame))

PAIR(dirty, VMQ_ENTRY_DIRTY)
PAIR(accessed, VMQ_ENTRY_ACCESSED)
PAIR(user, VMQ_ENTRY_USER)
PAIR(writable, VMQ_ENTRY_WRITE)
PAIR(executable, VMQ_ENTRY_EXEC)

/* Of a page whose kind is not known either something may be hidden. */
COLUMN(present, entry->directory || PRESENT || VALID(KIND), vmq_column_present(record, cell))

bool entry_in_file(const struct entry *entry)
{
	return VALID(KIND) && entry->run.kind == VMQ_KIND_NONE && entry->vma &&
	       entry->vma->inode;
}

static __u64 file_page_of(const struct entry *entry)
{
	return (entry->vma->offset + entry->run.start - entry->vma->start) >> VMQ_PAGE_SHIFT;
}

COLUMN(inode, entry_in_file(entry), cell_number(cell, entry->vma->inode))
COLUMN(file_page, entry_in_file(entry), cell_hex(cell, file_page_of(entry)))

static void device(const void *record, struct vmq_cell *cell)
{
	const struct entry *entry = record;

	if (!entry_in_file(entry))
		return;
	snprintf(cell->room, sizeof(cell->room), "%02x:%02x", entry->vma->dev_major,
		 entry->vma->dev_minor);
	cell_word(cell, cell->room);
}

/* The address, as all lines of one page have it; a directory's is marked. */
static void marked_address(const void *record, struct vmq_cell *cell)
{
	const struct entry *entry = record;

	snprintf(cell->room, sizeof(cell->room), "%0*llx%s", ADDRESS_DIGITS, entry->run.start,
		 entry->directory ? "*" : "");
	cell_word(cell, cell->room);
}

/* Where the page is; what is in swap has no frame. */
COLUMN(where, !VALID(SWAP), vmq_column_where(record, cell))

/* What the entry holds: a frame, or the place the page comes from. */
static void content(const void *record, struct vmq_cell *cell)
{
	const struct entry *entry = record;
	const size_t room = sizeof(cell->room);

	if (entry->level.valid & VMQ_VALID_FRAME)
		snprintf(cell->room, room, "frame=%05llx", entry->level.frame);
	else if (VALID(SWAP))
		snprintf(cell->room, room, "swap=%u:%llx", entry->run.index, entry->run.frame);
	else if (entry_in_file(entry))
		snprintf(cell->room, room, "file=%llu+%llx", entry->vma->inode,
			 file_page_of(entry));
	else
		return;
	cell_word(cell, cell->room);
}

/* What is in the frame, or stands in its place. */
static void fstate(const void *record, struct vmq_cell *cell)
{
	const struct entry *entry = record;

	if (entry->directory)
		cell_word(cell, PRESENT ? "table" : "none");
	else if (!entry->run.pages)
		cell_word(cell, "free");
	else
		vmq_column_kind(record, cell);
}

/* For people also what is in memory and only lacks an entry: a touch needs no I/O. */
static void shown_state(const void *record, struct vmq_cell *cell)
{
	const struct entry *entry = record;

	if (entry->cached > 0)
		cell_word(cell, "cached");
	else
		fstate(record, cell);
}

COLUMN(cached, entry->cached >= 0, cell_yes_no(cell, entry->cached))

/* Whether it can leave memory; a table never does. */
static void pstate(const void *record, struct vmq_cell *cell)
{
	const struct entry *entry = record;

	if (!entry->directory)
		vmq_column_page_state(record, cell);
	else if (PRESENT)
		cell_word(cell, "resident");
}

static bool is_memtype(const struct entry *entry, __u32 types)
{
	return types & (1U << entry->run.memtype);
}

/* Reads pass the cache by; blank where they do not, as with the debugger. */
#define UNCACHED (1U << VMQ_MEMTYPE_UC | 1U << VMQ_MEMTYPE_UC_MINUS | 1U << VMQ_MEMTYPE_WC)
COLUMN(cache_disabled, VALID(MEMTYPE), cell_word(cell, is_memtype(entry, UNCACHED) ? "CD" : ""))

/* Reads are cached, writes go through to memory. */
#define THROUGH (1U << VMQ_MEMTYPE_WT | 1U << VMQ_MEMTYPE_WP)
COLUMN(write_through, VALID(MEMTYPE), cell_word(cell, is_memtype(entry, THROUGH) ? "WT" : ""))

/* Columns in front, for those who want to see each entry in its table. */
#define PLACE 3

static const struct vmq_column columns[] = {
	{ "LEVEL",	NULL,			-5,	level },
	{ "INDEX",	NULL,			5,	number },
	{ "TABLE",	NULL,			-7,	table },
	{ "linaddr",	NULL,			-17,	marked_address },
	{ NULL,		"linaddr",		0,	vmq_column_start },
	{ "frame",	NULL,			-7,	where },
	{ "pteframe",	NULL,			-12,	content },
	{ "state",	NULL,			-9,	shown_state },
	{ NULL,		"fstate",		0,	fstate },
	{ "res",	NULL,			-3,	vmq_column_rare },
	{ "Dc",		NULL,			-2,	dirty },
	{ "Au",		NULL,			-2,	accessed },
	{ "CD",		NULL,			-2,	cache_disabled },
	{ "WT",		NULL,			-2,	write_through },
	{ "Us",		NULL,			-2,	user },
	{ "rW",		NULL,			-2,	writable },
	{ "Pn",		NULL,			-2,	present },
	{ "state",	"pstate",		-8,	pstate },
	{ "Xx",		NULL,			-2,	executable },
	{ "MEM",	"memtype",		-3,	vmq_column_memtype },
	{ "KEY",	"pkey",			3,	vmq_column_pkey },
	{ "LEAF",	NULL,			4,	vmq_column_short_leaf },
	{ "MAPS",	"map_count",		4,	vmq_column_map_count },
	{ "SHARING",	"sharing",		-10,	vmq_column_sharing },
	{ "ON-WRITE",	"on_write",		-8,	vmq_column_on_write },
	{ NULL,		"level",		0,	level },
	{ NULL,		"index",		0,	number },
	{ NULL,		"table",		0,	table },
	{ NULL,		"frame",		0,	vmq_column_frame },
	{ NULL,		"token",		0,	vmq_column_token },
	{ NULL,		"folio_index",		0,	vmq_column_folio_index },
	{ NULL,		"pteframe",		0,	pteframe },
	{ NULL,		"swap_area",		0,	vmq_column_swap_area },
	{ NULL,		"swap_offset",		0,	vmq_column_swap_offset },
	{ NULL,		"device",		0,	device },
	{ NULL,		"inode",		0,	inode },
	{ NULL,		"file_page",		0,	file_page },
	{ NULL,		"entry",		0,	vmq_column_entry },
	{ NULL,		"leaf_bytes",		0,	vmq_column_leaf },
	{ NULL,		"forced_write",		0,	vmq_column_forced_write },
	{ NULL,		"ref_count",		0,	vmq_column_ref_count },
	{ NULL,		"order",		0,	vmq_column_order },
	{ NULL,		"node",			0,	vmq_column_node },
	{ NULL,		"flags",		0,	vmq_column_flags },
	{ NULL,		"page_flags",		0,	vmq_column_page_flags },
	{ NULL,		"cached",		0,	cached },
};

#define SCHEMA "entries/1"
#define ABOUT									\
	"# Of * the entry that leads to the table of those below it. pteframe is what the entry holds:\n" \
	"# a frame, or the place in swap (area:offset) or file (inode+page) the page comes from. res:\n" \
	"# Global, special, soft-dirty, userfaultfd w, no access n. vmq(1) explains the columns.\n"

const struct vmq_table entry_table = {
	.schema = SCHEMA,
	.about = ABOUT,
	.columns = columns + PLACE,
	.count = ARRAY_SIZE(columns) - PLACE,
};

const struct vmq_table entry_level_table = {
	.schema = SCHEMA,
	.about = "# The entry with number INDEX of the table in frame TABLE, from the root down.\n" ABOUT,
	.columns = columns,
	.count = ARRAY_SIZE(columns),
};

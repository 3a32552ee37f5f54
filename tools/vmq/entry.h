/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One entry of a page table, as a line: of a page, or of the table below it. The
 * columns are those of the OS/2 debugger's command dp, and what Linux adds.
 */
#ifndef VMQ_ENTRY_H
#define VMQ_ENTRY_H

#include <stdbool.h>
#include <vmq.h>

#include "../../module/shared/columns.h"

/**
 * struct entry - an entry on the way to a page
 * @run: first, so that the columns of a run serve. The page, or of a directory's
 *	entry what is known of it, at the address of the page looked for; no pages:
 *	no VMA is there
 * @level: the entry in its table; level 0: which one it is cannot be told
 * @vma: that of the page; NULL for none
 * @known: bits of run.entry that can be told, VMQ_ENTRY_*
 * @directory: it leads to a table
 * @cached: nothing is there, but the file's page is in memory: 1, or 0 if it is not;
 *	negative for what cannot be told, or has no such page
 */
struct entry {
	struct vmq_run run;
	struct vmq_level level;
	const struct vmq_vma *vma;
	__u32 known;
	bool directory;
	int cached;
};

/* A page comes from a file when it is touched: nothing is there yet. */
bool entry_in_file(const struct entry *entry);

/* Records: struct entry. The second begins with the place in the table, for people. */
extern const struct vmq_table entry_table;
extern const struct vmq_table entry_level_table;

#endif

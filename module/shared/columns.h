/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is printed of a record: a table of columns per kind of record, from which
 * the text, TSV and JSON writers all work.
 */
#ifndef VMQ_SHARED_COLUMNS_H
#define VMQ_SHARED_COLUMNS_H

#include "names.h"
#include "rows.h"

/* What a cell is. */
#define VMQ_CELL_ABSENT		0	/* cannot be told */
#define VMQ_CELL_NUMBER		1	/* decimal */
#define VMQ_CELL_HEX		2	/* address, frame, id */
#define VMQ_CELL_WORD		3	/* text that needs no escape */
#define VMQ_CELL_NAME		4	/* bytes from elsewhere: escape */
#define VMQ_CELL_SET		5	/* the names of the bits set in number */
#define VMQ_CELL_YES_NO		6	/* number is 1 or 0 */

/**
 * struct vmq_cell - a value of a record
 * @kind: VMQ_CELL_*
 * @digits: VMQ_CELL_HEX: at least so many, for people
 * @length: VMQ_CELL_NAME: bytes in @text
 * @number: of every kind without a text
 * @text: VMQ_CELL_WORD, ended by a NUL, and VMQ_CELL_NAME; may be @room
 * @bits: VMQ_CELL_SET: the bits that have names
 * @room: for a text that has to be made
 */
struct vmq_cell {
	__u32 kind;
	__u32 digits;
	__u64 length;
	__u64 number;
	const char *text;
	const struct vmq_bit *bits;
	char room[48];
};

/**
 * struct vmq_column - a column
 * @title: for people; NULL: not shown to them
 * @key: for programs; NULL: not for them
 * @width: for people, as printf has it: negative aligns left
 * @get: fills a cell, zeroed before, from a record
 */
struct vmq_column {
	const char *title;
	const char *key;
	int width;
	void (*get)(const void *record, struct vmq_cell *cell);
};

/**
 * struct vmq_table - how a kind of record is printed
 * @schema: name and version of what programs read: raised when a key changes
 *	its meaning; keys are added at the end without that
 * @about: comment lines for people, each begins with "# " and has its newline
 * @columns: the columns, in order
 * @count: number of @columns
 */
struct vmq_table {
	const char *schema;
	const char *about;
	const struct vmq_column *columns;
	__u32 count;
};

extern const struct vmq_table vmq_row_table;	/* record: struct vmq_row */
extern const struct vmq_table vmq_vma_table;	/* record: struct vmq_vma_line */
extern const struct vmq_table vmq_run_table;	/* record: struct vmq_run */

/**
 * struct vmq_vma_line - a VMA to be printed
 * @vma: the VMA
 * @names: its name is at @names + @vma->name
 * @pages: its pages, counted; NULL if they were not
 */
struct vmq_vma_line {
	const struct vmq_vma *vma;
	const char *names;
	const struct vmq_vma_pages *pages;
};

#endif

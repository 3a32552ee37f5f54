// SPDX-License-Identifier: LGPL-2.1-or-later
/* The columns of the Vq table. */
#include "cells.h"

static const char *const states[] = {
	[VMQ_ROW_FREE]		= "Free",
	[VMQ_ROW_RESERVED]	= "Reserved",
	[VMQ_ROW_COMMITTED]	= "Committed",
};

static const char *const types[] = {
	[VMQ_ROW_PRIVATE]	= "Private",
	[VMQ_ROW_MAPPED]	= "Mapped",
	[VMQ_ROW_IMAGE]		= "Image",
};

static void base(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->state != VMQ_ROW_FREE)
		cell_address(cell, row->base);
}

static void marked_base(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->state == VMQ_ROW_FREE)
		return;
	snprintf(cell->room, sizeof(cell->room), "%c%016llx",
		 row->flags & VMQ_ROW_GUESS ? '~' : ' ', row->base);
	cell_word(cell, cell->room);
}

static void start(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	cell_address(cell, row->start);
}

static void size(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	cell_number(cell, row->end - row->start);
}

static void state(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	cell_word(cell, states[row->state]);
}

static void type(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->type != VMQ_ROW_NO_TYPE)
		cell_word(cell, types[row->type]);
}

static void protection(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->state != VMQ_ROW_FREE)
		cell_letters(cell, "NOGRWEC", row->protection);
}

static void allocation(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->vma != VMQ_NO_VMA)
		cell_letters(cell, "NOGRWEC", row->allocation);
}

static void resident(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->vma != VMQ_NO_VMA)
		cell_number(cell, row->resident);
}

static void accounted(const void *record, struct vmq_cell *cell)
{
	const struct vmq_row *row = record;

	if (row->vma != VMQ_NO_VMA)
		cell_yes_no(cell, row->flags & VMQ_ROW_ACCOUNTED);
}

static void marks(const void *record, struct vmq_cell *cell)
{
	static const struct vmq_bit bits[] = {
		{ VMQ_ROW_GUESS, NULL, "guess" },
		{ VMQ_ROW_GAP, NULL, "gap" },
		{ }
	};
	const struct vmq_row *row = record;

	cell_set(cell, bits, row->flags & (VMQ_ROW_GUESS | VMQ_ROW_GAP));
}

static const struct vmq_column columns[] = {
	{ " BASE",	NULL,			-17,	marked_base },
	{ NULL,		"base",			0,	base },
	{ "START",	"start",		-16,	start },
	{ "BYTES",	"bytes",		17,	size },
	{ "STATE",	"state",		-9,	state },
	{ "TYPE",	"type",			-7,	type },
	{ "CURRENT",	"current",		-7,	protection },
	{ "ALLOWED",	"allowed",		-7,	allocation },
	{ "PAGES",	"resident_pages",	7,	resident },
	{ "ACC",	"accounted",		-3,	accounted },
	{ NULL,		"marks",		0,	marks },
};

const struct vmq_table vmq_row_table = {
	.schema = "vq-rows/1",
	.about =
	"# BASE is where the allocation began (~ a guess), PAGES how many have a frame now, ACC\n"
	"# whether it counts against the commit limit. CURRENT and ALLOWED: No-cache, write-cOmbine,\n"
	"# Guard, Read, Write, Execute, Copy-on-write. ALLOWED is the most mprotect can give, not what\n"
	"# was asked for at first. Below a stack 256 pages are taken to be its gap.\n",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
};

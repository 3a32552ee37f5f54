// SPDX-License-Identifier: LGPL-2.1-or-later
/* The columns of a VMA. */
#include "cells.h"

static const struct vmq_vma *vma_of(const void *record)
{
	const struct vmq_vma_line *line = record;

	return line->vma;
}

static const struct vmq_vma_pages *pages_of(const void *record)
{
	const struct vmq_vma_line *line = record;

	return line->pages;
}

static void start(const void *record, struct vmq_cell *cell)
{
	cell_address(cell, vma_of(record)->start);
}

static void end(const void *record, struct vmq_cell *cell)
{
	cell_address(cell, vma_of(record)->end);
}

static void rights(const void *record, struct vmq_cell *cell)
{
	cell_letters(cell, "rwx", vma_of(record)->rights);
}

static void max_rights(const void *record, struct vmq_cell *cell)
{
	cell_letters(cell, "rwx", vma_of(record)->max_rights);
}

static void type(const void *record, struct vmq_cell *cell)
{
	cell_word(cell, vmq_vma_type_name(vma_of(record)->type));
}

static void offset(const void *record, struct vmq_cell *cell)
{
	if (vma_of(record)->inode)
		cell_hex(cell, vma_of(record)->offset);
}

static void device(const void *record, struct vmq_cell *cell)
{
	const struct vmq_vma *vma = vma_of(record);

	if (!vma->inode)
		return;
	snprintf(cell->room, sizeof(cell->room), "%02x:%02x", vma->dev_major, vma->dev_minor);
	cell_word(cell, cell->room);
}

static void inode(const void *record, struct vmq_cell *cell)
{
	if (vma_of(record)->inode)
		cell_number(cell, vma_of(record)->inode);
}

static void object(const void *record, struct vmq_cell *cell)
{
	if (vma_of(record)->object)
		cell_hex(cell, vma_of(record)->object);
}

static void resident(const void *record, struct vmq_cell *cell)
{
	if (pages_of(record))
		cell_number(cell, pages_of(record)->resident);
}

static void anonymous(const void *record, struct vmq_cell *cell)
{
	if (pages_of(record) && !pages_of(record)->kinds_hidden)
		cell_number(cell, pages_of(record)->anonymous);
}

static void swapped(const void *record, struct vmq_cell *cell)
{
	if (pages_of(record) && !pages_of(record)->places_hidden)
		cell_number(cell, pages_of(record)->swapped);
}

static void pkey(const void *record, struct vmq_cell *cell)
{
	cell_number(cell, vma_of(record)->pkey);
}

static void flags(const void *record, struct vmq_cell *cell)
{
	cell_set(cell, vmq_vma_flag_bits, vma_of(record)->flags);
}

static void name(const void *record, struct vmq_cell *cell)
{
	const struct vmq_vma_line *line = record;

	if (!line->vma->name_length)
		return;
	cell->kind = VMQ_CELL_NAME;
	cell->text = line->names + line->vma->name;
	cell->length = line->vma->name_length;
}

static const struct vmq_column columns[] = {
	{ "START",	"start",		-16,	start },
	{ "END",	"end",			-16,	end },
	{ "NOW",	"rights",		-3,	rights },
	{ "MAX",	"max_rights",		-3,	max_rights },
	{ "TYPE",	"type",			-7,	type },
	{ "OFFSET",	"offset",		8,	offset },
	{ NULL,		"device",		0,	device },
	{ NULL,		"inode",		0,	inode },
	{ "OBJECT",	"object",		16,	object },
	{ "PAGES",	"resident_pages",	7,	resident },
	{ "ANON",	"anonymous_pages",	7,	anonymous },
	{ "SWAP",	"swapped_pages",	5,	swapped },
	{ NULL,		"pkey",			0,	pkey },
	{ "FLAGS",	"flags",		-17,	flags },
	{ "NAME",	"name",			-4,	name },
};

const struct vmq_table vmq_vma_table = {
	.schema = "vq-vmas/1",
	.about =
	"# NOW and MAX are rights, now and the most mprotect can give; OFFSET is in bytes, in hex;\n"
	"# VMAs with one OBJECT are of one file or, if anonymous, share pages by fork; PAGES, those of\n"
	"# them that are ANON, and those in SWAP are counted.\n",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
};

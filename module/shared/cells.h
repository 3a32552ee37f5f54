/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the get functions of the columns fill a cell; for files with columns only. */
#ifndef VMQ_SHARED_CELLS_H
#define VMQ_SHARED_CELLS_H

#include "columns.h"

/* Digits of an address for people: they line up. */
#define ADDRESS_DIGITS 16

static inline void cell_number(struct vmq_cell *cell, __u64 number)
{
	cell->kind = VMQ_CELL_NUMBER;
	cell->number = number;
}

static inline void cell_hex(struct vmq_cell *cell, __u64 number)
{
	cell->kind = VMQ_CELL_HEX;
	cell->number = number;
}

static inline void cell_address(struct vmq_cell *cell, __u64 address)
{
	cell_hex(cell, address);
	cell->digits = ADDRESS_DIGITS;
}

static inline void cell_word(struct vmq_cell *cell, const char *word)
{
	cell->kind = VMQ_CELL_WORD;
	cell->text = word;
}

static inline void cell_yes_no(struct vmq_cell *cell, bool yes)
{
	cell->kind = VMQ_CELL_YES_NO;
	cell->number = yes;
}

static inline void cell_set(struct vmq_cell *cell, const struct vmq_bit *bits, __u64 set)
{
	cell->kind = VMQ_CELL_SET;
	cell->bits = bits;
	cell->number = set;
}

/* One letter per bit of @set, the lowest first; '-' for a bit that is clear. */
static inline void cell_letters(struct vmq_cell *cell, const char *letters, __u32 set)
{
	unsigned int i;

	for (i = 0; letters[i] && i < sizeof(cell->room) - 1; i++)
		cell->room[i] = set & (1U << i) ? letters[i] : '-';
	cell->room[i] = '\0';
	cell_word(cell, cell->room);
}

#endif

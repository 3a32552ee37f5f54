/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes records as text: aligned columns for people, or tab-separated values for
 * programs. Like snprintf, each function returns the length of all it would have
 * written, the NUL not counted, and never writes more than @size bytes; a result
 * of at least @size means that the buffer was too small. Lines end with a newline.
 */
#ifndef VMQ_SHARED_TEXT_H
#define VMQ_SHARED_TEXT_H

#include "columns.h"

#define VMQ_TEXT_HUMAN	0
#define VMQ_TEXT_TSV	1

/* Room enough for any line but one with a name longer than 900 bytes. */
#define VMQ_TEXT_LINE	4096

/* What comes first: the line with the names of the columns, and what they mean. */
size_t vmq_text_header(const struct vmq_table *table, int style, char *text, size_t size);

/* One line for @record, of the type @table is for. */
size_t vmq_text_line(const struct vmq_table *table, int style, const void *record,
		     char *text, size_t size);

/* The last line below VMAs, for people: how many, and the height of their tree. */
size_t vmq_text_vma_footer(__u32 total, __u32 height, char *text, size_t size);

/*
 * @length bytes of a name, with what could break a line or a terminal escaped:
 * \t \n \\, else \xNN for control characters and for what is not UTF-8.
 */
size_t vmq_text_name(const char *name, size_t length, char *text, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a list of records to stdout, for people, as TSV or as JSON: one way to
 * print, driven by the tables of columns in module/shared. What could not be
 * written shows at output_end().
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <vmq.h>

#include "../../module/shared/text.h"

enum output_style {
	OUTPUT_HUMAN,
	OUTPUT_TSV,
	OUTPUT_JSON,
};

struct output {
	const struct vmq_table *table;
	enum output_style style;
	char *line;			/* grows with the longest line */
	size_t room;
};

/*
 * For main(): who closes the pipe that stdout is ends the program, quietly. Whoever
 * started it may have that signal ignored.
 */
void output_until_closed(void);

/* Begins a list of @table's records about the target of @vmq; NULL for none. */
void output_begin(struct output *output, enum output_style style,
		  const struct vmq_table *table, struct vmq *vmq);

/* One record, of the type the table is for. */
void output_record(struct output *output, const void *record);

/*
 * Ends the list of what was seen of @subject: a status, said why. @err is what happened
 * to @subject on the way, or 0; what happened to stdout is told of stdout.
 */
int output_finish(struct output *output, const char *subject, int err);

/* Ends the list; 0, or the negative errno of the first write that failed. */
int output_end(struct output *output);

#endif

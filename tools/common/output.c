// SPDX-License-Identifier: GPL-2.0-only
/* Writes lists of records. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "errors.h"
#include "json.h"
#include "output.h"

static size_t format(const struct output *output, const void *record)
{
	int style = output->style == OUTPUT_TSV ? VMQ_TEXT_TSV : VMQ_TEXT_HUMAN;

	return record ?
	       vmq_text_line(output->table, style, record, output->line, output->room) :
	       vmq_text_header(output->table, style, output->line, output->room);
}

/* The line of @record, or the header for NULL. */
static void write_text(struct output *output, const void *record)
{
	size_t length = format(output, record);

	if (length >= output->room) {
		free(output->line);
		output->room = length + 1;
		output->line = malloc(output->room);
		if (!output->line)
			abort();
		format(output, record);
	}
	fwrite(output->line, 1, length, stdout);
}

void output_until_closed(void)
{
	signal(SIGPIPE, SIG_DFL);
}

void output_begin(struct output *output, enum output_style style,
		  const struct vmq_table *table, struct vmq *vmq)
{
	*output = (struct output){ .table = table, .style = style };
	if (style == OUTPUT_JSON)
		json_write_header(table, vmq);
	else
		write_text(output, NULL);
}

void output_record(struct output *output, const void *record)
{
	if (output->style == OUTPUT_JSON)
		json_write_record(output->table, record);
	else
		write_text(output, record);
}

int output_end(struct output *output)
{
	free(output->line);
	output->line = NULL;
	output->room = 0;
	if (fflush(stdout))
		return -errno;
	return ferror(stdout) ? -EIO : 0;
}

int output_finish(struct output *output, const char *subject, int err)
{
	int end = output_end(output);

	if (err)
		return fail_to_look(subject, err);
	return end ? fail("standard output", end) : STATUS_DONE;
}

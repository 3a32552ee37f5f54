// SPDX-License-Identifier: GPL-2.0-only
/* Reads lists of sightings. */
#define _GNU_SOURCE
#include <string.h>

#include "stages.h"
#include "tsv.h"

#define ROOM 256

static struct stage_page pages[ROOM];
static size_t page_count;

static struct stage_page read_page(size_t row)
{
	return (struct stage_page){
		.step = tsv(row, "step"), .process = tsv(row, "process"), .name = tsv(row, "name"),
		.entry = tsv(row, "entry"), .rights = tsv(row, "rights"), .kind = tsv(row, "kind"),
		.sharing = tsv(row, "sharing"), .privatized = tsv(row, "privatized"),
		.pid = tsv_number(row, "pid"), .address = tsv_number(row, "address"),
		.frame = tsv(row, "frame"), .token = tsv(row, "token"),
		.index = tsv(row, "folio_index"), .maps = tsv_number(row, "map_count"),
	};
}

bool stages_parse(char *text)
{
	if (!tsv_parse(text) || tsv_rows > ROOM)
		return false;
	for (page_count = 0; page_count < tsv_rows; page_count++)
		pages[page_count] = read_page(page_count);
	return page_count > 0;
}

const struct stage_page *stage_page(const char *step, const char *process, const char *name,
				    int nth)
{
	static const struct stage_page none = {
		.step = "", .process = "", .name = "", .entry = "", .rights = "", .kind = "",
		.sharing = "", .privatized = "", .frame = "-", .token = "-", .index = "-", .maps = -2,
	};

	for (size_t i = 0; i < page_count; i++)
		if (!strcmp(pages[i].step, step) && !strcmp(pages[i].process, process) &&
		    !strcmp(pages[i].name, name) && !nth--)
			return &pages[i];
	return &none;
}

bool stage_same(const struct stage_page *a, const struct stage_page *b)
{
	if (strcmp(a->frame, "-"))
		return !strcmp(a->frame, b->frame);
	return strcmp(a->token, "-") && !strcmp(a->token, b->token) && !strcmp(a->index, b->index);
}

bool stage_entry(const struct stage_page *page, const char *bit)
{
	size_t length = strlen(bit);

	for (const char *at = page->entry; (at = strstr(at, bit)); at += length)
		if ((at == page->entry || at[-1] == ',') && (!at[length] || at[length] == ','))
			return true;
	return false;
}

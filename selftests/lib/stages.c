// SPDX-License-Identifier: GPL-2.0-only
/* Reads lists of sightings. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "stages.h"

#define ROOM 256
#define FIELDS 15

static const char header[] =
	"step\tprocess\tpid\tname\taddress\tframe\ttoken\tfolio_index\tentry\trights\tkind\tsharing\t"
	"privatized\ton_write\tmap_count";

static struct stage_page pages[ROOM];
static int page_count;

static bool parse_page(char *line, struct stage_page *page)
{
	char *field[FIELDS];

	for (int i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, "\t");
		if (!field[i])
			return false;
	}
	*page = (struct stage_page){
		.step = field[0], .process = field[1], .pid = atoi(field[2]), .name = field[3],
		.address = strtoull(field[4], NULL, 16), .frame = field[5], .token = field[6],
		.index = field[7], .entry = field[8], .rights = field[9], .kind = field[10],
		.sharing = field[11], .privatized = field[12],
		.maps = *field[14] == '-' ? -1 : atoi(field[14]),
	};
	return !line;
}

bool stages_parse(char *text)
{
	char *line = strsep(&text, "\n");

	page_count = 0;
	if (!line || strcmp(line, header))
		return false;
	while ((line = strsep(&text, "\n")) && *line)
		if (page_count == ROOM || !parse_page(line, &pages[page_count++]))
			return false;
	return page_count > 0;
}

const struct stage_page *stage_page(const char *step, const char *process, const char *name,
				    int nth)
{
	static const struct stage_page none = {
		.step = "", .process = "", .name = "", .entry = "", .rights = "", .kind = "",
		.sharing = "", .privatized = "", .frame = "-", .token = "-", .index = "-", .maps = -2,
	};

	for (int i = 0; i < page_count; i++)
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

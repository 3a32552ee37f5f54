// SPDX-License-Identifier: GPL-2.0-only
/* Cuts up TSV. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "tsv.h"

#define ROWS	1024
#define KEYS	64

size_t tsv_rows;

static char *keys[KEYS];
static size_t key_count;
static char *cells[ROWS][KEYS];

/* The fields of @line, at most KEYS; their number. */
static size_t cut(char *line, char **fields)
{
	size_t count = 0;

	while (line && count < KEYS)
		fields[count++] = strsep(&line, "\t");
	return line ? 0 : count;
}

bool tsv_parse(char *text)
{
	char *line = strsep(&text, "\n");

	tsv_rows = 0;
	key_count = cut(line, keys);
	while (text && (line = strsep(&text, "\n")) && *line)
		if (tsv_rows == ROWS || cut(line, cells[tsv_rows++]) != key_count)
			return false;
	return key_count > 0;
}

bool tsv_run(const char *format, ...)
{
	static char text[1 << 20];
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return !program_run(command, text, sizeof(text)) && tsv_parse(text);
}

const char *tsv(size_t row, const char *key)
{
	if (row >= tsv_rows)
		return "no such row";
	for (size_t i = 0; i < key_count; i++)
		if (!strcmp(keys[i], key))
			return cells[row][i];
	return "no such key";
}

uint64_t tsv_number(size_t row, const char *key)
{
	const char *text = tsv(row, key);
	char *end;
	uint64_t number = strtoull(text, &end, 0);

	return *end || end == text ? -1ULL : number;
}

bool tsv_has(size_t row, const char *key, const char *word)
{
	const char *at = tsv(row, key);
	size_t length = strlen(word);

	while (*at) {
		size_t here = strcspn(at, ",");

		if (here == length && !strncmp(at, word, length))
			return true;
		at += here + (at[here] == ',');
	}
	return false;
}

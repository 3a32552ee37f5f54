// SPDX-License-Identifier: GPL-2.0-only
/* Runs vq, reads its rows, compares them with /proc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "program.h"
#include "vq_output.h"

#define ROOM		4096
#define FIELDS		10	/* of a row */

struct row rows[ROOM];
size_t row_count;

int vq(const char *arguments, char *text, size_t room)
{
	char command[512];

	snprintf(command, sizeof(command), "vq %s", arguments);
	return program_run(command, text, room);
}

static bool parse_row(char *line, struct row *row)
{
	char *field[FIELDS];

	for (int i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, "\t");
		if (!field[i])
			return false;
	}
	*row = (struct row){
		.base = strtoull(field[0], NULL, 16),
		.start = strtoull(field[1], NULL, 16),
		.free = !strcmp(field[3], "Free"),
		.gap = strstr(field[9], "gap"),
	};
	row->end = row->start + strtoull(field[2], NULL, 10);
	snprintf(row->state, sizeof(row->state), "%s", field[3]);
	snprintf(row->type, sizeof(row->type), "%s", field[4]);
	snprintf(row->current, sizeof(row->current), "%s", field[5]);
	snprintf(row->allowed, sizeof(row->allowed), "%s", field[6]);
	return !line;
}

bool vq_parse(char *text)
{
	char *line = strsep(&text, "\n");

	row_count = 0;
	if (!line || strncmp(line, "base\tstart\tbytes\tstate\t", 23))
		return false;
	while ((line = strsep(&text, "\n")) && *line)
		if (row_count == ROOM || !parse_row(line, &rows[row_count++]))
			return false;
	return row_count > 0;
}

bool vq_look(pid_t pid)
{
	static char output[4 << 20];
	char arguments[32];

	snprintf(arguments, sizeof(arguments), "--tsv %d", pid);
	return !vq(arguments, output, sizeof(output)) && vq_parse(output);
}

bool read_proc(pid_t pid, const char *name, char *text, size_t room)
{
	char path[64];
	FILE *file;
	bool whole;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	whole = program_read(file, text, room);
	fclose(file);
	return whole;
}

uint64_t vm_size(pid_t pid)
{
	static char status[8192];
	const char *line;

	if (!read_proc(pid, "status", status, sizeof(status)))
		return 0;
	line = strstr(status, "\nVmSize:");
	return line ? strtoull(line + 8, NULL, 10) * 1024 : 0;
}

uint64_t mapped_bytes(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < row_count; i++)
		if (!rows[i].free && !rows[i].gap)
			sum += rows[i].end - rows[i].start;
	return sum;
}

bool rows_cover(void)
{
	uint64_t at = 0;

	for (size_t i = 0; i < row_count; i++) {
		if (rows[i].start != at || rows[i].end <= at)
			return false;
		at = rows[i].end;
	}
	return at == (1ULL << 47) - PAGE || at == (1ULL << 56) - PAGE;
}

int disagreements(pid_t pid)
{
	static char maps[1 << 20];
	size_t i = 0;
	int bad = 0;

	if (!read_proc(pid, "maps", maps, sizeof(maps)))
		return -1;
	for (char *text = maps, *line; (line = strsep(&text, "\n")) && *line;) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			return -1;
		if (strstr(line, "[vsyscall]"))
			continue;
		while (i < row_count && (rows[i].free || rows[i].gap))
			i++;
		bad += i == row_count || rows[i].start != start;
		while (i < row_count && rows[i].end < end && !rows[i].free)
			i++;
		bad += i == row_count || rows[i].end != end;
		i++;
	}
	for (; i < row_count; i++)
		bad += !rows[i].free && !rows[i].gap;
	return bad;
}

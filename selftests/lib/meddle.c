// SPDX-License-Identifier: GPL-2.0-only
/* Meddles with experiments. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "meddle.h"
#include "traces.h"

bool meddle(const struct program *program)
{
	const char *line = strstr(program->said, "\nfirst    NonSharedVariable");
	unsigned long address;
	bool written;
	char path[32];
	int mem;

	if (!line || sscanf(line, "%*s %*s %lx", &address) != 1)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/mem", traces_child(program->pid, 0));
	mem = open(path, O_RDWR | O_CLOEXEC);
	written = pwrite(mem, "\1", 1, address) == 1;
	close(mem);
	return written;
}

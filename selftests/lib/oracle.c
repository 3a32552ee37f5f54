// SPDX-License-Identifier: GPL-2.0-only
/* Reads smaps and pagemap. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

static void proc_path(char *path, size_t size, pid_t pid, const char *file)
{
	if (pid)
		snprintf(path, size, "/proc/%d/%s", pid, file);
	else
		snprintf(path, size, "/proc/self/%s", file);
}

static bool is_range(const char *line, struct oracle_vma *vma)
{
	unsigned long start, end;
	char perms[5];

	if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) != 3)
		return false;
	*vma = (struct oracle_vma){ .start = start, .end = end };
	return true;
}

static void read_flags(const char *line, struct oracle_vma *vma)
{
	vma->pfnmap = strstr(line, " pf");
	vma->soft_dirty = strstr(line, " sd");
}

static bool push(struct oracle_vma **vmas, size_t count, const struct oracle_vma *vma)
{
	struct oracle_vma *more = *vmas;

	if (!(count & (count - 1))) {
		more = realloc(*vmas, (count ? 2 * count : 1) * sizeof(*vma));
		if (!more)
			return false;
		*vmas = more;
	}
	more[count] = *vma;
	return true;
}

ssize_t oracle_vmas(pid_t pid, struct oracle_vma **vmas)
{
	struct oracle_vma vma;
	char path[40], *line = NULL;
	size_t size = 0;
	ssize_t count = 0;
	FILE *file;

	*vmas = NULL;
	proc_path(path, sizeof(path), pid, "smaps");
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (count >= 0 && getline(&line, &size, file) > 0) {
		if (is_range(line, &vma) && !strstr(line, "[vsyscall]"))
			count = push(vmas, count, &vma) ? count + 1 : -1;
		else if (count && !strncmp(line, "VmFlags:", 8))
			read_flags(line, *vmas + count - 1);
	}
	free(line);
	fclose(file);
	return count;
}

int oracle_open_pagemap(pid_t pid)
{
	char path[40];

	proc_path(path, sizeof(path), pid, "pagemap");
	return open(path, O_RDONLY | O_CLOEXEC);
}

int oracle_pagemap(int fd, uint64_t start, size_t count, uint64_t *entries)
{
	size_t size = count * sizeof(*entries), done = 0;
	off_t at = start / PAGE * sizeof(*entries);

	while (done < size) {
		ssize_t n = pread(fd, (char *)entries + done, size - done, at + done);

		if (n <= 0)
			return -1;
		done += n;
	}
	return 0;
}

uint64_t oracle_entry(const volatile void *address)
{
	int fd = oracle_open_pagemap(0);
	uint64_t entry;

	if (fd < 0 || oracle_pagemap(fd, (uintptr_t)address, 1, &entry))
		entry = 0;
	if (fd >= 0)
		close(fd);
	return entry;
}

uint64_t oracle_kpage(const char *file, uint64_t frame)
{
	uint64_t value = -1ULL;
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &value, sizeof(value), frame * sizeof(value)) != sizeof(value))
		value = -1ULL;
	if (fd >= 0)
		close(fd);
	return value;
}

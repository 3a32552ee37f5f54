// SPDX-License-Identifier: GPL-2.0-only
/* Asks libvmq about pages of the caller, and makes some to ask about. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "asked.h"
#include "oracle.h"

ssize_t asked_runs(struct vmq *vmq, const void *start, size_t size,
		   struct vmq_query query, struct vmq_run *found, size_t room)
{
	struct vmq_runs *runs;
	struct vmq_run run;
	size_t count = 0;
	int err;

	query.start = (uintptr_t)start;
	query.end = query.start + size;
	err = vmq_runs_open(vmq, &query, &runs);
	if (err)
		return err;
	while ((err = vmq_runs_next(runs, &run)) > 0 && count < room)
		found[count++] = run;
	vmq_runs_close(runs);
	return err < 0 ? err : (ssize_t)count;
}

struct vmq_run asked_page(struct vmq *vmq, const void *address)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	struct vmq_run run = { 0 };

	if (asked_runs(vmq, address, PAGE, query, &run, 1) != 1 || run.pages != 1 ||
	    run.start != (uintptr_t)address)
		return (struct vmq_run){ 0 };
	return run;
}

struct vmq_vma asked_vma(struct vmq *vmq, const void *address, char *name)
{
	struct vmq_vma vma = { 0 };
	struct vmq_vma_list list;

	if (vmq_vmas_read(vmq, (uintptr_t)address, (uintptr_t)address + PAGE, &list))
		return vma;
	if (list.count == 1) {
		vma = list.vmas[0];
		snprintf(name, 256, "%s", list.names + vma.name);
	}
	vmq_vmas_free(&list);
	return vma;
}

char *asked_map(int flags, int fd)
{
	char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at != MAP_FAILED)
		madvise(at, PAGES * PAGE, MADV_NOHUGEPAGE);
	return at;
}

int asked_file(char *path, const char *name)
{
	const char *dir = access("/mnt/ext4", W_OK) ? "/var/tmp" : "/mnt/ext4";
	char data[PAGE] = "data";
	int fd;

	snprintf(path, 128, "%s/%d%s", dir, getpid(), name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = 0; fd >= 0 && i < PAGES; i++)
		if (write(fd, data, PAGE) != PAGE)
			return -1;
	return fd;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Has perf count, and finds struct page for it. */
#define _GNU_SOURCE
#include "lib/counter.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* On x86-64: 56 bytes, and 8 for the cgroup, or to be a multiple of 16. */
#define STRUCT_PAGE 64

static int add(struct counter *counter, struct perf_event_attr *attr)
{
	int fd;

	attr->size = sizeof(*attr);
	attr->disabled = 1;
	attr->exclude_user = 1;
	fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -1;
	counter->fds[counter->count++] = fd;
	return 0;
}

/* The address of a symbol of the kernel; 0 if there is none. */
static uint64_t symbol(const char *name)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	uint64_t address, found = 0;
	char word[256];

	if (!symbols)
		return 0;
	while (!found && fscanf(symbols, "%lx %*c %255s%*[^\n]", &address, word) == 2)
		if (!strcmp(word, name))
			found = address;
	fclose(symbols);
	return found;
}

/* Where /proc/kcore has the kernel's @address; -1 if it has not. */
static off_t offset_in_core(int core, uint64_t address)
{
	Elf64_Ehdr header;
	Elf64_Phdr part;

	if (pread(core, &header, sizeof(header), 0) != sizeof(header))
		return -1;
	for (int i = 0; i < header.e_phnum; i++) {
		if (pread(core, &part, sizeof(part), header.e_phoff + i * sizeof(part)) != sizeof(part))
			return -1;
		if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
		    address - part.p_vaddr < part.p_memsz)
			return part.p_offset + (address - part.p_vaddr);
	}
	return -1;
}

/* The kernel's own word @name; 0 if it does not let it be read. */
static uint64_t kernel_word(const char *name)
{
	uint64_t address = symbol(name), word = 0;
	int core = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	off_t offset = core < 0 || !address ? -1 : offset_in_core(core, address);

	if (offset >= 0 && pread(core, &word, sizeof(word), offset) != sizeof(word))
		word = 0;
	if (core >= 0)
		close(core);
	return word;
}

/* A processor has breakpoints for four words. */
int counter_of_page(struct counter *counter, uint64_t frame)
{
	static const int words[] = { 0, 8, 24, 48 };
	uint64_t base = kernel_word("vmemmap_base");

	counter->count = 0;
	if (!base)
		return -1;
	for (int i = 0; i < 4; i++) {
		struct perf_event_attr attr = {
			.type = PERF_TYPE_BREAKPOINT, .bp_type = HW_BREAKPOINT_RW,
			.bp_addr = base + frame * STRUCT_PAGE + words[i], .bp_len = 8,
		};

		if (add(counter, &attr))
			return -1;
	}
	return 0;
}

/* The number of an event of the kernel's memory management; 0 if it has none. */
static uint64_t tracepoint(const char *name)
{
	uint64_t number = 0;
	char path[80];
	FILE *id;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/kmem/%s/id", name);
	id = fopen(path, "re");
	if (!id)
		return 0;
	if (fscanf(id, "%lu", &number) != 1)
		number = 0;
	fclose(id);
	return number;
}

int counter_of_allocations(struct counter *counter)
{
	static const char *const names[] = { "kmalloc", "kmem_cache_alloc", "mm_page_alloc" };

	counter->count = 0;
	for (int i = 0; i < 3; i++) {
		struct perf_event_attr attr = {
			.type = PERF_TYPE_TRACEPOINT, .config = tracepoint(names[i]),
		};

		if (!attr.config || add(counter, &attr))
			return -1;
	}
	return 0;
}

int counter_start(struct counter *counter)
{
	for (int i = 0; i < counter->count; i++)
		if (ioctl(counter->fds[i], PERF_EVENT_IOC_RESET, 0) ||
		    ioctl(counter->fds[i], PERF_EVENT_IOC_ENABLE, 0))
			return -1;
	return 0;
}

int64_t counter_stop(struct counter *counter)
{
	int64_t one, sum = 0;

	for (int i = 0; i < counter->count; i++) {
		if (ioctl(counter->fds[i], PERF_EVENT_IOC_DISABLE, 0) ||
		    read(counter->fds[i], &one, sizeof(one)) != sizeof(one))
			return -1;
		sum += one;
	}
	return sum;
}

void counter_close(struct counter *counter)
{
	while (counter->count)
		close(counter->fds[--counter->count]);
}

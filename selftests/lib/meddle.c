// SPDX-License-Identifier: GPL-2.0-only
/* Meddles with experiments. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "meddle.h"
#include "oracle.h"
#include "setup.h"
#include "traces.h"

#define ROOM (64UL << 20)

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

static uint64_t entry_of(pid_t pid, uint64_t address)
{
	int pagemap = oracle_open_pagemap(pid);
	uint64_t entry;

	if (oracle_pagemap(pagemap, address & -PAGE, 1, &entry))
		entry = 0;
	close(pagemap);
	return entry;
}

/*
 * A page in a processor's batch, on its way to an LRU list, is not swapped out; to
 * compact memory begins with emptying those. Returns the frame the page had, or 0.
 */
static uint64_t page_out(pid_t pid, uint64_t address)
{
	const struct iovec page = { (void *)(address & -PAGE), PAGE };
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	uint64_t frame = 0;

	for (int i = 0; i < 20 && !frame; i++) {
		uint64_t entry = entry_of(pid, address);

		if (i && system("echo 1 >/proc/sys/vm/compact_memory"))
			break;
		syscall(SYS_process_madvise, pidfd, &page, 1, MADV_PAGEOUT, 0);
		if (entry_of(pid, address) & PM_SWAP)
			frame = PM_FRAME(entry);
	}
	close(pidfd);
	return frame;
}

/* Takes pages until one has the frame, and keeps them. */
static bool take(uint64_t frame)
{
	char *pages = setup_map(ROOM, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	for (size_t at = 0; pages && at < ROOM; at += PAGE) {
		pages[at] = 1;
		if (PM_FRAME(oracle_entry(pages + at)) == frame)
			return true;
	}
	return false;
}

bool meddle_move(pid_t pid, uint64_t address)
{
	/* the frame goes to the free list of this CPU, and is taken from there */
	uint64_t frame = setup_one_cpu() || setup_swap() ? 0 : page_out(pid, address);

	return frame && take(frame);
}

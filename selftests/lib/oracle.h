/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's own files say about a process: the answer vmq is compared
 * with. Nothing here uses vmq.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE 4096UL

#define PM_FRAME(entry)	((entry) & ((1ULL << 55) - 1))
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_SWAP		(1ULL << 62)
#define PM_PRESENT	(1ULL << 63)

struct oracle_vma {
	uint64_t start;
	uint64_t end;
	bool pfnmap;		/* pagemap shows a hole there, whatever is mapped */
	bool soft_dirty;	/* pagemap calls every page soft-dirty, whatever its entry says */
};

/*
 * The VMAs of @pid from /proc/PID/smaps, [vsyscall] left out, as it belongs to
 * no process. Returns their number, or -1; the array is the caller's to free.
 */
ssize_t oracle_vmas(pid_t pid, struct oracle_vma **vmas);

/* Opens /proc/PID/pagemap; pid 0 is the caller. */
int oracle_open_pagemap(pid_t pid);

/* Entries of @count pages from @start; 0 or -1. */
int oracle_pagemap(int fd, uint64_t start, size_t count, uint64_t *entries);

/* What the caller's own pagemap says of the page at @address; 0 on failure. */
uint64_t oracle_entry(const volatile void *address);

/* What /proc/@file, kpagecount or kpageflags, says of @frame; -1 on failure. */
uint64_t oracle_kpage(const char *file, uint64_t frame);

#endif

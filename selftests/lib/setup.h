/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes mappings and pages of every kind. Nothing here uses vmq. Functions return
 * NULL or a negative number when the system cannot make what is asked for.
 */
#ifndef SETUP_H
#define SETUP_H

#include <stddef.h>
#include <sys/types.h>

/* Keeps the caller on one CPU. */
int setup_one_cpu(void);

/* Pushes the pages touched so far out of this CPU's LRU batch. */
void setup_drain(void);

/* A readable and writable mapping without THP. */
void *setup_map(size_t size, int flags, int fd);

/* An aligned area for one THP, nothing touched. */
void *setup_huge(void);

/* An unlinked file of @pages pages of 'f' in @folder, written back. */
int setup_file(const char *folder, int pages);

/* A child that sleeps until setup_end(). */
pid_t setup_fork(void);
/* The same, traced by the caller and stopped. */
pid_t setup_traced(void);
void setup_end(pid_t child);

/* Clears the soft-dirty bits of the caller. */
int setup_clear_soft_dirty(void);

/* Reserves @pages huge pages. */
int setup_hugetlb(int pages);

/* Fills [map, map + size) with equal pages and has KSM merge them. */
int setup_ksm(char *map, size_t size);

/* Turns on swap to zram, once. */
int setup_swap(void);

/* A userfaultfd for the range in the UFFDIO_REGISTER_MODE_ @mode. */
int setup_uffd(void *start, size_t size, int mode);
/* The same with UFFD_FEATURE_ @features. */
int setup_uffd_with(void *start, size_t size, int mode, unsigned long features);
int setup_uffd_protect(int uffd, void *start, size_t size);
/* Ends the fault of a page registered in @mode. */
int setup_uffd_resolve(int uffd, void *page, int mode);

#endif

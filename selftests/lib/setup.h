/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes mappings and pages of every kind. Nothing here uses vmq. Functions return
 * NULL or a negative number when the system cannot make what is asked for.
 */
#ifndef SETUP_H
#define SETUP_H

#include <stddef.h>
#include <sys/types.h>

/* Writes @text to a file of the system: 0 or a negative errno. */
int setup_write(const char *path, const char *text);

/* Keeps the caller on one CPU. */
int setup_one_cpu(void);

/* Pushes the pages touched so far out of this CPU's LRU batch. */
void setup_drain(void);

/* A readable and writable mapping without THP. */
void *setup_map(size_t size, int flags, int fd);

/* An aligned area for one THP, nothing touched. */
void *setup_huge(void);

/* The small pages a written huge page was split into: neighbours in memory. */
void *setup_split_huge(void);

/* An unlinked file of @pages pages of 'f' in @folder, written back. */
int setup_file(const char *folder, int pages);

/* A child that sleeps until setup_end(). */
pid_t setup_fork(void);
/* The same, traced by the caller and stopped. */
pid_t setup_traced(void);
void setup_end(pid_t child);

/* Clears the soft-dirty bits of the caller. */
int setup_clear_soft_dirty(void);

/* Sets the number of huge pages of the default size. */
int setup_hugetlb(int pages);

/* Sees to it that @pages hugetlb pages of 2^@shift bytes are free. */
int setup_hugetlb_pages(int shift, int pages);

/* A file of @pages such pages, nothing there yet; a descriptor that can only read it. */
int setup_hugetlb_file(int shift, int pages);
int setup_read_only(int fd);

/* @size bytes of @fd, or of anonymous memory, at a multiple of @align. */
void *setup_map_aligned(size_t size, size_t align, int rights, int flags, int fd);

/* Fills [map, map + size), at most 256 pages, with equal ones and has KSM merge them. */
int setup_ksm(char *map, size_t size);

/* Turns on swap to zram, once. */
int setup_swap(void);

/* Swaps out the page the caller has just touched on his one CPU; 0 or -1. */
int setup_page_out(volatile char *page);

/* A userfaultfd for the range in the UFFDIO_REGISTER_MODE_ @mode. */
int setup_uffd(void *start, size_t size, int mode);
/* The same with UFFD_FEATURE_ @features. */
int setup_uffd_with(void *start, size_t size, int mode, unsigned long features);
int setup_uffd_protect(int uffd, void *start, size_t size);
/* Ends the fault of a page registered in @mode. */
int setup_uffd_resolve(int uffd, void *page, int mode);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the procfs backend share. One direction: mounts, vmas and pages
 * read files, facts turns what was read into runs, backend_procfs answers calls.
 */
#ifndef VMQ_PROCFS_H
#define VMQ_PROCFS_H

#include <stdbool.h>
#include <string.h>
#include <linux/kernel-page-flags.h>

#include "../module/shared/wish.h"
#include "backend.h"

/* An entry of /proc/PID/pagemap. */
#define PM_FRAME(entry)		((entry) & ((1ULL << 55) - 1))
#define PM_SWAP_TYPE(entry)	((entry) & 31)
#define PM_SWAP_OFFSET(entry)	(PM_FRAME(entry) >> 5)
#define PM_SOFT_DIRTY		(1ULL << 55)	/* of holes too: it is the VMA's then */
#define PM_EXCLUSIVE		(1ULL << 56)
#define PM_UFFD_WP		(1ULL << 57)
#define PM_GUARD		(1ULL << 58)	/* v6.15; zero before */
#define PM_FILE			(1ULL << 61)
#define PM_SWAP			(1ULL << 62)
#define PM_PRESENT		(1ULL << 63)

#define KPF(name)	(1ULL << KPF_##name)

/* Entries of pagemap that are read at once. */
#define PROCFS_BATCH	32768

static inline bool procfs_begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A VMA as smaps has it. */
struct procfs_vma {
	struct vmq_vma vma;	/* name and name_length are not set */
	const char *name;	/* within the text that is being parsed */
	size_t name_length;
	__u8 shift;		/* log2 of the bytes in a hugetlb page, else 0 */
};

/* What is known of the page behind an entry. */
struct procfs_page {
	__u64 flags;		/* KPF_*, the folio's */
	__u64 map_count;
	__u8 order;
	bool known;		/* else nothing */
};

/* Consecutive pages of one VMA, as they were read. */
struct procfs_batch {
	__u64 start;
	size_t count;
	__u64 beyond;		/* pages behind them that are as the last: without entry */
	__u32 facts;		/* for which it was read */
	__u64 entries[PROCFS_BATCH];
	__u64 again[PROCFS_BATCH];
	__u64 flags[PROCFS_BATCH];
	__u64 counts[PROCFS_BATCH];
	struct procfs_page pages[PROCFS_BATCH];
};

/* A mounted file system; @type is that of mappings of its files, VMQ_VMA_TYPE_*. */
struct procfs_mount {
	__u32 dev_major;
	__u32 dev_minor;
	__u8 type;
};

/* Those the target sees, by device number. */
struct procfs_mounts {
	int fd;			/* mountinfo; -1: none, types are told by names */
	bool read;		/* list is as it was at some time */
	struct procfs_mount *list;
	size_t count;
};

struct procfs {
	struct vmq vmq;
	int smaps;
	int pagemap;
	int kpageflags;		/* -1: no right */
	int kpagecount;		/* -1: no right */
	bool frames;		/* the caller may see frames */
	bool ksm_shown;		/* KPF_KSM means KSM: vmq_procfs_probe() */
	bool counts_asked;	/* counts_pages is known */
	bool counts_pages;	/* kpagecount has no averages: vmq_procfs_ask_counts() */
	bool cannot_skip;	/* this kernel, or this caller */
	bool stale;		/* vmas and batch are out of date */
	struct procfs_mounts mounts;
	struct procfs_vma *vmas;
	size_t count;
	struct procfs_batch *batch;
};

/* pread(2) until @size bytes are there or the file ends: bytes read, or -errno. */
ssize_t vmq_procfs_read(int fd, void *to, size_t size, __u64 offset);

/*
 * Calls @found for every VMA smaps shows, in order of address, until it returns
 * an error. Returns that, -ESRCH when the address space is gone, -ENOMEM. Nothing is
 * called for a list that the end of the address space has cut.
 */
int vmq_procfs_each_vma(struct procfs *procfs,
			int (*found)(void *context, const struct procfs_vma *vma),
			void *context);

/* Reads all of a file as a string, to be freed: its length, or -errno. */
ssize_t vmq_procfs_read_text(int fd, char **text);

/*
 * Sees to it that @mounts are those of now; where they cannot be read there are none.
 * Returns 0 or -ENOMEM.
 */
int vmq_procfs_mounts_refresh(struct procfs_mounts *mounts);

/* The mount @vma's file is on; NULL for the kernel's own and other namespaces'. */
const struct procfs_mount *vmq_procfs_mount_of(const struct procfs_mounts *mounts,
					       const struct vmq_vma *vma);

/* What @vma maps, VMQ_VMA_TYPE_*. */
__u8 vmq_procfs_vma_type(const struct procfs_mounts *mounts, const struct procfs_vma *vma);

/* Finds out what frames and flags the caller gets to see: 0 or -errno. */
int vmq_procfs_probe(struct procfs *procfs);

/*
 * Finds out, once, whether kpagecount counts each page of a folio, for a caller who may
 * see frames. Takes a huge page for a moment where that is not sure. What cannot be found
 * out counts as averages. Returns 0 or -errno.
 */
int vmq_procfs_ask_counts(struct procfs *procfs);

/* Whether the count of @page can be an average. */
static inline bool vmq_procfs_may_be_average(const struct procfs_page *page)
{
	/* a hugetlb page is mapped as a whole only */
	return page->known && page->order && !(page->flags & KPF(HUGE));
}

/* 0 while the address space is, -ESRCH when it is gone. */
int vmq_procfs_alive(const struct procfs *procfs);

/* End of user space, as pagemap has it, or 0 if the address space is gone. */
__u64 vmq_procfs_top(int pagemap);

/*
 * Reads the pages of @vma from @start to @end, as many as the batch takes, and
 * what @facts need of the pages behind them. Errors: -ESRCH, -EINTR, those of
 * vmq_procfs_ask_counts().
 */
int vmq_procfs_load(struct procfs *procfs, const struct procfs_vma *vma,
		    __u64 start, __u64 end, __u32 facts);

/*
 * Number of pages without an entry between the batch, which belongs to @vma, and @end,
 * if nothing is in the batch either; 0 also where that cannot be said.
 */
__u64 vmq_procfs_empty_beyond(struct procfs *procfs, const struct procfs_vma *vma, __u64 end);

/*
 * Describes entry @i of the batch, which belongs to @vma, and those behind it
 * that are equal in all respects, with @facts.
 */
void vmq_procfs_run(const struct procfs *procfs, const struct procfs_vma *vma,
		    size_t i, __u32 facts, struct vmq_run *run);

/* Whether @scan can be answered: 0 or the errno of VMQ_IOC_SCAN. */
int vmq_procfs_check_scan(const struct procfs *procfs, const struct vmq_scan *scan);

/* Facts and filters of @scan, as both backends apply them. */
struct vmq_wish vmq_procfs_wish(const struct procfs *procfs, const struct vmq_scan *scan);

#endif

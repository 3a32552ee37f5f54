/* SPDX-License-Identifier: GPL-2.0-only */
/* What libvmq answers about pages of the caller, and some of them. */
#ifndef ASKED_H
#define ASKED_H

#include <stddef.h>
#include <sys/types.h>
#include <vmq.h>

#define PAGES 16
#define HUGE (512 * PAGE)

#define FACTS_OF(run) ((run).valid & (VMQ_VALID_KIND | VMQ_VALID_SHARING | \
				      VMQ_VALID_ON_WRITE))
#define ALL_KNOWN (VMQ_VALID_KIND | VMQ_VALID_SHARING | VMQ_VALID_ON_WRITE)

/* Runs of [start, start + size), at most @room; their number or -errno. */
ssize_t asked_runs(struct vmq *vmq, const void *start, size_t size,
		   struct vmq_query query, struct vmq_run *found, size_t room);

/* All facts of the page at @address; a run without valid facts on failure. */
struct vmq_run asked_page(struct vmq *vmq, const void *address);

/* The VMA with @address; its name, cut to 255 bytes, in @name. */
struct vmq_vma asked_vma(struct vmq *vmq, const void *address, char *name);

/* PAGES of memory, or of @fd, without THP. */
char *asked_map(int flags, int fd);

/* A file with PAGES pages where pages are written back; @path is its name. */
int asked_file(char *path, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of a process, as PID, ADDR and N on a command line name them. */
#ifndef VMQ_PLACE_H
#define VMQ_PLACE_H

#include "../common/options.h"
#include "entry.h"

/**
 * struct place - some pages that can be looked at
 * @vmq: their process
 * @vmas: the VMAs that overlap them
 * @process: what the user calls it
 * @start: address of the first
 * @end: end of the last
 * @hidden: a page that was looked at has a frame, and it was not told
 */
struct place {
	struct vmq *vmq;
	struct vmq_vma_list vmas;
	const char *process;
	__u64 start;
	__u64 end;
	bool hidden;
};

/* Every level above a page, and the page, as entries: from the root down. */
struct path {
	struct entry entries[VMQ_LEVELS];
	unsigned int count;		/* at least 1: the last is the page's own */
};

/*
 * Parses @process, @address and @pages (NULL for one page) and opens them. Returns
 * a status; if that is STATUS_DONE, close with place_close().
 */
int place_open(struct place *place, const struct options *options, const char *process,
	       const char *address, const char *pages);

/* Closes it, and says on stderr if frames were not told. */
void place_close(struct place *place);

/* Whether a VMA covers the page at @address; said why, if not. */
bool place_is_mapped(const struct place *place, __u64 address);

/*
 * Looks at the page at @address: 0 or a negative errno. Without the module, and
 * where no VMA is, the path has the page's own entry only.
 */
int place_look(struct place *place, __u64 address, struct path *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings that stand still while everything around them moves, in one page
 * table with neighbours that come and go. What vmq says of them must be complete
 * and exact each time it is asked; only their frames may move.
 */
#ifndef STILL_H
#define STILL_H

#include <linux/vmq.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages from still.start: neighbours, then written, untouched, of a file; neighbours. */
#define STILL_ANON	64
#define STILL_HOLE	128
#define STILL_FILE	160
#define STILL_END	224
#define STILL_PAGES	512

struct still {
	uint64_t start;		/* of one page table */
};

/* Makes the mappings in the caller; 0 or -1. */
int still_make(struct still *still);

/* Unmaps the neighbours of the mappings that stand still, and maps them again. */
void still_take_neighbours(const struct still *still);
void still_give_neighbours(const struct still *still);

/* One pass over what vmq says. */
struct still_check {
	const struct still *still;
	uint32_t facts;		/* asked for */
	uint64_t at;		/* everything that stands still below was seen, and right */
	uint64_t below;		/* end of the run before */
	char why[128];		/* what was wrong first, or "" */
};

struct still_check still_begin(const struct still *still, uint32_t facts);

/* The next run of the pass: it must be in order, and right. */
void still_run(struct still_check *check, const struct vmq_run *run);

/* The next VMA of the pass. */
void still_vma(struct still_check *check, const struct vmq_vma *vma);

/* @pages pages from @start that have a frame, as a line of /proc/vmq says. */
void still_line(struct still_check *check, uint64_t start, uint64_t pages);

/* Notes what is wrong, like printf. */
void still_wrong(struct still_check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether all was seen, and right. */
bool still_seen(struct still_check *check);

#endif

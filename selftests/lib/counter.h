/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts what the kernel does for the calling thread, by events of perf: what it
 * touches in its own memory, what it allocates. Nothing here uses vmq.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <stdint.h>

struct counter {
	int count;
	int fds[4];
};

/*
 * Counts reads and writes of four words of the struct page of @frame: flags, head or
 * LRU, mapping, counts. 0, or -1 when this kernel does not tell where it is.
 */
int counter_of_page(struct counter *counter, uint64_t frame);

/* Counts allocations, of slab objects and of pages; 0, or -1 without tracepoints. */
int counter_of_allocations(struct counter *counter);

/* From 0; 0 or -1. */
int counter_start(struct counter *counter);
/* The sum of all events since then, or -1. */
int64_t counter_stop(struct counter *counter);

void counter_close(struct counter *counter);

#endif

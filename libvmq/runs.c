// SPDX-License-Identifier: LGPL-2.1-or-later
/* Iterates over the runs of a range, a batch of records per call of a backend. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "../module/shared/run.h"
#include "backend.h"

#define BATCH 1024

struct vmq_runs {
	struct vmq *vmq;
	struct vmq_query query;	/* start is the cursor */
	unsigned int next;	/* first record not yet given out */
	unsigned int count;	/* records in batch */
	struct vmq_run batch[BATCH];
};

int vmq_runs_open(struct vmq *vmq, const struct vmq_query *query,
		  struct vmq_runs **out)
{
	const __u64 end = query->end ? query->end : vmq->top;
	const __u64 in_page = (1ULL << VMQ_PAGE_SHIFT) - 1;
	struct vmq_runs *runs;

	*out = NULL;
	if (query->start >= end || end > vmq->top ||
	    (query->start | end) & in_page)
		return -EINVAL;
	runs = malloc(sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	runs->vmq = vmq;
	runs->query = *query;
	runs->query.end = end;
	runs->next = runs->count = 0;
	vmq->ops->rewind(vmq);
	*out = runs;
	return 0;
}

void vmq_runs_close(struct vmq_runs *runs)
{
	free(runs);
}

/* Calls the backend once, for records into batch[@at] and behind. */
static int scan(struct vmq_runs *runs, unsigned int at)
{
	const struct vmq_query *query = &runs->query;
	struct vmq_scan scan = {
		.size = sizeof(scan),
		.start = query->start,
		.end = query->end,
		.runs = (uintptr_t)&runs->batch[at],
		.count = BATCH - at,
		.run_size = sizeof(struct vmq_run),
		.facts = query->facts,
		.all_of = query->all_of,
		.any_of = query->any_of,
		.none_of = query->none_of,
		.frame_start = query->frame_start,
		.frame_end = query->frame_end,
	};
	int err = runs->vmq->ops->scan(runs->vmq, &scan);

	if (err)
		return err;
	runs->query.start = scan.start;
	runs->next = 0;
	runs->count = at + scan.count;
	return 0;
}

/*
 * The first record is cut: takes in what follows it, if it goes on. On an error
 * the record stays where it is, for the next call.
 */
static int finish_cut(struct vmq_runs *runs)
{
	struct vmq_run *run = &runs->batch[runs->next];

	runs->batch[0] = *run;
	runs->next = 0;
	runs->count = 1;
	run = runs->batch;
	while (run->flags & VMQ_RUN_CUT && runs->query.start < runs->query.end) {
		int err = scan(runs, 1);

		if (err)
			return err;
		if (runs->count == 1)
			continue;
		run->flags &= ~VMQ_RUN_CUT;
		if (!vmq_run_continues(run, &run[1]))
			return 0;
		run[1].start = run->start;
		run[1].pages += run->pages;
		run[1].frame = run->frame;
		run[1].index = run->index;
		if (runs->count > 2) {
			runs->next = 1;
			return 0;
		}
		runs->batch[0] = run[1];
		runs->count = 1;
	}
	run->flags &= ~VMQ_RUN_CUT;
	return 0;
}

int vmq_runs_next(struct vmq_runs *runs, struct vmq_run *run)
{
	int err;

	while (runs->next == runs->count) {
		if (runs->query.start >= runs->query.end)
			return 0;
		err = scan(runs, 0);
		if (err)
			return err;
	}
	if (runs->batch[runs->next].flags & VMQ_RUN_CUT) {
		err = finish_cut(runs);
		if (err)
			return err;
	}
	*run = runs->batch[runs->next++];
	return 1;
}

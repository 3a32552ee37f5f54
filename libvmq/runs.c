// SPDX-License-Identifier: LGPL-2.1-or-later
/* Iterates over the runs of a range, a batch of records per system call. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "../module/shared/run.h"
#include "handle.h"

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
	struct vmq_runs *runs = calloc(1, sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	runs->vmq = vmq;
	runs->query = *query;
	if (!runs->query.end)
		runs->query.end = vmq->top;
	if (runs->query.start >= runs->query.end) {
		free(runs);
		return -EINVAL;
	}
	*out = runs;
	return 0;
}

void vmq_runs_close(struct vmq_runs *runs)
{
	free(runs);
}

/* Reads records until there are some or the range is done. */
static int refill(struct vmq_runs *runs)
{
	runs->next = runs->count = 0;
	while (!runs->count && runs->query.start < runs->query.end) {
		struct vmq_scan scan = {
			.size = sizeof(scan),
			.start = runs->query.start,
			.end = runs->query.end,
			.runs = (uintptr_t)runs->batch,
			.count = BATCH,
			.run_size = sizeof(struct vmq_run),
			.facts = runs->query.facts,
		};
		int err = vmq_call(runs->vmq, VMQ_IOC_SCAN, &scan);

		if (err)
			return err;
		runs->query.start = scan.start;
		runs->count = scan.count;
	}
	return 0;
}

int vmq_runs_next(struct vmq_runs *runs, struct vmq_run *run)
{
	int err;

	if (runs->next == runs->count) {
		err = refill(runs);
		if (err)
			return err;
		if (!runs->count)
			return 0;
	}
	*run = runs->batch[runs->next++];
	while (run->flags & VMQ_RUN_CUT) {
		const struct vmq_run *more = runs->batch;

		err = refill(runs);
		if (err)
			return err;
		run->flags &= ~VMQ_RUN_CUT;
		if (!runs->count || !vmq_run_continues(run, more))
			break;
		run->pages += more->pages;
		run->flags = more->flags;
		runs->next = 1;
	}
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Reads the VMAs and runs of a process for the rows made of them. */
#include "../../module/shared/run.h"
#include "source.h"

void source_close(struct source *source)
{
	vmq_runs_close(source->nonempty);
	vmq_runs_close(source->runs);
	vmq_vmas_free(&source->list);
}

int source_next_run(void *context, struct vmq_run *run)
{
	struct source *source = context;

	return vmq_runs_next(source->runs, run);
}

/* Asked in order of address, so one more iteration over what is not empty will do. */
static int populated(void *context, __u64 start, __u64 end)
{
	struct source *source = context;

	while (!source->ended && vmq_run_end(&source->filled) <= start) {
		int got = vmq_runs_next(source->nonempty, &source->filled);

		if (got < 0)
			return got;
		source->ended = !got;
	}
	return !source->ended && source->filled.start < end;
}

int source_open(struct source *source, struct vmq *vmq)
{
	const struct vmq_query all = { .facts = VMQ_ROWS_FACTS };
	const struct vmq_query nonempty = {
		.facts = VMQ_FACTS_PAGE, .none_of = VMQ_ROWS_EMPTY,
	};
	int err;

	*source = (struct source){
		.vmq = vmq, .facts = { source_next_run, populated, source },
	};
	err = vmq_vmas_read(vmq, 0, 0, &source->list);
	if (err)
		return err;
	source->space = (struct vmq_space){
		.vmas = source->list.vmas,
		.names = source->list.names,
		.top = vmq_top(vmq),
		.count = source->list.count,
	};
	err = vmq_runs_open(vmq, &all, &source->runs);
	if (!err)
		err = vmq_runs_open(vmq, &nonempty, &source->nonempty);
	if (err)
		source_close(source);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* What the rows of the Vq table are made from: a process, its VMAs and its runs. */
#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include <stdbool.h>
#include <vmq.h>

#include "../../module/shared/rows.h"

/**
 * struct source - a process that is read
 * @vmq: the process
 * @list: its VMAs
 * @space: the same, as rows and pieces want them
 * @facts: where rows get the rest from
 * @runs: the whole space, with VMQ_ROWS_FACTS
 * @nonempty: those of them with pages
 * @filled: the last of @nonempty that was read
 * @ended: there are no more of @nonempty
 */
struct source {
	struct vmq *vmq;
	struct vmq_vma_list list;
	struct vmq_space space;
	struct vmq_rows_source facts;
	struct vmq_runs *runs;
	struct vmq_runs *nonempty;
	struct vmq_run filled;
	bool ended;
};

/*
 * Begins to read the process of @vmq, which must stay open: for vmq_rows_init() with
 * @source->space and @source->facts, or for vmq_pieces_init(); it can be read once.
 * Returns 0 or a negative errno; end it with source_close().
 */
int source_open(struct source *source, struct vmq *vmq);
void source_close(struct source *source);

/* The next run of the struct source @context, for vmq_pieces_init(). */
int source_next_run(void *context, struct vmq_run *run);

#endif

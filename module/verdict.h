/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two verdicts: whose page it is, and what a write to it would do. Decided
 * from VMA, entry and page while the page-table lock is held; reads, decides,
 * changes nothing.
 */
#ifndef VMQ_VERDICT_H
#define VMQ_VERDICT_H

#include <linux/types.h>
#include <linux/vmq.h>

#include "compat.h"
#include "frame.h"
#include "leaf.h"

void vmq_sharing(struct vmq_run *run, const struct vmq_leaf *leaf,
		 const struct vmq_frame *frame, const struct vmq_softleaf *soft);
void vmq_on_write(struct vmq_run *run, const struct vmq_leaf *leaf,
		  const struct vmq_frame *frame, const struct vmq_softleaf *soft);

#endif

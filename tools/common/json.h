/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON lines; for output.c only. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <vmq.h>

#include "../../module/shared/columns.h"

/* The object about the list; @vmq may be NULL. */
void json_write_header(const struct vmq_table *table, struct vmq *vmq);

/*
 * The object of one record: addresses, frames and ids are hex strings, a set is
 * an array of words, what is absent is null, a name is escaped as in TSV.
 */
void json_write_record(const struct vmq_table *table, const void *record);

#endif

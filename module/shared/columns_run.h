/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The get functions of a run's columns, for other tables: those whose records
 * begin with a struct vmq_run.
 */
#ifndef VMQ_SHARED_COLUMNS_RUN_H
#define VMQ_SHARED_COLUMNS_RUN_H

#include "columns.h"

void vmq_column_start(const void *record, struct vmq_cell *cell);
void vmq_column_pages(const void *record, struct vmq_cell *cell);
void vmq_column_leaf(const void *record, struct vmq_cell *cell);
void vmq_column_frame(const void *record, struct vmq_cell *cell);
void vmq_column_token(const void *record, struct vmq_cell *cell);
void vmq_column_folio_index(const void *record, struct vmq_cell *cell);
void vmq_column_swap_area(const void *record, struct vmq_cell *cell);
void vmq_column_swap_offset(const void *record, struct vmq_cell *cell);
void vmq_column_dirty(const void *record, struct vmq_cell *cell);
void vmq_column_accessed(const void *record, struct vmq_cell *cell);
void vmq_column_user(const void *record, struct vmq_cell *cell);
void vmq_column_writable(const void *record, struct vmq_cell *cell);
void vmq_column_executable(const void *record, struct vmq_cell *cell);
void vmq_column_present(const void *record, struct vmq_cell *cell);
void vmq_column_entry(const void *record, struct vmq_cell *cell);
void vmq_column_memtype(const void *record, struct vmq_cell *cell);
void vmq_column_pkey(const void *record, struct vmq_cell *cell);
void vmq_column_kind(const void *record, struct vmq_cell *cell);
void vmq_column_sharing(const void *record, struct vmq_cell *cell);
void vmq_column_on_write(const void *record, struct vmq_cell *cell);
void vmq_column_forced_write(const void *record, struct vmq_cell *cell);
void vmq_column_map_count(const void *record, struct vmq_cell *cell);
void vmq_column_ref_count(const void *record, struct vmq_cell *cell);
void vmq_column_order(const void *record, struct vmq_cell *cell);
void vmq_column_node(const void *record, struct vmq_cell *cell);
void vmq_column_page_flags(const void *record, struct vmq_cell *cell);
void vmq_column_short_leaf(const void *record, struct vmq_cell *cell);
void vmq_column_where(const void *record, struct vmq_cell *cell);
void vmq_column_rare(const void *record, struct vmq_cell *cell);
void vmq_column_flags(const void *record, struct vmq_cell *cell);
void vmq_column_page_state(const void *record, struct vmq_cell *cell);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings of every kind, made in the calling process and left there, pages and all:
 * each function returns 0, or something else where the system cannot make them.
 * Nothing here uses vmq.
 */
#ifndef MAPPINGS_H
#define MAPPINGS_H

int mapping_anonymous(void);
int mapping_no_access(void);
int mapping_high(void);
int mapping_guard(void);
int mapping_files_on_ext4(void);
int mapping_files_on_tmpfs(void);
int mapping_odd_names(void);
int mapping_shared(void);
int mapping_huge(void);
int mapping_hugetlb(void);
int mapping_hugetlb_1G(void);
int mapping_hugetlb_tables(void);
int mapping_merged(void);
int mapping_swapped(void);
int mapping_uffd(void);
int mapping_thread(void);
int mapping_fork(void);

#endif

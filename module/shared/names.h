/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words for the values and bits of <linux/vmq.h>. Everything that prints
 * takes them from here, so that a thing has one name everywhere.
 */
#ifndef VMQ_SHARED_NAMES_H
#define VMQ_SHARED_NAMES_H

#include "shared.h"

/**
 * struct vmq_bit - a bit and what it is called
 * @bit: the bit; 0 ends a table
 * @letters: short form: one letter for an entry's bit or a right, two for a VMA's
 *	flag (as smaps prints it)
 * @name: one word
 */
struct vmq_bit {
	__u64 bit;
	const char *letters;
	const char *name;
};

extern const struct vmq_bit vmq_entry_bits[];		/* VMQ_ENTRY_* */
extern const struct vmq_bit vmq_run_flag_bits[];	/* VMQ_RUN_* */
extern const struct vmq_bit vmq_right_bits[];		/* VMQ_RIGHT_* */
extern const struct vmq_bit vmq_vma_flag_bits[];	/* VMQ_VMA_* */
extern const struct vmq_bit vmq_page_flag_bits[];	/* as /proc/kpageflags numbers them */

/**
 * struct vmq_words - what the values of a field are called
 * @words: by value
 * @count: number of @words
 */
struct vmq_words {
	const char *const *words;
	unsigned int count;
};

extern const struct vmq_words vmq_kind_words;		/* VMQ_KIND_* */
extern const struct vmq_words vmq_sharing_words;	/* VMQ_SHARING_* */
extern const struct vmq_words vmq_on_write_words;	/* VMQ_ON_WRITE_* */
extern const struct vmq_words vmq_memtype_words;	/* VMQ_MEMTYPE_* */
extern const struct vmq_words vmq_vma_type_words;	/* VMQ_VMA_TYPE_* */
extern const struct vmq_words vmq_level_words;		/* VMQ_LEVEL_*, 0 for unknown */

/* The name of a value; "unknown" for one that is newer than this table. */
const char *vmq_kind_name(unsigned int kind);
const char *vmq_sharing_name(unsigned int sharing);
const char *vmq_on_write_name(unsigned int on_write);
const char *vmq_memtype_name(unsigned int memtype);
const char *vmq_vma_type_name(unsigned int type);
const char *vmq_level_name(unsigned int level);

#endif

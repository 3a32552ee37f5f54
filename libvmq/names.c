// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of the tools, for who uses the library. */
#include "../module/shared/names.h"
#include "vmq.h"

static const struct vmq_words *const values[] = {
	[VMQ_VALUES_KIND]	= &vmq_kind_words,
	[VMQ_VALUES_SHARING]	= &vmq_sharing_words,
	[VMQ_VALUES_ON_WRITE]	= &vmq_on_write_words,
	[VMQ_VALUES_MEMTYPE]	= &vmq_memtype_words,
	[VMQ_VALUES_VMA_TYPE]	= &vmq_vma_type_words,
	[VMQ_VALUES_LEVEL]	= &vmq_level_words,
};

static const struct vmq_bit *const bits[] = {
	[VMQ_BITS_ENTRY]	= vmq_entry_bits,
	[VMQ_BITS_RUN_FLAGS]	= vmq_run_flag_bits,
	[VMQ_BITS_PAGE_FLAGS]	= vmq_page_flag_bits,
	[VMQ_BITS_VMA_FLAGS]	= vmq_vma_flag_bits,
	[VMQ_BITS_RIGHTS]	= vmq_right_bits,
};

const char *vmq_value_name(enum vmq_values of, unsigned int value)
{
	if ((size_t)of >= ARRAY_SIZE(values) || value >= values[of]->count)
		return NULL;
	return values[of]->words[value];
}

const char *vmq_bit_name(enum vmq_bits of, unsigned int number)
{
	const struct vmq_bit *bit = NULL;

	if ((size_t)of < ARRAY_SIZE(bits) && number < 64)
		bit = bits[of];
	while (bit && bit->bit && bit->bit != 1ULL << number)
		bit++;
	return bit && bit->bit ? bit->name : NULL;
}

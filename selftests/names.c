// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the shared library has a name for all that the contract defines: selftests/check
 * makes the list "contract" of the headers. A name is the macro's behind
 * what all of its kind begin with, in small letters.
 */
#include <ctype.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <string.h>
#include <vmq.h>

static int wrong;

/* Letters and digits are equal; where words are divided is up to the name. */
static int is_named_after(const char *name, const char *macro)
{
	for (; *name; name++) {
		while (*macro == '_')
			macro++;
		if (*name != '-' && *name != tolower(*macro++))
			return 0;
	}
	return !*macro || !strcmp(macro, "MINUS");	/* as in "uc-" */
}

static void check(const char *name, const char *macro)
{
	if (name && is_named_after(name, macro))
		return;
	printf("%s is called %s\n", macro, name ? name : "nothing");
	wrong = 1;
}

static void check_nothing(const char *name)
{
	if (name)
		check(name, "what is not defined");
}

#define VALUE(of, macro, word) do { \
	check(vmq_value_name(of, macro), #word); \
	if (count[of] <= (macro)) \
		count[of] = (macro) + 1; \
} while (0)

#define BIT(of, macro, word) do { \
	check(vmq_bit_name(of, __builtin_ctzll(macro)), #word); \
	known[of] |= (macro); \
} while (0)

int main(void)
{
	unsigned int count[VMQ_VALUES_LEVEL + 1] = { 0 };
	__u64 known[VMQ_BITS_RIGHTS + 1] = { 0 };

#include "contract"
	for (int of = 0; of <= VMQ_VALUES_LEVEL; of++) {
		check_nothing(vmq_value_name(of, count[of]));
		check_nothing(vmq_value_name(of, -1));
	}
	/* the kernel's header has only those flags that are promised */
	known[VMQ_BITS_PAGE_FLAGS] |= -1ULL << 32;
	for (int of = 0; of <= VMQ_BITS_RIGHTS; of++)
		for (int bit = 0; bit < 70; bit++)
			if (bit >= 64 || !(known[of] & 1ULL << bit))
				check_nothing(vmq_bit_name(of, bit));
	check_nothing(vmq_value_name(VMQ_VALUES_LEVEL + 1, 1));
	check_nothing(vmq_bit_name(VMQ_BITS_RIGHTS + 1, 0));
	return wrong;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library that processes share in the experiments: two functions and two
 * variables, each alone on its page. It is linked for a base address of its own,
 * and only the page of RelocatableFunction has an address in it that must change
 * when it is loaded elsewhere. It needs no other library.
 */
#define ON_PAGE(name) __attribute__((section(name), aligned(4096), used))

ON_PAGE(".data.shared") long SharedVariable[512] = { 1 };
ON_PAGE(".data.nonshared") long NonSharedVariable[512] = { 1 };

/* Hidden: the function below has its address in its code. */
__attribute__((visibility("hidden"))) ON_PAGE(".data.counter") long sample_counter[512] = { 1 };

ON_PAGE(".text.nonrelocatable") long NonRelocatableFunction(long n)
{
	return n + 1;
}

ON_PAGE(".text.relocatable") long RelocatableFunction(long n)
{
	sample_counter[0] += n;
	return sample_counter[0];
}

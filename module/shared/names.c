// SPDX-License-Identifier: LGPL-2.1-or-later
/* The tables of names; one row per value or bit of the contract. */
#include "names.h"

static const char *const kinds[] = {
	[VMQ_KIND_NONE]			= "none",
	[VMQ_KIND_ANON]			= "anon",
	[VMQ_KIND_FILE]			= "file",
	[VMQ_KIND_SHMEM]		= "shmem",
	[VMQ_KIND_HUGETLB]		= "hugetlb",
	[VMQ_KIND_KSM]			= "ksm",
	[VMQ_KIND_ZERO]			= "zero",
	[VMQ_KIND_HUGE_ZERO]		= "huge-zero",
	[VMQ_KIND_PFNMAP]		= "pfnmap",
	[VMQ_KIND_KERNEL]		= "kernel",
	[VMQ_KIND_DEVICE]		= "device",
	[VMQ_KIND_SWAP]			= "swap",
	[VMQ_KIND_MIGRATION]		= "migration",
	[VMQ_KIND_HWPOISON]		= "hwpoison",
	[VMQ_KIND_DEVICE_PRIVATE]	= "device-private",
	[VMQ_KIND_GUARD]		= "guard",
	[VMQ_KIND_MARKER]		= "marker",
	[VMQ_KIND_UNKNOWN]		= "unknown",
};

static const char *const sharings[] = {
	[VMQ_SHARING_NONE]		= "none",
	[VMQ_SHARING_MAP_SHARED]	= "map-shared",
	[VMQ_SHARING_FILE]		= "file",
	[VMQ_SHARING_EXCLUSIVE]		= "exclusive",
	[VMQ_SHARING_MAYBE]		= "maybe",
	[VMQ_SHARING_KSM]		= "ksm",
	[VMQ_SHARING_ZERO]		= "zero",
	[VMQ_SHARING_NOPAGE]		= "nopage",
};

static const char *const on_writes[] = {
	[VMQ_ON_WRITE_UNKNOWN]		= "unknown",
	[VMQ_ON_WRITE_THROUGH]		= "through",
	[VMQ_ON_WRITE_UPGRADE]		= "upgrade",
	[VMQ_ON_WRITE_REUSE]		= "reuse",
	[VMQ_ON_WRITE_COPY]		= "copy",
	[VMQ_ON_WRITE_FILL]		= "fill",
	[VMQ_ON_WRITE_SWAPIN]		= "swapin",
	[VMQ_ON_WRITE_SWAPIN_REUSE]	= "swapin-reuse",
	[VMQ_ON_WRITE_UFFD]		= "uffd",
	[VMQ_ON_WRITE_WAIT]		= "wait",
	[VMQ_ON_WRITE_DENY]		= "deny",
};

static const char *const memtypes[] = {
	[VMQ_MEMTYPE_WB]		= "wb",
	[VMQ_MEMTYPE_WC]		= "wc",
	[VMQ_MEMTYPE_WT]		= "wt",
	[VMQ_MEMTYPE_WP]		= "wp",
	[VMQ_MEMTYPE_UC_MINUS]		= "uc-",
	[VMQ_MEMTYPE_UC]		= "uc",
};

static const char *const vma_types[] = {
	[VMQ_VMA_TYPE_ANON]		= "anon",
	[VMQ_VMA_TYPE_FILE]		= "file",
	[VMQ_VMA_TYPE_SHMEM]		= "shmem",
	[VMQ_VMA_TYPE_HUGETLB]		= "hugetlb",
	[VMQ_VMA_TYPE_DEVICE]		= "device",
	[VMQ_VMA_TYPE_SPECIAL]		= "special",
};

static const char *const levels[] = {
	[0]				= "unknown",
	[VMQ_LEVEL_PTE]			= "pte",
	[VMQ_LEVEL_PMD]			= "pmd",
	[VMQ_LEVEL_PUD]			= "pud",
	[VMQ_LEVEL_P4D]			= "p4d",
	[VMQ_LEVEL_PGD]			= "pgd",
};

const struct vmq_bit vmq_entry_bits[] = {
	{ VMQ_ENTRY_PRESENT,	"P", "present" },
	{ VMQ_ENTRY_WRITE,	"W", "write" },
	{ VMQ_ENTRY_USER,	"U", "user" },
	{ VMQ_ENTRY_ACCESSED,	"A", "accessed" },
	{ VMQ_ENTRY_DIRTY,	"D", "dirty" },
	{ VMQ_ENTRY_EXEC,	"X", "exec" },
	{ VMQ_ENTRY_GLOBAL,	"G", "global" },
	{ VMQ_ENTRY_SPECIAL,	"s", "special" },
	{ VMQ_ENTRY_SOFT_DIRTY,	"d", "soft-dirty" },
	{ VMQ_ENTRY_UFFD_WP,	"w", "uffd-wp" },
	{ VMQ_ENTRY_PROTNONE,	"n", "protnone" },
	{ }
};

const struct vmq_bit vmq_run_flag_bits[] = {
	{ VMQ_RUN_CUT,		NULL, "cut" },
	{ VMQ_RUN_PRIVATIZED,	NULL, "privatized" },
	{ VMQ_RUN_NUMA_HINT,	NULL, "numa-hint" },
	{ VMQ_RUN_PKEY,		NULL, "pkey" },
	{ }
};

const struct vmq_bit vmq_right_bits[] = {
	{ VMQ_RIGHT_READ,	"r", "read" },
	{ VMQ_RIGHT_WRITE,	"w", "write" },
	{ VMQ_RIGHT_EXEC,	"x", "exec" },
	{ }
};

const struct vmq_bit vmq_vma_flag_bits[] = {
	{ VMQ_VMA_SHARED,	"sh", "shared" },
	{ VMQ_VMA_MAYSHARE,	"ms", "mayshare" },
	{ VMQ_VMA_GROWSDOWN,	"gd", "growsdown" },
	{ VMQ_VMA_PFNMAP,	"pf", "pfnmap" },
	{ VMQ_VMA_LOCKED,	"lo", "locked" },
	{ VMQ_VMA_IO,		"io", "io" },
	{ VMQ_VMA_SEQ_READ,	"sr", "seq-read" },
	{ VMQ_VMA_RAND_READ,	"rr", "rand-read" },
	{ VMQ_VMA_DONTCOPY,	"dc", "dontcopy" },
	{ VMQ_VMA_DONTEXPAND,	"de", "dontexpand" },
	{ VMQ_VMA_LOCKONFAULT,	"lf", "lockonfault" },
	{ VMQ_VMA_ACCOUNT,	"ac", "account" },
	{ VMQ_VMA_NORESERVE,	"nr", "noreserve" },
	{ VMQ_VMA_HUGETLB,	"ht", "hugetlb" },
	{ VMQ_VMA_SYNC,		"sf", "sync" },
	{ VMQ_VMA_WIPEONFORK,	"wf", "wipeonfork" },
	{ VMQ_VMA_DONTDUMP,	"dd", "dontdump" },
	{ VMQ_VMA_SOFTDIRTY,	"sd", "soft-dirty" },
	{ VMQ_VMA_MIXEDMAP,	"mm", "mixedmap" },
	{ VMQ_VMA_HUGEPAGE,	"hg", "hugepage" },
	{ VMQ_VMA_NOHUGEPAGE,	"nh", "nohugepage" },
	{ VMQ_VMA_MERGEABLE,	"mg", "mergeable" },
	{ VMQ_VMA_UFFD_MISSING,	"um", "uffd-missing" },
	{ VMQ_VMA_UFFD_WP,	"uw", "uffd-wp" },
	{ VMQ_VMA_UFFD_MINOR,	"ui", "uffd-minor" },
	{ VMQ_VMA_SHADOW_STACK,	"ss", "shadow-stack" },
	{ VMQ_VMA_SEALED,	"sl", "sealed" },
	{ VMQ_VMA_DROPPABLE,	"dp", "droppable" },
	{ VMQ_VMA_MAYBE_GUARD,	"gu", "maybe-guard" },
	{ }
};

/* Numbers and words of the kernel's include/linux/kernel-page-flags.h. */
const struct vmq_bit vmq_page_flag_bits[] = {
	{ 1ULL << 0,	NULL, "locked" },
	{ 1ULL << 1,	NULL, "error" },
	{ 1ULL << 2,	NULL, "referenced" },
	{ 1ULL << 3,	NULL, "uptodate" },
	{ 1ULL << 4,	NULL, "dirty" },
	{ 1ULL << 5,	NULL, "lru" },
	{ 1ULL << 6,	NULL, "active" },
	{ 1ULL << 7,	NULL, "slab" },
	{ 1ULL << 8,	NULL, "writeback" },
	{ 1ULL << 9,	NULL, "reclaim" },
	{ 1ULL << 10,	NULL, "buddy" },
	{ 1ULL << 11,	NULL, "mmap" },
	{ 1ULL << 12,	NULL, "anon" },
	{ 1ULL << 13,	NULL, "swapcache" },
	{ 1ULL << 14,	NULL, "swapbacked" },
	{ 1ULL << 15,	NULL, "compound-head" },
	{ 1ULL << 16,	NULL, "compound-tail" },
	{ 1ULL << 17,	NULL, "huge" },
	{ 1ULL << 18,	NULL, "unevictable" },
	{ 1ULL << 19,	NULL, "hwpoison" },
	{ 1ULL << 20,	NULL, "nopage" },
	{ 1ULL << 21,	NULL, "ksm" },
	{ 1ULL << 22,	NULL, "thp" },
	{ 1ULL << 23,	NULL, "offline" },
	{ 1ULL << 24,	NULL, "zero-page" },
	{ 1ULL << 25,	NULL, "idle" },
	{ 1ULL << 26,	NULL, "pgtable" },
	{ 1ULL << 32,	NULL, "reserved" },
	{ 1ULL << 33,	NULL, "mlocked" },
	{ 1ULL << 34,	NULL, "mappedtodisk" },
	{ 1ULL << 35,	NULL, "private" },
	{ 1ULL << 36,	NULL, "private-2" },
	{ 1ULL << 37,	NULL, "owner-private" },
	{ 1ULL << 38,	NULL, "arch" },
	{ 1ULL << 39,	NULL, "uncached" },
	{ 1ULL << 40,	NULL, "soft-dirty" },
	{ 1ULL << 41,	NULL, "arch-2" },
	{ }
};

#define WORDS(table) { table, ARRAY_SIZE(table) }

const struct vmq_words vmq_kind_words = WORDS(kinds);
const struct vmq_words vmq_sharing_words = WORDS(sharings);
const struct vmq_words vmq_on_write_words = WORDS(on_writes);
const struct vmq_words vmq_memtype_words = WORDS(memtypes);
const struct vmq_words vmq_vma_type_words = WORDS(vma_types);
const struct vmq_words vmq_level_words = WORDS(levels);

static const char *name_of(const struct vmq_words *words, unsigned int value)
{
	return value < words->count ? words->words[value] : "unknown";
}

const char *vmq_kind_name(unsigned int kind)
{
	return name_of(&vmq_kind_words, kind);
}

const char *vmq_sharing_name(unsigned int sharing)
{
	return name_of(&vmq_sharing_words, sharing);
}

const char *vmq_on_write_name(unsigned int on_write)
{
	return name_of(&vmq_on_write_words, on_write);
}

const char *vmq_memtype_name(unsigned int memtype)
{
	return name_of(&vmq_memtype_words, memtype);
}

const char *vmq_vma_type_name(unsigned int type)
{
	return name_of(&vmq_vma_type_words, type);
}

const char *vmq_level_name(unsigned int level)
{
	return name_of(&vmq_level_words, level);
}

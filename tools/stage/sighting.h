/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One page of one process as it was seen at one moment of an experiment, and what
 * two such pages have to do with each other.
 */
#ifndef STAGE_SIGHTING_H
#define STAGE_SIGHTING_H

#include <stdint.h>
#include <vmq.h>

#include "../../module/shared/columns.h"

/**
 * struct sighting - a page that was looked at
 * @step: of the experiment; "" before the first
 * @who: what the experiment calls the process
 * @pid: its process id
 * @item: what lies there
 * @address: where it lies; need not be the start of its page
 * @rights: of the VMA: VMQ_RIGHT_*
 * @shared: whether the VMA is a shared mapping
 * @known: bits of the entry the backend can tell: VMQ_ENTRY_*
 * @run: the page
 */
struct sighting {
	const char *step;
	const char *who;
	pid_t pid;
	const char *item;
	__u64 address;
	__u8 rights;
	bool shared;
	__u32 known;
	struct vmq_run run;
};

/* Record: struct sighting. */
extern const struct vmq_table sighting_table;

/*
 * Looks at the page of @sighting->address in @sighting->pid, and fills the fields
 * below the address. Returns 0 or a negative errno; -ENOENT if no VMA is there.
 */
int sighting_take(struct sighting *sighting, enum vmq_backend backend);

/*
 * What a page is, as claims need it: 1 yes, 0 no, CANNOT_TELL when the backend or
 * this caller's rights do not let it be known.
 */
#define CANNOT_TELL (-1)

/* The two are one page, in memory now. */
int sighting_same(const struct sighting *a, const struct sighting *b);
/* Not any more the file's: an anonymous page, whatever lies below it. */
int sighting_private(const struct sighting *sighting);
/* So marked: an anonymous page in a private mapping of a file. */
int sighting_privatized(const struct sighting *sighting);
/* The page of the file (or of the shared memory) itself. */
int sighting_of_file(const struct sighting *sighting);
/* No page of its VMA is another than the file's; asked of @backend now. */
int sighting_vma_of_file(const struct sighting *sighting, enum vmq_backend backend);
/* Anonymous and this process' alone, for certain. */
int sighting_exclusive(const struct sighting *sighting);
/* It is there, and so many entries map it. */
int sighting_mapped(const struct sighting *sighting, __u32 times);
/* The entry has all of these bits: VMQ_ENTRY_*. */
int sighting_has(const struct sighting *sighting, __u32 bits);
/* The entry is there, and lets the process write without a fault. */
int sighting_writable(const struct sighting *sighting);

/* The rights of the VMA as maps has them; valid up to the next call. */
const char *sighting_rights(const struct sighting *sighting);

/* Both hold, one holds, it does not hold: of answers like those above. */
int both(int a, int b);
int either(int a, int b);
int not(int a);

/* A process gave the answer that is expected; CANNOT_TELL if none (an errno): it had ended. */
int answered(int64_t answer, int64_t expected);

#endif

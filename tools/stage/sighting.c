// SPDX-License-Identifier: GPL-2.0-only
/* Looks at pages and compares them. */
#include <errno.h>
#include <unistd.h>

#include "../../module/shared/cells.h"
#include "sighting.h"

static int take_vma(struct sighting *sighting, struct vmq *vmq, __u64 start, __u64 end)
{
	struct vmq_vma_list list;
	int err = vmq_vmas_read(vmq, start, end, &list);

	if (err)
		return err;
	if (list.count) {
		sighting->rights = list.vmas[0].rights;
		sighting->shared = list.vmas[0].flags & VMQ_VMA_MAYSHARE;
	} else {
		err = -ENOENT;
	}
	vmq_vmas_free(&list);
	return err;
}

static int take_page(struct sighting *sighting, struct vmq *vmq, __u64 start, __u64 end)
{
	const struct vmq_query query = { .start = start, .end = end, .facts = VMQ_FACTS_ALL };
	struct vmq_runs *runs;
	int err = vmq_runs_open(vmq, &query, &runs), got;

	if (err)
		return err;
	got = vmq_runs_next(runs, &sighting->run);
	vmq_runs_close(runs);
	return got > 0 ? 0 : got ? got : -ENOENT;
}

int sighting_take(struct sighting *sighting, enum vmq_backend backend)
{
	__u64 page = sysconf(_SC_PAGESIZE), start = sighting->address & -page;
	struct vmq *vmq;
	int err = vmq_open(&vmq, sighting->pid == getpid() ? 0 : sighting->pid, backend);

	if (err)
		return err;
	sighting->known = vmq_entry_known(vmq);
	err = take_vma(sighting, vmq, start, start + page);
	if (!err)
		err = take_page(sighting, vmq, start, start + page);
	vmq_close(vmq);
	return err;
}

int sighting_same(const struct sighting *a, const struct sighting *b)
{
	const __u32 where = VMQ_VALID_FRAME | VMQ_VALID_TOKEN;

	if (!(a->run.entry & b->run.entry & VMQ_ENTRY_PRESENT))
		return 0;
	if (!(a->run.valid & where) || (a->run.valid & where) != (b->run.valid & where))
		return CANNOT_TELL;
	return a->run.frame == b->run.frame && a->run.index == b->run.index;
}

int sighting_private(const struct sighting *sighting)
{
	if (!(sighting->run.valid & VMQ_VALID_KIND))
		return CANNOT_TELL;
	return sighting->run.kind == VMQ_KIND_ANON || sighting->run.kind == VMQ_KIND_KSM;
}

int sighting_privatized(const struct sighting *sighting)
{
	if (sighting->run.flags & VMQ_RUN_PRIVATIZED)
		return 1;
	return sighting->run.valid & VMQ_VALID_SHARING ? 0 : CANNOT_TELL;
}

int sighting_of_file(const struct sighting *sighting)
{
	if (!(sighting->run.valid & VMQ_VALID_KIND))
		return CANNOT_TELL;
	return sighting->run.kind == VMQ_KIND_FILE || sighting->run.kind == VMQ_KIND_SHMEM;
}

static int only_of_file(struct vmq *vmq, __u64 start, __u64 end)
{
	const struct vmq_query query = { .start = start, .end = end, .facts = VMQ_FACTS_PAGE };
	struct sighting page = { 0 };
	struct vmq_runs *runs;
	int got, holds = 1;

	if (vmq_runs_open(vmq, &query, &runs))
		return CANNOT_TELL;
	while ((got = vmq_runs_next(runs, &page.run)) > 0)
		if (page.run.kind != VMQ_KIND_NONE || !(page.run.valid & VMQ_VALID_KIND))
			holds = both(holds, sighting_of_file(&page));
	vmq_runs_close(runs);
	return got ? CANNOT_TELL : holds;
}

int sighting_vma_of_file(const struct sighting *sighting, enum vmq_backend backend)
{
	__u64 page = sysconf(_SC_PAGESIZE), start = sighting->address & -page;
	struct vmq_vma_list list;
	struct vmq *vmq;
	int holds = CANNOT_TELL;

	if (vmq_open(&vmq, sighting->pid, backend))
		return CANNOT_TELL;
	if (!vmq_vmas_read(vmq, start, start + page, &list)) {
		if (list.count)
			holds = only_of_file(vmq, list.vmas[0].start, list.vmas[0].end);
		vmq_vmas_free(&list);
	}
	vmq_close(vmq);
	return holds;
}

int sighting_exclusive(const struct sighting *sighting)
{
	if (!(sighting->run.valid & VMQ_VALID_SHARING))
		return CANNOT_TELL;
	return sighting->run.sharing == VMQ_SHARING_EXCLUSIVE;
}

int sighting_mapped(const struct sighting *sighting, __u32 times)
{
	if (!(sighting->run.entry & VMQ_ENTRY_PRESENT))
		return 0;
	if (!(sighting->run.valid & VMQ_VALID_MAP_COUNT))
		return CANNOT_TELL;
	return sighting->run.map_count == times;
}

int sighting_has(const struct sighting *sighting, __u32 bits)
{
	if (bits & sighting->known & ~sighting->run.entry)
		return 0;
	return bits & ~sighting->known ? CANNOT_TELL : 1;
}

int sighting_writable(const struct sighting *sighting)
{
	return sighting_has(sighting, VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE);
}

const char *sighting_rights(const struct sighting *sighting)
{
	static char text[5];

	snprintf(text, sizeof(text), "%c%c%c%c", sighting->rights & VMQ_RIGHT_READ ? 'r' : '-',
		 sighting->rights & VMQ_RIGHT_WRITE ? 'w' : '-',
		 sighting->rights & VMQ_RIGHT_EXEC ? 'x' : '-', sighting->shared ? 's' : 'p');
	return text;
}

int both(int a, int b)
{
	if (!a || !b)
		return 0;
	return a < 0 || b < 0 ? CANNOT_TELL : 1;
}

int either(int a, int b)
{
	if (a > 0 || b > 0)
		return 1;
	return a < 0 || b < 0 ? CANNOT_TELL : 0;
}

int not(int a)
{
	return a < 0 ? CANNOT_TELL : !a;
}

int answered(int64_t answer, int64_t expected)
{
	return answer < 0 ? CANNOT_TELL : answer == expected;
}

#define COLUMN(name, condition, fill)						\
static void name(const void *record, struct vmq_cell *cell)			\
{										\
	const struct sighting *sighting = record;				\
	const struct vmq_run *run = &sighting->run;				\
										\
	(void)run;								\
	if (condition)								\
		fill;								\
}

#define VALID(fact) (run->valid & VMQ_VALID_##fact)

COLUMN(step, true, cell_word(cell, sighting->step))
COLUMN(who, true, cell_word(cell, sighting->who))
COLUMN(pid, true, cell_number(cell, sighting->pid))
COLUMN(item, true, cell_word(cell, sighting->item))
COLUMN(address, true, cell_address(cell, sighting->address))
COLUMN(frame, VALID(FRAME), cell_hex(cell, run->frame))
COLUMN(token, VALID(TOKEN), cell_hex(cell, run->frame))
COLUMN(folio_index, VALID(TOKEN), cell_number(cell, run->index))
COLUMN(entry, true, cell_set(cell, vmq_entry_bits, run->entry))
COLUMN(rights, true, cell_word(cell, sighting_rights(sighting)))
COLUMN(kind, VALID(KIND), cell_word(cell, vmq_kind_name(run->kind)))
COLUMN(sharing, VALID(SHARING), cell_word(cell, vmq_sharing_name(run->sharing)))
COLUMN(privatized, VALID(SHARING), cell_yes_no(cell, run->flags & VMQ_RUN_PRIVATIZED))
COLUMN(on_write, VALID(ON_WRITE), cell_word(cell, vmq_on_write_name(run->on_write)))
COLUMN(map_count, VALID(MAP_COUNT), cell_number(cell, run->map_count))

/* Frame and place in it; who may not see that still sees which pages are one. */
static void physical(const void *record, struct vmq_cell *cell)
{
	const struct sighting *sighting = record;
	const struct vmq_run *run = &sighting->run;
	__u64 page = sysconf(_SC_PAGESIZE);

	if (VALID(FRAME)) {
		cell_hex(cell, run->frame * page + sighting->address % page);
	} else if (VALID(TOKEN)) {
		snprintf(cell->room, sizeof(cell->room), "~%08llx+%u", run->frame >> 32, run->index);
		cell_word(cell, cell->room);
	}
}

/* Present or not; and, if that can be told, read-write or read-only, user or supervisor, dirty. */
static void attributes(const void *record, struct vmq_cell *cell)
{
	const struct sighting *sighting = record;
	__u32 entry = sighting->run.entry;

	if (!(entry & VMQ_ENTRY_PRESENT)) {
		cell_word(cell, "NP");
		return;
	}
	if (!(sighting->known & VMQ_ENTRY_WRITE)) {
		cell_word(cell, "P");
		return;
	}
	snprintf(cell->room, sizeof(cell->room), "P %s %s%s", entry & VMQ_ENTRY_WRITE ? "RW" : "R",
		 entry & VMQ_ENTRY_USER ? "U" : "S", entry & VMQ_ENTRY_DIRTY ? " D" : "");
	cell_word(cell, cell->room);
}

static const struct vmq_column columns[] = {
	{ NULL,		"step",		0,	step },
	{ "PROCESS",	"process",	-8,	who },
	{ NULL,		"pid",		0,	pid },
	{ "NAME",	"name",		-22,	item },
	{ "VIRTUAL",	"address",	-16,	address },
	{ "PHYSICAL",	NULL,		-11,	physical },
	{ NULL,		"frame",	0,	frame },
	{ NULL,		"token",	0,	token },
	{ NULL,		"folio_index",	0,	folio_index },
	{ "ATTR",	NULL,		-8,	attributes },
	{ NULL,		"entry",	0,	entry },
	{ "VMA",	"rights",	-4,	rights },
	{ "KIND",	"kind",		-6,	kind },
	{ "SHARING",	"sharing",	-10,	sharing },
	{ NULL,		"privatized",	0,	privatized },
	{ NULL,		"on_write",	0,	on_write },
	{ "MAPS",	"map_count",	4,	map_count },
};

const struct vmq_table sighting_table = {
	.schema = "sightings/1",
	.about = "",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
};

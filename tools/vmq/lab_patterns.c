// SPDX-License-Identifier: GPL-2.0-only
/*
 * What address spaces are made of: an actor makes the typical parts one by one, and
 * the rows that vq prints for each are shown and checked.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../module/shared/cells.h"
#include "../common/errors.h"
#include "../common/source.h"
#include "../stage/sample.h"
#include "lab.h"

#define ROOM 1024
#define RW (VMQ_PROT_READ | VMQ_PROT_WRITE)
#define RWE (RW | VMQ_PROT_EXEC)
#define RWEC (RWE | VMQ_PROT_COPY)

/* A row as vq prints it, of a part that has a name. */
struct part_row {
	struct vmq_row row;	/* first: vq's columns take it for this */
	const char *part;
	pid_t pid;
};

struct lab {
	struct story story;
	struct actor actor, child;
	int fd;
	__u64 start, end;	/* of the part that is shown; end 0: all that has one base */
	bool module;		/* which answers, and so tells what page tables tell */
	unsigned int count;
	struct part_row rows[ROOM];
};

static void part(const void *record, struct vmq_cell *cell)
{
	cell_word(cell, ((const struct part_row *)record)->part);
}

static void pid(const void *record, struct vmq_cell *cell)
{
	cell_number(cell, ((const struct part_row *)record)->pid);
}

/* The columns of vq, and two more for programs. */
static const struct vmq_table *part_table(void)
{
	static struct vmq_column columns[32];
	static struct vmq_table table = { .schema = "lab-rows/1", .about = "", .columns = columns };

	table.count = vmq_row_table.count + 2;
	columns[vmq_row_table.count] = (struct vmq_column){ NULL, "part", 0, part };
	columns[vmq_row_table.count + 1] = (struct vmq_column){ NULL, "pid", 0, pid };
	memcpy(columns, vmq_row_table.columns, vmq_row_table.count * sizeof(*columns));
	return &table;
}

/* All rows of the actor. Returns 0 or a negative errno. */
static int read_rows(struct lab *lab, struct vmq *vmq)
{
	struct source source;
	struct vmq_rows rows;
	int err = source_open(&source, vmq), got = 1;

	if (err)
		return err;
	lab->count = 0;
	vmq_rows_init(&rows, &source.space, &source.facts);
	while (lab->count < ROOM && (got = vmq_rows_next(&rows, &lab->rows[lab->count].row)) > 0)
		lab->count++;
	source_close(&source);
	return got > 0 ? -E2BIG : got;
}

/* The base of the row at @address; 0 if there is none. */
static __u64 base_at(const struct lab *lab, __u64 address)
{
	for (unsigned int i = 0; i < lab->count; i++)
		if (lab->rows[i].row.start <= address && address < lab->rows[i].row.end)
			return lab->rows[i].row.base;
	return 0;
}

/* Keeps only the rows of the part. */
static void choose_rows(struct lab *lab)
{
	__u64 base = base_at(lab, lab->start);
	unsigned int kept = 0;

	for (unsigned int i = 0; i < lab->count; i++) {
		const struct vmq_row *row = &lab->rows[i].row;

		if (lab->end ? row->start < lab->end && row->end > lab->start : row->base == base)
			lab->rows[kept++] = (struct part_row){
				*row, lab->story.step, lab->actor.pid,
			};
	}
	lab->count = kept;
}

/* Has the actor make @pattern; *@err is what was in the way. */
static int build(struct lab *lab, enum pattern pattern, int *err)
{
	int64_t start = actor_ask(&lab->actor, LAB_BUILD, 0, pattern);
	int64_t end = actor_ask(&lab->actor, LAB_END, 0, pattern);

	*err = start < 0 ? start : 0;
	if (end < 0)
		return fail("actor", end);
	lab->start = start;
	lab->end = end;
	return STATUS_DONE;
}

/* Shows the rows of the part that was built. */
static int show(struct lab *lab)
{
	struct vmq *vmq;
	int err = vmq_open(&vmq, lab->actor.pid, lab->story.options.backend);

	if (!err) {
		lab->module = vmq_backend(vmq) == VMQ_BACKEND_MODULE;
		err = read_rows(lab, vmq);
		vmq_close(vmq);
	}
	if (err)
		return fail_to_look("actor", err);
	choose_rows(lab);
	return story_show(&lab->story, lab->rows, sizeof(*lab->rows), lab->count);
}

static int build_and_show(struct lab *lab, enum pattern pattern)
{
	int err, status = build(lab, pattern, &err);

	if (!status)
		status = lab_failed(lab->story.step, err);
	return status ? status : show(lab);
}

/* Whether row @i is there, with these of its fields. */
static bool is(const struct lab *lab, unsigned int i, __u8 state, __u8 type, __u8 protection)
{
	const struct vmq_row *row = &lab->rows[i].row;

	return i < lab->count && row->state == state && row->type == type &&
	       row->protection == protection;
}

#define IMAGE(i, protection) is(lab, i, VMQ_ROW_COMMITTED, VMQ_ROW_IMAGE, protection)
#define PRIVATE(i, protection) is(lab, i, VMQ_ROW_COMMITTED, VMQ_ROW_PRIVATE, protection)
#define RESERVED(i, protection) is(lab, i, VMQ_ROW_RESERVED, VMQ_ROW_PRIVATE, protection)

/* All rows have the base @base, and may be given the rights @allowed. */
static bool one_allocation(const struct lab *lab, __u64 base, __u8 allowed)
{
	for (unsigned int i = 0; i < lab->count; i++)
		if (lab->rows[i].row.base != base || lab->rows[i].row.allocation != allowed)
			return false;
	return lab->count;
}

/* All rows are of the VMA of the first one. */
static bool one_vma(const struct lab *lab, unsigned int first)
{
	for (unsigned int i = first; i < lab->count; i++)
		if (lab->rows[i].row.vma != lab->rows[first].row.vma)
			return false;
	return first < lab->count;
}

/* What only page tables tell: where the module does not answer it may be untold. */
static int if_told(const struct lab *lab, bool holds)
{
	return holds || lab->module ? holds : CANNOT_TELL;
}

static int show_image(struct lab *lab)
{
	struct story *story = &lab->story;
	int status = build_and_show(lab, PATTERN_IMAGE);
	bool written = false;

	if (status)
		return status;
	for (unsigned int i = 3; i < lab->count; i++)
		written |= IMAGE(i, RW);
	story_claim(story, one_allocation(lab, lab->start, RWEC),
		    "One allocation, which begins with the headers; all of it may get RWEC.");
	story_claim(story, IMAGE(0, VMQ_PROT_READ), "The headers are to be read.");
	story_claim(story, IMAGE(1, VMQ_PROT_READ | VMQ_PROT_EXEC), "The code is to be read and executed.");
	story_claim(story, IMAGE(2, VMQ_PROT_READ), "Constants are to be read.");
	story_claim(story, written, "Variables that were written are RW, without C.");
	story_say(story, "A program's file is mapped privately, part by part, with the rights its headers "
		  "ask for. Any part may be made writable: the write then goes to a copy.");
	return STATUS_DONE;
}

static int show_data(struct lab *lab)
{
	struct story *story = &lab->story;
	int status = build_and_show(lab, PATTERN_DATA);
	bool turns;

	if (status)
		return status;
	turns = lab->count == 6 && IMAGE(2, RW | VMQ_PROT_COPY) && IMAGE(3, RW) &&
		IMAGE(4, RW | VMQ_PROT_COPY) && IMAGE(5, RW);
	story_claim(story, one_allocation(lab, lab->start, RWEC), "The library is one allocation.");
	story_claim(story, IMAGE(0, VMQ_PROT_READ) && IMAGE(1, VMQ_PROT_READ | VMQ_PROT_EXEC),
		    "Its headers are to be read, its code to be read and executed.");
	story_claim(story, turns, "The four pages of its data are RW-C and, where the process has written, RW, in turn.");
	story_claim(story, one_vma(lab, 2), "These rows of its data are of one VMA.");
	story_say(story, "Cut by what its pages are, a VMA has rows with a C, where a write would still make "
		  "a copy, and without, where that has happened.");
	return STATUS_DONE;
}

static int show_stack(struct lab *lab)
{
	struct story *story = &lab->story;
	int status = build_and_show(lab, PATTERN_STACK);
	const struct vmq_row *stack = &lab->rows[1].row;

	if (status)
		return status;
	story_claim(story, RESERVED(0, VMQ_PROT_GUARD),
		    "It begins with a guard: a page that is only reserved, without any rights.");
	story_claim(story, PRIVATE(1, RW) && stack->start <= lab->start && lab->start < stack->end,
		    "The stack above it is RW, and the thread's variables are in it.");
	story_say(story, "A stack that grows too far meets the guard, and the process gets a signal. Windows "
		  "moves its guard down and commits more; here all is committed at once, and gets "
		  "frames as it is touched.");
	return STATUS_DONE;
}

static int show_arena(struct lab *lab)
{
	struct story *story = &lab->story;
	int status = build_and_show(lab, PATTERN_ARENA);
	const struct vmq_row *used = &lab->rows[0].row;

	if (status)
		return status;
	story_claim(story, PRIVATE(0, RW) && used->start <= lab->start && lab->start < used->end,
		    "The part with the thread's block is committed, RW.");
	story_claim(story, lab->count == 2 && RESERVED(1, 0) && lab->rows[1].row.base == used->start,
		    "The rest is reserved, under the same base.");
	story_say(story, "malloc takes addresses for a thread's memory at once and without rights, and gives "
		  "them rights as it needs more: reserve first, commit later.");
	return STATUS_DONE;
}

/* Asked of a child of the actor, whose guards are its own. */
static void claim_guarded(struct lab *lab)
{
	__u64 guard = lab->start + sysconf(_SC_PAGESIZE);
	int first = answered(actor_ask(&lab->actor, LAB_TRY, guard, 0), SIGSEGV);
	int again = answered(actor_ask(&lab->actor, LAB_TRY, guard, 0), SIGSEGV);

	story_claim(&lab->story, both(first, again),
		    "Who touches the second page gets a signal, SIGSEGV, and the next one too.");
}

static int show_guard(struct lab *lab)
{
	struct story *story = &lab->story;
	int err, status = build(lab, PATTERN_GUARD, &err);

	if (!status && err == -EINVAL) {
		story_absent(story, "guard regions (MADV_GUARD_INSTALL), which this kernel does not know; "
			     "v6.13 and later do");
		return STATUS_DONE;
	}
	if (!status)
		status = lab_failed(story->step, err);
	if (!status)
		status = show(lab);
	if (status)
		return status;
	story_claim(story, if_told(lab, lab->count == 3 && PRIVATE(0, RW) &&
				   PRIVATE(1, RW | VMQ_PROT_GUARD) && PRIVATE(2, RW)),
		    "Of four pages the second and third have a G, though the VMA is RW.");
	story_claim(story, one_vma(lab, 0), "The four pages are still of one VMA.");
	claim_guarded(lab);
	story_say(story, "madvise(MADV_GUARD_INSTALL) puts a mark in place of each page. On Windows a touch "
		  "takes the guard away.");
	return STATUS_DONE;
}

static int show_copies(struct lab *lab)
{
	struct story *story = &lab->story;
	int err, status = build(lab, PATTERN_COPIES, &err);
	__u64 page = sysconf(_SC_PAGESIZE);

	if (!status)
		status = lab_failed(story->step, err);
	if (!status)
		status = lab_failed("actor", actor_fork(&lab->actor, &lab->child));
	for (int i = 1; i < 4 && !status; i += 2)
		status = lab_failed("actor", actor_ask(&lab->actor, LAB_WRITE, lab->start + i * page, 2));
	if (!status)
		status = show(lab);
	if (status)
		return status;
	story_claim(story, if_told(lab, lab->count == 4 && PRIVATE(0, RW | VMQ_PROT_COPY) && PRIVATE(1, RW) &&
				   PRIVATE(2, RW | VMQ_PROT_COPY) && PRIVATE(3, RW)),
		    "Of four pages the first and third have a C, the others not.");
	story_claim(story, one_allocation(lab, lab->start, RWE),
		    "Anonymous memory may get RWE, without C: there is no file to copy from.");
	story_say(story, "The process has written four pages, forked, and written the second and fourth again. "
		  "The others it shares with its child: a write would make a copy of them as well.");
	return STATUS_DONE;
}

static int show_device(struct lab *lab, enum pattern pattern, __u8 letter, const char *says)
{
	struct story *story = &lab->story;
	int err, status = build(lab, pattern, &err);

	if (!status && err) {
		story_absent(story, "memory of a PCI device that may be mapped (%s); QEMU has one with "
			     "-device pci-testdev,membar=16M, for root", strerror(-err));
		return STATUS_DONE;
	}
	if (!status)
		status = show(lab);
	if (status)
		return status;
	story_claim(story, if_told(lab, lab->count == 1 && is(lab, 0, VMQ_ROW_COMMITTED, VMQ_ROW_MAPPED,
							     RW | letter)), "%s", says);
	return STATUS_DONE;
}

static int show_uncached(struct lab *lab)
{
	return show_device(lab, PATTERN_UNCACHED, VMQ_PROT_NO_CACHE,
			   "The device's memory is mapped RW with an N: no cache.");
}

static int show_combined(struct lab *lab)
{
	return show_device(lab, PATTERN_COMBINED, VMQ_PROT_WRITE_COMBINE,
			   "The next page of it is mapped RW with an O: writes are combined.");
}

static const struct lab_step steps[] = {
	{ "image", "A program", show_image },
	{ "data", "A library with written pages", show_data },
	{ "stack", "The stack of a thread", show_stack },
	{ "arena", "The memory malloc has for that thread", show_arena },
	{ "guard", "A guard region", show_guard },
	{ "copies", "Anonymous memory after fork", show_copies },
	{ "uncached", "Memory of a device", show_uncached },
	{ "combined", "The same, for writes in large pieces", show_combined },
};

static int run(struct lab *lab, const struct lab_request *request)
{
	int status;

	lab->fd = sample_open(request->folder);
	if (lab->fd < 0)
		status = nameless_failed(request->folder, lab->fd);
	else
		status = lab_failed("actor", lab_start_actor(&lab->actor, lab->fd));
	story_say(&lab->story, "The columns are those of vq. BASE is where the allocation began, CURRENT what is "
		  "allowed now, ALLOWED the most that it can be made to allow: No-cache, "
		  "write-cOmbine, Guard, Read, Write, Execute, Copy-on-write.");
	return status ? status : lab_take_steps(lab, &lab->story, steps, ARRAY_SIZE(steps));
}

int lab_patterns(const struct lab_request *request)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	int status;

	if (!lab)
		return fail("patterns", -ENOMEM);
	lab->fd = -1;
	status = lab_failed("processor", actor_stage());
	if (!status)
		status = story_begin_table(&lab->story, &request->common,
					   "Patterns: what an address space is made of", part_table());
	if (!status)
		status = story_end(&lab->story, run(lab, request));
	actor_end(&lab->child);
	actor_end(&lab->actor);
	close(lab->fd);
	free(lab);
	return status;
}

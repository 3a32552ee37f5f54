// SPDX-License-Identifier: GPL-2.0-only
/*
 * One page of code, mapped to be written at one address and to be executed at
 * others, by two processes; and what a debugger can do to each of the mappings.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../common/errors.h"
#include "../stage/debugger.h"
#include "../stage/sample.h"
#include "lab.h"

/* A function that adds ADDS to its argument, and where in it that number is. */
static const unsigned char code[] = { 0x48, 0x8d, 0x47, 0x01, 0xc3 };	/* lea 1(%rdi),%rax; ret */
#define ADDS 1
#define ADDS_AT 3

/* The processes, and the views each has of the page, in order. */
enum { A, B, PROCESSES };
enum { A_RW, A_RX, A_PRIVATE, B_RX, B_PRIVATE, B_RWX, VIEWS };

static const struct view {
	int process;
	const char *name;
	int rights;		/* for LAB_MAP */
} views[VIEWS] = {
	[A_RW]		= { A, "shared rw",	PROT_READ | PROT_WRITE | LAB_SHARED },
	[A_RX]		= { A, "shared rx",	PROT_READ | PROT_EXEC | LAB_SHARED },
	[A_PRIVATE]	= { A, "private rx",	PROT_READ | PROT_EXEC },
	[B_RX]		= { B, "shared rx",	PROT_READ | PROT_EXEC | LAB_SHARED },
	[B_PRIVATE]	= { B, "private rx",	PROT_READ | PROT_EXEC },
	[B_RWX]		= { B, "shared rwx",	PROT_READ | PROT_WRITE | PROT_EXEC | LAB_SHARED },
};

struct lab {
	struct story story;
	int fd;
	unsigned int count;	/* views there are so far */
	struct actor actors[PROCESSES];
	struct sighting pages[VIEWS];
};

/* Maps the next view and touches it. */
static int add_view(struct lab *lab)
{
	const struct view *view = &views[lab->count];
	struct actor *actor = &lab->actors[view->process];
	int64_t address = actor_ask(actor, LAB_MAP, 0, view->rights);
	int status = lab_failed(view->name, address);

	if (!status)
		status = lab_failed(view->name, actor_ask(actor, LAB_READ, address, 0));
	lab->pages[lab->count++] = (struct sighting){
		.who = view->process == A ? "A" : "B", .pid = actor->pid,
		.item = view->name, .address = address,
	};
	return status;
}

/* Starts @process and has it map its views. */
static int enter(struct lab *lab, int process)
{
	int status = lab_failed("process", lab_start_actor(&lab->actors[process], lab->fd));

	while (!status && lab->count < VIEWS && views[lab->count].process == process)
		status = add_view(lab);
	return status;
}

/* What goes into memory there gets into the page that others have. */
static bool writes(const struct sighting *page)
{
	return page->shared && page->rights & VMQ_RIGHT_WRITE;
}

/* What @page's process writes there, it executes at @other. */
static int aliases(const struct sighting *page, const struct sighting *other)
{
	return both(both(writes(page), other->pid == page->pid && other->rights & VMQ_RIGHT_EXEC),
		    sighting_same(page, other));
}

/* One address of the page, and at which others of its process what is written here is executed. */
static void say_alias(struct lab *lab, const struct sighting *page)
{
	const char *between = "  W+X with ";
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	if (!file)
		abort();
	for (unsigned int i = 0; i < lab->count; i++) {
		const struct sighting *other = &lab->pages[i];

		if (aliases(page, other) <= 0)
			continue;
		fprintf(file, "%s%s", between, other == page ? "itself" : other->item);
		between = ", ";
	}
	fclose(file);
	story_say(&lab->story, "  %s %-10s %016llx %s%s", page->who, page->item,
		  (unsigned long long)page->address, sighting_rights(page), text);
	free(text);
}

static int look(struct lab *lab)
{
	int status = story_look(&lab->story, lab->pages, lab->count);

	if (status)
		return status;
	story_sharers(&lab->story, lab->pages, lab->count);
	story_say(&lab->story, "The addresses of the page of A shared rw:");
	for (unsigned int i = 0; i < lab->count; i++)
		if (sighting_same(&lab->pages[A_RW], &lab->pages[i]) > 0)
			say_alias(lab, &lab->pages[i]);
	return STATUS_DONE;
}

/* All views there are but @except (-1 for none) are one page, the file's. */
static int one_page(const struct lab *lab, int except)
{
	int holds = sighting_of_file(&lab->pages[A_RW]);

	for (int i = 0; i < (int)lab->count; i++)
		if (i != except)
			holds = both(holds, sighting_same(&lab->pages[A_RW], &lab->pages[i]));
	return holds;
}

/* The function adds @number now when it is called at @view. */
static int adds(const struct lab *lab, int view, int number)
{
	return answered(actor_ask(&lab->actors[views[view].process], LAB_CALL,
				  lab->pages[view].address, 0), number);
}

/* It adds @number wherever it can be executed, but at @except. */
static int all_add(const struct lab *lab, int except, int number)
{
	int holds = 1;

	for (int i = 0; i < (int)lab->count; i++)
		if (i != except && views[i].rights & PROT_EXEC)
			holds = both(holds, adds(lab, i, number));
	return holds;
}

/* A writes the number to add through its rw view. */
static int patch(struct lab *lab, int number)
{
	return lab_failed("A", actor_ask(&lab->actors[A], LAB_WRITE,
					 lab->pages[A_RW].address + ADDS_AT, number));
}

/* A debugger writes it at @view of B, with B standing still; what came of it in *@err. */
static int poke(struct lab *lab, int view, int number, int *err)
{
	pid_t pid = lab->pages[view].pid;
	int status = lab_attach("B", pid);

	if (status)
		return status;
	*err = debugger_poke(pid, lab->pages[view].address + ADDS_AT, number);
	return lab_failed("B", debugger_detach(pid));
}

static int map_in_a(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	struct story *story = &lab->story;
	int status = enter(lab, A);

	story_say(story, "A maps one page of a file in memory three times: shared, to write; shared, to "
		  "execute; and privately, to execute. It reads a byte through each.");
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(story, one_page(lab, -1), "The three views are one page, that of the file.");
	story_claim_count(story, &lab->pages[A_RW], 3);
	story_claim(story, both(not(sighting_writable(&page[A_RX])), not(sighting_writable(&page[A_PRIVATE]))),
		    "The views to execute have read-only entries.");
	story_claim(story, both(aliases(&page[A_RW], &page[A_RX]), aliases(&page[A_RW], &page[A_PRIVATE])),
		    "What A writes at shared rw it executes at both of the others: W+X.");
	story_claim(story, all_add(lab, -1, ADDS), "The function in it works: it adds %d.", ADDS);
	story_say(story, "That is what OS/2 called a CS alias: data under one address, code under another. "
		  "A compiler that makes code while a program runs has such a pair, so that no "
		  "address is writable and executable at once; the pair is, and is marked W+X.");
	return STATUS_DONE;
}

static int map_in_b(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	int status = enter(lab, B);

	story_say(&lab->story, "B maps the page shared, to execute; privately, to execute; and shared with all "
		  "rights.");
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, one_page(lab, -1), "All six views are one page.");
	story_claim_count(&lab->story, &lab->pages[A_RW], 6);
	story_claim(&lab->story, both(aliases(&page[B_RWX], &page[B_RWX]),
				      both(aliases(&page[B_RWX], &page[B_RX]),
					   aliases(&page[B_RWX], &page[B_PRIVATE]))),
		    "What B writes at shared rwx it executes there and at both of the others: W+X.");
	story_claim(&lab->story, all_add(lab, -1, ADDS), "The function adds %d wherever it is called.", ADDS);
	return STATUS_DONE;
}

static int patch_shared(struct lab *lab)
{
	int status = patch(lab, 2);

	story_say(&lab->story, "A changes the function through its rw view: it is to add 2.");
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, all_add(lab, -1, 2), "It adds 2 at every address, in A and in B.");
	story_claim(&lab->story, one_page(lab, -1),
		    "All are still one page: a private view shows the file as long as it was not copied.");
	story_claim_count(&lab->story, &lab->pages[A_RW], 6);
	return STATUS_DONE;
}

static int poke_shared(struct lab *lab)
{
	int err, status = poke(lab, B_RX, 3, &err);

	story_say(&lab->story, "A debugger tries to change it at B's shared rx view. A forced write makes a "
		  "copy, and a shared mapping has no place for one.");
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, err == -EIO, "The kernel refuses (%s): no breakpoint can be set there.",
		    strerror(-err));
	story_claim(&lab->story, both(one_page(lab, -1), all_add(lab, -1, 2)),
		    "Nothing changed: one page, and it adds 2.");
	story_claim_count(&lab->story, &lab->pages[A_RW], 6);
	return STATUS_DONE;
}

static int poke_private(struct lab *lab)
{
	const struct sighting *page = &lab->pages[B_PRIVATE];
	struct story *story = &lab->story;
	int err, status = poke(lab, B_PRIVATE, 4, &err);

	story_say(story, "It changes the function at B's private rx view instead: there it is to add 4.");
	if (!status)
		status = lab_failed("B", err);
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(story, both(sighting_privatized(page), both(sighting_private(page), sighting_exclusive(page))),
		    "That view has a copy, B's alone.");
	story_claim(story, both(!strcmp(sighting_rights(page), "r-xp"), not(sighting_writable(page))),
		    "It is still r-xp, with a read-only entry.");
	story_claim(story, one_page(lab, B_PRIVATE), "The other five are one page as before.");
	story_claim(story, not(aliases(&lab->pages[B_RWX], page)),
		    "What B writes at shared rwx it does not execute there any more.");
	story_claim_count(story, &lab->pages[A_RW], 5);
	story_claim(story, both(adds(lab, B_PRIVATE, 4), all_add(lab, B_PRIVATE, 2)),
		    "The function adds 4 there, and 2 everywhere else.");
	return STATUS_DONE;
}

static int patch_again(struct lab *lab)
{
	int status = patch(lab, 5);

	story_say(&lab->story, "A changes it through its rw view once more: it is to add 5.");
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, adds(lab, B_PRIVATE, 4),
		    "B's copy still adds 4: from the file it gets no news any more.");
	story_claim(&lab->story, both(one_page(lab, B_PRIVATE), all_add(lab, B_PRIVATE, 5)),
		    "All others are one page and add 5, A's private view too, which has no copy.");
	return STATUS_DONE;
}

static int poke_writable(struct lab *lab)
{
	struct story *story = &lab->story;
	int err, status = poke(lab, B_RWX, 6, &err);

	story_say(story, "The debugger changes it at B's shared rwx view: 6. Here the mapping allows the write.");
	if (!status)
		status = lab_failed("B", err);
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(story, both(one_page(lab, B_PRIVATE), not(sighting_private(&lab->pages[B_RWX]))),
		    "No copy was made: that view still is one page with the others.");
	story_claim_count(story, &lab->pages[A_RW], 5);
	story_claim(story, both(all_add(lab, B_PRIVATE, 6), adds(lab, B_PRIVATE, 4)),
		    "All who have it execute what was meant for B: the function adds 6 in A as well.");
	return STATUS_DONE;
}

static const struct lab_step steps[] = {
	{ "1", "A has three views of one page", map_in_a },
	{ "2", "B has three more", map_in_b },
	{ "3", "A changes the code through its writable view", patch_shared },
	{ "4", "A debugger writes to a shared view without the right to write", poke_shared },
	{ "5", "It writes to a private view without the right to write", poke_private },
	{ "6", "A changes the code again", patch_again },
	{ "7", "The debugger writes to a shared view with the right to write", poke_writable },
};

/* The page of code, in a new file. */
static int make_code(const struct lab_request *request, int *fd)
{
	*fd = nameless_open(request->folder);
	if (*fd < 0)
		return nameless_failed(request->folder, *fd);
	if (ftruncate(*fd, sysconf(_SC_PAGESIZE)) ||
	    pwrite(*fd, code, sizeof(code), 0) != sizeof(code) || fsync(*fd))
		return nameless_failed(request->folder, -errno);
	return STATUS_DONE;
}

int lab_views(const struct lab_request *request)
{
	struct lab lab = { .fd = -1 };
	int status = lab_failed("processor", actor_stage());

	if (!status)
		status = story_begin(&lab.story, &request->common,
				     "Views: one page, writable here and executable there");
	if (status)
		return status;
	status = make_code(request, &lab.fd);
	if (!status)
		status = lab_take_steps(&lab, &lab.story, steps, ARRAY_SIZE(steps));
	status = story_end(&lab.story, status);
	actor_end(&lab.actors[A]);
	actor_end(&lab.actors[B]);
	close(lab.fd);
	return status;
}

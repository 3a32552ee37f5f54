// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a breakpoint does to a page of a library that processes share: the debugger's
 * write gives the one process a copy of its own, and the others keep the page.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../common/errors.h"
#include "../stage/debugger.h"
#include "../stage/sample.h"
#include "lab.h"

#define INT3 0xcc
#define FUNCTION "NonRelocatableFunction"

/* Who takes part, in order of appearance. */
enum { P1, P2, P3, P4, P5, CHILD, CAST };

/* The experiment: p1 to p5, and from step 6 on a child of p1, share the library in @fd. */
struct lab {
	struct story story;
	int fd;
	int byte;		/* the function's first, as the file has it */
	unsigned int count;	/* who has come so far */
	struct actor actors[CAST];
	struct sighting pages[CAST];
};

/* Who comes next is an actor that has loaded the library, and reads a byte of the page. */
static int enter(struct lab *lab, const char *who)
{
	struct actor *actor = &lab->actors[lab->count];
	struct sighting *page = &lab->pages[lab->count];
	int64_t address, byte;
	int err = lab_start_actor(actor, lab->fd);

	if (err)
		return fail(who, err);
	lab->count++;
	address = actor_ask(actor, LAB_LOAD, 0, 0);
	if (address < 0)
		return fail(who, address);
	byte = actor_ask(actor, LAB_READ, address, 0);
	if (byte < 0)
		return fail(who, byte);
	if (lab->count == 1)
		lab->byte = byte;
	*page = (struct sighting){
		.who = who, .pid = actor->pid, .item = FUNCTION, .address = address,
	};
	return STATUS_DONE;
}

/* Shows all pages, and says who shares. */
static int look(struct lab *lab)
{
	int status = story_look(&lab->story, lab->pages, lab->count);

	if (!status)
		story_sharers(&lab->story, lab->pages, lab->count);
	return status;
}

/* The pages of @first up to @end, without it, are one, the file's. */
static int shared(const struct lab *lab, int first, int end)
{
	int holds = sighting_of_file(&lab->pages[first]);

	for (int i = first + 1; i < end; i++)
		holds = both(holds, sighting_same(&lab->pages[first], &lab->pages[i]));
	return holds;
}

/* They read the byte the file has. */
static int unchanged(const struct lab *lab, int first, int end)
{
	int holds = 1;

	for (int i = first; i < end; i++)
		holds = both(holds, answered(actor_ask(&lab->actors[i], LAB_READ,
						       lab->pages[i].address, 0), lab->byte));
	return holds;
}

/* The page of @who is a copy that is marked as one, which @who cannot write by himself. */
static int privatized(const struct lab *lab, int who)
{
	const struct sighting *page = &lab->pages[who];

	return both(sighting_privatized(page),
		    both(sighting_private(page), not(sighting_same(page, &lab->pages[P4]))));
}

/* Nor by the rights of the VMA, nor by those of the entry. */
static int read_only(const struct sighting *page)
{
	return both(!strcmp(sighting_rights(page), "r-xp"), not(sighting_writable(page)));
}

/* What is true as long as nobody has written. */
static void claim_untouched(struct lab *lab)
{
	struct story *story = &lab->story;
	int holds = 1;

	for (int i = P1; i <= P4; i++)
		holds = both(holds, sighting_vma_of_file(&lab->pages[i], lab->story.options.backend));
	story_claim(story, shared(lab, P1, P5),
		    "p1, p2, p3 and p4 have one page there, and it is the page of the file.");
	story_claim_count(story, &lab->pages[P1], 4);
	story_claim(story, holds,
		    "None of the four has anonymous memory in that VMA: nothing was copied.");
}

static int load(struct lab *lab)
{
	static const char *const names[] = { "p1", "p2", "p3", "p4" };
	int status = STATUS_DONE;

	story_say(&lab->story, "Four processes begin by exec, so they inherit nothing from each other. "
		  "Each maps the library and reads a byte of the page of " FUNCTION ".");
	for (int i = P1; i <= P4 && !status; i++)
		status = enter(lab, names[i]);
	if (!status)
		status = look(lab);
	if (status)
		return status;
	claim_untouched(lab);
	story_say(&lab->story, "OS/2 had one memory object for the four, and for each process a "
		  "context record that said with which rights it uses the object. Here the object "
		  "is the page cache of the file, and each VMA says the rights.");
	return STATUS_DONE;
}

static int attach(struct lab *lab)
{
	pid_t pid = lab->pages[P1].pid;
	__u64 address = lab->pages[P1].address;
	int status = lab_attach("p1", pid), peeked, read;

	if (status)
		return status;
	peeked = debugger_peek(pid, address);
	read = debugger_mem_read(pid, address);
	story_say(&lab->story, "p1 stands still now. The debugger reads the function by PTRACE_PEEKTEXT "
		  "and by /proc/PID/mem. A debugger has no entry of its own for the page: the kernel "
		  "looks it up and reads for it.");
	status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, peeked == lab->byte && read == lab->byte,
		    "Both ways give the byte of the file, %02x.", lab->byte);
	claim_untouched(lab);
	return STATUS_DONE;
}

static int write_with_rights(struct lab *lab)
{
	int err = debugger_vm_write(lab->pages[P1].pid, lab->pages[P1].address, INT3), status;

	story_say(&lab->story, "process_vm_writev() writes only where the process itself could, and the "
		  "code is r-x.");
	status = look(lab);
	if (status)
		return status;
	if (err == -ENOSYS)
		story_absent(&lab->story, "process_vm_writev(), which this kernel was built without");
	else
		story_claim(&lab->story, err == -EFAULT, "The write is refused (%s).", strerror(-err));
	claim_untouched(lab);
	return STATUS_DONE;
}

static int set_breakpoint(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	struct story *story = &lab->story;
	int status = lab_failed("p1", debugger_poke(page[P1].pid, page[P1].address, INT3)), byte;

	if (status)
		return status;
	story_say(story, "PTRACE_POKETEXT does not ask for the right to write: it writes by force. "
		  "So that nobody else meets the breakpoint, the kernel first makes p1 a copy of "
		  "the page.");
	status = look(lab);
	if (status)
		return status;
	byte = debugger_peek(page[P1].pid, page[P1].address);
	story_claim(story, answered(byte, INT3), "p1 has the breakpoint, cc.");
	story_claim(story, privatized(lab, P1),
		    "The page of p1 is another one: an anonymous page in a private mapping of a file.");
	story_claim(story, sighting_exclusive(&page[P1]), "It belongs to p1 alone.");
	story_claim(story, read_only(&page[P1]),
		    "The VMA of p1 is still r-xp and its entry read-only: p1 itself could not have written.");
	story_claim(story, shared(lab, P2, P5), "p2, p3 and p4 still have the page of the file.");
	story_claim_count(story, &lab->pages[P2], 3);
	story_claim(story, unchanged(lab, P2, P5), "They read the same byte as before.");
	story_say(story, "OS/2 marked the context record of the debugged process Privatized, and kept an "
		  "alias record of where the debugger saw the page. Linux has no such records: that "
		  "the page is anonymous is the mark, and the kernel's own mapping the debugger's view.");
	return STATUS_DONE;
}

static int remove_breakpoint(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	struct story *story = &lab->story;
	int status = lab_failed("p1", debugger_poke(page[P1].pid, page[P1].address, lab->byte));

	if (!status)
		status = lab_failed("p1", debugger_detach(page[P1].pid));
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(story, unchanged(lab, P1, P5), "All four read the same byte again.");
	story_claim(story, privatized(lab, P1),
		    "p1 stays on its own page all the same: nothing joins equal pages again by itself.");
	story_claim(story, sighting_exclusive(&page[P1]), "It still belongs to p1 alone.");
	story_claim(story, shared(lab, P2, P5), "The others share the page of the file.");
	story_claim_count(story, &lab->pages[P2], 3);
	return STATUS_DONE;
}

static int start_fifth(struct lab *lab)
{
	int status = enter(lab, "p5");

	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, shared(lab, P2, CHILD),
		    "p5 has the page of the file, with p2, p3 and p4, and not the copy.");
	story_claim_count(&lab->story, &lab->pages[P2], 4);
	story_claim(&lab->story, privatized(lab, P1), "p1 still has its copy.");
	story_claim_count(&lab->story, &lab->pages[P1], 1);
	return STATUS_DONE;
}

static int fork_first(struct lab *lab)
{
	struct sighting *page = lab->pages;
	struct story *story = &lab->story;
	int status = lab_failed("p1", actor_fork(&lab->actors[P1], &lab->actors[CHILD]));

	if (status)
		return status;
	page[CHILD] = page[P1];
	page[CHILD].who = "p1child";
	page[CHILD].pid = lab->actors[CHILD].pid;
	lab->count = CAST;
	status = look(lab);
	if (status)
		return status;
	story_claim(story, both(privatized(lab, P1), sighting_same(&page[P1], &page[CHILD])),
		    "Parent and child have one page, and it is the copy.");
	story_claim(story, both(not(sighting_exclusive(&page[P1])), not(sighting_exclusive(&page[CHILD]))),
		    "It is neither one's alone now.");
	story_claim_count(story, &lab->pages[P1], 2);
	story_claim(story, shared(lab, P2, CHILD), "The others are as before.");
	story_say(story, "A copy is inherited by fork as any anonymous memory is: the next forced write "
		  "would make a copy of the copy.");
	return STATUS_DONE;
}

/* Since v6.12 a kernel can be made to let only the tracer write by force through mem. */
static int write_unattached(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	struct story *story = &lab->story;
	int err = debugger_mem_write(page[P2].pid, page[P2].address, lab->byte), status;

	story_say(story, "A process that is not attached to p2 writes to /proc/PID/mem of it: the byte that "
		  "is there already, which makes no difference to the kernel.");
	status = look(lab);
	if (status)
		return status;
	if (err) {
		story_claim(story, err == -EIO, "This kernel refuses (%s).", strerror(-err));
		story_claim(story, shared(lab, P2, CHILD), "p2 keeps the page of the file, as p3, p4 and p5 do.");
		return STATUS_DONE;
	}
	story_claim(story, privatized(lab, P2),
		    "This kernel lets it write: p2 has a copy, though no byte of it differs.");
	story_claim(story, shared(lab, P3, CHILD), "p3, p4 and p5 still have the page of the file.");
	return STATUS_DONE;
}

/* p2 throws away what it has of its own, reads, and all is shown. */
static int give_back(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	int status = lab_failed("p2", actor_ask(&lab->actors[P2], LAB_FORGET, page[P2].address, 0));

	if (!status)
		status = lab_failed("p2", actor_ask(&lab->actors[P2], LAB_READ, page[P2].address, 0));
	if (!status)
		status = look(lab);
	if (status)
		return status;
	story_claim(&lab->story, shared(lab, P2, CHILD), "p2 has the page of the file, with p3, p4 and p5.");
	return STATUS_DONE;
}

/* Attached to p2, for as long as it takes; what came of the write in *@err. */
static int write_by_tracer(struct lab *lab, int *err)
{
	const struct sighting *page = &lab->pages[P2];
	int status = lab_attach("p2", page->pid);

	if (status)
		return status;
	*err = debugger_mem_write(page->pid, page->address, lab->byte);
	return lab_failed("p2", debugger_detach(page->pid));
}

static void claim_written(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	struct story *story = &lab->story;

	story_claim(story, both(privatized(lab, P2), sighting_exclusive(&page[P2])),
		    "p2 has a copy that is its own.");
	story_claim(story, read_only(&page[P2]), "p2 itself cannot write to it.");
	story_claim(story, not(sighting_same(&page[P1], &page[P2])),
		    "It is not the copy that p1 has: each is made for one process.");
	story_claim(story, shared(lab, P3, CHILD), "p3, p4 and p5 still have the page of the file.");
	story_claim_count(story, &lab->pages[P3], 3);
	story_claim(story, unchanged(lab, P2, CHILD), "All read the same byte: the copy is equal.");
}

/* Since v6.12 a kernel can also be made to refuse the tracer. */
static int write_attached(struct lab *lab)
{
	struct story *story = &lab->story;
	int err, status;

	story_say(story, "What p2 has from step 7a is not to be taken for what comes now: it gives its page "
		  "back, and reads.");
	status = give_back(lab);
	if (!status)
		status = write_by_tracer(lab, &err);
	if (!status && err != -EIO)
		status = lab_failed("p2", err);
	story_say(story, "The debugger attaches to p2, writes, and detaches.");
	if (!status)
		status = look(lab);
	if (status)
		return status;
	if (!err) {
		claim_written(lab);
		return STATUS_DONE;
	}
	story_absent(story, "a forced write through /proc/PID/mem, which this kernel lets nobody do");
	story_claim(story, shared(lab, P2, CHILD), "p2 keeps the page of the file, as p3, p4 and p5 do.");
	return STATUS_DONE;
}

static int forget(struct lab *lab)
{
	const struct sighting *page = lab->pages;
	int status;

	story_say(&lab->story, "p2 calls madvise(MADV_DONTNEED) for its page, which throws away what it has of "
		  "its own, and reads: the fault finds the file's page.");
	status = give_back(lab);
	if (status)
		return status;
	story_claim_count(&lab->story, &lab->pages[P2], 4);
	story_claim(&lab->story, both(privatized(lab, P1), sighting_same(&page[P1], &page[CHILD])),
		    "p1 and its child, who did nothing, still have the copy.");
	return STATUS_DONE;
}

static const struct lab_step steps[] = {
	{ "0", "Four processes load one library", load },
	{ "1", "A debugger attaches to p1 and reads", attach },
	{ "2", "A write that keeps to the rights of the mapping", write_with_rights },
	{ "3", "The debugger sets a breakpoint in p1", set_breakpoint },
	{ "4", "It removes the breakpoint and detaches", remove_breakpoint },
	{ "5", "A fifth process starts", start_fifth },
	{ "6", "p1 forks", fork_first },
	{ "7a", "A write through /proc/PID/mem, not attached", write_unattached },
	{ "7b", "The same, attached", write_attached },
	{ "8", "p2 gives its copy back", forget },
};

int lab_breakpoint(const struct lab_request *request)
{
	struct lab lab = { .fd = -1 };
	int status = lab_failed("processor", actor_stage());

	if (!status)
		status = story_begin(&lab.story, &request->common,
				     "Breakpoint: a library's page, four processes, one debugger");
	if (status)
		return status;
	lab.fd = sample_open(request->folder);
	if (lab.fd < 0)
		status = nameless_failed(request->folder, lab.fd);
	else
		status = lab_take_steps(&lab, &lab.story, steps, ARRAY_SIZE(steps));
	status = story_end(&lab.story, status);
	for (int i = CAST - 1; i >= 0; i--)
		actor_end(&lab.actors[i]);
	close(lab.fd);
	return status;
}

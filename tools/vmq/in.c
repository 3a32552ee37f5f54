// SPDX-License-Identifier: GPL-2.0-only
/* vmq in: brings a page into memory, by reading one byte of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/errors.h"
#include "commands.h"
#include "place.h"

static const char usage[] =
	"usage: vmq in [OPTION..] PID|self ADDR\n"
	"Brings the page at ADDR (hexadecimal) into memory by reading one byte of it through\n"
	"/proc/PID/mem, and prints its entry before and after, as dp does. The page comes\n"
	"from swap or from its file; where nothing was, the zero page is mapped until a\n"
	"write. The fault is vmq's, not the process'. Nothing is ever written.\n"
	COMMON_USAGE
	"Example: vmq in 1234 7f31c2a45000\n";

static const struct entry *own(const struct path *path)
{
	return &path->entries[path->count - 1];
}

/* What was there, for those who would not see it from the two lines. */
static void say(const struct entry *before, const struct entry *after)
{
	const char *what = NULL;

	if (before->run.entry & VMQ_ENTRY_PRESENT)
		what = "was in memory before";
	else if (!(after->run.entry & VMQ_ENTRY_PRESENT))
		what = "could be read, but the page has gone again, or is hidden";
	else if (after->run.kind == VMQ_KIND_ZERO || after->run.kind == VMQ_KIND_HUGE_ZERO)
		what = "nothing was there; the zero page is, until a write";
	else if (before->cached > 0)
		what = "was in the page cache, and is mapped now";
	else if (!before->cached)
		what = before->vma->type == VMQ_VMA_TYPE_FILE ? "was not in the page cache" :
			"was not in memory: it is a new one, or comes from swap";
	if (what)
		fprintf(stderr, "%s: %#llx: %s\n", program_invocation_short_name,
			after->run.start, what);
}

/* A status. */
static int print_both(struct place *place, const struct path *before, const struct path *after)
{
	struct output output;
	int status;

	output_begin(&output, place->style, &entry_table, place->vmq);
	output_record(&output, own(before));
	output_record(&output, own(after));
	status = output_finish(&output, place->process, 0);
	if (!status)
		say(own(before), own(after));
	return status;
}

static int page_in(struct place *place)
{
	struct path before, after;
	int err = place_look(place, place->start, &before);

	if (err)
		return fail_to_look(place->process, err);
	err = vmq_page_in(place->vmq, place->start);
	if (err == -EIO)
		return refuse("%s: %#llx: cannot be read, not by a debugger either (pfn-mapped, a guard, or behind the end of its file)",
			      place->process, place->start);
	/* more is asked for here than to look */
	if (err == -EACCES)
		return refuse("%s: %s (root, or see kernel.yama.ptrace_scope)", place->process,
			      strerror(-err));
	if (!err)
		err = place_look(place, place->start, &after);
	return err ? fail_to_look(place->process, err) : print_both(place, &before, &after);
}

int vmq_in(int argc, char **argv)
{
	struct place place;
	int status = place_open(&place, argc, argv, usage, false);

	if (status >= 0)
		return status;
	status = place_is_mapped(&place, place.start) ? page_in(&place) : STATUS_FAILED;
	place_close(&place);
	return status;
}

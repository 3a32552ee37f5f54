// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmq dp: the lines of page-table entries that the OS/2 debugger prints, for a
 * page or more.
 */
#include "../../module/shared/run.h"
#include "../common/errors.h"
#include "commands.h"
#include "place.h"

static const char usage[] =
	"usage: vmq dp [OPTION..] PID|self ADDR [PAGES]\n"
	"Prints the page-table entry of the page at ADDR (hexadecimal), or of PAGES pages\n"
	"from there: where the page is, what the entry's bits say, whose the page is and\n"
	"what a write would do. A line marked * is the entry of the directory above, again\n"
	"whenever it is another one.\n"
	COMMON_USAGE
	"Example: vmq dp 1 $(vq --tsv 1 | awk '$5 == \"Image\" { print $2; exit }') 2\n"
	"           the first two pages of an image in process 1\n";

#define NO_DIRECTORY (-1ULL)

/*
 * Which entry of all that could lead to a table the one above the page's own is:
 * its level and what it covers. It is there if the path has more than one entry.
 */
static __u64 directory_of(const struct path *path)
{
	const struct entry *own = &path->entries[path->count - 1];
	/* an entry covers all of a table of the level below: 512 times its entries */
	unsigned int shift = VMQ_PAGE_SHIFT + 9 * own->level.level;

	if (path->count < 2)
		return NO_DIRECTORY;
	return own->run.start >> shift << shift | own->level.level;
}

/* A status. */
static int print_entries(struct place *place)
{
	__u64 directory = NO_DIRECTORY, next;
	struct output output;
	struct path path;
	int err = 0;

	output_begin(&output, place->style, &entry_table, place->vmq);
	for (__u64 at = place->start; at < place->end; at += 1ULL << VMQ_PAGE_SHIFT) {
		err = place_look(place, at, &path);
		if (err)
			break;
		next = directory_of(&path);
		if (next != directory && next != NO_DIRECTORY)
			output_record(&output, &path.entries[path.count - 2]);
		directory = next;
		output_record(&output, &path.entries[path.count - 1]);
	}
	return output_finish(&output, place->process, err);
}

int vmq_dp(int argc, char **argv)
{
	struct place place;
	int status = place_open(&place, argc, argv, usage, true);

	if (status >= 0)
		return status;
	status = print_entries(&place);
	place_close(&place);
	return status;
}

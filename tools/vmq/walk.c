// SPDX-License-Identifier: GPL-2.0-only
/* vmq walk: the way of an address through all levels of the page tables. */
#include <errno.h>

#include "../common/errors.h"
#include "commands.h"
#include "place.h"

static const char usage[] =
	"usage: vmq walk [OPTION..] PID|self ADDR\n"
	"Prints the entries the processor follows to the page at ADDR (hexadecimal), from\n"
	"the root down: the table, the index in it, and where the entry leads. The last\n"
	"line is the page, or says why there is none. Needs the module.\n"
	COMMON_USAGE
	"Example: vmq walk 1234 7f31c2a45000\n";

/* A status. */
static int print_path(struct place *place)
{
	struct output output;
	struct path path;
	int err = place_look(place, place->start, &path);

	if (!err && path.count < 2)
		err = -EOPNOTSUPP;
	if (err)
		return fail_to_look(place->process, err);
	output_begin(&output, place->style, &entry_level_table, place->vmq);
	for (unsigned int i = 0; i < path.count; i++)
		output_record(&output, &path.entries[i]);
	return output_finish(&output, place->process, 0);
}

int vmq_walk(int argc, char **argv)
{
	struct place place;
	int status = place_open(&place, argc, argv, usage, false);

	if (status >= 0)
		return status;
	if (vmq_backend(place.vmq) == VMQ_BACKEND_PROCFS)
		status = refuse("%s: walk needs the module, as nothing else reads page tables (insmod vmq.ko)",
				place.process);
	else
		status = place_is_mapped(&place, place.start) ? print_path(&place) : STATUS_FAILED;
	place_close(&place);
	return status;
}

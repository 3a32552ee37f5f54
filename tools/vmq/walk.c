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

static int print_path(struct place *place)
{
	struct output output;
	struct path path;
	int err = place_look(place, place->start, &path);

	if (!err && path.count < 2)
		err = -EOPNOTSUPP;
	if (err)
		return err;
	output_begin(&output, place->style, &entry_level_table, place->vmq);
	for (unsigned int i = 0; i < path.count; i++)
		output_record(&output, &path.entries[i]);
	return output_end(&output);
}

int vmq_walk(int argc, char **argv)
{
	struct place place;
	int status = place_open(&place, argc, argv, usage, false), err;

	if (status >= 0)
		return status;
	if (!place_is_mapped(&place, place.start)) {
		status = STATUS_FAILED;
	} else {
		err = print_path(&place);
		status = err ? fail_to_look(place.process, err) : STATUS_DONE;
	}
	place_close(&place);
	return status;
}

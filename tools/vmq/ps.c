// SPDX-License-Identifier: GPL-2.0-only
/* vmq ps: which processes there are, and which of them the caller may look at. */
#include <string.h>

#include "../../module/shared/cells.h"
#include "../common/errors.h"
#include "../common/options.h"
#include "commands.h"

static const char usage[] =
	"usage: vmq ps [OPTION..]\n"
	"Lists the processes, in order of their ids, with the size of their VMAs, of what\n"
	"is in memory of them, and whether you may look at them with the other commands.\n"
	"Threads of the kernel are left out: they have no address space of their own.\n"
	COMMON_USAGE
	"Example: vmq ps --tsv | awk '$7 == \"yes\" { print $1 }'\n";

#define COLUMN(name, fill)							\
static void name(const void *record, struct vmq_cell *cell)			\
{										\
	const struct vmq_process *process = record;				\
										\
	fill;									\
}

COLUMN(pid, cell_number(cell, process->pid))
COLUMN(ppid, cell_number(cell, process->ppid))
COLUMN(threads, cell_number(cell, process->threads))
COLUMN(vm_bytes, cell_number(cell, process->vm_bytes))
COLUMN(resident_bytes, cell_number(cell, process->resident_bytes))
COLUMN(may_look, cell_yes_no(cell, process->may_look))

static void state(const void *record, struct vmq_cell *cell)
{
	const struct vmq_process *process = record;

	cell->room[0] = process->state;
	cell->room[1] = '\0';
	cell_word(cell, cell->room);
}

static void name(const void *record, struct vmq_cell *cell)
{
	const struct vmq_process *process = record;

	cell->kind = VMQ_CELL_NAME;
	cell->text = process->name;
	cell->length = strlen(process->name);
}

static const struct vmq_column columns[] = {
	{ "PID",	"pid",			7,	pid },
	{ "PPID",	"ppid",			7,	ppid },
	{ "THREADS",	"threads",		7,	threads },
	{ "STATE",	"state",		-5,	state },
	{ "BYTES",	"vm_bytes",		15,	vm_bytes },
	{ "RESIDENT",	"resident_bytes",	12,	resident_bytes },
	{ "LOOK",	"may_look",		-4,	may_look },
	{ "NAME",	"name",			-4,	name },
};

static const struct vmq_table table = {
	.schema = "processes/1",
	.about = "# STATE is the letter of ps(1), BYTES the size of all VMAs, RESIDENT what of them is in\n"
		 "# memory, about; LOOK whether you may look at the process.\n",
	.columns = columns,
	.count = ARRAY_SIZE(columns),
};

int vmq_ps(int argc, char **argv)
{
	struct options options = { 0 };
	struct vmq_process_list list;
	struct output output;
	int status = common_options(&options, argc, argv, usage), err;

	if (status >= 0)
		return status;
	if (optind < argc)
		return misused("%s: ps lists all processes", argv[optind]);
	err = vmq_processes_read(&list);
	if (err)
		return fail("/proc", err);
	output_begin(&output, options.style, &table, NULL);
	for (size_t i = 0; i < list.count; i++)
		output_record(&output, &list.processes[i]);
	err = output_end(&output);
	vmq_processes_free(&list);
	return err ? fail("standard output", err) : STATUS_DONE;
}

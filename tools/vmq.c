// SPDX-License-Identifier: GPL-2.0-only
/* vmq: a debugger's view of virtual memory: the table of its commands. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/errors.h"
#include "common/options.h"
#include "vmq/commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "dp",		vmq_dp,		"the page-table entries of some pages" },
	{ "in",		vmq_in,		"bring a page into memory" },
	{ "lab",	vmq_lab,	"experiments on debuggers, aliases and address spaces" },
	{ "ps",		vmq_ps,		"the processes one can look at" },
	{ "walk",	vmq_walk,	"every level of the page tables above a page" },
	{ }
};

static int help(void)
{
	printf("usage: vmq COMMAND [OPTION..] [ARGUMENT..]\n"
	       "Shows what the page tables of processes say. The commands are:\n");
	for (const struct command *command = commands; command->name; command++)
		printf("  %-19s %s\n", command->name, command->help);
	printf("Options of every command are:\n" COMMON_USAGE
	       "Example: vmq dp --help      what dp prints, and of what\n");
	return fflush(stdout) ? fail("standard output", -errno) : STATUS_DONE;
}

int main(int argc, char **argv)
{
	struct options none = { 0 };

	output_until_closed();
	if (argc < 2)
		return misused("the command is missing");
	if (!strcmp(argv[1], "--help"))
		return help();
	if (!strcmp(argv[1], "--version"))
		return common_option(&none, OPTION_VERSION, NULL, NULL);
	for (const struct command *command = commands; command->name; command++) {
		if (strcmp(argv[1], command->name))
			continue;
		errors_of_command(command->name);
		argv[1] = argv[0];	/* by which getopt_long() names us */
		return command->run(argc - 1, argv + 1);
	}
	return misused("%s: no such command", argv[1]);
}

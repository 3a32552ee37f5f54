/* SPDX-License-Identifier: GPL-2.0-only */
/* The options all tools have, and the process they look at. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <sys/types.h>
#include <vmq.h>

#include "output.h"

#define VMQ_VERSION "0.1"

struct options {
	enum output_style style;
	enum vmq_backend backend;
};

/* For struct option: values of the common options; a tool's own begin above. */
enum {
	OPTION_TSV = 256,
	OPTION_JSON,
	OPTION_BACKEND,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_OWN,
};

#define COMMON_OPTIONS							\
	{ "tsv",	no_argument,		NULL, OPTION_TSV },	\
	{ "json",	no_argument,		NULL, OPTION_JSON },	\
	{ "backend",	required_argument,	NULL, OPTION_BACKEND },	\
	{ "help",	no_argument,		NULL, OPTION_HELP },	\
	{ "version",	no_argument,		NULL, OPTION_VERSION }

#define COMMON_USAGE							\
	"  --tsv               tab-separated values, with a line of names\n"	\
	"  --json              an object per line, the first about the list\n"	\
	"  --backend=NAME      ask the module or procfs only\n"		\
	"  --help, --version\n"

/*
 * Handles @option, as getopt_long() returned it, with its argument. Returns -1 to
 * go on, or the status to exit with; --help prints @usage, --version the version.
 */
int common_option(struct options *options, int option, const char *argument,
		  const char *usage);

/*
 * Parses the options of a command that has none of its own; optind is then the first
 * word that is none. Returns as common_option() does.
 */
int common_options(struct options *options, int argc, char **argv, const char *usage);

/* Stores the process @text names: its id, or 0 for self. */
bool parse_target(const char *text, pid_t *pid);

/*
 * Opens @pid, called @subject in messages, and says on stderr that procfs answers
 * when it does, and why if nobody asked for it. Returns a status.
 */
int open_target(const struct options *options, pid_t pid, const char *subject,
		struct vmq **vmq);

#endif

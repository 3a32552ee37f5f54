// SPDX-License-Identifier: GPL-2.0-only
/* Parses what all tools accept and opens their target. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "options.h"

static int set_backend(struct options *options, const char *name)
{
	if (!strcmp(name, "module"))
		options->backend = VMQ_BACKEND_MODULE;
	else if (!strcmp(name, "procfs"))
		options->backend = VMQ_BACKEND_PROCFS;
	else
		return misused("--backend=%s: must be module or procfs", name);
	return -1;
}

int common_option(struct options *options, int option, const char *argument,
		  const char *usage)
{
	switch (option) {
	case OPTION_TSV:
		options->style = OUTPUT_TSV;
		return -1;
	case OPTION_JSON:
		options->style = OUTPUT_JSON;
		return -1;
	case OPTION_BACKEND:
		return set_backend(options, argument);
	case OPTION_HELP:
		fputs(usage, stdout);
		return fflush(stdout) ? fail("standard output", -errno) : STATUS_DONE;
	case OPTION_VERSION:
		printf("%s %s\n", program_invocation_short_name, VMQ_VERSION);
		return fflush(stdout) ? fail("standard output", -errno) : STATUS_DONE;
	default:
		/* getopt_long() has said what is wrong */
		return STATUS_USAGE;
	}
}

int common_options(struct options *options, int argc, char **argv, const char *usage)
{
	static const struct option known[] = { COMMON_OPTIONS, { } };
	int option, status = -1;

	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) >= 0)
		status = common_option(options, option, optarg, usage);
	return status;
}

bool parse_target(const char *text, pid_t *pid)
{
	char *end;
	long number;

	if (!strcmp(text, "self")) {
		*pid = 0;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtol(text, &end, 10);
	*pid = number;
	return !errno && !*end && number > 0 && number <= INT_MAX;
}

/* Why the module was passed over for @pid, in brackets; "" if it would not be now. */
static const char *why_procfs(pid_t pid)
{
	struct vmq *vmq;

	switch (vmq_open(&vmq, pid, VMQ_BACKEND_MODULE)) {
	case 0:
		vmq_close(vmq);
		return "";
	case -ENODEV:
		return " (it is not loaded)";
	case -EACCES:
	case -EPERM:
		return " (you may not open /dev/vmq; root may, and the group of 60-vmq.rules)";
	default:
		return " (at /dev/vmq is none of this version, or not for this kernel)";
	}
}

/* Whether @err is of /dev/vmq, and not of the process: one may always look at oneself. */
static bool is_closed(enum vmq_backend backend, int err)
{
	struct vmq *vmq;

	if (backend != VMQ_BACKEND_MODULE || (err != -EACCES && err != -EPERM))
		return false;
	if (vmq_open(&vmq, 0, VMQ_BACKEND_MODULE))
		return true;
	vmq_close(vmq);
	return false;
}

int open_target(const struct options *options, pid_t pid, const char *subject,
		struct vmq **vmq)
{
	int err = vmq_open(vmq, pid, options->backend);

	if (err && is_closed(options->backend, err))
		return refuse("%s: %s%s", subject, strerror(-err), why_procfs(0));
	if (err)
		return fail_to_look(subject, err);
	if (vmq_backend(*vmq) == VMQ_BACKEND_PROCFS)
		fprintf(stderr, "%s: procfs answers, not the module%s: what only page tables tell is absent\n",
			program_invocation_short_name,
			options->backend == VMQ_BACKEND_ANY ? why_procfs(pid) : "");
	return STATUS_DONE;
}

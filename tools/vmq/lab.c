// SPDX-License-Identifier: GPL-2.0-only
/* vmq lab: experiments that make something of virtual memory happen, show and check it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/errors.h"
#include "../stage/debugger.h"
#include "commands.h"
#include "lab.h"

static const char usage[] =
	"usage: vmq lab [OPTION..] [NAME | all]\n"
	"Does an experiment with processes of its own, step by step: shows the pages at each\n"
	"step, and checks what is said of them. Without a name it lists the experiments. With\n"
	"the variable STEP set to 1 it waits for Enter after each step.\n"
	"  --folder=DIR        have the files in this folder, not in memory; they have no name\n"
	COMMON_USAGE
	"Exit status: 0 all is as said, 3 it is not, 1 it could not be done or be checked.\n"
	"Example: vmq lab breakpoint      what a breakpoint in a library does to those who share it\n";

static const struct {
	const char *name;
	const char *about;
	int (*run)(const struct lab_request *request);
} labs[] = {
	{ "breakpoint", "a library's page, shared by four processes, and a debugger", lab_breakpoint },
	{ "views", "one page to write and to execute, at different addresses", lab_views },
	{ "patterns", "what an address space is made of, as rows of vq", lab_patterns },
};

int lab_failed(const char *who, int64_t err)
{
	return err < 0 ? fail(who, err) : STATUS_DONE;
}

int lab_attach(const char *who, pid_t pid)
{
	int err = debugger_attach(pid);

	if (err != -EPERM)
		return lab_failed(who, err);
	return refuse("%s: %s (run as root, or see kernel.yama.ptrace_scope; one that has ended or is "
		      "traced cannot be attached to either)", who, strerror(-err));
}

int lab_take_steps(struct lab *lab, struct story *story, const struct lab_step *steps,
		   unsigned int count)
{
	int status = STATUS_DONE;

	for (unsigned int i = 0; i < count && !status; i++) {
		story_step(story, steps[i].name, steps[i].title);
		status = steps[i].run(lab);
	}
	return status;
}

static int list_labs(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(labs); i++)
		printf("%-12s %s\n", labs[i].name, labs[i].about);
	return fflush(stdout) ? fail("standard output", -errno) : STATUS_DONE;
}

static int run_all(const struct lab_request *request)
{
	int worst = STATUS_DONE;

	for (unsigned int i = 0; i < ARRAY_SIZE(labs); i++) {
		int status = labs[i].run(request);

		if (i + 1 < ARRAY_SIZE(labs))
			puts("\n");
		/* a deviation tells more than that something could not be done */
		worst = status > worst ? status : worst;
	}
	return worst;
}

static int run_lab(const struct lab_request *request, const char *name)
{
	bool all = !strcmp(name, "all");

	if (all && request->common.style != OUTPUT_HUMAN)
		return misused("lab all: --tsv and --json are for one experiment, as each has its own columns");
	if (all)
		return run_all(request);
	for (unsigned int i = 0; i < ARRAY_SIZE(labs); i++)
		if (!strcmp(name, labs[i].name))
			return labs[i].run(request);
	refuse("lab %s: there is no such experiment (vmq lab lists them)", name);
	return STATUS_USAGE;
}

int vmq_lab(int argc, char **argv)
{
	enum { FOLDER = OPTION_OWN };
	static const struct option known[] = {
		COMMON_OPTIONS,
		{ "folder",	required_argument,	NULL, FOLDER },
		{ }
	};
	struct lab_request request = { 0 };
	int option, status = -1;

	/* how an experiment begins its actors */
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return lab_serve(argv[2]);
	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == FOLDER)
			request.folder = optarg;
		else
			status = common_option(&request.common, option, optarg, usage);
	}
	if (status >= 0)
		return status;
	if (optind == argc)
		return list_labs();
	if (optind + 1 < argc)
		return misused("lab %s: one experiment at a time, or all", argv[optind + 1]);
	return run_lab(&request, argv[optind]);
}

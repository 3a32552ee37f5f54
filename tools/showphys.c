// SPDX-License-Identifier: GPL-2.0-only
/* showphys: which pages two instances of a program share, and what ends the sharing. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "common/errors.h"
#include "showphys/chapters.h"
#include "showphys/document.h"

static const char usage[] =
	"usage: showphys [OPTION..]\n"
	"Loads a library in two processes, at the same address and at another, writes to what\n"
	"they share, forks, and shows at each step which page is behind every address. It checks\n"
	"what it says; exit status 3 means that something was not so.\n"
	"  --loader=system     what the system's loader makes of the same library\n"
	"  --first             be the first instance, and wait for a second one\n"
	"  --second            be the second instance, in another terminal: Enter goes on\n"
	"  --folder=DIR        have the library in a nameless file there, not in memory\n"
	COMMON_USAGE
	"STEP=1 in the environment makes it wait for Enter after each step.\n"
	"Example: STEP=1 showphys\n";

enum {
	OPTION_LOADER = OPTION_OWN,
	OPTION_FIRST,
	OPTION_SECOND,
	OPTION_FOLDER,
};

/* What is told: how, in which role. */
enum mode { MODE_WHOLE, MODE_SYSTEM, MODE_FIRST, MODE_SECOND };

struct request {
	struct options common;
	enum mode mode;
	const char *folder;
};

static int set_mode(struct request *request, enum mode mode)
{
	if (request->mode != MODE_WHOLE && request->mode != mode)
		return misused("only one of --loader, --first and --second");
	request->mode = mode;
	return -1;
}

static int own_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_LOADER:
		if (strcmp(optarg, "system"))
			return misused("--loader=%s: must be system", optarg);
		return set_mode(request, MODE_SYSTEM);
	case OPTION_FIRST:
		return set_mode(request, MODE_FIRST);
	case OPTION_SECOND:
		return set_mode(request, MODE_SECOND);
	case OPTION_FOLDER:
		request->folder = optarg;
		return -1;
	default:
		return common_option(&request->common, option, optarg, usage);
	}
}

/* -1, or the status to exit with. */
static int parse(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "loader",	required_argument,	NULL, OPTION_LOADER },
		{ "first",	no_argument,		NULL, OPTION_FIRST },
		{ "second",	no_argument,		NULL, OPTION_SECOND },
		{ "folder",	required_argument,	NULL, OPTION_FOLDER },
		COMMON_OPTIONS,
		{ 0 }
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = own_option(request, option);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return misused("%s: no argument is expected", argv[optind]);
	if (request->mode == MODE_SECOND && request->folder)
		return misused("--folder is for the first instance");
	return -1;
}

static int document_tell(struct story *story, const struct files *files)
{
	struct instance first, second;
	int status;

	instance_start(&first, "first", files);
	instance_start(&second, "second", files);
	status = document_first(story, &first);
	for (enum step step = STEP_OTHER_BASE; !status && step < STEPS; step++)
		status = document_second(story, step, &first, &second);
	if (!status)
		story_step_end(story);
	instance_end(&second);
	instance_end(&first);
	return status ? status : fork_tell(story, files);
}

/* Opens the files, which all but a second instance need, and tells. */
static int tell(struct story *story, const struct request *request)
{
	static int (*const with_files[])(struct story *story, const struct files *files) = {
		[MODE_WHOLE] = document_tell,
		[MODE_SYSTEM] = system_tell,
		[MODE_FIRST] = first_tell,
	};
	struct files files;
	int status;

	if (request->mode == MODE_SECOND)
		return second_tell(story);
	status = files_open(&files, request->folder);
	if (status)
		return status;
	status = with_files[request->mode](story, &files);
	files_close(&files);
	return status;
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	struct story story;
	int status;

	if (argc && !strcmp(argv[0], INSTANCE_PROGRAM))
		return instance_main(argc, argv);
	output_until_closed();
	status = parse(&request, argc, argv);
	if (status >= 0)
		return status;
	status = actor_stage();
	if (status)
		return fail("one CPU, and no huge pages", status);
	status = story_begin(&story, &request.common,
			     "SHOWPHYS: two instances, one library, and the pages they share");
	return status ? status : story_end(&story, tell(&story, &request));
}

// SPDX-License-Identifier: GPL-2.0-only
/* vq: the address space of a process, from 0 to the top, or its VMAs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../module/shared/text.h"
#include "common/command.h"
#include "common/errors.h"
#include "common/options.h"
#include "common/output.h"
#include "common/source.h"

static const char usage[] =
	"usage: vq [OPTION..] PID | self\n"
	"       vq [OPTION..] -- COMMAND [ARGUMENT..]\n"
	"Prints what every address of a process is: free, reserved or committed; private,\n"
	"mapped or of an image; which rights it has and which it could have;\n"
	"and where a write would make a copy. A command is looked at when its last thread\n"
	"is about to exit.\n"
	"  --vmas              one line per VMA instead, as the kernel keeps them\n"
	"  --at=exec           look at the command before its first instruction\n"
	COMMON_USAGE
	"Example: vq -- true       the library data that true has written lacks its C\n";

struct request {
	struct options common;
	enum command_stop stop;
	bool at;		/* @stop was asked for */
	bool vmas;
};

/* A status; the process is called @subject. */
static int print_rows(struct source *source, enum output_style style, const char *subject)
{
	struct output output;
	struct vmq_rows rows;
	struct vmq_row row;
	int got;

	vmq_rows_init(&rows, &source->space, &source->facts);
	output_begin(&output, style, &vmq_row_table, source->vmq);
	while ((got = vmq_rows_next(&rows, &row)) > 0)
		output_record(&output, &row);
	return output_finish(&output, subject, got);
}

/* People learn below the list what the kernel keeps it in. */
static void print_footer(const struct vmq_vma_list *list)
{
	char line[80];

	if (!list->height)
		return;
	vmq_text_vma_footer(list->total, list->height, line, sizeof(line));
	fputs(line, stdout);
}

static int print_vmas(struct source *source, enum output_style style, const char *subject)
{
	struct vmq_vma_pages pages = { 0 };
	struct vmq_pieces pieces;
	struct output output;
	int got;

	vmq_pieces_init(&pieces, &source->space, source_next_run, source);
	output_begin(&output, style, &vmq_vma_table, source->vmq);
	while ((got = vmq_vma_pages_next(&pieces, &pages)) > 0) {
		const struct vmq_vma_line line = {
			&source->list.vmas[pages.vma], source->list.names, &pages,
		};

		output_record(&output, &line);
	}
	if (!got && style == OUTPUT_HUMAN)
		print_footer(&source->list);
	return output_finish(&output, subject, got);
}

static int look(const struct request *request, pid_t pid, const char *subject)
{
	struct source source;
	struct vmq *vmq;
	int status, err;

	status = open_target(&request->common, pid, subject, &vmq);
	if (status)
		return status;
	err = source_open(&source, vmq);
	if (err) {
		status = fail_to_look(subject, err);
	} else {
		status = (request->vmas ? print_vmas : print_rows)(&source, request->common.style, subject);
		source_close(&source);
	}
	vmq_close(vmq);
	return status;
}

static int look_at_command(const struct request *request, char **argv)
{
	struct command command;
	int err = command_start(&command, argv, request->stop), status;

	if (err)
		return fail(argv[0], err);
	status = look(request, command.thread, argv[0]);
	command_finish(&command);
	return status;
}

static int set_stop(struct request *request, const char *when)
{
	request->at = true;
	if (!strcmp(when, "exec"))
		request->stop = COMMAND_AT_EXEC;
	else if (!strcmp(when, "exit"))
		request->stop = COMMAND_AT_EXIT;
	else
		return misused("--at=%s: must be exec or exit", when);
	return -1;
}

/* Options up to the first word that is none; -1 to go on, else a status. */
static int parse(struct request *request, int argc, char **argv)
{
	enum { VMAS = OPTION_OWN, AT };
	static const struct option known[] = {
		COMMON_OPTIONS,
		{ "vmas",	no_argument,		NULL, VMAS },
		{ "at",		required_argument,	NULL, AT },
		{ }
	};
	int option, status = -1;

	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == VMAS)
			request->vmas = true;
		else if (option == AT)
			status = set_stop(request, optarg);
		else
			status = common_option(&request->common, option, optarg, usage);
	}
	return status;
}

/* The index of "--" in @argv, or @argc. */
static int find_command(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		;
	return i;
}

static int look_at_process(const struct request *request, int words, char **argv)
{
	pid_t pid;

	if (request->at)
		return misused("--at goes with -- COMMAND");
	if (words != 1)
		return misused("the process is missing or more than one");
	if (!parse_target(argv[0], &pid))
		return misused("%s: not a process id", argv[0]);
	return look(request, pid, argv[0]);
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	int words = find_command(argc, argv), status;

	output_until_closed();
	status = parse(&request, words, argv);
	if (status >= 0)
		return status;
	if (words == argc)
		return look_at_process(&request, argc - optind, argv + optind);
	if (optind < words)
		return misused("%s: a process or a command, not both", argv[optind]);
	if (words + 1 == argc)
		return misused("a command is missing after --");
	return look_at_command(&request, argv + words + 1);
}

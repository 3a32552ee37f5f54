// SPDX-License-Identifier: GPL-2.0-only
/* Messages of the tools, with what can be done about them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"

/* The command of the tool that is run, for misused(); "" for the tool itself. */
static const char *command = "";

void errors_of_command(const char *name)
{
	command = name;
}

static const char *remedy(int err)
{
	switch (err) {
	case -ENODEV:
		return " (load the module with insmod vmq.ko, or use --backend=procfs)";
	case -EACCES:
	case -EPERM:
		return " (run as root, or as the owner of the process)";
	case -ESRCH:
		return " (it has ended, began another program, or is a thread of the kernel)";
	case -EOPNOTSUPP:
		return " (needs the module of this version, or a newer kernel)";
	default:
		return "";
	}
}

int fail(const char *subject, int err)
{
	return refuse("%s: %s", subject, strerror(-err));
}

int fail_to_look(const char *subject, int err)
{
	return refuse("%s: %s%s", subject, strerror(-err), remedy(err));
}

static void say(const char *format, va_list args)
{
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
}

int refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputc('\n', stderr);
	return STATUS_FAILED;
}

int misused(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, " (see %s%s%s --help)\n", program_invocation_short_name,
		*command ? " " : "", command);
	return STATUS_USAGE;
}

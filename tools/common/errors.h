/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tools say when something goes wrong: "tool: subject: reason (remedy)"
 * on stderr. Each function returns the exit status that goes with it.
 */
#ifndef TOOLS_ERRORS_H
#define TOOLS_ERRORS_H

#define STATUS_DONE	0
#define STATUS_FAILED	1
#define STATUS_USAGE	2

/* Could not be done: the negative errno @err happened to @subject. */
int fail(const char *subject, int err);

/* The same, of what the library was asked about a process: with what helps. */
int fail_to_look(const char *subject, int err);

/* Could not be done, for a reason no errno has: which, and what helps, as printf. */
int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on the tool runs its command @name, which has a --help of its own. */
void errors_of_command(const char *name);

/* Wrong usage: what of it, as printf; points to --help. */
int misused(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

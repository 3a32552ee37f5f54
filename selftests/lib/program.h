/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs programs from the PATH: to their end, or in a conversation by pipes. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Reads all of @file into @text; false if it does not fit. */
bool program_read(FILE *file, char *text, size_t room);

/*
 * Has the shell run @command; its exit status, or -1. Its stdout goes to @text, and
 * must fit.
 */
int program_run(const char *command, char *text, size_t room);

/* A program that reads what it is told, and what it has said so far. */
struct program {
	pid_t pid;
	int input, output, words;	/* its stdin, stdout, stderr */
	size_t length;
	char said[1 << 16];		/* stdout, all of it */
};

/* Starts @argv, as the user @uid, in a process group of its own; 0 or -1. */
int program_start(struct program *program, uid_t uid, char *const *argv);

/* Reads on until it has said @count times @text; false if it ends before. */
bool program_says(struct program *program, const char *text, int count);

/* How often @text is in what it has said. */
int program_said(const struct program *program, const char *text);

/* One line for it to read. */
void program_tell(struct program *program, const char *line);

/*
 * Closes its input, reads to the end, and its stderr into @words. Its exit status,
 * or 128 + the signal.
 */
int program_end(struct program *program, char *words, size_t room);

#endif

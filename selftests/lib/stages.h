/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages an experiment lists as TSV, found again by step, process and name. */
#ifndef STAGES_H
#define STAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stage_page {
	const char *step, *process, *name, *entry, *rights, *kind, *sharing, *privatized;
	pid_t pid;
	uint64_t address;
	const char *frame, *token, *index;
	int maps;		/* -1: not told */
};

/* Cuts up @text; false if it is not such a list. */
bool stages_parse(char *text);

/* The page, the @nth (from 0) when a step shows it more than once; else one of "". */
const struct stage_page *stage_page(const char *step, const char *process, const char *name,
				    int nth);

/* Both are there, and are one page. */
bool stage_same(const struct stage_page *a, const struct stage_page *b);

/* The entry has the bit of this name. */
bool stage_entry(const struct stage_page *page, const char *bit);

#endif

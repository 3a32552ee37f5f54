/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tells an experiment: step by step, with the pages seen and, for each step, what
 * is claimed of them and whether it is so. People get text; programs get the pages
 * as TSV or JSON, and only what is not as claimed goes to stderr.
 */
#ifndef STAGE_STORY_H
#define STAGE_STORY_H

#include "../common/options.h"
#include "sighting.h"

/* A claim was seen not to hold. */
#define STATUS_DEVIATION 3

/**
 * struct story - an experiment that is being told
 * @options: how to print, whom to ask
 * @table: what is shown: the table of sightings, or another
 * @list: the list of what was shown, in other styles than text
 * @step: the name of the step that is on
 * @open: the step has not been ended
 * @held: claims that were seen to hold
 * @failed: claims that were seen not to
 * @untold: claims that could not be checked
 * @absent: what this kernel or machine has not, so nothing was claimed
 * @counted: the kernel counts the entries that map a page
 * @uncounted: it was said that the caller is not told how many there are
 * @waits: whether each step ends with Enter
 * @partner: a socket; when its other end has closed there is nothing to wait for. -1 for none
 */
struct story {
	struct options options;
	const struct vmq_table *table;
	struct output list;
	const char *step;
	bool open;
	unsigned int held, failed, untold, absent;
	bool counted, uncounted;
	bool waits;
	int partner;
};

/*
 * Begins to tell @title. Waits after each step if the variable STEP is set in the
 * environment (not 0). Returns a status: STATUS_FAILED, said why, when this caller
 * cannot tell pages from each other here.
 */
int story_begin(struct story *story, const struct options *options, const char *title);

/*
 * The same for a story that shows records of @table, by story_show(), in place of
 * pages, and does not tell pages from each other.
 */
int story_begin_table(struct story *story, const struct options *options, const char *title,
		      const struct vmq_table *table);

/* Begins step @name, a word that programs see, with a title. */
void story_step(struct story *story, const char *name, const char *title);

/*
 * Ends the step with its wait; without this the next step or the end does. To be
 * called before what the step has shown goes away.
 */
void story_step_end(struct story *story);

/* A sentence or more for people. */
void story_say(struct story *story, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Looks at @count pages of which who, pid, item and address are filled in: what they
 * were at one moment. Returns 0, or a status when one cannot be looked at, said why.
 */
int story_see(const struct story *story, struct sighting *sightings, unsigned int count);

/* The same, and shows them. */
int story_look(struct story *story, struct sighting *sightings, unsigned int count);

/* Says which of the pages that were looked at are one; to people. */
void story_sharers(struct story *story, const struct sighting *sightings, unsigned int count);

/*
 * Shows @count records of the story's table, of @size bytes each. Returns 0, or a
 * status when they could not be written, said why.
 */
int story_show(struct story *story, const void *records, size_t size, unsigned int count);

/* What theory says: @holds is 1, 0 or CANNOT_TELL. */
void story_claim(struct story *story, int holds, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Nothing can be claimed, for want of what @format names: not a fault, but said. */
void story_absent(struct story *story, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Claims that @times entries map @page. Who is not told that can see all the same
 * which pages are one: nothing is claimed then, and that is said once.
 */
void story_claim_count(struct story *story, const struct sighting *page, __u32 times);

/*
 * Ends it, says how many claims held, and, where @status is not STATUS_DONE, that it
 * was not finished. Returns the status of it all: STATUS_DEVIATION if a claim did not
 * hold, however it ended, and STATUS_DONE only if all did.
 */
int story_end(struct story *story, int status);

#endif

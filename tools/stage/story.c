// SPDX-License-Identifier: GPL-2.0-only
/* Prints the story in lines of 100 columns. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/errors.h"
#include "story.h"

#define WIDTH 100
#define MAX_PASSES 100

/* Whether @vmq says anything by which pages can be told from each other. */
static bool tells_pages(struct vmq *vmq)
{
	const struct vmq_query query = {
		.facts = VMQ_FACTS_FRAME, .all_of = VMQ_ENTRY_PRESENT,
	};
	struct vmq_runs *runs;
	struct vmq_run run;
	bool tells = false;

	if (vmq_runs_open(vmq, &query, &runs))
		return false;
	while (!tells && vmq_runs_next(runs, &run) > 0)
		tells = run.valid & (VMQ_VALID_FRAME | VMQ_VALID_TOKEN);
	vmq_runs_close(runs);
	return tells;
}

static bool for_people(const struct story *story)
{
	return story->options.style == OUTPUT_HUMAN;
}

static int begin(struct story *story, const struct options *options, const char *title,
		 const struct vmq_table *table)
{
	const char *step = getenv("STEP");
	bool compares = table == &sighting_table;
	struct vmq_info info = { 0 };
	struct vmq *vmq;
	int status;

	*story = (struct story){
		.options = *options, .table = table, .step = "", .partner = -1,
	};
	story->waits = for_people(story) && step && *step && strcmp(step, "0");
	status = open_target(options, 0, "self", &vmq);
	if (status)
		return status;
	vmq_get_info(vmq, &info);
	story->counted = info.features & VMQ_FEATURE_MAP_COUNT;
	if (compares && !tells_pages(vmq)) {
		fprintf(stderr, "%s: which pages are one cannot be seen here "
			"(load the module, or run as root)\n", program_invocation_short_name);
		status = STATUS_FAILED;
	} else if (for_people(story)) {
		printf("%s\n", title);
	} else {
		output_begin(&story->list, options->style, table, vmq);
	}
	vmq_close(vmq);
	return status;
}

int story_begin(struct story *story, const struct options *options, const char *title)
{
	return begin(story, options, title, &sighting_table);
}

int story_begin_table(struct story *story, const struct options *options, const char *title,
		      const struct vmq_table *table)
{
	return begin(story, options, title, table);
}

/* Whether there is more to read before Enter, the end of the input, or the partner's. */
static bool waits_on(const struct story *story)
{
	struct pollfd ends[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN }, { .fd = story->partner },
	};
	char byte;

	if (poll(ends, ARRAY_SIZE(ends), -1) < 0)
		return errno == EINTR;
	return !ends[1].revents && read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n';
}

void story_step_end(struct story *story)
{
	if (story->open && story->waits) {
		printf("-- Enter goes on --");
		fflush(stdout);
		while (waits_on(story))
			;
	}
	story->open = false;
}

void story_step(struct story *story, const char *name, const char *title)
{
	story_step_end(story);
	story->step = name;
	story->open = true;
	if (for_people(story))
		printf("\n%s  %s\n", name, title);
	fflush(stdout);
}

/* Prints @text with its lines broken at spaces, each after @indent spaces. */
static void wrap(const char *text, int indent)
{
	while (*text) {
		size_t length = strlen(text), room = WIDTH - indent;

		if (length > room) {
			length = room;
			while (length && text[length] != ' ')
				length--;
			if (!length)
				length = strcspn(text, " ");
		}
		printf("%*s%.*s\n", indent, "", (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
}

/* The text of a printf, to be freed. */
static char *make_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

void story_say(struct story *story, const char *format, ...)
{
	va_list args;
	char *text;

	if (!for_people(story))
		return;
	va_start(args, format);
	text = make_text(format, args);
	va_end(args);
	wrap(text, 2);
	free(text);
}

/* Looks at @now once more; *@moved says whether another frame is there. */
static int look_again(const struct story *story, struct sighting *now, bool *moved)
{
	const struct sighting before = *now;
	int err;

	now->step = story->step;
	err = sighting_take(now, story->options.backend);
	*moved |= now->run.valid != before.run.valid || now->run.frame != before.run.frame ||
		  now->run.index != before.run.index;
	return err ? fail_to_look(now->item, err) : STATUS_DONE;
}

/*
 * Pages are looked at one after the other, and the kernel may move one meanwhile:
 * what two passes see alike was all so at the moment between them.
 */
int story_see(const struct story *story, struct sighting *sightings, unsigned int count)
{
	for (int pass = 0; pass < MAX_PASSES; pass++) {
		bool moved = !pass;

		for (unsigned int i = 0; i < count; i++) {
			int status = look_again(story, &sightings[i], &moved);

			if (status)
				return status;
		}
		if (!moved)
			return STATUS_DONE;
	}
	return fail("pages that do not stay where they are", -EAGAIN);
}

int story_show(struct story *story, const void *records, size_t size, unsigned int count)
{
	struct output *output = &story->list;
	struct output table;
	int err;

	if (for_people(story)) {
		output = &table;
		output_begin(output, OUTPUT_HUMAN, story->table, NULL);
	}
	for (unsigned int i = 0; i < count; i++)
		output_record(output, (const char *)records + i * size);
	err = for_people(story) ? output_end(output) : 0;
	return err ? fail("standard output", err) : STATUS_DONE;
}

int story_look(struct story *story, struct sighting *sightings, unsigned int count)
{
	int status = story_see(story, sightings, count);

	return status ? status : story_show(story, sightings, sizeof(*sightings), count);
}

static bool one_item(const struct sighting *sightings, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++)
		if (strcmp(sightings[i].item, sightings[0].item))
			return false;
	return true;
}

/* Adds the names of those with the page of @sightings[@i] to @text; how many there are. */
static unsigned int list_sharers(const struct sighting *sightings, unsigned int count,
				 unsigned int i, FILE *text)
{
	bool one = one_item(sightings, count);
	unsigned int sharers = 0;

	for (unsigned int j = 0; j < count; j++) {
		if (j != i && sighting_same(&sightings[i], &sightings[j]) <= 0)
			continue;
		if (j < i)
			return 0;	/* listed with that one */
		fprintf(text, "%s%s%s%s", sharers++ ? ", " : "", sightings[j].who,
			one ? "" : " ", one ? "" : sightings[j].item);
	}
	return sharers;
}

void story_sharers(struct story *story, const struct sighting *sightings, unsigned int count)
{
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	if (!file)
		abort();
	for (unsigned int i = 0; i < count; i++) {
		unsigned int sharers = list_sharers(sightings, count, i, file);

		if (sharers > 1)
			fputs(" share one page. ", file);
		else if (sharers)
			fputs(sightings[i].run.entry & VMQ_ENTRY_PRESENT ?
			      " has a page of its own. " : " has no page there. ", file);
	}
	fclose(file);
	if (length)
		text[length - 1] = '\0';	/* the space after the last sentence */
	story_say(story, "%s", text);
	free(text);
}

void story_claim(struct story *story, int holds, const char *format, ...)
{
	const char *mark = holds > 0 ? "[ok]" : holds ? "[??]" : "[NO]";
	va_list args;
	char *text, *line;

	va_start(args, format);
	text = make_text(format, args);
	va_end(args);
	if (holds > 0)
		story->held++;
	else if (holds)
		story->untold++;
	else
		story->failed++;
	if (for_people(story)) {
		if (asprintf(&line, "%s %s", mark, text) < 0)
			abort();
		wrap(line, 2);
		free(line);
	}
	if (holds <= 0)
		fprintf(stderr, "%s: step %s: %s: %s\n", program_invocation_short_name, story->step,
			holds ? "cannot be checked here" : "not so", text);
	free(text);
}

void story_absent(struct story *story, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = make_text(format, args);
	va_end(args);
	story->absent++;
	if (for_people(story))
		story_say(story, "[--] Not here: %s.", text);
	else
		fprintf(stderr, "%s: step %s: not here: %s\n", program_invocation_short_name,
			story->step, text);
	free(text);
}

void story_claim_count(struct story *story, const struct sighting *page, __u32 times)
{
	int holds = sighting_mapped(page, times);

	if (holds != CANNOT_TELL) {
		story_claim(story, holds, "Entries that map the page of %s's %s: %u.", page->who,
			    page->item, times);
	} else if (!story->uncounted) {
		story->uncounted = true;
		story_absent(story, "how many entries map a page, which %s", story->counted ?
			     "is told to root only" : "this kernel does not count");
	}
}

static void count_claims(const struct story *story, bool finished)
{
	printf("\n%u claims hold", story->held);
	if (story->failed)
		printf(", %u DO NOT", story->failed);
	if (story->untold)
		printf(", %u could not be checked", story->untold);
	if (story->absent)
		printf(", %u not to be seen here", story->absent);
	puts(finished ? "" : "; the experiment was not finished");
}

int story_end(struct story *story, int status)
{
	int err;

	if (status == STATUS_DONE)
		story_step_end(story);
	if (for_people(story)) {
		count_claims(story, status == STATUS_DONE);
		err = fflush(stdout) ? -errno : 0;
	} else {
		err = output_end(&story->list);
	}
	if (err)
		status = fail("standard output", err);
	/* that something is not so tells more than that something could not be done */
	if (story->failed)
		return STATUS_DEVIATION;
	return status || story->untold || !story->held ? STATUS_FAILED : STATUS_DONE;
}

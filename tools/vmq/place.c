// SPDX-License-Identifier: GPL-2.0-only
/* Opens the pages a command is about, and looks at one of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/shared/run.h"
#include "../common/errors.h"
#include "place.h"

#define PAGE (1ULL << VMQ_PAGE_SHIFT)

/* All an entry that leads to a table is told with. */
#define TABLE_BITS (VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_USER | \
		    VMQ_ENTRY_ACCESSED | VMQ_ENTRY_EXEC)

/* A number and nothing behind it. */
static bool parse_number(const char *text, int base, __u64 *number)
{
	char *end;

	if (!strchr("0123456789abcdefABCDEF", *text) || !*text)
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);
	return !errno && !*end;
}

static int parse_pages(struct place *place, const char *address, const char *pages)
{
	__u64 count = 1;

	if (!parse_number(address, 16, &place->start))
		return misused("%s: not an address; it is hexadecimal", address);
	if (pages && (!parse_number(pages, 10, &count) || !count))
		return misused("%s: not a number of pages", pages);
	place->start &= -PAGE;
	if (count - 1 > (-PAGE - place->start) >> VMQ_PAGE_SHIFT)
		return misused("%s: too many pages", pages);
	/* 0 behind the last page there is an address for */
	place->end = place->start + (count << VMQ_PAGE_SHIFT);
	return STATUS_DONE;
}

static int read_vmas(struct place *place)
{
	int err;

	if (place->end - 1 >= vmq_top(place->vmq))
		return refuse("%s: %#llx: beyond the end of user space, %#llx", place->process,
			      place->end - 1, vmq_top(place->vmq));
	err = vmq_vmas_read(place->vmq, place->start, place->end, &place->vmas);
	return err ? fail_to_look(place->process, err) : STATUS_DONE;
}

/* Opens what @place->process, @address and @pages (NULL for one page) say: a status. */
static int open_pages(struct place *place, const struct options *options, const char *address,
		      const char *pages)
{
	int status;
	pid_t pid;

	if (!parse_target(place->process, &pid))
		return misused("%s: not a process id", place->process);
	status = parse_pages(place, address, pages);
	if (!status)
		status = open_target(options, pid, place->process, &place->vmq);
	if (status)
		return status;
	status = read_vmas(place);
	if (status)
		vmq_close(place->vmq);
	return status;
}

int place_open(struct place *place, int argc, char **argv, const char *usage, bool many)
{
	struct options options = { 0 };
	int status = common_options(&options, argc, argv, usage);

	if (status >= 0)
		return status;
	argc -= optind;
	argv += optind;
	if (argc < 2 || argc > (many ? 3 : 2))
		return misused("a process and an address are needed%s",
			       many ? ", and perhaps a number of pages" : ", and nothing else");
	*place = (struct place){ .process = argv[0], .style = options.style };
	status = open_pages(place, &options, argv[1], argc > 2 ? argv[2] : NULL);
	return status ? status : -1;
}

void place_close(struct place *place)
{
	if (place->hidden)
		fprintf(stderr, "%s: not all frames are told (they are for root: CAP_SYS_ADMIN)\n",
			program_invocation_short_name);
	vmq_runs_close(place->runs);
	vmq_vmas_free(&place->vmas);
	vmq_close(place->vmq);
}

static const struct vmq_vma *vma_at(const struct place *place, __u64 address)
{
	for (size_t i = 0; i < place->vmas.count; i++)
		if (place->vmas.vmas[i].start <= address && address < place->vmas.vmas[i].end)
			return &place->vmas.vmas[i];
	return NULL;
}

bool place_is_mapped(const struct place *place, __u64 address)
{
	if (vma_at(place, address))
		return true;
	/* another program's list would not help */
	if (!strcmp(place->process, "self"))
		refuse("self: %#llx: no VMA is there (self is vmq, at other addresses in each run)", address);
	else
		refuse("%s: %#llx: no VMA is there (vq %s shows which there are)", place->process,
		       address, place->process);
	return false;
}

/* Begins to read the runs from @address on. */
static int begin_runs(struct place *place, __u64 address)
{
	const struct vmq_query query = {
		.start = address, .end = place->end, .facts = VMQ_FACTS_ALL,
	};

	vmq_runs_close(place->runs);
	place->runs = NULL;
	place->run = (struct vmq_run){ .start = address };
	return vmq_runs_open(place->vmq, &query, &place->runs);
}

/* The page at @address, of @run, alone. */
static struct vmq_run page_of_run(const struct vmq_run *run, __u64 address)
{
	__u64 behind = run->kind == VMQ_KIND_ZERO ? 0 : (address - run->start) >> VMQ_PAGE_SHIFT;
	struct vmq_run page = *run;

	page.start = address;
	page.pages = 1;
	if (run->valid & VMQ_VALID_TOKEN)
		page.index += behind;
	else if (run->valid & (VMQ_VALID_FRAME | VMQ_VALID_SWAP))
		page.frame += behind;
	return page;
}

/*
 * Without tables: the page as one run, or nothing where no VMA is. To read runs begins
 * with all of smaps, so pages in a row are taken from one reading; a page that was
 * looked at before is read anew.
 */
static int look_without_tables(struct place *place, __u64 address, struct vmq_walk *walk)
{
	int got = 1, err = 0;

	if (!place->runs || address < place->next)
		err = begin_runs(place, address);
	if (err)
		return err;
	while (vmq_run_end(&place->run) <= address && got > 0)
		got = vmq_runs_next(place->runs, &place->run);
	if (got < 0)
		return got;
	place->next = address + PAGE;
	walk->count = 0;
	walk->run = (struct vmq_run){ 0 };
	if (got && place->run.start <= address)
		walk->run = page_of_run(&place->run, address);
	return 0;
}

/* The page's own entry, or one above it with what there is to say of it. */
static struct entry make_entry(const struct place *place, const struct vmq_walk *walk,
			       unsigned int i)
{
	struct entry entry = {
		.run = walk->run,
		.vma = vma_at(place, walk->address),
		.known = vmq_entry_known(place->vmq),
		.cached = -1,
	};

	if (i < walk->count)
		entry.level = walk->levels[i];
	entry.directory = i + 1 < walk->count;
	if (entry.directory) {
		entry.known = TABLE_BITS;
		entry.run = (struct vmq_run){
			.pages = 1,
			.entry = entry.level.entry,
			.frame = entry.level.frame,
			.valid = entry.level.valid & VMQ_VALID_FRAME,
		};
	}
	entry.run.start = walk->address;
	if (!entry.run.pages)
		entry.known = 0;
	if (!entry.directory && entry_in_file(&entry))
		entry.cached = vmq_page_cached(place->vmq, entry.vma, walk->address);
	return entry;
}

int place_look(struct place *place, __u64 address, struct path *path)
{
	struct vmq_walk walk;
	int err = vmq_walk_page(place->vmq, address, VMQ_FACTS_ALL, &walk);

	if (err == -ENOMEM)	/* no VMA, and nothing else to say of it */
		err = 0;
	else if (err == -EOPNOTSUPP)
		err = look_without_tables(place, address, &walk);
	if (err)
		return err;
	path->count = walk.count ? walk.count : 1;
	for (unsigned int i = 0; i < path->count; i++)
		path->entries[i] = make_entry(place, &walk, i);
	place->hidden |= walk.run.entry & VMQ_ENTRY_PRESENT && !(walk.run.valid & VMQ_VALID_FRAME);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two instances share of a library, and what ends the sharing. Frames are
 * compared within a step only: the kernel may move a page between two.
 */
#include <unistd.h>

#include "../common/errors.h"
#include "document.h"

/* Written over the beginning of a function: mov $42, %eax; ret. */
#define HOOK 0x9090c30000002ab8
#define HOOK_RETURNS 42

/* What the second instance has, seen from the first one's. */
enum relation { ONE_PAGE, OWN_PAGE };

static const struct {
	const char *name, *title, *done, *seen;
	enum relation relation[ITEMS];
} steps[STEPS] = {
	[STEP_FIRST] = {
		"I.1", "The first instance loads the library",
		"It is to lie at the address it was linked for, and each item alone on its page.",
		"The functions and NonSharedVariable are on pages of the file itself, mapped "
		"privately and only read so far. SharedVariable is in a section that all "
		"instances map shared.",
	},
	[STEP_OTHER_BASE] = {
		"II.1", "The second instance loads the library at another address",
		"The address it was linked for is blocked there, so it comes to lie elsewhere, "
		"and the loader must correct the addresses in its code.",
		"The virtual addresses differ; the physical ones are the same but for one. The "
		"corrected address is on the page of RelocatableFunction: to write it, the "
		"page was copied for this process alone.",
		{ [RELOCATABLE] = OWN_PAGE },
	},
	[STEP_SAME_BASE] = {
		"II.2", "The second instance loads the library at the address of the first",
		"It has unloaded the library and freed the blocked address before.",
		"Nothing had to be corrected, so nothing was copied: every page is shared. This "
		"is what a base address of its own is worth to a library.",
	},
	[STEP_WRITABLE] = {
		"II.2b", "The second instance makes NonRelocatableFunction writable",
		"mprotect() adds the right to write, and leaves the right to execute, as "
		"PAGE_READWRITE did in the days of the document. Nothing is written yet.",
		"The right alone copies nothing. The entry stays read-only, so that the first "
		"write is a fault, in which the kernel makes the copy.",
	},
	[STEP_WRITTEN] = {
		"II.3", "The second instance writes to both variables and hooks the function",
		"It writes 2 to the variables, and over the first bytes of "
		"NonRelocatableFunction the code that returns 42.",
		"What was written privately was copied in the moment of writing, and from now "
		"on belongs to the second instance. The shared section was not copied: the "
		"first instance reads what the second one wrote.",
		{ [NONRELOCATABLE] = OWN_PAGE, [NONSHARED] = OWN_PAGE },
	},
};

/* What every table of the first instance is to show: nothing has happened to it. */
static void claim_untouched(struct story *story, struct instance *first,
			    const struct sighting *pages)
{
	int of_file = both(sighting_of_file(&pages[NONRELOCATABLE]),
			   both(sighting_of_file(&pages[RELOCATABLE]),
				sighting_of_file(&pages[NONSHARED])));

	story_claim(story, of_file, "The first instance has the file's own pages of the functions "
		    "and of NonSharedVariable.");
	story_claim(story, both(not(sighting_writable(&pages[NONRELOCATABLE])),
				both(not(sighting_writable(&pages[RELOCATABLE])),
				     not(sighting_writable(&pages[NONSHARED])))),
		    "The entries of the first instance for these pages are read-only.");
	story_claim(story, both(instance_returns(first, NONRELOCATABLE, 5, 6),
				instance_has(first, NONSHARED, 1)),
		    "In the first instance NonRelocatableFunction(5) is 6 and NonSharedVariable is 1.");
}

/* No two of the items are on one page. */
static bool apart(const struct sighting *pages)
{
	const __u64 page = sysconf(_SC_PAGESIZE);

	for (enum item item = 0; item < ITEMS; item++)
		for (enum item other = 0; other < item; other++)
			if (pages[item].address / page == pages[other].address / page)
				return false;
	return true;
}

static int show_first(struct story *story, struct instance *first, struct sighting *pages)
{
	int status = instances_look(story, &first, 1, pages);

	if (!status)
		claim_untouched(story, first, pages);
	return status;
}

int document_first(struct story *story, struct instance *first)
{
	struct sighting pages[ITEMS];
	int status;

	story_step(story, steps[STEP_FIRST].name, steps[STEP_FIRST].title);
	story_say(story, "%s", steps[STEP_FIRST].done);
	instance_load(first, LOADER_OWN);
	status = show_first(story, first, pages);
	if (status)
		return status;
	story_claim(story, not(instance_relocated(first)),
		    "The first instance has the library at the address it was linked for.");
	story_claim(story, apart(pages), "Each item is on a page of its own.");
	story_claim(story, both(pages[SHARED].shared, sighting_of_file(&pages[SHARED])),
		    "SharedVariable is in shared memory.");
	story_say(story, "%s", steps[STEP_FIRST].seen);
	return instance_status(first);
}

int document_first_again(struct story *story, enum step step, struct instance *first)
{
	struct sighting pages[ITEMS];
	int status;

	story_step(story, steps[step].name, steps[step].title);
	status = show_first(story, first, pages);
	if (status)
		return status;
	if (step == STEP_WRITTEN)
		story_claim(story, instance_has(first, SHARED, 2),
			    "SharedVariable is 2 here too: the second instance wrote it for all.");
	else
		story_claim(story, instance_has(first, SHARED, 1), "SharedVariable is 1.");
	story_say(story, "The first instance is as it was.");
	return instance_status(first);
}

static void act(enum step step, struct instance *first, struct instance *second)
{
	/* also tells whether the first one is still there */
	uint64_t blocked = instance_ask(first, INSTANCE_WHERE, 0, NONRELOCATABLE);

	switch (step) {
	case STEP_OTHER_BASE:
		instance_ask(second, INSTANCE_BLOCK, blocked, 0);
		instance_load(second, LOADER_OWN);
		break;
	case STEP_SAME_BASE:
		instance_ask(second, INSTANCE_UNLOAD, 0, 0);
		instance_ask(second, INSTANCE_UNBLOCK, blocked, 0);
		instance_load(second, LOADER_OWN);
		break;
	case STEP_WRITABLE:
		instance_ask(second, INSTANCE_MAKE_WRITABLE, second->address[NONRELOCATABLE], 0);
		break;
	case STEP_WRITTEN:
		instance_write(second, SHARED, 2);
		instance_write(second, NONSHARED, 2);
		instance_write(second, NONRELOCATABLE, HOOK);
		break;
	default:
		break;
	}
}

static void claim_relation(struct story *story, enum relation relation, const struct sighting *first,
			   const struct sighting *second)
{
	int same = sighting_same(first, second);

	if (relation == ONE_PAGE)
		story_claim(story, both(same, sighting_of_file(second)),
			    "%s is one page in both instances.", second->item);
	else
		story_claim(story, both(not(same), sighting_private(second)),
			    "%s is a page of the second instance's own, an anonymous one.",
			    second->item);
}

static void claim_loaded(struct story *story, enum step step, struct instance *second)
{
	int elsewhere = instance_relocated(second);

	story_claim(story, step == STEP_OTHER_BASE ? elsewhere : not(elsewhere),
		    "The library lies %s in the second instance.",
		    step == STEP_OTHER_BASE ? "elsewhere" : "where it was linked for");
	/* it adds nothing to a counter that begins with 1 */
	story_claim(story, both(instance_returns(second, RELOCATABLE, 0, 1),
				instance_returns(second, NONRELOCATABLE, 5, 6)),
		    "Both functions work in the second instance.");
}

static void claim_writable(struct story *story, const struct sighting *function)
{
	story_claim(story, both(!!(function->rights & VMQ_RIGHT_WRITE),
				not(sighting_writable(function))),
		    "The second instance may write to NonRelocatableFunction, and its entry is still "
		    "read-only.");
}

static void claim_written(struct story *story, struct instance *first, struct instance *second,
			  const struct sighting *pages)
{
	const __u32 written = VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_USER | VMQ_ENTRY_DIRTY;

	story_claim(story, both(sighting_has(&pages[NONRELOCATABLE], written),
				both(sighting_has(&pages[SHARED], written),
				     sighting_has(&pages[NONSHARED], written))),
		    "The entries of what was written are P RW U D: present, read-write, user, dirty.");
	story_claim(story, instance_has(first, SHARED, 2),
		    "The first instance reads 2 from SharedVariable.");
	story_claim(story, both(instance_returns(second, NONRELOCATABLE, 5, HOOK_RETURNS),
				instance_has(second, NONSHARED, 2)),
		    "In the second instance NonRelocatableFunction(5) is 42 and NonSharedVariable is 2.");
}

int document_second(struct story *story, enum step step, struct instance *first,
		    struct instance *second)
{
	struct sighting pages[2 * ITEMS], *mine = pages + ITEMS;
	int status;

	story_step(story, steps[step].name, steps[step].title);
	story_say(story, "%s", steps[step].done);
	act(step, first, second);
	status = instances_look(story, (struct instance *[]){ first, second }, 2, pages);
	if (status)
		return status;
	for (enum item item = 0; item < ITEMS; item++)
		claim_relation(story, steps[step].relation[item], &pages[item], &mine[item]);
	if (step == STEP_OTHER_BASE || step == STEP_SAME_BASE)
		claim_loaded(story, step, second);
	if (step == STEP_WRITABLE)
		claim_writable(story, &mine[NONRELOCATABLE]);
	if (step == STEP_WRITTEN)
		claim_written(story, first, second, mine);
	claim_untouched(story, first, pages);
	story_say(story, "%s", steps[step].seen);
	status = instance_status(first);
	return status ? status : instance_status(second);
}

// SPDX-License-Identifier: GPL-2.0-only
/* The system's loader beside ours: it writes all relocations, needed or not. */
#include "../common/errors.h"
#include "chapters.h"

/* Ours, and two of the system's. */
enum { OWN, ONE, TWO, INSTANCES };

#define WORDS 4		/* from the beginning of a function: all of it, and its relocations */

struct loaded {
	struct story *story;
	struct instance instance[INSTANCES];
	struct sighting pages[INSTANCES * ITEMS];
};

static const struct sighting *page(const struct loaded *loaded, int instance, enum item item)
{
	return &loaded->pages[instance * ITEMS + item];
}

/* Has those from @from on load, and shows all. */
static int load_and_look(struct loaded *loaded, int from)
{
	struct instance *instances[INSTANCES];

	for (int i = 0; i < INSTANCES; i++) {
		instances[i] = &loaded->instance[i];
		if (i >= from)
			instance_load(instances[i], i == OWN ? LOADER_OWN : LOADER_SYSTEM);
	}
	return instances_look(loaded->story, instances, INSTANCES, loaded->pages);
}

static int64_t code(struct loaded *loaded, int i, int word)
{
	struct instance *instance = &loaded->instance[i];

	return instance_ask(instance, INSTANCE_READ,
			    instance->address[RELOCATABLE] + word * sizeof(int64_t), 0);
}

/* Whether @other has in RelocatableFunction what our instance has from the file. */
static int has_code_of_file(struct loaded *loaded, int other)
{
	int holds = 1;

	for (int word = 0; word < WORDS; word++) {
		int64_t expected = code(loaded, OWN, word), read = code(loaded, other, word);

		if (loaded->instance[OWN].err)
			return CANNOT_TELL;
		holds = both(holds, instance_answered(&loaded->instance[other], read, expected));
	}
	return holds;
}

/* @elsewhere: both of the system's instances have it at another address than ours. */
static void claim_loaded(struct loaded *loaded, bool elsewhere)
{
	int chosen = 1, written = 1;

	for (int i = ONE; i < INSTANCES; i++) {
		int relocated = instance_relocated(&loaded->instance[i]);
		int same = has_code_of_file(loaded, i);

		chosen = both(chosen, elsewhere ? relocated : not(relocated));
		written = both(written, elsewhere ? not(same) : same);
	}
	story_claim(loaded->story, chosen,
		    "The system's loader chose %s.",
		    elsewhere ? "another address" : "the address the library was linked for");
	story_claim(loaded->story, written,
		    "RelocatableFunction has %s bytes there than with our loader.",
		    elsewhere ? "other" : "no other");
}

static void claim_copied(struct loaded *loaded)
{
	const struct sighting *one = page(loaded, ONE, RELOCATABLE);
	const struct sighting *two = page(loaded, TWO, RELOCATABLE);

	story_claim(loaded->story, sighting_of_file(page(loaded, OWN, RELOCATABLE)),
		    "With our loader RelocatableFunction is on the file's own page.");
	story_claim(loaded->story, both(not(sighting_same(one, two)),
					both(sighting_private(one), sighting_private(two))),
		    "With the system's it is on a page of its own in each process.");
}

static void claim_shared(struct loaded *loaded)
{
	static const enum item shared[] = { NONRELOCATABLE, SHARED, NONSHARED };

	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		const struct sighting *own = page(loaded, OWN, shared[i]);

		story_claim(loaded->story, both(sighting_same(own, page(loaded, ONE, shared[i])),
						sighting_same(own, page(loaded, TWO, shared[i]))),
			    "%s is one page in all three.", own->item);
	}
}

static int tell_preferred(struct loaded *loaded)
{
	int status;

	story_step(loaded->story, "S.1", "Three instances load the library where it was linked for");
	story_say(loaded->story, "One does it with the loader of this program, two with dlopen().");
	status = load_and_look(loaded, OWN);
	if (status)
		return status;
	claim_loaded(loaded, false);
	claim_copied(loaded);
	claim_shared(loaded);
	story_say(loaded->story, "The system's loader writes every relocation, base plus addend, without "
		  "asking whether that is there already; and who writes gets a copy. So with glibc "
		  "a base address of its own is worth nothing to a library; code that needs no "
		  "fixups (-fPIC) is shared at any address.");
	return STATUS_DONE;
}

/* The system's two begin anew: what dlopen() has loaded goes with the process. */
static int tell_elsewhere(struct loaded *loaded, const struct files *files)
{
	uint64_t taken = loaded->instance[OWN].address[NONRELOCATABLE];
	int status;

	story_step(loaded->story, "S.2", "The system's loader finds the address taken");
	for (int i = ONE; i < INSTANCES; i++) {
		const char *name = loaded->instance[i].name;

		instance_end(&loaded->instance[i]);
		instance_start(&loaded->instance[i], name, files);
		instance_ask(&loaded->instance[i], INSTANCE_BLOCK, taken, 0);
	}
	status = load_and_look(loaded, ONE);
	if (status)
		return status;
	claim_loaded(loaded, true);
	claim_copied(loaded);
	claim_shared(loaded);
	story_say(loaded->story, "Now the copies are needed, as the addresses in the code are others. "
		  "What is shared is what was shared before.");
	return STATUS_DONE;
}

int system_tell(struct story *story, const struct files *files)
{
	static const char *const names[INSTANCES] = { "own", "system1", "system2" };
	struct loaded loaded = { .story = story };
	int status;

	for (int i = 0; i < INSTANCES; i++)
		instance_start(&loaded.instance[i], names[i], files);
	status = tell_preferred(&loaded);
	if (!status)
		status = tell_elsewhere(&loaded, files);
	if (!status)
		story_step_end(story);
	for (int i = 0; i < INSTANCES; i++) {
		if (!status)
			status = instance_status(&loaded.instance[i]);
		instance_end(&loaded.instance[i]);
	}
	return status;
}

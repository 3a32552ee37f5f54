// SPDX-License-Identifier: GPL-2.0-only
/*
 * The document's last paragraph: fork is copy-on-write. Here a page must be followed
 * through a write, while the kernel may move it.
 */
#include "../common/errors.h"
#include "chapters.h"

/* The family, and its pages at this step and right before what is done in it. */
struct family {
	struct story *story;
	const struct files *files;
	struct instance parent, child;
	struct sighting pages[2 * ITEMS], before[2 * ITEMS];
};

/* What the family does, in this order. */
enum deed {
	LOAD,
	FORK,
	PARENT_WRITES,
	CHILD_WRITES,
	FORK_AGAIN,
	CHILD_EXITS,
	PARENT_WRITES_AGAIN,
};

/* Whose pages: where they begin. */
enum member { PARENT = 0, CHILD = ITEMS };

static const struct sighting *variable(const struct family *family, enum member whose)
{
	return &family->pages[whose + NONSHARED];
}

/* Looks at @count of them: the parent, or also the child. */
static int see(struct family *family, unsigned int count, struct sighting *pages)
{
	return instances_see(family->story,
			     (struct instance *[]){ &family->parent, &family->child }, count, pages);
}

static int show(struct family *family, unsigned int count)
{
	return story_show(family->story, family->pages, sizeof(*family->pages), count * ITEMS);
}

static int look(struct family *family, unsigned int count)
{
	int status = see(family, count, family->pages);

	return status ? status : show(family, count);
}

static int one_page(const struct family *family, enum item item)
{
	return sighting_same(&family->pages[PARENT + item], &family->pages[CHILD + item]);
}

/* Whether the page of NonSharedVariable is the one it was before. */
static int kept(const struct family *family, enum member whose)
{
	return sighting_same(variable(family, whose), &family->before[whose + NONSHARED]);
}

/* Those of the family that should have kept the page have, and nobody else. */
static int kept_as_told(const struct family *family, enum deed deed)
{
	switch (deed) {
	case PARENT_WRITES:
		return both(kept(family, CHILD), not(kept(family, PARENT)));
	case CHILD_WRITES:
		return both(kept(family, CHILD), kept(family, PARENT));
	default:
		return kept(family, PARENT);
	}
}

static void claim_exclusive(struct family *family, enum member whose, bool exclusive)
{
	const struct sighting *page = variable(family, whose);
	int is = sighting_exclusive(page);

	story_claim(family->story, exclusive ? is : not(is),
		    "NonSharedVariable of the %s is %smarked as this process' alone.", page->who,
		    exclusive ? "" : "not ");
}

static void fork_child(struct family *family)
{
	family->child = (struct instance){ .name = "child", .err = family->parent.err };
	if (!family->child.err)
		family->child.err = actor_fork(&family->parent.actor, &family->child.actor);
	/* fork leaves out the entries of a file's pages: the first touch makes them */
	instance_touch(&family->child);
}

static void act(struct family *family, enum deed deed)
{
	struct instance *parent = &family->parent, *child = &family->child;

	switch (deed) {
	case LOAD:
		instance_start(parent, "parent", family->files);
		instance_load(parent, LOADER_OWN);
		instance_write(parent, NONSHARED, 2);
		break;
	case FORK:
	case FORK_AGAIN:
		instance_end(child);
		fork_child(family);
		break;
	case PARENT_WRITES:
		instance_write(parent, SHARED, 3);
		instance_write(parent, NONSHARED, 3);
		break;
	case CHILD_WRITES:
		instance_write(child, NONSHARED, 4);
		break;
	case CHILD_EXITS:
		instance_end(child);
		break;
	case PARENT_WRITES_AGAIN:
		instance_write(parent, NONSHARED, 5);
		break;
	}
}

/* Does @deed between two looks, with nothing else between them. */
static int act_in_sight(struct family *family, enum deed deed, unsigned int count)
{
	int status;

	/* while Enter was awaited, they may have been swapped out */
	instance_read(&family->parent, NONSHARED);
	if (count > 1)
		instance_read(&family->child, NONSHARED);
	status = see(family, count, family->before);
	if (status)
		return status;
	act(family, deed);
	return see(family, count, family->pages);
}

/*
 * The same, and shows what came of it. A copy that should not be may be a page that the
 * kernel has moved just then: that does not happen to two families.
 */
static int act_and_look(struct family *family, enum deed deed, unsigned int count)
{
	int status = act_in_sight(family, deed, count);

	if (!status && !kept_as_told(family, deed)) {
		story_say(family->story, "A page is not where it was; the kernel may have moved it. Once "
			  "more, with a new family.");
		instance_end(&family->child);
		instance_end(&family->parent);
		for (enum deed past = LOAD; past < deed; past++)
			act(family, past);
		status = act_in_sight(family, deed, count);
	}
	return status ? status : show(family, count);
}

static int tell_before(struct family *family)
{
	int status;

	story_step(family->story, "III.0", "A process that is about to fork");
	story_say(family->story, "It has loaded the library and written 2 to NonSharedVariable.");
	act(family, LOAD);
	status = look(family, 1);
	if (status)
		return status;
	story_claim(family->story, sighting_private(variable(family, PARENT)),
		    "NonSharedVariable is an anonymous page.");
	story_claim_count(family->story, variable(family, PARENT), 1);
	claim_exclusive(family, PARENT, true);
	return STATUS_DONE;
}

static int tell_fork(struct family *family)
{
	int status;

	story_step(family->story, "III.1", "It forks");
	act(family, FORK);
	status = look(family, 2);
	if (status)
		return status;
	for (enum item item = 0; item < ITEMS; item++)
		story_claim(family->story, one_page(family, item), "%s is one page in parent and child.",
			    family->pages[item].item);
	story_claim(family->story, both(not(sighting_writable(variable(family, PARENT))),
					not(sighting_writable(variable(family, CHILD)))),
		    "Both entries of NonSharedVariable are read-only.");
	story_claim_count(family->story, variable(family, PARENT), 2);
	claim_exclusive(family, PARENT, false);
	claim_exclusive(family, CHILD, false);
	story_say(family->story, "Nothing was copied but entries of page tables: even the page that "
		  "was written is shared, until one of the two writes to it.");
	return STATUS_DONE;
}

static int tell_parent_writes(struct family *family)
{
	int status;

	story_step(family->story, "III.2", "The parent writes 3 to both variables");
	status = act_and_look(family, PARENT_WRITES, 2);
	if (status)
		return status;
	story_claim(family->story, not(one_page(family, NONSHARED)), "NonSharedVariable is two pages.");
	story_claim(family->story, kept_as_told(family, PARENT_WRITES),
		    "The child has the old one, the parent a new one.");
	story_claim_count(family->story, variable(family, CHILD), 1);
	claim_exclusive(family, CHILD, false);
	claim_exclusive(family, PARENT, true);
	story_claim(family->story, one_page(family, SHARED), "SharedVariable is still one page.");
	story_claim(family->story, both(instance_has(&family->child, SHARED, 3),
					instance_has(&family->child, NONSHARED, 2)),
		    "The child reads 3 from SharedVariable and 2 from NonSharedVariable.");
	story_say(family->story, "Who writes first gets a copy. The other one keeps the page, and it is "
		  "not known yet that nobody else has it any more. Shared memory is not copied.");
	return STATUS_DONE;
}

static int tell_child_writes(struct family *family)
{
	int status;

	story_step(family->story, "III.3", "The child writes 4 to NonSharedVariable");
	status = act_and_look(family, CHILD_WRITES, 2);
	if (status)
		return status;
	story_claim(family->story, kept_as_told(family, CHILD_WRITES),
		    "Both have the pages they had before.");
	claim_exclusive(family, CHILD, true);
	story_claim(family->story, both(instance_has(&family->child, NONSHARED, 4),
					instance_has(&family->parent, NONSHARED, 3)),
		    "NonSharedVariable is 4 in the child and 3 in the parent.");
	story_say(family->story, "There was a fault, and no copy: the kernel saw that nobody else maps "
		  "the page, and gave it to the child as its own, until its next fork.");
	return STATUS_DONE;
}

static int tell_child_exits(struct family *family)
{
	int status;

	story_step(family->story, "III.4", "It forks again, and the child exits before anybody writes");
	act(family, FORK_AGAIN);
	status = look(family, 2);
	if (status)
		return status;
	story_claim(family->story, one_page(family, NONSHARED),
		    "NonSharedVariable is one page in the parent and its new child.");
	act(family, CHILD_EXITS);
	story_say(family->story, "The child exits:");
	status = look(family, 1);
	if (status)
		return status;
	story_claim_count(family->story, variable(family, PARENT), 1);
	claim_exclusive(family, PARENT, false);
	return STATUS_DONE;
}

static int tell_last_write(struct family *family)
{
	int status;

	story_step(family->story, "III.5", "The parent writes 5 to NonSharedVariable");
	status = act_and_look(family, PARENT_WRITES_AGAIN, 1);
	if (status)
		return status;
	story_claim(family->story, kept_as_told(family, PARENT_WRITES_AGAIN),
		    "The parent has the page it had before.");
	claim_exclusive(family, PARENT, true);
	story_say(family->story, "There was nobody left to keep the page for: no copy was made.");
	return STATUS_DONE;
}

int fork_tell(struct story *story, const struct files *files)
{
	static int (*const tell[])(struct family *family) = {
		tell_before, tell_fork, tell_parent_writes, tell_child_writes, tell_child_exits,
		tell_last_write,
	};
	struct family family = { .story = story, .files = files };
	int status = STATUS_DONE;

	for (unsigned int i = 0; !status && i < ARRAY_SIZE(tell); i++) {
		status = tell[i](&family);
		if (!status)
			status = instance_status(&family.parent);
		if (!status)
			status = instance_status(&family.child);
	}
	if (!status)
		story_step_end(story);
	instance_end(&family.child);
	instance_end(&family.parent);
	return status;
}

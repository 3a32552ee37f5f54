// SPDX-License-Identifier: GPL-2.0-only
/* Directs instances, and looks at their pages. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../common/errors.h"
#include "../stage/sample.h"
#include "instance.h"

#define MAX_ERRNO 4095

static const char *const item_names[ITEMS] = SAMPLE_ITEMS;

int files_open(struct files *files, const char *folder)
{
	files->sample = sample_open(folder);
	if (files->sample < 0)
		return nameless_failed(folder, files->sample);
	/* empty: the first instance puts in what the library has there */
	files->section = memfd_create("section", 0);
	if (files->section < 0) {
		close(files->sample);
		return fail("the shared section", -errno);
	}
	return STATUS_DONE;
}

void files_close(struct files *files)
{
	close(files->sample);
	close(files->section);
}

void instance_start(struct instance *instance, const char *name, const struct files *files)
{
	char library[12], section[12];
	char *const argv[] = { INSTANCE_PROGRAM, library, section, NULL };

	snprintf(library, sizeof(library), "%d", files->sample);
	snprintf(section, sizeof(section), "%d", files->section);
	*instance = (struct instance){ .name = name };
	instance->err = actor_start(&instance->actor, argv);
}

void instance_end(struct instance *instance)
{
	actor_end(&instance->actor);
}

int64_t instance_ask(struct instance *instance, int what, uint64_t address, uint64_t value)
{
	int64_t answer;

	if (instance->err)
		return 0;
	answer = actor_ask(&instance->actor, what, address, value);
	if (answer < 0 && answer >= -MAX_ERRNO) {
		instance->err = answer;
		return 0;
	}
	return answer;
}

void instance_load(struct instance *instance, enum loader loader)
{
	instance_ask(instance, INSTANCE_LOAD, 0, loader);
	instance_touch(instance);
}

void instance_touch(struct instance *instance)
{
	for (enum item item = 0; item < ITEMS; item++) {
		instance->address[item] = instance_ask(instance, INSTANCE_WHERE, 0, item);
		instance_read(instance, item);
	}
}

int64_t instance_read(struct instance *instance, enum item item)
{
	return instance_ask(instance, INSTANCE_READ, instance->address[item], 0);
}

void instance_write(struct instance *instance, enum item item, int64_t value)
{
	instance_ask(instance, INSTANCE_WRITE, instance->address[item], value);
}

int instance_answered(const struct instance *instance, int64_t answer, int64_t expected)
{
	return instance->err ? CANNOT_TELL : answer == expected;
}

int instance_relocated(struct instance *instance)
{
	return instance_answered(instance, instance_ask(instance, INSTANCE_RELOCATED, 0, 0), true);
}

int instance_has(struct instance *instance, enum item variable, int64_t value)
{
	return instance_answered(instance, instance_read(instance, variable), value);
}

int instance_returns(struct instance *instance, enum item function, int64_t argument, int64_t result)
{
	int64_t answer = instance_ask(instance, INSTANCE_CALL, instance->address[function], argument);

	return instance_answered(instance, answer, result);
}

int instances_see(struct story *story, struct instance *const *instances, unsigned int count,
		  struct sighting *pages)
{
	for (unsigned int i = 0; i < count; i++) {
		if (instances[i]->err)
			return instance_status(instances[i]);
		for (enum item item = 0; item < ITEMS; item++)
			pages[i * ITEMS + item] = (struct sighting){
				.who = instances[i]->name,
				.pid = instances[i]->actor.pid,
				.item = item_names[item],
				.address = instances[i]->address[item],
			};
	}
	return story_see(story, pages, count * ITEMS);
}

int instances_look(struct story *story, struct instance *const *instances, unsigned int count,
		   struct sighting *pages)
{
	int status = instances_see(story, instances, count, pages);

	return status ? status : story_show(story, pages, sizeof(*pages), count * ITEMS);
}

int instance_status(const struct instance *instance)
{
	return instance->err ? fail(instance->name, instance->err) : STATUS_DONE;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Observes processes that change. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crowd.h"
#include "device.h"
#include "oracle.h"
#include "proc_files.h"

#define LARGE	4096
#define NAMES	65536

static uint64_t top_of(int vmq)
{
	struct vmq_info info = { .size = sizeof(info) };

	return device_call(vmq, VMQ_IOC_INFO, &info) ? 0 : info.top;
}

/* One call of SCAN; what it says goes to @check. */
static int scan_on(int vmq, struct vmq_scan *scan, struct still_check *check)
{
	const struct vmq_run *runs = (struct vmq_run *)(uintptr_t)scan->runs;
	uint64_t from = scan->start;
	unsigned int room = scan->count;
	int err = device_call(vmq, VMQ_IOC_SCAN, scan);

	if (err)
		return err;
	if (scan->start <= from || scan->start > scan->end || scan->count > room)
		still_wrong(check, "cursor %#llx after %#llx, %u runs", scan->start,
			    (long long)from, scan->count);
	for (unsigned int i = 0; i < scan->count && i < room; i++) {
		if (runs[i].start < from)
			still_wrong(check, "run below the cursor");
		still_run(check, runs + i);
	}
	if (check->below > scan->start)
		still_wrong(check, "run above the cursor");
	scan->count = room;
	return 0;
}

static int scan_all(int vmq, unsigned int room, struct still_check *check)
{
	struct vmq_run *runs = calloc(room, sizeof(*runs));
	struct vmq_scan scan = device_scan(0, top_of(vmq), check->facts, runs, room);
	int err = 0;

	while (!err && scan.start < scan.end && !*check->why)
		err = scan_on(vmq, &scan, check);
	free(runs);
	return err;
}

/* All facts and entries alone, in turn. */
static int look_by_scan(struct observer *observer, const struct churn *churn,
			struct still_check *check)
{
	int vmq = device_open(churn->pid), err;

	if (observer->looks & 1)
		check->facts = 0;
	err = vmq < 0 ? vmq : scan_all(vmq, observer->size, check);
	close(vmq);
	return err;
}

/* What stands still, page by page, with its neighbours, which may not be there. */
static int walk_all(int vmq, struct still_check *check)
{
	const struct still *still = check->still;
	int err = 0;

	for (int page = 0; !err && page < STILL_PAGES; page++) {
		struct vmq_run run;
		bool moves = page < STILL_ANON || page >= STILL_END;

		err = device_page(vmq, (void *)(still->start + page * PAGE), &run);
		if (!err)
			still_run(check, &run);
		else if (err == -ENOMEM && moves)
			err = 0;
	}
	return err;
}

static int look_by_walk(struct observer *observer, const struct churn *churn,
			struct still_check *check)
{
	int vmq = device_open(churn->pid), err = vmq;

	if (vmq >= 0)
		err = !churn_is_mortal(churn) ? walk_all(vmq, check) :
		      scan_all(vmq, observer->size, check);
	close(vmq);
	return err;
}

static int vmas_on(int vmq, struct vmq_vmas *vmas, const struct vmq_vma *room,
		   struct still_check *check)
{
	uint64_t from = vmas->start;
	unsigned int count = vmas->count;
	int err = device_call(vmq, VMQ_IOC_VMAS, vmas);

	if (err)
		return err;
	if (vmas->start <= from || vmas->start > vmas->end || vmas->count > count)
		still_wrong(check, "cursor %#llx after %#llx, %u VMAs", vmas->start,
			    (long long)from, vmas->count);
	for (unsigned int i = 0; i < vmas->count && i < count; i++) {
		/* One that grew down over the cursor comes again. */
		if (room[i].start < check->below && room[i].end > from)
			check->below = room[i].start;
		still_vma(check, room + i);
	}
	vmas->count = count;
	vmas->names_size = NAMES;
	return 0;
}

static int look_by_vmas(struct observer *observer, const struct churn *churn,
			struct still_check *check)
{
	int vmq = device_open(churn->pid), err = vmq < 0 ? vmq : 0;
	unsigned int count = observer->looks & 1 ? 3 : observer->size;
	struct vmq_vma *room = calloc(count, sizeof(*room));
	char *names = malloc(NAMES);
	struct vmq_vmas vmas = {
		.size = sizeof(vmas), .end = err ? 0 : top_of(vmq), .vmas = (uintptr_t)room,
		.names = (uintptr_t)names, .count = count, .vma_size = sizeof(*room),
		.names_size = NAMES,
	};

	while (!err && vmas.start < vmas.end && !*check->why)
		err = vmas_on(vmq, &vmas, room, check);
	free(names);
	free(room);
	close(vmq);
	return err;
}

/* A line of one of the files. */
typedef void (*line_reader)(const char *line, struct still_check *check);

static void read_vma_line(const char *line, struct still_check *check)
{
	struct vmq_vma vma = { .rights = VMQ_RIGHT_READ | VMQ_RIGHT_WRITE };
	unsigned long start, end;
	char rights[8], type[16];

	if (sscanf(line, "%lx %lx %7s %*s %15s", &start, &end, rights, type) != 4)
		return;
	vma.start = start;
	vma.end = end;
	vma.rights = strcmp(rights, "rw-") ? 0 : vma.rights;
	vma.type = strcmp(type, "file") ? VMQ_VMA_TYPE_ANON : VMQ_VMA_TYPE_FILE;
	still_vma(check, &vma);
}

static void read_page_line(const char *line, struct still_check *check)
{
	unsigned long start, pages;

	if (sscanf(line, "%lx %lu", &start, &pages) == 2)
		still_line(check, start, pages);
}

/* The rows lie one behind the other; what they say is the business of test_vq. */
static void read_row_line(const char *line, struct still_check *check)
{
	unsigned long start, size;

	if (sscanf(line, "%*s %lx %lu", &start, &size) != 2)
		return;
	if (start != check->below)
		still_wrong(check, "row %#lx after %#llx", start, (long long)check->below);
	check->below = start + size;
	if (check->below > check->at)
		check->at = check->still->start + STILL_END * PAGE;
}

/* Gives whole lines out of @text; returns how much of it is left, moved to its start. */
static size_t give_lines(char *text, size_t length, line_reader reader,
			 struct still_check *check)
{
	char *line = text, *end;

	text[length] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		if (*line != '#')
			reader(line, check);
		line = end + 1;
	}
	length -= line - text;
	memmove(text, line, length);
	return length;
}

static int read_lines(int fd, size_t at_once, line_reader reader, struct still_check *check)
{
	char text[8192];
	size_t left = 0;
	ssize_t got;

	if (at_once > 4096)
		at_once = 4096;
	while ((got = read(fd, text + left, at_once)) > 0 && !*check->why)
		left = give_lines(text, left + got, reader, check);
	return got < 0 ? -errno : 0;
}

static int look_by_file(struct observer *observer, const struct churn *churn,
			const char *name, line_reader reader, struct still_check *check)
{
	int fd, err = proc_attach(churn->pid);

	if (err && err != -EEXIST)
		return err;
	fd = proc_open(churn->pid, name);
	if (fd < 0)
		return fd;
	err = read_lines(fd, observer->size, reader, check);
	close(fd);
	return err;
}

static int look_by_vmas_file(struct observer *observer, const struct churn *churn,
			     struct still_check *check)
{
	return look_by_file(observer, churn, "vmas", read_vma_line, check);
}

static int look_by_pages_file(struct observer *observer, const struct churn *churn,
			      struct still_check *check)
{
	return look_by_file(observer, churn, "pages", read_page_line, check);
}

static int look_by_vq_file(struct observer *observer, const struct churn *churn,
			   struct still_check *check)
{
	return look_by_file(observer, churn, "vq", read_row_line, check);
}

/*
 * How a call may end when its process does: ESRCH from vmq, EBUSY while its folder
 * is being taken away, ENOENT from folders of /proc that have gone, EIO from a file in
 * one.
 */
static bool means_gone(int err)
{
	return err == -ESRCH || err == -EBUSY || err == -ENOENT || err == -EIO;
}

/* One look at one process. */
static void look(struct observer *observer, const struct churn *churn)
{
	struct still_check check = still_begin(&churn->still, VMQ_FACTS_ALL);
	bool mortal = churn_is_mortal(churn);
	int err;

	if (mortal)		/* what stands still is in its parent */
		check.at = check.still->start + STILL_END * PAGE;
	err = observer->look(observer, churn, &check);
	if (mortal && means_gone(err)) {
		observer->gone++;
		err = 0;
	}
	if (err)
		still_wrong(&check, "%s", strerror(-err));
	if (!still_seen(&check) && !observer->wrong) {
		observer->wrong = true;
		snprintf(observer->why, sizeof(observer->why), "churn %d, look %lu: %s",
			 churn->kind, observer->looks, check.why);
	}
	observer->looks++;
}

static void *observe(void *arg)
{
	struct observer *observer = arg;
	const struct crowd *crowd = observer->crowd;

	setpriority(PRIO_PROCESS, gettid(), 10);	/* there are many of us */
	while (!crowd->stop && !observer->wrong)
		for (int i = 0; i < crowd->count && !crowd->stop; i++)
			look(observer, crowd->churns + i);
	return NULL;
}

static const struct observer kinds[CROWD] = {
	{ .name = "SCAN", .look = look_by_scan, .size = LARGE },
	{ .name = "SCAN, small buffer", .look = look_by_scan, .size = 7 },
	{ .name = "WALK", .look = look_by_walk, .size = 100 },
	{ .name = "VMAS", .look = look_by_vmas, .size = 1024 },
	{ .name = "vmas", .look = look_by_vmas_file, .size = 4096 },
	{ .name = "pages", .look = look_by_pages_file, .size = 4096 },
	{ .name = "pages, few bytes", .look = look_by_pages_file, .size = 251 },
	{ .name = "vq", .look = look_by_vq_file, .size = 4096 },
};

int crowd_start(struct crowd *crowd, const struct churn *churns, int count)
{
	int err = 0;

	crowd->churns = churns;
	crowd->count = count;
	crowd->stop = false;
	for (int i = 0; i < CROWD && !err; i++) {
		crowd->observers[i] = kinds[i];
		crowd->observers[i].crowd = crowd;
		err = pthread_create(&crowd->observers[i].thread, NULL, observe,
				     crowd->observers + i);
	}
	return err ? -1 : 0;
}

bool crowd_is_wrong(const struct crowd *crowd)
{
	for (int i = 0; i < CROWD; i++)
		if (crowd->observers[i].wrong)
			return true;
	return false;
}

unsigned long crowd_looks(const struct crowd *crowd)
{
	unsigned long looks = crowd->observers[0].looks;

	for (int i = 1; i < CROWD; i++)
		if (crowd->observers[i].looks < looks)
			looks = crowd->observers[i].looks;
	return looks;
}

void crowd_end(struct crowd *crowd)
{
	crowd->stop = true;
	for (int i = 0; i < CROWD; i++)
		pthread_join(crowd->observers[i].thread, NULL);
}

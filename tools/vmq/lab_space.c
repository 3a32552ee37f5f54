// SPDX-License-Identifier: GPL-2.0-only
/* Makes, in an actor, what an address space typically is made of. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../stage/loader.h"
#include "lab.h"

/* Since v6.13; newer than the headers of many systems. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define PAGE sysconf(_SC_PAGESIZE)
#define PAGES 4		/* of a pattern in anonymous memory */
#define APART 32	/* pages without rights on either side: too many to be a stack's guard */
#define BATCH 64	/* more pages than a processor keeps before they are on an LRU list */

/* Where the patterns lie; an end of 0 is not known. */
static struct {
	uintptr_t start, end;
} made[PATTERNS];

static int64_t place(enum pattern pattern, const void *start, size_t size)
{
	made[pattern].start = (uintptr_t)start;
	made[pattern].end = size ? (uintptr_t)start + size : 0;
	return made[pattern].start;
}

/* From the linker. */
extern const char __executable_start[], _edata[];

/* The program, from its headers to the end of what is in its file. */
static int64_t show_program(void)
{
	return place(PATTERN_IMAGE, __executable_start,
		     ((_edata - __executable_start) + PAGE - 1) & -PAGE);
}

/* Loads the library; of the four pages of its data a variable and the function write two. */
static int64_t write_data(int fd)
{
	static struct image image;
	int err = image_load(&image, fd);
	long (*function)(long n);
	volatile long *shared, *nonshared;

	if (err)
		return err;
	shared = image_symbol(&image, "SharedVariable");
	nonshared = image_symbol(&image, "NonSharedVariable");
	function = image_symbol(&image, "RelocatableFunction");
	if (!shared || !nonshared || !function)
		return -ENOENT;
	*shared = 2;
	(void)*nonshared;
	function(1);
	return place(PATTERN_DATA, image.base, image.size);
}

/* Waits for ever, on a stack and with a block of memory that are the thread's own. */
static void *thread(void *ready)
{
	char *block = malloc(100);

	place(PATTERN_STACK, &block, 0);
	if (block)
		place(PATTERN_ARENA, block, 0);
	pthread_barrier_wait(ready);
	for (;;)
		pause();
	return NULL;
}

static int64_t start_thread(void)
{
	static pthread_barrier_t ready;
	pthread_t id;
	int err;

	/* more than one, whatever the environment says */
	mallopt(M_ARENA_MAX, 8);
	pthread_barrier_init(&ready, NULL, 2);
	err = pthread_create(&id, NULL, thread, &ready);
	if (err)
		return -err;
	pthread_barrier_wait(&ready);
	return made[PATTERN_STACK].start;
}

/* Written pages, on the LRU lists, with nothing beside them that the kernel could join. */
static char *make_pages(int count)
{
	size_t apart = APART * PAGE, size = count * PAGE;
	char *area = mmap(NULL, size + 2 * apart, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED || mprotect(area + apart, size, PROT_READ | PROT_WRITE))
		return NULL;
	for (size_t i = 0; i < size; i += PAGE)
		area[apart + i] = 1;
	return area + apart;
}

static int64_t install_guard(void)
{
	char *pages = make_pages(PAGES);

	if (!pages || madvise(pages + PAGE, 2 * PAGE, MADV_GUARD_INSTALL))
		return -errno;
	return place(PATTERN_GUARD, pages, PAGES * PAGE);
}

/* Of a page that waits to get on its list nobody can say who uses it: others push it there. */
static int64_t make_copies(void)
{
	char *pages = make_pages(PAGES);

	if (!pages || !make_pages(BATCH))
		return -errno;
	return place(PATTERN_COPIES, pages, PAGES * PAGE);
}

static bool has_id(const char *device, const char *file, unsigned long id)
{
	char path[256];
	unsigned long value = 0;
	FILE *text;

	snprintf(path, sizeof(path), "%s/%s", device, file);
	text = fopen(path, "re");
	if (!text)
		return false;
	if (fscanf(text, "%lx", &value) != 1)
		value = 0;
	fclose(text);
	return value == id;
}

/*
 * The memory of QEMU's pci-testdev, which means nothing to anybody; a page of a
 * device that works is better left alone. "_wc": sysfs has another file of the same
 * memory, for write-combining.
 */
static int open_memory(bool combined)
{
	int fd = -ENODEV;
	glob_t found;

	if (glob("/sys/bus/pci/devices/*/resource[0-5]_wc", 0, NULL, &found))
		return -ENODEV;
	for (size_t i = 0; i < found.gl_pathc && fd == -ENODEV; i++) {
		char *path = found.gl_pathv[i], *name = strrchr(path, '/');

		*name = '\0';
		if (!has_id(path, "vendor", 0x1b36) || !has_id(path, "device", 0x0005))
			continue;
		*name = '/';
		if (!combined)
			name[strlen(name) - strlen("_wc")] = '\0';
		fd = open(path, O_RDWR | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	globfree(&found);
	return fd;
}

/* Each its own page: one page cannot be cached in two ways. */
static int64_t map_memory(enum pattern pattern)
{
	bool combined = pattern == PATTERN_COMBINED;
	int fd = open_memory(combined);
	void *page;

	if (fd < 0)
		return fd;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, combined ? PAGE : 0);
	close(fd);
	return page == MAP_FAILED ? -errno : place(pattern, page, PAGE);
}

int64_t space_build(enum pattern pattern, int fd)
{
	switch (pattern) {
	case PATTERN_IMAGE:
		return show_program();
	case PATTERN_DATA:
		return write_data(fd);
	case PATTERN_STACK:
		return start_thread();
	case PATTERN_ARENA:
		return made[PATTERN_ARENA].start ? (int64_t)made[PATTERN_ARENA].start : -ENOMEM;
	case PATTERN_GUARD:
		return install_guard();
	case PATTERN_COPIES:
		return make_copies();
	case PATTERN_UNCACHED:
	case PATTERN_COMBINED:
		return map_memory(pattern);
	default:
		return -EINVAL;
	}
}

int64_t space_end(enum pattern pattern)
{
	return pattern < PATTERNS ? (int64_t)made[pattern].end : -EINVAL;
}

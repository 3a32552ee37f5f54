// SPDX-License-Identifier: GPL-2.0-only
/* What an instance does: it has the library in itself, and obeys. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../stage/loader.h"
#include "../stage/sample.h"
#include "instance.h"

static const char *const symbols[ITEMS] = SAMPLE_ITEMS;

static struct files files;
static struct image image;	/* with our loader */
static void *handle;		/* with the system's */

static long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static void *page_of(uint64_t address)
{
	return (void *)(address & -page_size());
}

static void *find(enum item item)
{
	return handle ? dlsym(handle, symbols[item]) : image_symbol(&image, symbols[item]);
}

/*
 * Maps the section over the page of SharedVariable. It begins as the library has it:
 * whoever comes first writes that.
 */
static int map_section(void)
{
	void *page = find(SHARED);
	struct stat stat;

	if (fstat(files.section, &stat))
		return -errno;
	if (!stat.st_size && write(files.section, page, page_size()) != page_size())
		return -EIO;
	page = mmap(page, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    files.section, 0);
	return page == MAP_FAILED ? -errno : 0;
}

static int open_by_system(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", files.sample);
	handle = dlopen(path, RTLD_NOW);
	return handle ? 0 : -ENOEXEC;
}

static int load(enum loader loader)
{
	int err = loader == LOADER_SYSTEM ? open_by_system() : image_load(&image, files.sample);

	if (err)
		return err;
	for (enum item item = 0; item < ITEMS; item++)
		if (!find(item))
			return -ENOEXEC;
	return map_section();
}

static int is_relocated(void)
{
	struct link_map *map;

	if (!handle)
		return image_relocated(&image);
	return dlinfo(handle, RTLD_DI_LINKMAP, &map) ? -EINVAL : !!map->l_addr;
}

static int block(uint64_t address)
{
	void *at = mmap(page_of(address), page_size(), PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return at == MAP_FAILED ? -errno : 0;
}

/* PAGE_READWRITE of the document's time: what could be read could be executed. */
static int make_writable(uint64_t address)
{
	return mprotect(page_of(address), page_size(), PROT_READ | PROT_WRITE | PROT_EXEC) ?
	       -errno : 0;
}

static int64_t obey(const struct order *order)
{
	volatile int64_t *at = (int64_t *)order->address;

	switch (order->what) {
	case INSTANCE_LOAD:
		return load(order->value);
	case INSTANCE_UNLOAD:
		image_unload(&image);
		return 0;
	case INSTANCE_RELOCATED:
		return is_relocated();
	case INSTANCE_WHERE:
		return order->value < ITEMS ? (int64_t)find(order->value) : -EINVAL;
	case INSTANCE_BLOCK:
		return block(order->address);
	case INSTANCE_UNBLOCK:
		return munmap(page_of(order->address), page_size()) ? -errno : 0;
	case INSTANCE_MAKE_WRITABLE:
		return make_writable(order->address);
	case INSTANCE_READ:
		return *at;
	case INSTANCE_WRITE:
		*at = order->value;
		return 0;
	case INSTANCE_CALL:
		return ((long (*)(long))order->address)(order->value);
	default:
		return -EINVAL;
	}
}

int instance_main(int argc, char **argv)
{
	if (argc != 3)
		return 1;
	files = (struct files){ .sample = atoi(argv[1]), .section = atoi(argv[2]) };
	return actor_serve(obey);
}

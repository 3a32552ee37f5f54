// SPDX-License-Identifier: GPL-2.0-only
/* Looks for bars in sysfs. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "bar.h"

#define DEVICES "/sys/bus/pci/devices"
#define BARS 6
#define MEMORY_BAR (1UL << 20)	/* the smaller ones are its registers */

static bool has_id(const char *device, const char *file, unsigned long id)
{
	char path[320];
	unsigned long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", device, file);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%lx", &value) != 1)
		value = 0;
	fclose(f);
	return value == id;
}

/* The bar of @device with @least bytes: one line of "resource" for each. */
static bool find_in(struct bar *bar, const char *device, uint64_t least)
{
	unsigned long start, end, flags;
	char path[320];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/resource", device);
	f = fopen(path, "re");
	for (int number = 0; f && !found && number < BARS; number++) {
		if (fscanf(f, "%lx %lx %lx", &start, &end, &flags) != 3)
			break;
		found = start && end - start >= least - 1;
		if (found)
			*bar = (struct bar){
				.number = number, .start = start, .size = end - start + 1,
			};
	}
	if (f)
		fclose(f);
	if (found)
		snprintf(bar->device, sizeof(bar->device), "%s", device);
	return found;
}

bool bar_find(struct bar *bar, unsigned long vendor, unsigned long device, uint64_t least)
{
	DIR *devices = opendir(DEVICES);
	struct dirent *entry;
	bool found = false;

	while (devices && !found && (entry = readdir(devices))) {
		char path[sizeof(bar->device)];

		snprintf(path, sizeof(path), DEVICES "/%s", entry->d_name);
		found = has_id(path, "vendor", vendor) && has_id(path, "device", device) &&
			find_in(bar, path, least);
	}
	if (devices)
		closedir(devices);
	return found;
}

bool bar_find_memory(struct bar *bar)
{
	return bar_find(bar, 0x1b36, 0x0005, MEMORY_BAR);
}

int bar_open(const struct bar *bar, const char *suffix)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/resource%d%s", bar->device, bar->number, suffix);
	return open(path, O_RDWR | O_CLOEXEC);
}

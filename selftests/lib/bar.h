/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that are no memory: the bars of PCI devices, and where they lie. */
#ifndef BAR_H
#define BAR_H

#include <stdbool.h>
#include <stdint.h>

/* A bar that is there. */
struct bar {
	char device[288];	/* folder in sysfs */
	int number;
	uint64_t start;
	uint64_t size;
};

/* The first bar of such a device with @least bytes; @bar is set if there is one. */
bool bar_find(struct bar *bar, unsigned long vendor, unsigned long device, uint64_t least);

/* That of QEMU's pci-testdev which behaves as memory, at least 1M. */
bool bar_find_memory(struct bar *bar);

/* Its file in sysfs; @suffix "_wc" for the one that combines writes. */
int bar_open(const struct bar *bar, const char *suffix);

#endif

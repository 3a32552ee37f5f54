/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the tests of the procfs backend: the caller, seen by it. Static: the
 * test harness has its data in the file that includes it.
 */
#ifndef PROCFS_FIXTURE_H
#define PROCFS_FIXTURE_H

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "asked.h"
#include "harness.h"
#include "oracle.h"

FIXTURE(procfs) {
	struct vmq *vmq;
	char *map;		/* PAGES of private anonymous memory, untouched */
	bool frames;
};

FIXTURE_SETUP(procfs)
{
	uint64_t entry;
	int pagemap = oracle_open_pagemap(0);

	ASSERT_EQ(0, vmq_open(&self->vmq, 0, VMQ_BACKEND_PROCFS));
	self->map = asked_map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, oracle_pagemap(pagemap, (uintptr_t)&entry & -PAGE, 1, &entry));
	self->frames = PM_FRAME(entry) && !access("/proc/kpageflags", R_OK);
	close(pagemap);
}

FIXTURE_TEARDOWN(procfs)
{
	vmq_close(self->vmq);
	munmap(self->map, PAGES * PAGE);
}

#endif

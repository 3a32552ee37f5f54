// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that are no memory: a bar of QEMU's pci-testdev, mapped through sysfs,
 * uncached and write-combined. Where it lies, the file "resource" says. What is
 * left of such a mapping when a driver takes the device. And the page of time the
 * kernel lends to every process, [vvar].
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/bar.h"
#include "lib/device.h"
#include "lib/fault.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/vq_output.h"
#include "lib/harness.h"

#define VIRTIO_BAR (4 * PAGE)	/* the smaller one is for interrupts */
#define VIRTIO "/sys/bus/pci/drivers/virtio-pci"

FIXTURE(bar) {
	int vmq, fd;
	struct bar bar;
	volatile char *map;	/* shared */
};
FIXTURE_VARIANT(bar) {
	const char *suffix;	/* of the file in sysfs */
	const char *letters;	/* of the row of vq */
	uint8_t memtype;
};
FIXTURE_VARIANT_ADD(bar, uncached) {
	.suffix = "", .letters = "N--RW--", .memtype = VMQ_MEMTYPE_UC_MINUS,
};
FIXTURE_VARIANT_ADD(bar, write_combined) {
	.suffix = "_wc", .letters = "-O-RW--", .memtype = VMQ_MEMTYPE_WC,
};

FIXTURE_SETUP(bar)
{
	self->vmq = self->fd = -1;
	if (!bar_find_memory(&self->bar))
		SKIP_SETUP("no pci-testdev with memory: boot with -d pci-testdev,membar=16M");
	self->fd = bar_open(&self->bar, variant->suffix);
	if (self->fd < 0 && errno == ENOENT && *variant->suffix)
		SKIP_SETUP("this kernel cannot combine writes (CONFIG_X86_PAT)");
	ASSERT_GE(self->fd, 0);
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	self->map = mmap(NULL, self->bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->map);
}

FIXTURE_TEARDOWN(bar)
{
	close(self->vmq);
	close(self->fd);
}

TEST_F(bar, is_one_run_of_its_frames)
{
	uint64_t start = (uintptr_t)self->map;
	struct vmq_run runs[4];
	struct vmq_scan scan = device_scan(start, start + self->bar.size, VMQ_FACTS_ALL, runs, 4);

	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	ASSERT_EQ(1, scan.count);
	EXPECT_EQ(start, runs[0].start);
	EXPECT_EQ(self->bar.size / PAGE, runs[0].pages);
	EXPECT_TRUE(runs[0].valid & VMQ_VALID_FRAME);
	EXPECT_EQ(self->bar.start / PAGE, runs[0].frame);
	EXPECT_EQ(VMQ_KIND_PFNMAP, runs[0].kind);
	EXPECT_EQ(VMQ_SHARING_NOPAGE, runs[0].sharing);
	EXPECT_TRUE(runs[0].valid & VMQ_VALID_MEMTYPE);
	EXPECT_EQ(variant->memtype, runs[0].memtype);
	EXPECT_EQ(VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_SPECIAL | VMQ_ENTRY_USER,
		  runs[0].entry & (VMQ_ENTRY_PRESENT | VMQ_ENTRY_WRITE | VMQ_ENTRY_SPECIAL |
				   VMQ_ENTRY_USER | VMQ_ENTRY_EXEC | VMQ_ENTRY_PROTNONE));
	EXPECT_EQ(VMQ_ON_WRITE_THROUGH, runs[0].on_write);
	/* there is no page to ask */
	EXPECT_EQ(0, runs[0].valid & (VMQ_VALID_MAP_COUNT | VMQ_VALID_REF_COUNT | VMQ_VALID_ORDER |
				      VMQ_VALID_NODE | VMQ_VALID_PAGE_FLAGS | VMQ_VALID_TOKEN));
}

TEST_F(bar, vq_says_how_it_is_cached)
{
	size_t i = 0;

	ASSERT_TRUE(vq_look(getpid()));
	while (i < row_count && rows[i].start != (uintptr_t)self->map)
		i++;
	ASSERT_LT(i, row_count);
	EXPECT_EQ((uintptr_t)self->map + self->bar.size, rows[i].end);
	EXPECT_STREQ(variant->letters, rows[i].current);
	EXPECT_STREQ("Committed", rows[i].state);
	EXPECT_STREQ("Mapped", rows[i].type);
}

/* A private view has the frames, too, until it is written to. */
TEST_F(bar, a_private_view_is_copied)
{
	volatile char *map = mmap(NULL, self->bar.size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
				  self->fd, 0);
	struct vmq_run run;

	if (map == MAP_FAILED)
		SKIP_TEST("this kernel does not map it MAP_PRIVATE");
	ASSERT_EQ(0, device_page(self->vmq, map + 3 * PAGE, &run));
	EXPECT_EQ(VMQ_KIND_PFNMAP, run.kind);
	EXPECT_EQ(self->bar.start / PAGE + 3, run.frame);
	EXPECT_EQ(VMQ_SHARING_NOPAGE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_COPY, run.on_write);
	map[3 * PAGE] = 1;
	ASSERT_EQ(0, device_page(self->vmq, map + 3 * PAGE, &run));
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_NE(self->bar.start / PAGE + 3, run.frame);
	EXPECT_EQ(VMQ_SHARING_EXCLUSIVE, run.sharing);
	EXPECT_EQ(variant->memtype, run.memtype);	/* of the VMA, though it is memory now */
	EXPECT_EQ(0, run.entry & VMQ_ENTRY_SPECIAL);
	EXPECT_EQ(1, oracle_kpage("kpagecount", run.frame));
	ASSERT_EQ(0, device_page(self->vmq, map + 4 * PAGE, &run));
	EXPECT_EQ(VMQ_KIND_PFNMAP, run.kind);
}

/* Has virtio-pci take the device of @bar, or leave it. */
static int virtio(const struct bar *bar, const char *file)
{
	return setup_write(file, strrchr(bar->device, '/') + 1);
}

/*
 * A driver that takes the device has the frames taken away from all who mapped
 * them. What is left is for the mapping's driver to decide: that of sysfs says no.
 */
FIXTURE(hole) {
	int vmq, fd;
	struct bar bar;
};
FIXTURE_VARIANT(hole) { int how; };
FIXTURE_VARIANT_ADD(hole, shared) { .how = MAP_SHARED };
FIXTURE_VARIANT_ADD(hole, private) { .how = MAP_PRIVATE };

FIXTURE_SETUP(hole)
{
	if (!bar_find(&self->bar, 0x1af4, 0x1005, VIRTIO_BAR))
		SKIP_SETUP("no device to take: boot with -d virtio-rng-pci");
	self->vmq = device_open(0);
	ASSERT_GE(self->vmq, 0);
	ASSERT_EQ(0, virtio(&self->bar, VIRTIO "/unbind"));
	self->fd = bar_open(&self->bar, "");
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(hole)
{
	close(self->fd);
	close(self->vmq);
}

TEST_F(hole, is_for_the_driver_to_fill)
{
	volatile char *map = mmap(NULL, VIRTIO_BAR, PROT_READ | PROT_WRITE, variant->how,
				  self->fd, 0);
	struct vmq_run run;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, device_page(self->vmq, map + PAGE, &run));
	EXPECT_EQ(VMQ_KIND_PFNMAP, run.kind);
	EXPECT_EQ(self->bar.start / PAGE + 1, run.frame);
	ASSERT_EQ(0, virtio(&self->bar, VIRTIO "/bind"));
	ASSERT_EQ(0, device_page(self->vmq, map + PAGE, &run));
	if (run.entry & VMQ_ENTRY_PRESENT)
		SKIP_TEST("this kernel leaves it mapped (CONFIG_IO_STRICT_DEVMEM)");
	EXPECT_EQ(VMQ_KIND_NONE, run.kind);
	EXPECT_EQ(VMQ_SHARING_NONE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_UNKNOWN, run.on_write);
	EXPECT_EQ(SIGBUS, fault_of_write(map + PAGE));
}

/* Range of the mapping [vvar] and whether its flags call it pfn-mapped. */
static bool find_vvar(uint64_t *start, uint64_t *end, bool *pfnmap)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	bool inside = false, found = false;
	char line[512];

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (strstr(line, " [vvar]\n"))
			inside = sscanf(line, "%lx-%lx", start, end) == 2;
		if (!inside || strncmp(line, "VmFlags:", 8))
			continue;
		*pfnmap = strstr(line, " pf");
		found = true;
		break;
	}
	if (smaps)
		fclose(smaps);
	return found;
}

TEST(the_vvar_page)
{
	uint64_t start = 0, end = 0;
	int vmq = device_open(0), present = 0;
	struct timespec t;
	struct vmq_run run;
	bool pfnmap;

	ASSERT_GE(vmq, 0);
	clock_gettime(CLOCK_MONOTONIC, &t);	/* reads it, in user mode */
	if (!find_vvar(&start, &end, &pfnmap))
		SKIP_TEST("this kernel has no [vvar]");
	for (uint64_t at = start; at < end; at += PAGE) {
		ASSERT_EQ(0, device_page(vmq, (char *)at, &run));
		if (!(run.entry & VMQ_ENTRY_PRESENT))
			continue;
		present++;
		EXPECT_EQ(pfnmap ? VMQ_KIND_PFNMAP : VMQ_KIND_KERNEL, run.kind);
		EXPECT_EQ(pfnmap, !!(run.entry & VMQ_ENTRY_SPECIAL));
		EXPECT_EQ(0, run.entry & VMQ_ENTRY_WRITE);
		EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
		EXPECT_EQ(pfnmap, run.sharing == VMQ_SHARING_NOPAGE);
		EXPECT_EQ(pfnmap ? 0 : PM_FRAME(oracle_entry((char *)at)), pfnmap ? 0 : run.frame);
	}
	EXPECT_GT(present, 0);
	close(vmq);
}

TEST_HARNESS_MAIN

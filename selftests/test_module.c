// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading: not while /dev/vmq is open, always else, and without
 * leaving anything behind. Ends with the module loaded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/harness.h"

#define WARM_UP		20
#define ROUNDS		200
#define FEW_ROUNDS	20	/* with a kernel that finds leaks by itself, and slowly */

/* 0 or a negative errno. */
static int load(void)
{
	char path[256];
	struct utsname name;
	int fd, err;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/vmq.ko", name.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "vmq", O_NONBLOCK) ? -errno : 0;
}

static bool file_says(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, word);
	if (file)
		fclose(file);
	return found;
}

/* The module is in when a test begins, and again when it has ended. */
FIXTURE(module) {
	int unused;
};

FIXTURE_SETUP(module)
{
	ASSERT_EQ(0, access("/dev/vmq", F_OK));
}

FIXTURE_TEARDOWN(module)
{
	if (access("/dev/vmq", F_OK))
		EXPECT_EQ(0, load());
}

TEST_F(module, stays_while_the_device_is_open)
{
	struct vmq_info info = { .size = sizeof(info) };
	int vmq = device_open(0);

	ASSERT_GE(vmq, 0);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(0, device_call(vmq, VMQ_IOC_INFO, &info));
	close(vmq);
	EXPECT_EQ(0, unload());
}

/* procfs takes its files away from their readers. */
TEST_F(module, goes_while_a_file_of_proc_is_open)
{
	int fd = open("/proc/vmq/self/pages", O_RDONLY);
	char text[64];

	ASSERT_GE(fd, 0);
	EXPECT_EQ(sizeof(text), read(fd, text, sizeof(text)));
	EXPECT_EQ(0, unload());
	EXPECT_EQ(-1, read(fd, text, sizeof(text)));
	EXPECT_EQ(0, close(fd));
}

TEST_F(module, leaves_no_file_behind)
{
	ASSERT_EQ(0, unload());
	EXPECT_NE(0, access("/proc/vmq", F_OK));
	EXPECT_NE(0, access("/dev/vmq", F_OK));
	EXPECT_NE(0, access("/sys/module/vmq", F_OK));
	EXPECT_FALSE(file_says("/proc/misc", " vmq"));
	EXPECT_FALSE(file_says("/proc/modules", "vmq "));
	EXPECT_FALSE(file_says("/proc/vmallocinfo", "[vmq]"));
}

static ssize_t read_all(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got, sum = 0;

	while ((got = read(fd, text, sizeof(text))) > 0)
		sum += got;
	close(fd);
	return got < 0 ? -errno : sum;
}

/* Makes use of everything; whether it worked. */
static bool work(void)
{
	static struct vmq_run runs[2000];
	struct vmq_scan scan = device_scan(0, 1UL << 47, VMQ_FACTS_ALL, runs, ARRAY_SIZE(runs));
	char path[48];
	FILE *attach = fopen("/proc/vmq/attach", "we");
	int vmq = device_open(0), err;

	scan.end -= PAGE;
	err = device_call(vmq, VMQ_IOC_SCAN, &scan);
	close(vmq);
	snprintf(path, sizeof(path), "/proc/vmq/%d/pages", getpid());
	if (!attach)
		return false;
	err |= fprintf(attach, "%d\n", getpid()) < 0;
	err |= fclose(attach);
	return !err && read_all(path) > 1000 && read_all("/proc/vmq/self/vq") > 1000;
}

/*
 * What is allocated. slabinfo counts whole slabs as in use, so a cache may seem to
 * have grown by some ten objects.
 */
struct memory {
	struct cache {
		char name[64];
		long objects;
	} caches[400];
	int count;
	long free_kilobytes;
};

static bool is_ours(const char *name)
{
	static const char *const prefixes[] = {
		"kmalloc-", "mm_struct", "pid", "proc_dir_entry", "filp", "vm_area_struct",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static void read_caches(struct memory *memory)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512];

	while (file && memory->count < (int)ARRAY_SIZE(memory->caches) &&
	       fgets(line, sizeof(line), file)) {
		struct cache *cache = memory->caches + memory->count;

		if (sscanf(line, "%63s %ld", cache->name, &cache->objects) == 2 &&
		    is_ours(cache->name))
			memory->count++;
	}
	if (file)
		fclose(file);
}

static long free_kilobytes(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kilobytes = -1;

	while (file && kilobytes < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "MemFree: %ld", &kilobytes);
	if (file)
		fclose(file);
	return kilobytes;
}

static void read_memory(struct memory *memory)
{
	FILE *drop = fopen("/proc/sys/vm/drop_caches", "we");

	if (drop) {
		fputs("3\n", drop);
		fclose(drop);
	}
	memory->count = 0;
	read_caches(memory);
	memory->free_kilobytes = free_kilobytes();
}

/* How many objects more a cache has. */
static long growth(const struct memory *before, const struct cache *cache)
{
	for (int i = 0; i < before->count; i++)
		if (!strcmp(before->caches[i].name, cache->name))
			return cache->objects - before->caches[i].objects;
	return cache->objects;
}

static void expect_rounds(struct __test_metadata *_metadata, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		ASSERT_EQ(0, unload()) TH_LOG("round %d", i);
		ASSERT_EQ(0, load());
		ASSERT_TRUE(work());
	}
}

/* KASAN keeps what was freed for a while, so nothing can be counted under it. */
TEST_F_TIMEOUT(module, leaves_nothing_for_kmemleak, 600)
{
	if (access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP_TEST("this kernel has no kmemleak; memory is counted instead");
	expect_rounds(_metadata, scaled(FEW_ROUNDS));	/* the runner judges its report */
}

TEST_F_TIMEOUT(module, leaves_no_memory_behind, 600)
{
	static struct memory before, after;
	int rounds = scaled(ROUNDS);

	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP_TEST("this kernel keeps what was freed; kmemleak looks instead");
	expect_rounds(_metadata, WARM_UP);
	read_memory(&before);
	expect_rounds(_metadata, rounds);
	read_memory(&after);
	EXPECT_GT(after.count, 10);
	for (int i = 0; i < after.count; i++) {
		EXPECT_LT(growth(&before, after.caches + i), rounds * 3 / 4)
			TH_LOG("%s", after.caches[i].name);
	}
	/* the buffer of a scan has 64 KiB, more than a slab's object */
	EXPECT_LT(before.free_kilobytes - after.free_kilobytes, rounds * 32);
	TH_LOG("%ld KiB less are free", before.free_kilobytes - after.free_kilobytes);
}

TEST_HARNESS_MAIN

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
#include "lib/setup.h"
#include "lib/harness.h"

#define WARM_UP		20
#define ROUNDS		200
#define BATCHES		3
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

/* What is allocated. */
struct memory {
	struct cache {
		char name[64];	/* kmalloc-N for all caches of that size */
		long objects;
		int grown;	/* batches of rounds in a row */
	} caches[200];
	int count;
	long free_kilobytes;
	int shrunk;		/* batches in a row in which fewer were free */
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

/* slabinfo counts what each CPU keeps for its next allocations as in use: give it up. */
static void shrink(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", name);
	setup_write(path, "1");
}

static struct cache *find_cache(struct memory *memory, const char *name)
{
	for (int i = 0; i < memory->count; i++)
		if (!strcmp(memory->caches[i].name, name))
			return memory->caches + i;
	return NULL;
}

/* From which cache of a size an allocation comes hangs on who asks, and on chance. */
static void add_cache(struct memory *memory, const char *name, long objects)
{
	char group[64];
	struct cache *cache;

	if (!strncmp(name, "kmalloc-", 8))
		snprintf(group, sizeof(group), "kmalloc%s", strrchr(name, '-'));
	else
		snprintf(group, sizeof(group), "%s", name);
	cache = find_cache(memory, group);
	if (!cache && memory->count < (int)ARRAY_SIZE(memory->caches)) {
		cache = memory->caches + memory->count++;
		strcpy(cache->name, group);
	}
	if (cache)
		cache->objects += objects;
}

static void each_cache(struct memory *memory)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512], name[64];
	long objects;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %ld", name, &objects) != 2 || !is_ours(name))
			continue;
		if (memory)
			add_cache(memory, name, objects);
		else
			shrink(name);
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
	*memory = (struct memory){ };
	each_cache(NULL);
	each_cache(memory);
	memory->free_kilobytes = free_kilobytes();
}

/*
 * Counts on what has grown since @before as much as if each of @rounds had left
 * something; the longest count. Each round may allocate an object, or the buffer of a
 * scan, 64 KiB, which is no slab's object.
 */
static int count_growth(struct memory *before, struct memory *after, int rounds)
{
	int most;

	if (before->free_kilobytes - after->free_kilobytes >= rounds * 32)
		after->shrunk = before->shrunk + 1;
	most = after->shrunk;
	for (int i = 0; i < after->count; i++) {
		struct cache *cache = after->caches + i;
		const struct cache *old = find_cache(before, cache->name);

		if (old && cache->objects - old->objects >= rounds * 3 / 4)
			cache->grown = old->grown + 1;
		most = cache->grown > most ? cache->grown : most;
	}
	return most;
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

/*
 * A leak grows with each batch of rounds; what else the kernel keeps for itself comes
 * and goes. So what has grown is looked at again, BATCHES times.
 */
TEST_F_TIMEOUT(module, leaves_no_memory_behind, 600)
{
	static struct memory before, after;
	int rounds = scaled(ROUNDS), batch, growth;

	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP_TEST("this kernel keeps what was freed; kmemleak looks instead");
	expect_rounds(_metadata, WARM_UP);
	read_memory(&before);
	for (batch = 1; batch <= BATCHES; batch++) {
		expect_rounds(_metadata, rounds);
		read_memory(&after);
		growth = count_growth(&before, &after, rounds);
		TH_LOG("%ld KiB are free, %ld less", after.free_kilobytes,
		       before.free_kilobytes - after.free_kilobytes);
		if (growth < batch)
			break;
		before = after;
	}
	EXPECT_GT(after.count, 10);
	EXPECT_LT(after.shrunk, BATCHES);
	for (int i = 0; i < after.count; i++) {
		EXPECT_LT(after.caches[i].grown, BATCHES)
			TH_LOG("%s", after.caches[i].name);
	}
}

TEST_HARNESS_MAIN

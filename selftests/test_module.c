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
#include "kselftest_harness.h"

#define WARM_UP	20
#define ROUNDS	200

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

/* Allocated objects of the slab caches whose name begins so; slabinfo counts loosely. */
static long objects(const char *prefix)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512], name[64];
	long sum = 0, active;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", name, &active) == 2 &&
		    !strncmp(name, prefix, strlen(prefix)))
			sum += active;
	if (file)
		fclose(file);
	return sum;
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

/* What a round uses: a leak is one of these per round, or more. */
static const char *const caches[] = {
	"kmalloc-", "mm_struct", "pid", "proc_dir_entry", "filp", "vm_area_struct",
};

static void count(long *objects_of)
{
	FILE *drop = fopen("/proc/sys/vm/drop_caches", "we");

	if (drop) {
		fputs("3\n", drop);
		fclose(drop);
	}
	for (size_t i = 0; i < ARRAY_SIZE(caches); i++)
		objects_of[i] = objects(caches[i]);
	objects_of[ARRAY_SIZE(caches)] = free_kilobytes();
}

TEST_F_TIMEOUT(module, leaves_no_memory_behind, 600)
{
	long before[ARRAY_SIZE(caches) + 1], after[ARRAY_SIZE(caches) + 1];
	int rounds = scaled(ROUNDS);

	for (int i = 0; i < WARM_UP + rounds; i++) {
		if (i == WARM_UP)
			count(before);
		ASSERT_EQ(0, unload()) TH_LOG("round %d", i);
		ASSERT_EQ(0, load());
		ASSERT_TRUE(work());
	}
	count(after);
	for (size_t i = 0; i < ARRAY_SIZE(caches); i++) {
		EXPECT_LT(after[i] - before[i], rounds / 2);
		TH_LOG("%s: %ld more in %d rounds", caches[i], after[i] - before[i], rounds);
	}
	/* the buffer of a scan has 64 KiB, more than a slab's object */
	EXPECT_LT(before[ARRAY_SIZE(caches)] - after[ARRAY_SIZE(caches)], rounds * 32);
	TH_LOG("%ld KiB less are free", before[ARRAY_SIZE(caches)] - after[ARRAY_SIZE(caches)]);
}

TEST_HARNESS_MAIN

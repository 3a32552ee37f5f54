// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call when the kernel runs out of memory in it, or cannot reach the caller's:
 * each allocation and each copy fails once, by /proc/thread-self/fail-nth. A call
 * then says so, or does without; it leaves nothing behind, and works right after.
 * What it leaked, or used after it was freed, selftests/vm/run sees in the log.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/scale.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define INJECTION	"/sys/kernel/debug/"
#define COPIES		INJECTION "fail_usercopy/times"
#define ATTACH		"/proc/vmq/attach"
#define TOP		((1UL << 47) - PAGE)	/* a process' memory lies below */

#define ROUNDS		2	/* times SCALE: a cache that needs a page shifts what fails */
#define FEW		16	/* records: kmalloc or nothing */
#define MANY		1024	/* vmalloc has what kmalloc has not */

struct text {
	size_t length;
	char bytes[1 << 18];
};

/* All memory is there before anything fails. */
static struct stage {
	int nth;		/* /proc/thread-self/fail-nth */
	pid_t child;		/* stands still */
	char number[16];	/* it, for attach */
	int vmq, fd;
	char path[48];
	struct text text, expected;
	struct vmq_run runs[MANY];
	struct vmq_vma vmas[MANY];
	char names[1 << 16];
} stage;

/* A way to call; functions return 0 or a negative errno. */
struct way {
	const char *name;
	int (*prepare)(const struct way *way);
	int (*call)(const struct way *way);	/* in which something fails */
	int (*left)(const struct way *way);	/* by a refused call: 0, nothing */
	int (*end)(const struct way *way);	/* of what the call did */
	const char *file;			/* to be opened, %s is the child */
	__u32 number;				/* how to bind; records wanted */
	bool allocates;
};

static int nothing(const struct way *way)
{
	(void)way;
	return 0;
}

/* --- failures */

/* Allocations that may wait can fail too, and no failure is told in the log. */
static int let_all_fail(void)
{
	return setup_write(INJECTION "failslab/ignore-gfp-wait", "N") ?:
	       setup_write(INJECTION "failslab/verbose", "0") ?:
	       setup_write(INJECTION "fail_page_alloc/ignore-gfp-wait", "N") ?:
	       setup_write(INJECTION "fail_page_alloc/min-order", "0") ?:
	       setup_write(INJECTION "fail_page_alloc/verbose", "0") ?:
	       setup_write(INJECTION "fail_usercopy/verbose", "0");
}

static int arm(int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", nth);
	int err = setup_write(COPIES, "1");	/* 0 after one */

	if (err)
		return err;
	return pwrite(stage.nth, text, length, 0) == length ? 0 : -errno;
}

/* Whether something has failed. If not, these copies may, and disarm all the same. */
static bool disarm(void)
{
	char left[16] = "1";

	(void)!pread(stage.nth, left, sizeof(left), 0);
	(void)!pwrite(stage.nth, "0", 1, 0);
	return !atoi(left);
}

static bool a_copy_failed(void)
{
	char text[16] = "";
	int fd = open(COPIES, O_RDONLY | O_CLOEXEC);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return !atoi(text);
}

/* --- ways to call: /dev/vmq */

static int prepare_bind(const struct way *way)
{
	stage.vmq = open("/dev/vmq", O_RDWR | O_CLOEXEC);
	stage.fd = way->number == VMQ_BIND_PAGEMAP_FD ? oracle_open_pagemap(stage.child) : -1;
	return stage.vmq < 0 ? -errno : 0;
}

static int bind_device(const struct way *way)
{
	struct vmq_bind bind = {
		.size = sizeof(bind), .how = way->number, .fd = stage.fd,
		.pid = way->number == VMQ_BIND_PID ? stage.child : 0,
	};

	return device_call(stage.vmq, VMQ_IOC_BIND, &bind);
}

static int is_bound(const struct way *way)
{
	struct vmq_info info = { .size = sizeof(info) };
	int err = device_call(stage.vmq, VMQ_IOC_INFO, &info);

	(void)way;
	return err ?: info.top ? -EBUSY : 0;
}

static int prepare_bound(const struct way *way)
{
	(void)way;
	stage.fd = -1;
	stage.vmq = device_open(stage.child);
	return stage.vmq < 0 ? stage.vmq : 0;
}

static int end_device(const struct way *way)
{
	(void)way;
	if (stage.fd >= 0)
		close(stage.fd);
	return close(stage.vmq) ? -errno : 0;
}

static int ask_info(const struct way *way)
{
	struct vmq_info info = { .size = sizeof(info) };
	int err = device_call(stage.vmq, VMQ_IOC_INFO, &info);

	(void)way;
	return err ?: info.top ? 0 : -EPROTO;
}

static int scan(const struct way *way)
{
	struct vmq_scan scan = device_scan(0, TOP, VMQ_FACTS_ALL, stage.runs, way->number);
	int err = device_call(stage.vmq, VMQ_IOC_SCAN, &scan);

	if (err)		/* the argument is as it was */
		return !scan.start && scan.count == way->number ? err : -EPROTO;
	return scan.count && scan.start >= stage.runs[scan.count - 1].start ? 0 : -EPROTO;
}

static int list_vmas(const struct way *way)
{
	struct vmq_vmas vmas = {
		.size = sizeof(vmas), .end = TOP, .vmas = (uintptr_t)stage.vmas,
		.names = (uintptr_t)stage.names, .count = way->number,
		.vma_size = sizeof(*stage.vmas),
		.names_size = way->number == FEW ? PAGE : sizeof(stage.names),
	};
	int err = device_call(stage.vmq, VMQ_IOC_VMAS, &vmas);

	if (err)
		return !vmas.start && vmas.count == way->number ? err : -EPROTO;
	return vmas.count && vmas.start >= stage.vmas[vmas.count - 1].end ? 0 : -EPROTO;
}

static int walk(const struct way *way)
{
	struct vmq_run run;
	int err = device_page(stage.vmq, &stage, &run);

	(void)way;
	return err ?: run.kind == VMQ_KIND_ANON ? 0 : -EPROTO;
}

/* --- and /proc/vmq */

static int attach(const struct way *way)
{
	(void)way;
	return setup_write(ATTACH, stage.number + 1);
}

static int detach(const struct way *way)
{
	(void)way;
	return setup_write(ATTACH, stage.number);
}

static int has_folder(const struct way *way)
{
	(void)way;
	return access(stage.path, F_OK) ? 0 : -EEXIST;
}

static int has_no_folder(const struct way *way)
{
	return has_folder(way) ? 0 : -ENOENT;
}

static int open_file(const struct way *way)
{
	stage.fd = open(way->file ?: stage.path, O_RDONLY | O_CLOEXEC);
	return stage.fd < 0 ? -errno : 0;
}

static int close_file(const struct way *way)
{
	(void)way;
	return close(stage.fd) ? -errno : 0;
}

static int close_and_detach(const struct way *way)
{
	return close_file(way) ?: detach(way);
}

/* From where the file is to its end. */
static int read_on(struct text *text)
{
	ssize_t got;

	while ((got = read(stage.fd, text->bytes + text->length,
			   sizeof(text->bytes) - 1 - text->length)) > 0)
		text->length += got;
	return got < 0 ? -errno : 0;
}

/* What the counts say is not the same each time. */
static int read_file(const struct way *way)
{
	int err = read_on(&stage.text);

	if (err || strstr(way->file, "pages"))
		return err;
	return stage.text.length == stage.expected.length &&
	       !memcmp(stage.text.bytes, stage.expected.bytes, stage.text.length) ? 0 : -EPROTO;
}

static int prepare_text(const struct way *way)
{
	int err = 0;

	if (!stage.expected.length)
		err = open_file(way) ?: read_on(&stage.expected) ?: close_file(way);
	stage.text.length = 0;
	return err ?: open_file(way);
}

/* --- the tests */

static const struct way ways[] = {
	{ "open", nothing, open_file, nothing, close_file, "/dev/vmq", 0, true },
	{ "bind_self", prepare_bind, bind_device, is_bound, end_device, NULL,
	  VMQ_BIND_SELF, false },
	{ "bind_pagemap", prepare_bind, bind_device, is_bound, end_device, NULL,
	  VMQ_BIND_PAGEMAP_FD, false },
	{ "bind_pid", prepare_bind, bind_device, is_bound, end_device, NULL, VMQ_BIND_PID, false },
	{ "info", prepare_bound, ask_info, nothing, end_device, NULL, 0, false },
	{ "scan", prepare_bound, scan, nothing, end_device, NULL, FEW, true },
	{ "long_scan", prepare_bound, scan, nothing, end_device, NULL, MANY, false },
	{ "vmas", prepare_bound, list_vmas, nothing, end_device, NULL, FEW, true },
	{ "many_vmas", prepare_bound, list_vmas, nothing, end_device, NULL, MANY, true },
	{ "walk", prepare_bound, walk, nothing, end_device, NULL, 0, false },
	{ "attach", nothing, attach, has_folder, detach, NULL, 0, true },
	{ "detach", attach, detach, has_no_folder, nothing, NULL, 0, true },
	{ "open_attached", attach, open_file, nothing, close_and_detach, NULL, 0, true },
	{ "open_vq", nothing, open_file, nothing, close_file, "/proc/vmq/self/vq", 0, true },
	{ "open_vmas", nothing, open_file, nothing, close_file, "/proc/vmq/self/vmas", 0, true },
	{ "open_pages", nothing, open_file, nothing, close_file, "/proc/vmq/self/pages", 0, true },
	{ "read_vq", prepare_text, read_file, nothing, close_file, "/proc/vmq/self/vq", 0, true },
	{ "read_vmas", prepare_text, read_file, nothing, close_file, "/proc/vmq/self/vmas",
	  0, true },
	{ "read_pages", prepare_text, read_file, nothing, close_file,
	  "/proc/vmq/self/pages", 0, true },
	{ }
};

FIXTURE(failures) {
	int unused;
};

FIXTURE_SETUP(failures)
{
	stage.nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	stage.runs[0].start = 1;	/* a page of ours, to walk to */
	stage.child = setup_fork();
	snprintf(stage.number, sizeof(stage.number), "-%d\n", stage.child);
	snprintf(stage.path, sizeof(stage.path), "/proc/vmq/%d/pages", stage.child);
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
}

FIXTURE_TEARDOWN(failures)
{
	setup_end(stage.child);
	close(stage.nth);
}

struct told {
	int failures, of_memory, of_copies;
};

/* Lets the @nth failure happen to @way; false if there are fewer. */
static bool fail_once(struct __test_metadata *_metadata, const struct way *way, int nth,
		      struct told *told)
{
	int prepared = way->prepare(way), err = arm(nth), got = way->call(way);
	bool failed = disarm(), copy = a_copy_failed();

	EXPECT_EQ(0, prepared);
	EXPECT_EQ(0, err);
	told->failures += failed;
	if (failed && got) {
		int left = way->left(way);

		EXPECT_EQ(copy ? -EFAULT : -ENOMEM, got) TH_LOG("%s, failure %d", way->name, nth);
		EXPECT_EQ(0, left) TH_LOG("%s, failure %d", way->name, nth);
		told->of_copies += copy;
		told->of_memory += !copy;
		got = way->call(way);
	}
	EXPECT_EQ(0, got) TH_LOG("%s, without or after failure %d", way->name, nth);
	err = way->end(way);
	EXPECT_EQ(0, err);
	return failed && _metadata->passed;
}

TEST_F_TIMEOUT(failures, are_told_and_leave_nothing, 600)
{
	if (stage.nth < 0)
		SKIP_TEST("this kernel cannot be made to fail (CONFIG_FAULT_INJECTION)");
	ASSERT_EQ(0, let_all_fail());
	for (const struct way *way = ways; way->name; way++) {
		struct told told = { };
		int nth;

		stage.expected.length = 0;
		for (int round = 0; round < scaled(ROUNDS); round++)
			for (nth = 1; fail_once(_metadata, way, nth, &told); nth++)
				;
		TH_LOG("%s: %d failures: %d of memory and %d of a copy were told",
		       way->name, told.failures, told.of_memory, told.of_copies);
		EXPECT_EQ(way->allocates, told.of_memory > 0);
		EXPECT_GT(told.of_memory + told.of_copies, 0);
	}
}

/* What the calls do when nothing fails: else the above says little. */
TEST_F(failures, are_not_there_and_all_works)
{
	for (const struct way *way = ways; way->name; way++) {
		stage.expected.length = 0;
		EXPECT_EQ(0, way->prepare(way) ?: way->call(way) ?: way->end(way))
			TH_LOG("%s", way->name);
	}
}

TEST_HARNESS_MAIN

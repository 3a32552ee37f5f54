// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof of the way by pagemap, which the module tries when it is loaded and at
 * each bind until it holds: with /proc away, with something else in its place, and
 * with descriptors that are no pagemap. Loads the module anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "lib/child.h"

FIXTURE(proof) {
	char *mark;
	int pagemap;
	int module;		/* the file, if it is here */
};

static int open_module(void)
{
	struct utsname name;
	char path[200];

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/vmq.ko", name.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A mount namespace of the process' own. */
static int leave_mounts(void)
{
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int load(int module)
{
	return syscall(SYS_finit_module, module, "", 0) ? -errno : 0;
}

/* Loads the module where there is no /proc, which proves nothing. */
CHILD(load_without_proc, module)
{
	struct vmq_info info = { .size = sizeof(info) };
	int vmq;

	ASSERT_EQ(0, leave_mounts());
	ASSERT_EQ(0, mount("none", "/proc", "tmpfs", 0, NULL));
	ASSERT_EQ(0, load(module));
	vmq = open("/dev/vmq", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, device_call(vmq, VMQ_IOC_INFO, &info));
	EXPECT_FALSE(info.features & VMQ_FEATURE_PAGEMAP_FD);
	close(vmq);
}

FIXTURE_SETUP(proof)
{
	self->module = open_module();
	self->mark = make_mark();
	self->pagemap = oracle_open_pagemap(0);
	ASSERT_LE(0, self->pagemap);
	if (self->module < 0)
		return;
	ASSERT_EQ(0, syscall(SYS_delete_module, "vmq", 0));
	ASSERT_EQ(0, as_child(_metadata, load_without_proc, self->module));
}

#define NEED_MODULE() do { \
	if (self->module < 0) \
		SKIP_TEST("vmq.ko is not here"); \
} while (0)

FIXTURE_TEARDOWN(proof)
{
	close(self->module);
	close(self->pagemap);
	munmap(self->mark, PAGE);
}

static bool has_feature(void)
{
	struct vmq_info info = { .size = sizeof(info) };
	int vmq = open("/dev/vmq", O_RDWR | O_CLOEXEC);

	device_call(vmq, VMQ_IOC_INFO, &info);
	close(vmq);
	return info.features & VMQ_FEATURE_PAGEMAP_FD;
}

/* A bind of whose caller's /proc shows nothing it could trust is refused. */
static void expect_no_proof(struct __test_metadata *_metadata, int pagemap)
{
	EXPECT_EQ(-EOPNOTSUPP, caller_bind(VMQ_BIND_PAGEMAP_FD, pagemap, 0, 0));
	expect_view(_metadata, caller_bind(VMQ_BIND_SELF, -1, 0, 0), true);
	expect_view(_metadata, caller_bind(VMQ_BIND_PID, -1, getpid(), 0), true);
}

CHILD(bind_without_proc, pagemap)
{
	ASSERT_EQ(0, leave_mounts());
	ASSERT_EQ(0, mount("none", "/proc", "tmpfs", 0, NULL));
	expect_no_proof(_metadata, pagemap);
}

/* The same with @instead mounted over the caller's pagemap. */
static void bind_with(struct __test_metadata *_metadata, int pagemap, const char *instead)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", getpid());
	ASSERT_EQ(0, leave_mounts());
	ASSERT_EQ(0, mount(instead, path, NULL, MS_BIND, NULL));
	expect_no_proof(_metadata, pagemap);
}

CHILD(bind_with_maps, pagemap)
{
	bind_with(_metadata, pagemap, "/proc/self/maps");
}

/* Its private data is the mm as well. */
CHILD(bind_with_mem, pagemap)
{
	bind_with(_metadata, pagemap, "/proc/self/mem");
}

CHILD(bind_with_anothers_pagemap, pagemap)
{
	bind_with(_metadata, pagemap, "/proc/1/pagemap");
}

CHILD(bind_with_a_file_of_that_name, pagemap)
{
	close(open("/tmp/pagemap", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	bind_with(_metadata, pagemap, "/tmp/pagemap");
	unlink("/tmp/pagemap");
}

TEST_F(proof, fails_and_is_tried_again)
{
	NEED_MODULE();
	ASSERT_FALSE(has_feature());
	EXPECT_EQ(0, as_child(_metadata, bind_without_proc, self->pagemap));
	EXPECT_EQ(0, as_child(_metadata, bind_with_maps, self->pagemap));
	EXPECT_EQ(0, as_child(_metadata, bind_with_mem, self->pagemap));
	EXPECT_EQ(0, as_child(_metadata, bind_with_anothers_pagemap, self->pagemap));
	EXPECT_EQ(0, as_child(_metadata, bind_with_a_file_of_that_name, self->pagemap));
	ASSERT_FALSE(has_feature());
	expect_view(_metadata, caller_bind(VMQ_BIND_PAGEMAP_FD, self->pagemap, 0, 0), true);
	EXPECT_TRUE(has_feature());
}

CHILD(bind_with_maps_once_proven, pagemap)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", getpid());
	ASSERT_EQ(0, leave_mounts());
	ASSERT_EQ(0, mount("/proc/self/maps", path, NULL, MS_BIND, NULL));
	expect_view(_metadata, caller_bind(VMQ_BIND_PAGEMAP_FD, pagemap, 0, 0), true);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-EINVAL, caller_bind(VMQ_BIND_PAGEMAP_FD, pagemap, 0, 0));
}

/* Once the kernel's pagemap is known, what a caller's /proc shows is of no weight. */
TEST_F(proof, lasts)
{
	NEED_MODULE();
	expect_view(_metadata, device_open(getpid()), true);
	EXPECT_EQ(0, as_child(_metadata, bind_with_maps_once_proven, self->pagemap));
}

/* Files of procfs with the same kind of private data, and of other places. */
TEST_F(proof, nothing_else_will_do)
{
	static const char *const paths[] = {
		"/proc/self/maps", "/proc/self/smaps", "/proc/self/mem", "/proc/self/auxv",
		"/proc/self/environ", "/proc/self/clear_refs", "/proc/self/stat",
		"/proc/vmq/self/pages", "/proc", "/dev/null", "/dev/vmq", "/tmp/pagemap",
	};

	close(open("/tmp/pagemap", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (unsigned int i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int fd = open(paths[i], O_CLOEXEC |
			      (strstr(paths[i], "clear_refs") ? O_WRONLY : O_RDONLY));

		ASSERT_LE(0, fd);
		EXPECT_EQ(-EINVAL, caller_bind(VMQ_BIND_PAGEMAP_FD, fd, 0, 0));
		close(fd);
	}
	unlink("/tmp/pagemap");
}

TEST_HARNESS_MAIN

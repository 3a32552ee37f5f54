// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which backend the library takes when /dev/vmq is not the module it was built for:
 * something else is mounted there, or the module says so. It must find out before
 * it asks for anything that could be misunderstood.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/vq_output.h"
#include "kselftest_harness.h"

static __u32 other_abi;		/* what the module says, if not 0 */
static int asked;		/* calls other than VMQ_IOC_INFO */

/* In place of the C library's, for the library and for all else in this program. */
int ioctl(int fd, unsigned long command, ...)
{
	struct vmq_info *info;
	va_list args;
	int result;

	va_start(args, command);
	info = va_arg(args, void *);
	va_end(args);
	asked += command != VMQ_IOC_INFO;
	result = syscall(SYS_ioctl, fd, command, info);
	if (!result && command == VMQ_IOC_INFO && other_abi)
		info->abi = other_abi;
	return result;
}

/* The backend a handle got that was asked for as @backend, or -errno. */
static int opened(enum vmq_backend backend)
{
	struct vmq *vmq;
	int err = vmq_open(&vmq, 0, backend);

	if (err)
		return err;
	err = vmq_backend(vmq);
	vmq_close(vmq);
	return err;
}

static void expect_procfs(struct __test_metadata *_metadata)
{
	asked = 0;
	EXPECT_EQ(-EOPNOTSUPP, opened(VMQ_BACKEND_MODULE));
	EXPECT_EQ(VMQ_BACKEND_PROCFS, opened(VMQ_BACKEND_ANY));
	EXPECT_EQ(VMQ_BACKEND_PROCFS, opened(VMQ_BACKEND_PROCFS));
	EXPECT_EQ(0, asked);
}

TEST(the_module_it_was_built_for)
{
	EXPECT_EQ(VMQ_BACKEND_MODULE, opened(VMQ_BACKEND_MODULE));
	EXPECT_EQ(VMQ_BACKEND_MODULE, opened(VMQ_BACKEND_ANY));
	EXPECT_GT(asked, 0);
}

TEST(a_module_of_another_version)
{
	other_abi = VMQ_ABI_VERSION + 1;
	expect_procfs(_metadata);
}

/* Mounts @what over /dev/vmq, for this process and its children. */
static int mount_over(const char *what)
{
	return unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount(what, "/dev/vmq", NULL, MS_BIND, NULL) ? -1 : 0;
}

/* A file, and devices of other drivers, each with its own refusal. */
FIXTURE(foreign) { };
FIXTURE_VARIANT(foreign) { const char *path; };
FIXTURE_VARIANT_ADD(foreign, file) { .path = "/proc/version" };
FIXTURE_VARIANT_ADD(foreign, zeros) { .path = "/dev/zero" };
FIXTURE_VARIANT_ADD(foreign, random) { .path = "/dev/random" };
FIXTURE_VARIANT_ADD(foreign, disk) { .path = "/dev/vda" };

FIXTURE_SETUP(foreign)
{
	ASSERT_EQ(0, mount_over(variant->path));
}

FIXTURE_TEARDOWN(foreign)
{
}

TEST_F(foreign, is_told_from_the_module)
{
	static char text[1 << 20];

	expect_procfs(_metadata);
	EXPECT_EQ(0, vq("--tsv self 2>/dev/null", text, sizeof(text)));
	EXPECT_TRUE(vq_parse(text));
	EXPECT_EQ(1, vq("--backend=module self 2>&1", text, sizeof(text)));
}

TEST(nothing_at_all)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("vmq", "/dev", "tmpfs", 0, NULL));
	EXPECT_EQ(-ENODEV, opened(VMQ_BACKEND_MODULE));
	EXPECT_EQ(VMQ_BACKEND_PROCFS, opened(VMQ_BACKEND_ANY));
	ASSERT_EQ(0, mkdir("/dev/vmq", 0700));
	expect_procfs(_metadata);
}

TEST_HARNESS_MAIN

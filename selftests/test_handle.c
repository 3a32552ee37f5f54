// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which backend the library takes when /dev/vmq is not the module it was built for:
 * something else is mounted there, or the module says so. It must find out before
 * it asks for anything that could be misunderstood. And whose pages vmq_page_in()
 * brings in: those of the address space the handle was opened for, or none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/vq_output.h"
#include "lib/harness.h"

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

/*
 * The backend a handle got that was asked for as @backend, or -errno; no handle is
 * NULL.
 */
static int opened(enum vmq_backend backend)
{
	struct vmq *vmq = (struct vmq *)-1;
	int err = vmq_open(&vmq, 0, backend);

	if (!err)
		err = vmq_backend(vmq);
	else if (vmq)
		return 0;
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

/* A child, and a handle for it that is older than what it does then. */
FIXTURE(target) {
	struct vmq *vmq;
	pid_t child;
	int orders, ended;	/* pipes: to the child, and open until it has obeyed */
	volatile char *map;	/* a page of it, untouched */
};
FIXTURE_VARIANT(target) { enum vmq_backend backend; };
FIXTURE_VARIANT_ADD(target, module) { .backend = VMQ_BACKEND_MODULE };
FIXTURE_VARIANT_ADD(target, procfs) { .backend = VMQ_BACKEND_PROCFS };

/* At the first order it begins another program, or exits: the pipe @ended is closed. */
static void be_target(int orders)
{
	char order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(orders, &order, 1) == 1 && order == 'x' && dup2(orders, 0) == 0)
		execlp("cat", "cat", NULL);
	_exit(0);
}

FIXTURE_SETUP(target)
{
	int orders[2], ended[2];

	self->map = setup_map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(NULL, self->map);
	ASSERT_EQ(0, pipe2(orders, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(ended, O_CLOEXEC));
	self->child = fork();
	if (!self->child) {
		close(orders[1]);
		be_target(orders[0]);
	}
	close(orders[0]);
	close(ended[1]);
	self->orders = orders[1];
	self->ended = ended[0];
	ASSERT_EQ(0, vmq_open(&self->vmq, self->child, variant->backend));
	ASSERT_EQ(0, vmq_page_in(self->vmq, (uintptr_t)self->map));
}

FIXTURE_TEARDOWN(target)
{
	vmq_close(self->vmq);
	setup_end(self->child);
}

/* Tells the child what to do; its pagemap when that is done, with what it has then. */
static int obeyed(const FIXTURE_DATA(target) *self, const char *order)
{
	char byte;

	if (write(self->orders, order, 1) != 1 || read(self->ended, &byte, 1))
		return -1;
	return oracle_open_pagemap(self->child);
}

static bool is_present(int pagemap, const volatile void *at)
{
	uint64_t entry = 0;

	return !oracle_pagemap(pagemap, (uintptr_t)at, 1, &entry) && entry & PM_PRESENT;
}

TEST_F(target, a_page_comes_in)
{
	int pagemap = oracle_open_pagemap(self->child);

	EXPECT_TRUE(is_present(pagemap, self->map));
	EXPECT_FALSE(oracle_entry(self->map) & PM_PRESENT);
	EXPECT_EQ(-EIO, vmq_page_in(self->vmq, 0));
	close(pagemap);
}

/* Somewhere the new program has something that can be read. */
TEST_F(target, none_of_another_program)
{
	unsigned long start;
	char path[32];
	FILE *maps;

	close(obeyed(self, "x"));
	snprintf(path, sizeof(path), "/proc/%d/maps", self->child);
	maps = fopen(path, "r");
	ASSERT_NE(NULL, maps);
	ASSERT_EQ(1, fscanf(maps, "%lx", &start));
	fclose(maps);
	EXPECT_EQ(-ESRCH, vmq_page_in(self->vmq, start));
	EXPECT_EQ(-ESRCH, vmq_page_in(self->vmq, (uintptr_t)self->map));
}

TEST_F(target, none_of_one_that_has_ended)
{
	siginfo_t info;

	close(obeyed(self, "e"));
	EXPECT_EQ(-ESRCH, vmq_page_in(self->vmq, (uintptr_t)self->map));
	ASSERT_EQ(0, waitid(P_PID, self->child, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, vmq_page_in(self->vmq, (uintptr_t)self->map));
}

TEST_HARNESS_MAIN

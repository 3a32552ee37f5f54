// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes while files of /proc/vmq are open, and comes again: they answer
 * with an error from then on. An open /dev/vmq keeps it from going.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

static const char *const files[] = { "vq", "vmas", "pages" };

static int unload(void)
{
	return syscall(SYS_delete_module, "vmq", O_NONBLOCK) ? -errno : 0;
}

/* Where the guest keeps it. */
static int open_module(void)
{
	struct utsname kernel;
	char path[512];

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/vmq.ko", kernel.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

FIXTURE(unload) {
	int module;
	pid_t pid;		/* attached */
};

FIXTURE_SETUP(unload)
{
	char text[16];
	int fd;

	self->module = open_module();
	if (self->module < 0)
		SKIP_SETUP("vmq.ko is not here");
	self->pid = setup_fork();
	snprintf(text, sizeof(text), "%d", self->pid);
	fd = open("/proc/vmq/attach", O_WRONLY);
	ASSERT_LT(0, write(fd, text, strlen(text)));
	close(fd);
}

FIXTURE_TEARDOWN(unload)
{
	setup_end(self->pid);
	close(self->module);
}

TEST_F(unload, open_files_answer_with_an_error)
{
	static char rest[1 << 16];
	char path[48];
	int fds[6];

	for (int i = 0; i < 6; i++) {
		if (i < 3)
			snprintf(path, sizeof(path), "/proc/vmq/self/%s", files[i]);
		else
			snprintf(path, sizeof(path), "/proc/vmq/%d/%s", self->pid, files[i - 3]);
		fds[i] = open(path, O_RDONLY);
		ASSERT_GE(fds[i], 0);
		if (i % 3 != 2)		/* one of each is not read before */
			ASSERT_EQ(100, read(fds[i], rest, 100));
	}
	ASSERT_EQ(0, unload());
	EXPECT_NE(0, access("/proc/vmq", F_OK));
	EXPECT_NE(0, access("/dev/vmq", F_OK));
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(-1, read(fds[i], rest, sizeof(rest)));
		EXPECT_EQ(EIO, errno);
		EXPECT_EQ(-1, lseek(fds[i], 0, SEEK_SET));
	}
	ASSERT_EQ(0, syscall(SYS_finit_module, self->module, "", 0));
	for (int i = 0; i < 6; i++) {	/* the new module's files are others */
		EXPECT_EQ(-1, read(fds[i], rest, sizeof(rest)));
		EXPECT_EQ(0, close(fds[i]));
	}
	fds[0] = open("/proc/vmq/self/vq", O_RDONLY);
	EXPECT_LT(1000, read(fds[0], rest, sizeof(rest)));
	close(fds[0]);
}

TEST_F(unload, an_open_device_keeps_the_module)
{
	int vmq = device_open(0);
	struct vmq_run run;

	ASSERT_GE(vmq, 0);
	EXPECT_EQ(-EAGAIN, unload());
	EXPECT_EQ(0, device_page(vmq, &run, &run));
	close(vmq);
}

TEST_HARNESS_MAIN

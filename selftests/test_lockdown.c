// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel locked down for confidentiality tells frames to nobody. That cannot be
 * undone: the last test of a machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/child.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

FIXTURE(lockdown) {
	char *mark;
	int vmq;
	int text;
};

FIXTURE_SETUP(lockdown)
{
	self->mark = make_mark();
	ASSERT_EQ(MARK, self->mark);
	self->vmq = device_open(0);
	self->text = open("/proc/vmq/self/pages", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->vmq);
	ASSERT_LE(0, self->text);
}

FIXTURE_TEARDOWN(lockdown)
{
	close(self->text);
	close(self->vmq);
	munmap(self->mark, PAGE);
}

/* Every door of root's, and whether it tells frames. */
static void try_doors(struct __test_metadata *_metadata, FIXTURE_DATA(lockdown) *self,
		      bool frames)
{
	struct vmq_run run;
	struct vmq_scan scan = device_scan((uintptr_t)MARK, (uintptr_t)MARK + PAGE,
					   VMQ_FACTS_ALL, &run, 1);
	struct vmq_walk walk = {
		.size = sizeof(walk), .facts = VMQ_FACTS_ALL, .address = (uintptr_t)MARK,
	};
	char text[1 << 14];
	ssize_t length;
	int lines;

	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	EXPECT_EQ(frames, !!(run.valid & VMQ_VALID_FRAME));
	EXPECT_EQ(frames, !(run.valid & VMQ_VALID_TOKEN));
	EXPECT_EQ(!frames, !caller_told(&run));
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_WALK, &walk));
	EXPECT_EQ(!frames, !caller_told(&walk.run));
	for (__u32 i = 0; i < walk.count; i++)
		EXPECT_EQ(!frames, !caller_told_by_level(walk.levels + i));
	scan.start = (uintptr_t)MARK;
	scan.count = 1;
	scan.frame_end = 1ULL << 40;
	EXPECT_EQ(frames ? 0 : -EPERM, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	length = pread(self->text, text, sizeof(text) - 1, 0);
	ASSERT_LT(0, length);
	text[length] = '\0';
	*strrchr(text, '\n') = '\0';
	EXPECT_EQ(!frames, !caller_told_by_text(text, &lines));
	EXPECT_LT(3, lines);
	expect_view(_metadata, caller_bind(VMQ_BIND_PID, -1, getpid(), 0), frames);
}

TEST_F(lockdown, before)
{
	try_doors(_metadata, self, true);
}

/* Files bound and opened before are no exception. */
TEST_F(lockdown, for_confidentiality)
{
	int fd = open(LOCKDOWN, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && !mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL))
		fd = open(LOCKDOWN, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP_TEST("this kernel cannot be locked down");
	ASSERT_EQ(9, write(fd, "integrity", 9));
	try_doors(_metadata, self, true);
	ASSERT_EQ(15, write(fd, "confidentiality", 15));
	try_doors(_metadata, self, false);
	close(fd);
}

TEST_HARNESS_MAIN

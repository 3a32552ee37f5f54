// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule dist/60-vmq.rules, as Debian's udev applies it when the module is loaded
 * and when it is triggered, and what the members of its group can do then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/child.h"
#include "lib/setup.h"

#define UDEVADM "/bin/udevadm"
#define RULE "/etc/udev/rules.d/60-vmq.rules"
#define RELOAD "rmmod vmq && insmod /lib/modules/$(uname -r)/extra/vmq.ko"
#define WAIT " && " UDEVADM " settle --timeout=60"

FIXTURE(udev) {
	char *mark;
	gid_t group;
};

/* Returns when it listens; the program does as its name says. */
static int start_daemon(void)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execl(UDEVADM, "systemd-udevd", "--daemon", NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	return status;
}

FIXTURE_SETUP(udev)
{
	struct group *group = getgrnam("vmq");

	if (access(UDEVADM, X_OK) || access(RULE, R_OK) || !group)
		SKIP_SETUP("no udev with the rule, or no group vmq here");
	self->group = group->gr_gid;
	self->mark = make_mark();
	ASSERT_EQ(MARK, self->mark);
	ASSERT_EQ(0, start_daemon());
}

FIXTURE_TEARDOWN(udev)
{
	EXPECT_EQ(0, system(UDEVADM " control --exit --timeout=60"));
	caller_keep_device();
}

static void expect_shared(struct __test_metadata *_metadata, gid_t group)
{
	struct stat device;

	ASSERT_EQ(0, stat("/dev/vmq", &device));
	EXPECT_EQ(0660, device.st_mode & 07777);
	EXPECT_EQ(0, device.st_uid);
	EXPECT_EQ(group, device.st_gid);
}

TEST_F(udev, gives_the_device_to_the_group_when_loaded)
{
	ASSERT_EQ(0, system(RELOAD WAIT));
	expect_shared(_metadata, self->group);
}

TEST_F(udev, gives_the_device_to_the_group_when_triggered)
{
	ASSERT_EQ(0, caller_keep_device());
	ASSERT_EQ(0, system(UDEVADM " trigger --name-match=vmq" WAIT));
	expect_shared(_metadata, self->group);
}

/* "user" is in the group by /etc/group. */
CHILD(member, unused)
{
	ASSERT_EQ(0, initgroups("user", CALLER_USER));
	ASSERT_EQ(0, setresgid(CALLER_USER, CALLER_USER, CALLER_USER));
	ASSERT_EQ(0, setresuid(CALLER_USER, CALLER_USER, CALLER_USER));
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	expect_view(_metadata, caller_bind(VMQ_BIND_SELF, -1, 0, 0), false);
	expect_view(_metadata, device_open(getpid()), false);
	EXPECT_EQ(-EACCES, device_open(getppid()));
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, getppid(), 0));
}

CHILD(stranger, unused)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(-EACCES, caller_bind(VMQ_BIND_SELF, -1, 0, 0));
}

TEST_F(udev, members_see_themselves_by_tokens)
{
	ASSERT_EQ(0, system(RELOAD WAIT));
	EXPECT_EQ(0, as_child(_metadata, member, 0));
	EXPECT_EQ(0, as_child(_metadata, stranger, 0));
}

TEST_HARNESS_MAIN

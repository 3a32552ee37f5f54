// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may bind to whom: users, root, other namespaces; and what a descriptor is
 * worth in other hands.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/child.h"
#include "lib/setup.h"

FIXTURE(bind) {
	char *mark;
};

FIXTURE_SETUP(bind)
{
	ASSERT_EQ(0, caller_share_device());
	self->mark = make_mark();
	ASSERT_EQ(MARK, self->mark);
}

FIXTURE_TEARDOWN(bind)
{
	caller_keep_device();
	munmap(self->mark, PAGE);
}

TEST(the_device_is_roots_at_first)
{
	struct stat device;

	ASSERT_EQ(0, stat("/dev/vmq", &device));
	EXPECT_EQ(0600, device.st_mode & 07777);
	EXPECT_EQ(0, device.st_uid + device.st_gid);
}

CHILD(user_and_himself, unused)
{
	ASSERT_EQ(0, caller_become_user());
	expect_view(_metadata, caller_bind(VMQ_BIND_SELF, -1, 0, 0), false);
	expect_view(_metadata, device_open(getpid()), false);
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, getpid(), 0));
}

TEST_F(bind, a_user_sees_himself)
{
	EXPECT_EQ(0, as_child(_metadata, user_and_himself, 0));
}

CHILD(user_and_his_process, unused)
{
	pid_t other;

	ASSERT_EQ(0, caller_become_user());
	other = setup_fork();
	expect_view(_metadata, device_open(other), false);
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, other, 0));
	setup_end(other);
}

TEST_F(bind, a_user_sees_his_processes)
{
	EXPECT_EQ(0, as_child(_metadata, user_and_his_process, 0));
}

CHILD(user_and_root, pid)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(-EACCES, device_open(pid));
	EXPECT_EQ(-EACCES, device_open(1));
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, pid, 0));
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, 4000000, 0));
}

TEST_F(bind, a_user_does_not_see_roots_processes)
{
	EXPECT_EQ(0, as_child(_metadata, user_and_root, getpid()));
}

CHILD(not_in_the_group, unused)
{
	ASSERT_EQ(0, caller_become_user());
	EXPECT_EQ(-EACCES, caller_bind(VMQ_BIND_SELF, -1, 0, 0));
}

TEST_F(bind, a_user_needs_the_device)
{
	ASSERT_EQ(0, caller_keep_device());
	EXPECT_EQ(0, as_child(_metadata, not_in_the_group, 0));
}

/* By pid wants both. */
CHILD(without, capability)
{
	ASSERT_EQ(0, caller_drop(capability));
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, getppid(), 0));
}

TEST_F(bind, by_pid_with_the_capabilities)
{
	expect_view(_metadata, caller_bind(VMQ_BIND_PID, -1, getpid(), 0), true);
	expect_view(_metadata, caller_bind(VMQ_BIND_PID, -1, getpid(), VMQ_BIND_TOKENS), false);
	EXPECT_EQ(0, as_child(_metadata, without, CAP_SYS_ADMIN));
	EXPECT_EQ(0, as_child(_metadata, without, CAP_SYS_PTRACE));
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static bool is_zombie(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(file);
	}
	return state == 'Z';
}

/* Its first thread has ended, others go on. */
TEST_F(bind, a_process_whose_first_thread_has_ended)
{
	pthread_t other;
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&other, NULL, wait_for_ever, NULL);
		syscall(SYS_exit, 0);
	}
	while (!is_zombie(child))
		usleep(1000);
	expect_view(_metadata, caller_bind(VMQ_BIND_PID, -1, child, 0), true);
	setup_end(child);
}

static void user_receives(struct __test_metadata *_metadata, int socket)
{
	int vmq;

	ASSERT_EQ(0, caller_become_user());
	vmq = caller_receive(socket);
	expect_view(_metadata, vmq, false);
	vmq = caller_bind(VMQ_BIND_SELF, -1, 0, 0);
	EXPECT_EQ(0, caller_send(socket, vmq));
}

/* A file passed on hands over the view of its target, not the right of the giver. */
TEST_F(bind, a_passed_descriptor)
{
	int sockets[2], vmq = device_open(0), theirs, status;
	struct vmq_run run;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets));
	ASSERT_EQ(0, caller_send(sockets[0], vmq));
	child = fork();
	if (!child) {
		close(sockets[0]);
		user_receives(_metadata, sockets[1]);
		/* stays to be looked at until the other end is closed */
		_exit(read(sockets[1], &run, 1) || !_metadata->passed);
	}
	close(sockets[1]);
	theirs = caller_receive(sockets[0]);
	expect_view(_metadata, theirs, false);
	expect_view(_metadata, vmq, true);
	close(sockets[0]);
	waitpid(child, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ESRCH, device_page(theirs, MARK, &run));
}

CHILD(in_a_user_namespace, unused)
{
	ASSERT_EQ(0, caller_become_namespace_root());
	ASSERT_EQ(0, geteuid());
	expect_view(_metadata, caller_bind(VMQ_BIND_SELF, -1, 0, 0), false);
	expect_view(_metadata, device_open(getpid()), false);
	EXPECT_EQ(-EPERM, caller_bind(VMQ_BIND_PID, -1, getpid(), 0));
}

TEST_F(bind, root_of_a_user_namespace)
{
	EXPECT_EQ(0, as_child(_metadata, in_a_user_namespace, 0));
}

CHILD(binds_to, pagemap)
{
	expect_view(_metadata, caller_bind(VMQ_BIND_PAGEMAP_FD, pagemap, 0, 0), true);
	/* as a number 1 is this process, not the one outside */
	ASSERT_EQ(1, getpid());
	expect_view(_metadata, caller_bind(VMQ_BIND_PID, -1, 1, 0), true);
	EXPECT_EQ(-ESRCH, caller_bind(VMQ_BIND_PID, -1, 2, 0));
}

CHILD(in_a_pid_namespace, pagemap)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, as_child(_metadata, binds_to, pagemap));
}

TEST_F(bind, across_pid_namespaces)
{
	int pagemap = oracle_open_pagemap(0);

	EXPECT_EQ(0, as_child(_metadata, in_a_pid_namespace, pagemap));
	close(pagemap);
}

TEST_HARNESS_MAIN

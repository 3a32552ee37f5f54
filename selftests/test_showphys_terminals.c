// SPDX-License-Identifier: GPL-2.0-only
/*
 * showphys on two terminals: how a first and a second instance find each other, what
 * each of them shows, how it ends when one of them goes, and who must stay outside.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/caller.h"
#include "lib/meddle.h"
#include "lib/program.h"
#include "lib/stages.h"
#include "lib/traces.h"
#include "lib/harness.h"

#define PROMPT "-- Enter goes on --"
#define INVITATION "showphys --second\n"
#define STEPS 4		/* of the second instance */

static char text[1 << 17], words[8192];
static struct program first, second;

static const char *const titles[STEPS] = { "\nII.1  ", "\nII.2  ", "\nII.2b  ", "\nII.3  " };

static int start(struct program *program, uid_t uid, char *option)
{
	char *const argv[] = { "showphys", option, NULL };

	return program_start(program, uid, argv);
}

/* Starts a first instance, and waits until it invites a second one. */
static bool start_first(uid_t uid)
{
	return !start(&first, uid, "--first") && program_says(&first, INVITATION, 1);
}

FIXTURE(terminals) {
	struct traces before;
};

FIXTURE_VARIANT(terminals) {
	uid_t uid;
};

FIXTURE_VARIANT_ADD(terminals, of_root) {
	.uid = 0,
};

FIXTURE_VARIANT_ADD(terminals, of_a_user) {
	.uid = CALLER_USER,
};

FIXTURE_SETUP(terminals)
{
	ASSERT_EQ(0, traces_adopt());
	self->before = traces_now();
	ASSERT_EQ(0, caller_share_device());
}

FIXTURE_TEARDOWN(terminals)
{
	EXPECT_TRUE(traces_gone(&self->before));
	caller_keep_device();
}

TEST_F(terminals, show_the_same_steps)
{
	ASSERT_TRUE(start_first(variant->uid));
	ASSERT_EQ(0, start(&second, variant->uid, "--second"));
	for (int step = 0; step < STEPS; step++) {
		ASSERT_TRUE(program_says(&second, PROMPT, step + 1));
		EXPECT_EQ(1, program_said(&second, titles[step]));
		/* the first has shown its table, and nothing of a later step */
		ASSERT_TRUE(program_says(&first, "The first instance is as it was.", step + 1));
		EXPECT_EQ(1, program_said(&first, titles[step]));
		EXPECT_EQ(step + 2, program_said(&first, "\nfirst    NonSharedVariable "));
		EXPECT_EQ(0, program_said(&first, "\nsecond "));
		program_tell(&second, "\n");
	}
	EXPECT_EQ(0, program_end(&second, words, sizeof(words)));
	EXPECT_STREQ("", words);
	EXPECT_EQ(0, program_end(&first, words, sizeof(words)));
	EXPECT_STREQ("", words);
	EXPECT_EQ(1, program_said(&first, "SharedVariable is 2 here too"));
	EXPECT_EQ(1, program_said(&second, "The first instance reads 2 from SharedVariable."));
	EXPECT_EQ(0, program_said(&first, "[NO]") + program_said(&second, "[NO]"));
	EXPECT_EQ(1, program_said(&first, " claims hold\n"));
	EXPECT_EQ(1, program_said(&second, " claims hold\n"));
}

TEST_F(terminals, list_pages_of_both)
{
	static const char command[] = "showphys --second --tsv";
	char as_user[64];

	snprintf(as_user, sizeof(as_user), "su user -c '%s'", command);
	ASSERT_TRUE(start_first(variant->uid));
	ASSERT_EQ(0, program_run(variant->uid ? as_user : command, text, sizeof(text)));
	EXPECT_EQ(0, program_end(&first, words, sizeof(words)));
	ASSERT_TRUE(stages_parse(text));
	EXPECT_TRUE(stage_same(stage_page("II.2", "first", "RelocatableFunction", 0),
			       stage_page("II.2", "second", "RelocatableFunction", 0)));
	EXPECT_FALSE(stage_same(stage_page("II.3", "first", "NonSharedVariable", 0),
				stage_page("II.3", "second", "NonSharedVariable", 0)));
	EXPECT_TRUE(stage_same(stage_page("II.3", "first", "SharedVariable", 0),
			       stage_page("II.3", "second", "SharedVariable", 0)));
}

TEST_F(terminals, second_sees_the_first_go)
{
	for (int step = 1; step <= STEPS; step++) {
		ASSERT_TRUE(start_first(variant->uid));
		ASSERT_EQ(0, start(&second, variant->uid, "--second"));
		for (int i = 1; i < step; i++)
			program_tell(&second, "\n");
		ASSERT_TRUE(program_says(&second, PROMPT, step));
		kill(first.pid, SIGINT);
		EXPECT_EQ(128 + SIGINT, program_end(&first, words, sizeof(words)));
		/* without Enter */
		EXPECT_FALSE(program_says(&second, PROMPT, STEPS + 1));
		EXPECT_EQ(1, program_end(&second, words, sizeof(words)));
		EXPECT_NE(NULL, strstr(words, "showphys: the first instance has gone before the end\n"));
	}
}

TEST_F(terminals, first_sees_the_second_go)
{
	for (int step = 1; step <= STEPS; step++) {
		ASSERT_TRUE(start_first(variant->uid));
		ASSERT_EQ(0, start(&second, variant->uid, "--second"));
		for (int i = 1; i < step; i++)
			program_tell(&second, "\n");
		ASSERT_TRUE(program_says(&second, PROMPT, step));
		kill(second.pid, SIGINT);
		EXPECT_EQ(128 + SIGINT, program_end(&second, words, sizeof(words)));
		EXPECT_EQ(1, program_end(&first, words, sizeof(words)));
		EXPECT_NE(NULL, strstr(words, "showphys: the second instance has gone before the end\n"));
	}
}

TEST_F(terminals, tell_what_is_not_so_though_the_other_one_goes)
{
	ASSERT_TRUE(start_first(variant->uid));
	ASSERT_TRUE(meddle(&first));
	ASSERT_EQ(0, start(&second, variant->uid, "--second"));
	ASSERT_TRUE(program_says(&second, PROMPT, 1));
	ASSERT_TRUE(program_says(&first, "The first instance is as it was.", 1));
	kill(first.pid, SIGINT);
	EXPECT_EQ(128 + SIGINT, program_end(&first, words, sizeof(words)));
	EXPECT_EQ(3, program_end(&second, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "showphys: the first instance has gone before the end\n"));
	EXPECT_EQ(1, program_said(&second, " DO NOT; the experiment was not finished\n"));
}

TEST_F(terminals, second_needs_a_first)
{
	ASSERT_EQ(0, start(&second, variant->uid, "--second"));
	EXPECT_EQ(1, program_end(&second, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "there is no first instance"));
}

TEST_F(terminals, there_is_one_first)
{
	ASSERT_TRUE(start_first(variant->uid));
	ASSERT_EQ(0, start(&second, variant->uid, "--first"));
	EXPECT_EQ(1, program_end(&second, words, sizeof(words)));
	EXPECT_NE(NULL, strstr(words, "there is a first instance already"));
	/* to which that was no second one: it still waits */
	EXPECT_EQ(0, program_run(variant->uid ? "su user -c 'showphys --second --tsv'" :
				 "showphys --second --tsv", text, sizeof(text)));
	EXPECT_EQ(0, program_end(&first, words, sizeof(words)));
	ASSERT_TRUE(start_first(variant->uid));
	kill(first.pid, SIGTERM);
	EXPECT_EQ(128 + SIGTERM, program_end(&first, words, sizeof(words)));
	/* its place is free again */
	ASSERT_TRUE(start_first(variant->uid));
	/* while it serves one, it waits for no other */
	ASSERT_EQ(0, start(&second, variant->uid, "--second"));
	ASSERT_TRUE(program_says(&second, PROMPT, 1));
	EXPECT_EQ(1, program_run(variant->uid ? "su user -c 'showphys --second 2>&1'" :
				 "showphys --second 2>&1", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "there is no first instance that waits"));
	EXPECT_EQ(0, program_end(&second, words, sizeof(words)));
	EXPECT_EQ(0, program_end(&first, words, sizeof(words)));
}

/* A socket of the caller, and the address of root's first instance. */
static int root_address(struct sockaddr_un *address, socklen_t *size)
{
	static const char name[] = "\0showphys-0";

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, sizeof(name) - 1);
	*size = offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1;
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

/* In a process of another user: connects, and is given nothing. Its exit status. */
static int visit(void)
{
	char byte, room[CMSG_SPACE(16)];
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room),
	};
	struct sockaddr_un address;
	socklen_t size;
	int fd = root_address(&address, &size);

	if (caller_become_user() || connect(fd, (struct sockaddr *)&address, size))
		return 2;
	return recvmsg(fd, &message, 0) > 0 || message.msg_controllen;
}

TEST(a_stranger_is_given_nothing)
{
	int status;
	pid_t pid;

	ASSERT_TRUE(start_first(0));
	pid = fork();
	if (!pid)
		_exit(visit());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* who has his own place does not find root's */
	EXPECT_EQ(1, program_run("su user -c 'showphys --second 2>&1'", text, sizeof(text)));
	EXPECT_EQ(0, program_run("showphys --second --tsv", text, sizeof(text)));
	EXPECT_EQ(0, program_end(&first, words, sizeof(words)));
}

/* In a process of another user: takes root's place, says so, and waits. */
static void impersonate(int ready)
{
	struct sockaddr_un address;
	socklen_t size;
	int fd = root_address(&address, &size);

	if (caller_become_user() || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 1) ||
	    write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

TEST(an_impostor_is_seen)
{
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid)
		impersonate(ready[1]);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(1, program_run("showphys --second 2>&1", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "showphys: another user has the place to meet, @showphys-0\n"));
	EXPECT_EQ(NULL, strstr(text, "II.1"));
	EXPECT_EQ(1, program_run("showphys --first 2>&1", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "showphys: another user has the place to meet, @showphys-0\n"));
	/* who never accepts keeps nobody waiting */
	EXPECT_EQ(1, program_run("showphys --second 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(1, program_run("showphys --first 2>&1", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "showphys: the place to meet: Address already in use\n"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN

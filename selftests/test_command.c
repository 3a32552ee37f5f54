// SPDX-License-Identifier: GPL-2.0-only
/*
 * vq -- COMMAND looks when the whole of COMMAND is about to end, in whatever way
 * its threads do that. The commands are this program itself: each makes a mapping
 * as the last thing it does, which must be in the list.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/oracle.h"
#include "lib/vq_output.h"
#include "lib/harness.h"

#define MARK	((char *)0x123450000000)
#define BEFORE	(MARK + (1 << 20))	/* of the program that began another */
#define THREADS	40

static pthread_t first;

static void mark(char *at)
{
	if (mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at)
		_exit(1);
}

/* Each of these is a thread that ends its process, or what comes before that. */
static void *is_last(void *arg)
{
	pthread_join(first, NULL);
	mark(MARK);
	return arg;
}

static void *ends_all(void *arg)
{
	mark(MARK);
	_exit(0);
	return arg;
}

static void *is_killed(void *arg)
{
	mark(MARK);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	raise(SIGSEGV);
	return arg;
}

static void *begins_another(void *arg)
{
	mark(BEFORE);
	execl("/proc/self/exe", "test_command", "act", "only_marks", NULL);
	return arg;
}

static void *passes(void *arg)
{
	return arg;
}

/* The first thread ends as in pthread_exit(), which wants libgcc_s. */
static void leave_to(void *(*run)(void *arg))
{
	pthread_t thread;

	first = pthread_self();
	pthread_create(&thread, NULL, run, NULL);
	syscall(SYS_exit, 0);
}

static void wait_for(void *(*run)(void *arg))
{
	pthread_t thread;

	pthread_create(&thread, NULL, run, NULL);
	pthread_join(thread, NULL);
}

/* A process that clone() makes as it makes threads; it outlives its maker, and vq. */
static void with_a_stranger(void)
{
	int fd;

	if (syscall(SYS_clone, 0, NULL, NULL, NULL, NULL))
		return;
	for (fd = 0; fd <= 2; fd++)
		close(fd);
	fd = open(getenv("FIFO"), O_WRONLY | O_CLOEXEC);
	_exit(write(fd, "s", 1) != 1);
}

static void with_many(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(threads + i, NULL, passes, NULL);
	for (int i = 0; i < THREADS; i += 2)
		pthread_join(threads[i], NULL);
	mark(MARK);
}

FIXTURE(command) { };
FIXTURE_VARIANT(command) { const char *what; int rounds; };
#define COMMAND(name, count) FIXTURE_VARIANT_ADD(command, name) { .what = #name, .rounds = count }
COMMAND(only_marks, 2);
COMMAND(is_last, 2);
COMMAND(ends_all, 2);
COMMAND(is_killed, 2);
COMMAND(begins_another, 2);
COMMAND(with_many, 12);

FIXTURE_SETUP(command)
{
}

FIXTURE_TEARDOWN(command)
{
}

static bool is_mapped(const char *address)
{
	size_t i = 0;

	while (i < row_count && rows[i].end <= (uintptr_t)address)
		i++;
	return i < row_count && !rows[i].free;
}

TEST_F(command, is_looked_at_when_all_of_it_ends)
{
	static char text[4 << 20];
	char arguments[128];

	snprintf(arguments, sizeof(arguments), "--tsv -- /proc/%d/exe act %s", getpid(),
		 variant->what);
	for (int round = 0; round < variant->rounds; round++) {
		ASSERT_EQ(0, vq(arguments, text, sizeof(text)));
		ASSERT_TRUE(vq_parse(text));
		EXPECT_TRUE(rows_cover());
		EXPECT_TRUE(is_mapped(MARK));
		EXPECT_FALSE(is_mapped(BEFORE));
	}
}

TEST(a_process_of_clone_is_left_alone)
{
	struct pollfd fifo = { .events = POLLIN };
	char path[64], arguments[128];
	static char text[4 << 20];

	snprintf(path, sizeof(path), "/tmp/vmq-%d", getpid());
	ASSERT_EQ(0, mkfifo(path, 0600));
	setenv("FIFO", path, 1);
	snprintf(arguments, sizeof(arguments), "--tsv -- /proc/%d/exe act with_a_stranger",
		 getpid());
	EXPECT_EQ(0, vq(arguments, text, sizeof(text)));
	fifo.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, fifo.fd);
	EXPECT_EQ(1, poll(&fifo, 1, 10000));
	EXPECT_EQ(1, read(fifo.fd, text, 1));
	close(fifo.fd);
	unlink(path);
}

/* What this program does when it is the command. */
static void act(const char *what)
{
	if (!strcmp(what, "only_marks"))
		mark(MARK);
	else if (!strcmp(what, "is_last"))
		leave_to(is_last);
	else if (!strcmp(what, "ends_all"))
		wait_for(ends_all);
	else if (!strcmp(what, "is_killed"))
		wait_for(is_killed);
	else if (!strcmp(what, "begins_another"))
		wait_for(begins_another);
	else if (!strcmp(what, "with_a_stranger"))
		with_a_stranger();
	else if (!strcmp(what, "with_many"))
		with_many();
}

/* TEST_HARNESS_MAIN, for a program that is not always a test. */
int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "act")) {
		act(argv[2]);
		return 0;
	}
	return test_harness_run(argc, argv);
}

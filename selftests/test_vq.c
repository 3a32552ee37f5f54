// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the program vq prints of real processes: its rows must cover the whole
 * address space and agree with /proc/PID/maps and VmSize, and show mappings made
 * here as what they are.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/oracle.h"
#include "lib/vq_output.h"
#include "lib/harness.h"

static char first_output[4 << 20], second_output[4 << 20];

/* Runs @run in a child, which goes on in it until killed, and stops it there. */
static pid_t stopped(void (*run)(int ready))
{
	int ready[2], status;
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(ready[0]);
		run(ready[1]);
		_exit(1);
	}
	close(ready[1]);
	(void)!read(ready[0], &byte, 1);	/* a byte, or the end at exec */
	close(ready[0]);
	if (pid < 0 || kill(pid, SIGSTOP) || waitpid(pid, &status, WUNTRACED) != pid)
		return -1;
	return WIFSTOPPED(status) ? pid : -1;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void *thread(void *ready)
{
	void *volatile some = malloc(100);	/* in an arena of this thread */

	(void)some;
	(void)!write(*(int *)ready, "", 1);
	for (;;)
		pause();
	return NULL;
}

static void run_threads(int ready)
{
	pthread_t id;

	pthread_create(&id, NULL, thread, &ready);
	pthread_join(id, NULL);
}

static void run_static(int ready)
{
	(void)ready;
	execlp("busybox", "busybox", "sleep", "1000", NULL);
}

#define EXPECT_AGREES(pid)						\
do {									\
	EXPECT_TRUE(rows_cover());						\
	EXPECT_EQ(vm_size(pid), mapped_bytes());			\
	EXPECT_EQ(0, disagreements(pid));				\
} while (0)

TEST(own_space)
{
	ASSERT_TRUE(vq_look(getpid()));
	EXPECT_AGREES(getpid());
}

TEST(process_1)
{
	if (!read_proc(1, "maps", first_output, sizeof(first_output)) || !*first_output)
		SKIP_TEST("process 1 may not be looked at here");
	ASSERT_TRUE(vq_look(1));
	EXPECT_AGREES(1);
}

TEST(a_stopped_process_looks_the_same_twice)
{
	char arguments[32];
	pid_t pid = stopped(run_threads);

	ASSERT_GT(pid, 0);
	snprintf(arguments, sizeof(arguments), "--tsv %d", pid);
	/* it shares pages with us, and what we do to them can come in between */
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(0, vq(arguments, first_output, sizeof(first_output)));
		EXPECT_EQ(0, vq(arguments, second_output, sizeof(second_output)));
		if (!strcmp(first_output, second_output))
			break;
	}
	EXPECT_STREQ(first_output, second_output);
	EXPECT_NE(0, *first_output);
	end(pid);
}

TEST(a_static_program)
{
	pid_t pid;

	if (system("busybox true"))
		SKIP_TEST("busybox is not here");
	pid = stopped(run_static);
	ASSERT_GT(pid, 0);
	ASSERT_TRUE(vq_look(pid));
	EXPECT_AGREES(pid);
	end(pid);
}

/* The first row from @i on with these words, or row_count. */
static size_t find(size_t i, const char *state, const char *type, const char *current)
{
	for (; i < row_count; i++)
		if (!strcmp(rows[i].state, state) && !strcmp(rows[i].type, type) &&
		    !strcmp(rows[i].current, current))
			break;
	return i;
}

TEST(a_thread_has_a_guarded_stack_and_an_arena)
{
	pid_t pid = stopped(run_threads);
	size_t guard, rest;

	ASSERT_GT(pid, 0);
	ASSERT_TRUE(vq_look(pid));
	EXPECT_AGREES(pid);
	guard = find(0, "Reserved", "Private", "--G----");
	ASSERT_LT(guard + 1, row_count);
	EXPECT_EQ(PAGE, rows[guard].end - rows[guard].start);
	EXPECT_EQ(rows[guard].start, rows[guard + 1].base);
	EXPECT_STREQ("---RW--", rows[guard + 1].current);
	rest = find(0, "Reserved", "Private", "-------");
	ASSERT_LT(rest, row_count);
	ASSERT_GT(rest, 0);
	EXPECT_STREQ("Committed", rows[rest - 1].state);
	EXPECT_EQ(rows[rest - 1].base, rows[rest].base);
	EXPECT_EQ(rows[rest - 1].start, rows[rest].base);
	end(pid);
}

TEST(the_stack_has_a_gap)
{
	size_t gap = 0;

	ASSERT_TRUE(vq_look(getpid()));
	while (gap < row_count && !rows[gap].gap)
		gap++;
	ASSERT_LT(gap + 1, row_count);
	EXPECT_STREQ("Reserved", rows[gap].state);
	EXPECT_STREQ("--G----", rows[gap].current);
	EXPECT_EQ(256 * PAGE, rows[gap].end - rows[gap].start);
	EXPECT_LT(rows[gap + 1].start, (uintptr_t)&gap);
	EXPECT_EQ(rows[gap].start, rows[gap + 1].base);
}

/* The row at @address; rows[row_count] if none begins there. */
static const struct row *at(const char *address)
{
	static const struct row none;

	for (size_t i = 0; i < row_count; i++)
		if (rows[i].start == (uintptr_t)address)
			return &rows[i];
	return &none;
}

static char *map_file(int fd, int rights, int how)
{
	return mmap(NULL, 4 * PAGE, rights, how, fd, 0);
}

TEST(a_written_page_of_a_file_lacks_the_c)
{
	int fd = fileno(tmpfile());
	volatile char *volatile map;
	char *base;

	ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
	base = map_file(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, base);
	map = base;
	(void)map[0];
	map[PAGE] = 1;
	(void)map[2 * PAGE];
	ASSERT_TRUE(vq_look(getpid()));
	EXPECT_EQ((uintptr_t)base + PAGE, at(base)->end);
	EXPECT_STREQ("---RW-C", at(base)->current);
	EXPECT_STREQ("Mapped", at(base)->type);
	EXPECT_STREQ("---RWEC", at(base)->allowed);
	EXPECT_STREQ("---RW--", at(base + PAGE)->current);
	EXPECT_EQ((uintptr_t)base, at(base + PAGE)->base);
	EXPECT_STREQ("---RW-C", at(base + 2 * PAGE)->current);
	EXPECT_EQ((uintptr_t)base + 4 * PAGE, at(base + 2 * PAGE)->end);
}

TEST(a_shared_view_has_the_rights_its_file_was_opened_with)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *base = map_file(fd, PROT_READ, MAP_SHARED);

	ASSERT_NE(MAP_FAILED, base);
	ASSERT_TRUE(vq_look(getpid()));
	EXPECT_STREQ("---R---", at(base)->current);
	EXPECT_STREQ("---R-E-", at(base)->allowed);
	EXPECT_STREQ("Mapped", at(base)->type);
}

TEST(the_zero_page_and_untouched_memory_are_one_row)
{
	volatile char *volatile map;
	char *base = mmap(NULL, 6 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, base);
	base += PAGE;			/* apart from whatever lies beside */
	ASSERT_EQ(0, mprotect(base, 4 * PAGE, PROT_READ | PROT_WRITE));
	map = base;
	(void)map[PAGE];
	map[2 * PAGE] = 1;
	ASSERT_TRUE(vq_look(getpid()));
	EXPECT_STREQ("---RW--", at(base)->current);
	EXPECT_STREQ("---RWE-", at(base)->allowed);
	EXPECT_EQ((uintptr_t)base + 4 * PAGE, at(base)->end);
}

/* Without access it is reserved, unless there is a page behind it. */
TEST(a_page_without_access_is_committed)
{
	char *base = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	ASSERT_NE(MAP_FAILED, base);
	munmap(base, PAGE);		/* apart from whatever lies beside */
	munmap(base + 7 * PAGE, PAGE);
	base += PAGE;
	base[2 * PAGE] = 1;
	ASSERT_EQ(0, mprotect(base, 2 * PAGE, PROT_NONE));
	ASSERT_EQ(0, mprotect(base + 4 * PAGE, 2 * PAGE, PROT_NONE));
	ASSERT_EQ(0, munmap(base + 3 * PAGE, PAGE));
	ASSERT_EQ(0, mprotect(base + 2 * PAGE, PAGE, PROT_NONE));
	ASSERT_TRUE(vq_look(getpid()));
	EXPECT_AGREES(getpid());
	EXPECT_STREQ("Committed", at(base)->state);
	EXPECT_STREQ("-------", at(base)->current);
	EXPECT_EQ((uintptr_t)base + 3 * PAGE, at(base)->end);
	EXPECT_STREQ("Reserved", at(base + 4 * PAGE)->state);
	EXPECT_STREQ("-------", at(base + 4 * PAGE)->current);
}

/* A file of a program that somebody only reads is none that runs. */
TEST(a_program_read_as_data_is_mapped)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *base = map_file(fd, PROT_READ, MAP_PRIVATE);

	ASSERT_NE(MAP_FAILED, base);
	ASSERT_TRUE(vq_look(getpid()));
	EXPECT_STREQ("Mapped", at(base)->type);
	EXPECT_STREQ("---R---", at(base)->current);
	EXPECT_STREQ("---RWEC", at(base)->allowed);
}

TEST(this_program_is_an_image)
{
	size_t code = 0;

	ASSERT_TRUE(vq_look(getpid()));
	while (code < row_count && rows[code].end <= (uintptr_t)&stopped)
		code++;
	ASSERT_LT(code, row_count);
	EXPECT_STREQ("Image", rows[code].type);
	EXPECT_STREQ("---R-E-", rows[code].current);
	EXPECT_STREQ("---RWEC", rows[code].allowed);
	EXPECT_LT(rows[code].base, rows[code].start);
}

TEST(exit_status_says_how_it_went)
{
	EXPECT_EQ(0, vq("--help", first_output, sizeof(first_output)));
	EXPECT_EQ(0, strncmp(first_output, "usage: vq", 9));
	EXPECT_EQ(2, vq("2>/dev/null", first_output, sizeof(first_output)));
	EXPECT_EQ(2, vq("0 2>/dev/null", first_output, sizeof(first_output)));
	EXPECT_EQ(2, vq("self self 2>/dev/null", first_output, sizeof(first_output)));
	EXPECT_EQ(2, vq("--unknown self 2>/dev/null", first_output, sizeof(first_output)));
	EXPECT_EQ(2, vq("--at=never -- true 2>/dev/null", first_output, sizeof(first_output)));
	EXPECT_EQ(2, vq("--at=exit self 2>&1", first_output, sizeof(first_output)));
	EXPECT_NE(NULL, strstr(first_output, "--at goes with -- COMMAND (see vq --help)\n"));
	EXPECT_EQ(1, vq("2147483647 2>/dev/null", first_output, sizeof(first_output)));
	EXPECT_EQ(1, vq("self 2>/dev/null >/dev/full", first_output, sizeof(first_output)));
	EXPECT_EQ(1, vq("-- /nonexistent 2>/dev/null", first_output, sizeof(first_output)));
}

/* How many rows are of images. */
static size_t images(void)
{
	size_t count = 0;

	for (size_t i = 0; i < row_count; i++)
		count += !strcmp(rows[i].type, "Image");
	return count;
}

TEST(a_command_is_looked_at_when_it_has_run)
{
	size_t before;

	ASSERT_EQ(0, vq("--tsv --at=exec -- sh -c 'exit 3'", first_output, sizeof(first_output)));
	ASSERT_TRUE(vq_parse(first_output));
	EXPECT_TRUE(rows_cover());
	before = images();
	EXPECT_GT(before, 0);
	ASSERT_EQ(0, vq("--tsv -- sh -c 'exit 3'", first_output, sizeof(first_output)));
	ASSERT_TRUE(vq_parse(first_output));
	EXPECT_TRUE(rows_cover());
	/* the same, or with the libraries loaded meanwhile */
	EXPECT_GE(images(), before);
}

TEST(json_begins_with_an_object_about_the_list)
{
	ASSERT_EQ(0, vq("--json self", first_output, sizeof(first_output)));
	EXPECT_EQ(0, strncmp(first_output, "{\"tool\":\"vq\",\"version\":", 23));
	EXPECT_NE(NULL, strstr(first_output, "\n{\"base\":null,\"start\":\"0x0\",\"bytes\":"));
	ASSERT_EQ(0, vq("--json --vmas self", first_output, sizeof(first_output)));
	EXPECT_NE(NULL, strstr(first_output, "\"name\":\"[stack]\"}"));
}

TEST_HARNESS_MAIN

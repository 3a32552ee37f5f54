// SPDX-License-Identifier: GPL-2.0-only
/*
 * The procfs backend: what can be asked for, who may ask, and whose memory there is
 * to be asked about.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/asked.h"
#include "lib/caller.h"
#include "lib/oracle.h"
#include "lib/procfs_fixture.h"
#include "lib/harness.h"

/* More runs than a batch of records, more pages than a batch of entries. */
TEST_F(procfs, long_ranges_come_whole)
{
	const size_t pages = 100000;
	struct vmq_query query = { .facts = VMQ_FACTS_PAGE };
	struct vmq_run *runs = calloc(8192, sizeof(*runs));
	uint64_t next;
	ssize_t count;
	char *area;

	area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, madvise(area, pages * PAGE, MADV_NOHUGEPAGE));
	EXPECT_EQ(1, asked_runs(self->vmq, area, pages * PAGE, query, runs, 8192));
	EXPECT_EQ(pages, runs[0].pages);
	for (int i = 0; i < 3000; i++)
		area[i * 2 * PAGE] = 1;
	count = asked_runs(self->vmq, area, pages * PAGE, query, runs, 8192);
	EXPECT_EQ(6000, count);
	next = (uintptr_t)area;
	for (ssize_t i = 0; i < count; i++) {
		ASSERT_EQ(next, runs[i].start);
		next += runs[i].pages * PAGE;
	}
	EXPECT_EQ((uintptr_t)area + pages * PAGE, next);
	query.none_of = VMQ_SET_KIND(VMQ_KIND_NONE);
	EXPECT_EQ(3000, asked_runs(self->vmq, area, pages * PAGE, query, runs, 8192));
	munmap(area, pages * PAGE);
	free(runs);
}

TEST_F(procfs, filters)
{
	struct vmq_query query = { .facts = VMQ_FACTS_PAGE };
	struct vmq_run runs[8];

	self->map[2 * PAGE] = 1;
	self->map[9 * PAGE] = 1;
	query.all_of = VMQ_ENTRY_PRESENT;
	EXPECT_EQ(2, asked_runs(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
	query.all_of = VMQ_ENTRY_PRESENT | VMQ_SET_KIND(VMQ_KIND_FILE);
	EXPECT_EQ(0, asked_runs(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
	query.all_of = 0;
	query.any_of = VMQ_SET_KIND(VMQ_KIND_FILE) | VMQ_SET_KIND(VMQ_KIND_ANON);
	EXPECT_EQ(2, asked_runs(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
	query.any_of = 0;
	query.none_of = VMQ_ENTRY_PRESENT;
	EXPECT_EQ(3, asked_runs(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
}

TEST_F(procfs, frame_ranges)
{
	struct vmq_query query = { .facts = VMQ_FACTS_FRAME };
	struct vmq_run run;

	if (!self->frames)
		SKIP_TEST("frames are not for this user");
	self->map[0] = 1;
	run = asked_page(self->vmq, self->map);
	query.frame_start = run.frame;
	query.frame_end = run.frame + 1;
	EXPECT_EQ(1, asked_runs(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
	query.frame_start--;
	query.frame_end--;
	EXPECT_EQ(0, asked_runs(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
	query.frame_start += 2;
	query.frame_end += 2;
	EXPECT_EQ(0, asked_runs(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
}

/* The base of each case is a query that works: see the test before. */
TEST_F(procfs, queries_that_are_refused)
{
	struct vmq_query good = { .facts = VMQ_FACTS_FRAME }, query;
	struct vmq_run run;

#define REFUSED(error, field, value) do { \
	query = good; \
	query.field = (value); \
	EXPECT_EQ(error, asked_runs(self->vmq, self->map, PAGE, query, &run, 1)); \
} while (0)

	EXPECT_EQ(1, asked_runs(self->vmq, self->map, PAGE, good, &run, 1));
	REFUSED(-EINVAL, facts, VMQ_FACTS_ALL + 1);
	REFUSED(-EINVAL, any_of, 1ULL << 63);
	REFUSED(-EINVAL, any_of, VMQ_SET_KIND(VMQ_KIND_ANON));
	REFUSED(-EINVAL, none_of, VMQ_SET_SHARING(VMQ_SHARING_FILE));
	REFUSED(-EINVAL, all_of, VMQ_SET_ON_WRITE(VMQ_ON_WRITE_COPY));
	REFUSED(-EINVAL, frame_start, 1);
	REFUSED(-EOPNOTSUPP, any_of, VMQ_ENTRY_WRITE);
	good.facts = 0;
	REFUSED(-EINVAL, frame_end, 1);
	EXPECT_EQ(-EINVAL, asked_runs(self->vmq, self->map, 0, good, &run, 1));
	EXPECT_EQ(-EINVAL, asked_runs(self->vmq, self->map + 1, PAGE, good, &run, 1));
}

/* A page of a memfd, then an own one, then one that may have been merged. */
static bool file_as_user_is_right(struct vmq *vmq)
{
	int fd = memfd_create("vmq test", MFD_CLOEXEC);
	char *private = asked_map(MAP_PRIVATE, fd);
	struct vmq_run run;

	if (ftruncate(fd, PAGES * PAGE) || private == MAP_FAILED)
		return false;
	(void)*(volatile char *)private;
	run = asked_page(vmq, private);
	if (FACTS_OF(run) != ALL_KNOWN || run.kind != VMQ_KIND_SHMEM)
		return false;
	private[0] = 1;
	run = asked_page(vmq, private);
	if (FACTS_OF(run) != VMQ_VALID_KIND || run.kind != VMQ_KIND_ANON)
		return false;
	return !madvise(private, PAGES * PAGE, MADV_MERGEABLE) &&
	       !FACTS_OF(asked_page(vmq, private));
}

/* As an ordinary user in a child: the number of the first check that fails. */
static int check_as_user(char *map)
{
	const uint32_t frame_facts = VMQ_VALID_FRAME | VMQ_VALID_MAP_COUNT |
				     VMQ_VALID_PAGE_FLAGS | VMQ_VALID_ORDER;
	struct vmq_query query = { .facts = VMQ_FACTS_FRAME, .frame_end = 1 };
	struct vmq_run run;
	struct vmq *vmq;

	if (caller_become_user())
		return 1;
	if (vmq_open(&vmq, 0, VMQ_BACKEND_PROCFS))
		return 2;
	map[0] = 1;
	run = asked_page(vmq, map);
	if (run.entry != VMQ_ENTRY_PRESENT || run.valid & frame_facts || run.frame)
		return 3;
	if (FACTS_OF(run) != VMQ_VALID_KIND || run.kind != VMQ_KIND_ANON)
		return 4;
	(void)((volatile char *)map)[PAGE];	/* the zero page is nobody's */
	if (asked_page(vmq, map + PAGE).valid)
		return 5;
	if (asked_page(vmq, map + 2 * PAGE).valid != ALL_KNOWN)
		return 6;
	if (asked_runs(vmq, map, PAGE, query, &run, 1) != -EPERM)
		return 7;
	if (madvise(map, PAGE, MADV_MERGEABLE) || FACTS_OF(asked_page(vmq, map)))
		return 8;
	if (!file_as_user_is_right(vmq))
		return 9;
	vmq_close(vmq);
	if (vmq_open(&vmq, getppid(), VMQ_BACKEND_PROCFS) != -EACCES)
		return 10;
	return 0;
}

TEST_F(procfs, without_rights)
{
	pid_t child;
	int status;

	if (geteuid())
		SKIP_TEST("only root can become another user");
	child = fork();
	if (!child)
		_exit(check_as_user(self->map));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* A process that waits for a byte, and then ends or executes a shell. */
struct child {
	pid_t pid;
	int go;		/* what it waits for; a shell waits for its end */
	int gone;	/* ends when the process has left its address space */
};

static bool start_child(struct child *child, bool exec)
{
	int go[2], gone[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) || pipe2(gone, O_CLOEXEC))
		return false;
	child->pid = fork();
	if (!child->pid) {
		dup2(go[0], 0);
		close(go[1]);
		if (read(0, &byte, 1) == 1 && exec)
			execl("/bin/sh", "sh", "-c", "read x", NULL);
		_exit(0);
	}
	close(go[0]);
	close(gone[1]);
	child->go = go[1];
	child->gone = gone[0];
	return child->pid > 0;
}

static void end_child(struct child *child)
{
	close(child->go);
	close(child->gone);
	waitpid(child->pid, NULL, 0);
}

static void expect_gone(struct __test_metadata *_metadata, struct vmq *vmq)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	struct vmq_vma_list list;
	struct vmq_runs *runs;
	struct vmq_run run;

	EXPECT_EQ(-ESRCH, vmq_vmas_read(vmq, 0, 0, &list));
	EXPECT_EQ(0, vmq_runs_open(vmq, &query, &runs));
	EXPECT_EQ(-ESRCH, vmq_runs_next(runs, &run));
	vmq_runs_close(runs);
}

TEST_F(procfs, an_exec_ends_the_address_space)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	struct vmq_runs *runs;
	struct child child;
	struct vmq_run run;
	struct vmq *vmq;
	char byte, *area;
	const size_t size = 40000 * PAGE;
	int more;

	/* more pages and runs than are read at once: an exec in the midst of them */
	area = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, madvise(area, size, MADV_NOHUGEPAGE));
	for (int i = 0; i < 3000; i++)
		area[i * 2 * PAGE] = 1;
	ASSERT_TRUE(start_child(&child, true));
	ASSERT_EQ(0, vmq_open(&vmq, child.pid, VMQ_BACKEND_PROCFS));
	query.start = (uintptr_t)area;
	query.end = query.start + size;
	ASSERT_EQ(0, vmq_runs_open(vmq, &query, &runs));
	ASSERT_EQ(1, vmq_runs_next(runs, &run));
	ASSERT_EQ(1, write(child.go, "", 1));
	ASSERT_EQ(0, read(child.gone, &byte, 1));
	do
		more = vmq_runs_next(runs, &run);
	while (more == 1);
	EXPECT_EQ(-ESRCH, more);
	vmq_runs_close(runs);
	expect_gone(_metadata, vmq);
	vmq_close(vmq);
	EXPECT_EQ(0, vmq_open(&vmq, child.pid, VMQ_BACKEND_PROCFS));
	vmq_close(vmq);
	end_child(&child);
	munmap(area, size);
}

TEST_F(procfs, an_exit_ends_the_address_space)
{
	struct child child;
	struct vmq *vmq;
	siginfo_t info;

	ASSERT_TRUE(start_child(&child, false));
	ASSERT_EQ(0, vmq_open(&vmq, child.pid, VMQ_BACKEND_PROCFS));
	ASSERT_EQ(1, write(child.go, "", 1));
	ASSERT_EQ(0, waitid(P_PID, child.pid, &info, WEXITED | WNOWAIT));
	expect_gone(_metadata, vmq);
	vmq_close(vmq);
	/* a zombie, then nobody */
	EXPECT_EQ(-ESRCH, vmq_open(&vmq, child.pid, VMQ_BACKEND_PROCFS));
	end_child(&child);
	EXPECT_EQ(-ESRCH, vmq_open(&vmq, child.pid, VMQ_BACKEND_PROCFS));
}

TEST_F(procfs, who_has_no_address_space)
{
	struct vmq *vmq;

	EXPECT_EQ(-ESRCH, vmq_open(&vmq, 2, VMQ_BACKEND_PROCFS));	/* kthreadd */
	EXPECT_EQ(-ESRCH, vmq_open(&vmq, 0x7fffffff, VMQ_BACKEND_PROCFS));
	EXPECT_EQ(-EINVAL, vmq_open(&vmq, -1, VMQ_BACKEND_PROCFS));
}

TEST_F(procfs, is_taken_where_there_is_no_module)
{
	struct vmq *vmq;

	if (!access("/dev/vmq", F_OK))
		SKIP_TEST("the module is loaded");
	EXPECT_EQ(-ENODEV, vmq_open(&vmq, 0, VMQ_BACKEND_MODULE));
	ASSERT_EQ(0, vmq_open(&vmq, 0, VMQ_BACKEND_ANY));
	EXPECT_EQ(VMQ_BACKEND_PROCFS, vmq_backend(vmq));
	vmq_close(vmq);
}

TEST_HARNESS_MAIN

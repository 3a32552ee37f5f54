// SPDX-License-Identifier: GPL-2.0-only
/* Changes address spaces. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "oracle.h"
#include "setup.h"

#define HUGE	(512 * PAGE)
#define GIGA	(1UL << 30)
#define GROUND	(4 * HUGE)	/* each process has this much to change */

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25	/* v6.1 */
#endif
#define MADV_GUARD		102	/* MADV_GUARD_INSTALL, v6.13 */
#define MADV_UNGUARD		103

static char *ground;
static int huge_file;		/* to truncate it */
static int huge_view;		/* to map it: cannot write, so that a mapping is not VM_SHARED */

static size_t below(size_t limit)
{
	return rand() % limit;
}

static void touch(char *map, size_t size, size_t step)
{
	for (size_t at = 0; at < size; at += step)
		map[at] = 1;
}

/* Something readable and writable is mapped there, whatever was before. */
static void renew(char *map, size_t size)
{
	mmap(map, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static int make_ground(void)
{
	char *area = mmap(NULL, GROUND + HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return -1;
	ground = (char *)(((uintptr_t)area + HUGE - 1) & ~(HUGE - 1));
	return 0;
}

static void change_maps(struct churn *churn)
{
	size_t pages = 1 + below(700);
	char *from = ground + below(GROUND / PAGE - pages) * PAGE;
	char *to = ground + below(GROUND / PAGE - pages) * PAGE;

	renew(from, pages * PAGE);
	madvise(from, pages * PAGE, MADV_NOHUGEPAGE);	/* small pages are made faster */
	touch(from, pages * PAGE, (1 + below(9)) * PAGE);
	mprotect(from, pages / 2 * PAGE, PROT_READ);
	if (from + pages * PAGE <= to || to + pages * PAGE <= from)
		mremap(from, pages / 2 * PAGE, pages / 2 * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, to);
	munmap(from + pages / 3 * PAGE, pages / 3 * PAGE);
	if (!below(4))
		munmap(ground + below(GROUND / HUGE) * HUGE, HUGE);
	still_take_neighbours(&churn->still);
	still_give_neighbours(&churn->still);
}

static void change_advice(struct churn *churn)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_COLLAPSE, MADV_GUARD, MADV_UNGUARD, MADV_PAGEOUT,
		MADV_FREE, MADV_COLD, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	};
	char *huge = ground + below(GROUND / HUGE) * HUGE;
	size_t pages = below(4) ? 1 + below(200) : 512;
	char *part = huge + below(513 - pages) * PAGE;

	(void)churn;
	if (!below(6)) {
		renew(huge, HUGE);
		madvise(huge, HUGE, MADV_HUGEPAGE);
		touch(huge, HUGE, HUGE);
	}
	madvise(part, pages * PAGE, advice[below(sizeof(advice) / sizeof(*advice))]);
	madvise(part, pages * PAGE, MADV_UNGUARD);
	touch(part, pages * PAGE, (1 + below(9)) * PAGE);
}

static void change_fork(struct churn *churn)
{
	pid_t child = fork();

	(void)churn;
	if (!child) {
		touch(ground, 2 * HUGE, 7 * PAGE);
		_exit(0);
	}
	touch(ground, 2 * HUGE, 5 * PAGE);
	waitpid(child, NULL, 0);
}

static void change_ksm(struct churn *churn)
{
	memset(ground, 'k', 64 * PAGE);
	madvise(ground, 64 * PAGE, churn->rounds & 1 ? MADV_UNMERGEABLE : MADV_MERGEABLE);
	touch(ground + below(64) * PAGE, 1, 1);
	usleep(2000);		/* ksmd's turn; only speed depends on it */
}

/* A split mapping costs a long known report on some kernels: not each time. */
static void change_hugetlb(struct churn *churn)
{
	char *map = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	pid_t child;

	if (map == MAP_FAILED)
		return;
	touch(map, 2 * HUGE, HUGE);
	child = fork();
	if (!child) {
		touch(map, HUGE, HUGE);
		_exit(0);
	}
	mprotect(map, churn->rounds % 4 ? 2 * HUGE : HUGE, PROT_READ);
	waitpid(child, NULL, 0);
	munmap(map, 2 * HUGE);
}

/* A gigabyte's worth of table, which two processes share. */
static char *map_shared_table(void)
{
	char *area = mmap(NULL, 2 * GIGA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);
	char *at = (char *)(((uintptr_t)area + GIGA - 1) & ~(GIGA - 1));

	if (area == MAP_FAILED)
		return NULL;
	at = mmap(at, GIGA, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, huge_view, 0);
	return at == MAP_FAILED ? NULL : at;
}

static volatile char sink;

/* Reads what the file has; SIGBUS where it was truncated ends the child only. */
static void read_huge_pages(const char *map)
{
	for (int i = 0; i < 2; i++)
		sink = map[i * HUGE];
}

static void change_shared_hugetlb(struct churn *churn)
{
	char *map = ground;
	pid_t child = fork();

	if (!child) {		/* the other one with this table */
		char *mine = map_shared_table();

		if (mine)
			read_huge_pages(mine);
		munmap(map, GIGA);
		_exit(0);
	}
	if (!below(4) && ftruncate(huge_file, below(2) * HUGE))	/* clearing pages is slow */
		perror("truncate");
	waitpid(child, NULL, 0);
	if (ftruncate(huge_file, GIGA))
		perror("extend");
	read_huge_pages(map);
	if (churn->rounds % 8 == 3)
		munmap(map + 2 * HUGE, HUGE);	/* what is split shares no table any more */
	if (churn->rounds % 8 == 7) {
		munmap(map, GIGA);
		ground = map_shared_table();
	}
}

static void change_compaction(struct churn *churn)
{
	(void)churn;
	if (setup_write("/proc/sys/vm/compact_memory", "1"))
		perror("compact_memory");
	usleep(10000);
}

/* A process that does @end after a moment, for others to look at. */
static void live_shortly(struct churn *churn, void (*end)(void))
{
	pid_t child = fork();

	if (!child) {
		churn->pid = getpid();
		touch(ground, HUGE, PAGE);
		usleep(500 + below(3000));	/* ends at any point of a scan */
		end();
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void end_by_exec(void)
{
	execl("/bin/busybox", "busybox", "usleep", "1000", NULL);
}

static void end_by_exit(void)
{
	_exit(0);
}

static void change_by_exec(struct churn *churn)
{
	live_shortly(churn, end_by_exec);
}

static void change_by_exit(struct churn *churn)
{
	live_shortly(churn, end_by_exit);
}

static int no_more(void)
{
	return 0;
}

static int prepare_ksm(void)
{
	char *map = setup_map(4 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	return setup_ksm(map, 4 * PAGE) || setup_write("/sys/kernel/mm/ksm/run", "1") ? -1 : 0;
}

static int prepare_hugetlb(void)
{
	return setup_hugetlb(16);
}

static int prepare_shared_hugetlb(void)
{
	const char *name = "/dev/hugepages/churn";

	huge_file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	huge_view = open(name, O_RDONLY);
	unlink(name);
	if (huge_view < 0 || setup_hugetlb(16) || ftruncate(huge_file, GIGA))
		return -1;
	ground = map_shared_table();
	return ground ? 0 : -1;
}

static int prepare_compaction(void)
{
	return access("/proc/sys/vm/compact_memory", W_OK);
}

static int prepare_advice(void)
{
	setup_swap();		/* without it PAGEOUT does little */
	return 0;
}

static const struct {
	int (*prepare)(void);	/* 0, or -1 if the system has no such thing */
	void (*change)(struct churn *churn);
	bool mortal;
} ways[CHURN_KINDS] = {
	[CHURN_MAPS] = { no_more, change_maps, false },
	[CHURN_ADVICE] = { prepare_advice, change_advice, false },
	[CHURN_FORK] = { no_more, change_fork, false },
	[CHURN_KSM] = { prepare_ksm, change_ksm, false },
	[CHURN_HUGETLB] = { prepare_hugetlb, change_hugetlb, false },
	[CHURN_SHARED_HUGETLB] = { prepare_shared_hugetlb, change_shared_hugetlb, false },
	[CHURN_COMPACTION] = { prepare_compaction, change_compaction, false },
	[CHURN_EXEC] = { no_more, change_by_exec, true },
	[CHURN_EXIT] = { no_more, change_by_exit, true },
};

bool churn_is_mortal(const struct churn *churn)
{
	return ways[churn->kind].mortal;
}

static void live(struct churn *churn, int ready)
{
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srand(churn->kind);
	churn->pid = getpid();
	err = make_ground() || still_make(&churn->still) || ways[churn->kind].prepare();
	if (write(ready, &err, sizeof(err)) != sizeof(err) || err)
		_exit(1);
	for (;; churn->rounds++)
		ways[churn->kind].change(churn);
}

int churn_start(struct churn *churn, enum churn_kind kind)
{
	int ready[2], err = -1;
	pid_t process;

	*churn = (struct churn){ .kind = kind };
	if (pipe(ready))
		return -1;
	process = fork();
	if (!process)
		live(churn, ready[1]);
	churn->process = process;
	close(ready[1]);
	if (read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = -1;
	close(ready[0]);
	if (err)
		churn_end(churn);
	return err;
}

void churn_end(struct churn *churn)
{
	setup_end(churn->process);
}

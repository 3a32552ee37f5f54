// SPDX-License-Identifier: GPL-2.0-only
/* Makes mappings of every kind in the calling process. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mappings.h"
#include "oracle.h"
#include "setup.h"

#define HUGE (512 * PAGE)

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

static volatile char sink;

static void read_pages(const volatile char *map, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		sink = map[at];
}

int mapping_anonymous(void)
{
	char *map = setup_map(64 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *top;

	if (!map)
		return -1;
	memset(map, 1, 16 * PAGE);
	read_pages(map + 20 * PAGE, 4 * PAGE);			/* zero pages */
	memset(map + 30 * PAGE, 1, 4 * PAGE);
	mprotect(map + 30 * PAGE, PAGE, PROT_READ);
	mprotect(map + 31 * PAGE, PAGE, PROT_NONE);
	mprotect(map + 32 * PAGE, PAGE, PROT_READ | PROT_EXEC);
	mlock(map + 33 * PAGE, PAGE);
	if (mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
		return -1;
	top = mmap((void *)(0x7ffffffff000 - PAGE), PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (top == MAP_FAILED)		/* the last page of user space */
		return -1;
	*top = 1;
	return 0;
}

/* Entries without access hold their frames inverted: neighbours count downwards. */
int mapping_no_access(void)
{
	size_t size = 2048 * PAGE;
	char *up = setup_map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *down = setup_map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!up || !down)
		return -1;
	for (size_t at = 0; at < size; at += PAGE) {
		up[at] = 1;
		down[size - PAGE - at] = 1;
	}
	return mprotect(up, size, PROT_NONE) || mprotect(down, size, PROT_NONE);
}

/*
 * Above what four levels reach, where the machine has five, and the last page
 * there; without them, low, and no page.
 */
int mapping_high(void)
{
	char *map = mmap((void *)(1UL << 52), 4 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *top = mmap((void *)((1UL << 56) - 2 * PAGE), PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (map == MAP_FAILED || ((uintptr_t)map >> 47 && top == MAP_FAILED))
		return -1;
	map[PAGE] = 1;
	if (top != MAP_FAILED)
		*top = 1;
	return 0;
}

int mapping_guard(void)
{
	char *map = setup_map(8 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	map[0] = 1;
	madvise(map + 2 * PAGE, 2 * PAGE, 102);	/* MADV_GUARD_INSTALL, v6.13 */
	return 0;
}

/* Pages that differ by a flag of the page only, their entries and counts are equal. */
static int make_dirty_neighbours(const char *folder)
{
	int fd = setup_file(folder, 32);
	char *map = setup_map(32 * PAGE, MAP_PRIVATE, fd);

	if (fd < 0 || !map)
		return -1;
	read_pages(map, 32 * PAGE);
	for (int i = 0; i < 32; i += 3)
		if (pwrite(fd, "d", 1, i * PAGE) != 1)
			return -1;
	return 0;
}

static int make_files_in(const char *folder)
{
	int fd = setup_file(folder, 16);
	char path[32], *map;

	if (fd < 0)
		return -1;
	map = setup_map(16 * PAGE, MAP_PRIVATE, fd);
	read_pages(map, 4 * PAGE);
	map[PAGE] = 1;				/* privatized */
	map[8 * PAGE] = 1;			/* copied without having been mapped */
	map = setup_map(16 * PAGE, MAP_SHARED, fd);
	map[3 * PAGE] = 1;
	read_pages(map + 5 * PAGE, 2 * PAGE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	map = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, open(path, O_RDONLY), 0);
	if (map == MAP_FAILED)
		return -1;
	read_pages(map, 4 * PAGE);
	return make_dirty_neighbours(folder);
}

int mapping_files_on_ext4(void)
{
	return make_files_in("/mnt/ext4");
}

int mapping_files_on_tmpfs(void)
{
	return make_files_in("/tmp");
}

/* Names a reader of maps could trip over. */
int mapping_odd_names(void)
{
	static const char *const names[] = {
		"/mnt/ext4/with space", "/mnt/ext4/new\nline", "/mnt/ext4/tab\there",
		"/mnt/ext4/7f0000000000-7f0000001000 rw-p 00000000 00:00 0", NULL
	};

	for (int i = 0; names[i]; i++) {
		int fd = open(names[i], O_RDWR | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || ftruncate(fd, 2 * PAGE))
			return -1;
		read_pages(setup_map(2 * PAGE, MAP_PRIVATE, fd), 2 * PAGE);
		if (i)
			unlink(names[i]);	/* " (deleted)" */
	}
	return 0;
}

int mapping_shared(void)
{
	char *map = setup_map(16 * PAGE, MAP_SHARED | MAP_ANONYMOUS, -1);
	int fd = memfd_create("vmq test", 0);

	memset(map, 1, 8 * PAGE);
	if (ftruncate(fd, 16 * PAGE))
		return -1;
	map = setup_map(16 * PAGE, MAP_SHARED, fd);
	memset(map, 1, 4 * PAGE);
	map = setup_map(16 * PAGE, MAP_PRIVATE, fd);
	read_pages(map, 4 * PAGE);
	map[2 * PAGE] = 1;
	return 0;
}

int mapping_huge(void)
{
	char *whole = setup_huge(), *part = setup_huge(), *zero = setup_huge();

	if (!whole || !part || !zero)
		return -1;
	whole[0] = 1;
	part[0] = 1;
	read_pages(zero, PAGE);
	mprotect(part + 10 * PAGE, PAGE, PROT_READ);	/* its entry is split */
	return munmap(part + 20 * PAGE, 5 * PAGE);
}

int mapping_hugetlb(void)
{
	char *private, *shared;

	if (setup_hugetlb(8))
		return -1;
	private = setup_map(2 * HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	shared = setup_map(2 * HUGE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	if (!private || !shared)
		return -1;
	private[0] = 1;
	shared[HUGE] = 1;
	return 0;
}

int mapping_hugetlb_1G(void)
{
	char *map;

	if (setup_hugetlb_pages(30, 1))
		return -1;
	map = mmap(NULL, 1UL << 30, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 30 << MAP_HUGE_SHIFT, -1, 0);
	if (map == MAP_FAILED)
		return -1;
	map[0] = 1;
	return mprotect(map, 1UL << 30, PROT_READ);
}

/* Its tables are shared with a child that ends with us. */
int mapping_hugetlb_tables(void)
{
	const size_t size = 1UL << 30;
	int fd = setup_hugetlb_file(21, 512);
	char *both, *reader;

	if (fd < 0 || setup_hugetlb_pages(21, 4))
		return -1;
	both = setup_map_aligned(size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd);
	reader = setup_map_aligned(size, size, PROT_READ, MAP_SHARED | MAP_NORESERVE,
				   setup_read_only(fd));
	if (!both || !reader)
		return -1;
	both[0] = 1;
	both[7 * HUGE] = 1;
	if (fork()) {
		sink = reader[0];
		sink = reader[9 * HUGE];
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		sink = both[7 * HUGE];
		sink = reader[0];
		pause();
	}
}

int mapping_merged(void)
{
	char *map = setup_map(16 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	return setup_ksm(map, 16 * PAGE);
}

int mapping_swapped(void)
{
	char *map = setup_map(16 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (setup_swap() || setup_one_cpu())
		return -1;
	memset(map, 1, 16 * PAGE);
	setup_drain();
	madvise(map, 8 * PAGE, MADV_PAGEOUT);
	if (setup_fork() < 0)		/* ends with us */
		return -1;
	return 0;
}

int mapping_uffd(void)
{
	char *map = setup_map(16 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int uffd;

	memset(map, 1, 8 * PAGE);
	uffd = setup_uffd(map, 16 * PAGE, UFFDIO_REGISTER_MODE_WP);
	return uffd < 0 ? -1 : setup_uffd_protect(uffd, map + PAGE, 3 * PAGE);
}

static void *sleep_in_thread(void *arg)
{
	pause();
	return arg;
}

int mapping_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, sleep_in_thread, NULL);
}

int mapping_fork(void)
{
	char *map = setup_map(16 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	memset(map, 1, 16 * PAGE);
	if (setup_fork() < 0)		/* ends with us */
		return -1;
	memset(map, 2, 4 * PAGE);
	return 0;
}

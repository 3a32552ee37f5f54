// SPDX-License-Identifier: GPL-2.0-only
/* Makes mappings and pages of every kind. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"
#include "setup.h"

#define HUGE (512 * PAGE)

int setup_write(const char *path, const char *text)
{
	ssize_t length = strlen(text), written;
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	written = write(fd, text, length);
	if (written != length)
		err = written < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

int setup_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

void setup_drain(void)
{
	size_t size = 64 * PAGE;
	char *map = setup_map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	for (size_t i = 0; map && i < size; i += PAGE)
		map[i] = 1;
	munmap(map, size);
}

void *setup_map(size_t size, int flags, int fd)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (map == MAP_FAILED)
		return NULL;
	madvise(map, size, MADV_NOHUGEPAGE);
	return map;
}

void *setup_huge(void)
{
	char *area = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge = (char *)(((uintptr_t)area + HUGE - 1) & ~(HUGE - 1));

	if (area == MAP_FAILED || madvise(huge, HUGE, MADV_HUGEPAGE))
		return NULL;
	return huge;
}

int setup_file(const char *folder, int pages)
{
	int fd = open(folder, O_TMPFILE | O_RDWR, 0600);
	char page[PAGE];

	memset(page, 'f', sizeof(page));
	for (int i = 0; fd >= 0 && i < pages; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return -1;
	return fd >= 0 && fsync(fd) ? -1 : fd;
}

pid_t setup_fork(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

pid_t setup_traced(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
	return child;
}

void setup_end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

void *setup_split_huge(void)
{
	char *huge = setup_huge(), text[80];

	if (!huge)
		return NULL;
	memset(huge, 1, HUGE);
	snprintf(text, sizeof(text), "%d,%p,%p\n", getpid(), (void *)huge,
		 (void *)(huge + HUGE));
	if (setup_write("/sys/kernel/debug/split_huge_pages", text))
		return NULL;
	madvise(huge, HUGE, MADV_NOHUGEPAGE);	/* khugepaged would join them again */
	return huge;
}

int setup_clear_soft_dirty(void)
{
	return setup_write("/proc/self/clear_refs", "4");
}

int setup_hugetlb(int pages)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pages);
	return setup_write("/proc/sys/vm/nr_hugepages", text) ||
	       read_number("/proc/sys/vm/nr_hugepages") < pages ? -1 : 0;
}

int setup_hugetlb_pages(int shift, int pages)
{
	char pool[64], path[96], text[16];
	long all, unused = 0;

	snprintf(pool, sizeof(pool), "/sys/kernel/mm/hugepages/hugepages-%lukB",
		 (1UL << shift) / 1024);
	snprintf(path, sizeof(path), "%s/free_hugepages", pool);
	/* those of a process that has ended may come back a moment later */
	for (int i = 0; i < 100 && unused >= 0 && unused < pages; i++) {
		usleep(i ? 10000 : 0);
		unused = read_number(path);
	}
	if (unused < 0 || unused >= pages)
		return unused < 0 ? -1 : 0;
	snprintf(path, sizeof(path), "%s/nr_hugepages", pool);
	all = read_number(path);
	snprintf(text, sizeof(text), "%ld", all + pages - unused);
	setup_write(path, text);
	return read_number(path) < all + pages - unused ? -1 : 0;
}

int setup_hugetlb_file(int shift, int pages)
{
	int fd = memfd_create("vmq hugetlb", MFD_CLOEXEC | MFD_HUGETLB | shift << MFD_HUGE_SHIFT);

	return fd >= 0 && ftruncate(fd, (off_t)pages << shift) ? -1 : fd;
}

int setup_read_only(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void *setup_map_aligned(size_t size, size_t align, int rights, int flags, int fd)
{
	char *area = mmap(NULL, size + align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *map = (char *)(((uintptr_t)area + align - 1) & ~(align - 1));

	if (area == MAP_FAILED)
		return NULL;
	map = mmap(map, size, rights, flags | MAP_FIXED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

/* Whether all pages are one, as root sees it. */
static bool is_merged(char *map, size_t size)
{
	uint64_t first = PM_FRAME(oracle_entry(map));

	for (size_t at = PAGE; at < size; at += PAGE)
		if (PM_FRAME(oracle_entry(map + at)) != first)
			return false;
	return first;
}

int setup_ksm(char *map, size_t size)
{
	if (read_number("/sys/kernel/mm/ksm/full_scans") < 0)
		return -1;
	memset(map, 'k', size);
	setup_write("/sys/kernel/mm/ksm/sleep_millisecs", "1");
	setup_write("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	if (madvise(map, size, MADV_MERGEABLE) || setup_write("/sys/kernel/mm/ksm/run", "1"))
		return -1;
	for (int i = 0; i < 60000 && !is_merged(map, size); i++)
		usleep(1000);
	return setup_write("/sys/kernel/mm/ksm/run", "0");
}

/* The header of a swap area, as mkswap(8) writes it. */
static int make_swap(const char *device, size_t size)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, bad_pages;
		char rest[PAGE - 1024 - 12 - 10];
		char magic[10];
	} __attribute__((packed)) header = {
		.version = 1, .last_page = size / PAGE - 1, .magic = "SWAPSPACE2",
	};
	int fd = open(device, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, &header, sizeof(header)) == sizeof(header) && !fsync(fd);

	if (fd >= 0)
		close(fd);
	return ok ? swapon(device, 0) : -1;
}

static bool has_swap(void)
{
	char line[256];
	FILE *file = fopen("/proc/swaps", "re");
	int lines = 0;

	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	return lines > 1;
}

int setup_swap(void)
{
	if (has_swap())
		return 0;
	if (access("/dev/zram0", F_OK) && system("modprobe zram >/dev/null 2>&1"))
		return -1;
	if (setup_write("/sys/block/zram0/disksize", "67108864"))
		return -1;
	return make_swap("/dev/zram0", 67108864);
}

int setup_page_out(volatile char *page)
{
	setup_drain();
	for (int i = 0; i < 100 && !(oracle_entry(page) & PM_SWAP); i++)
		if (madvise((void *)page, PAGE, MADV_PAGEOUT))
			return -1;
	return oracle_entry(page) & PM_SWAP ? 0 : -1;
}

int setup_uffd(void *start, size_t size, int mode)
{
	return setup_uffd_with(start, size, mode, 0);
}

int setup_uffd_with(void *start, size_t size, int mode, unsigned long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register registration = {
		.range = { (uintptr_t)start, size }, .mode = mode,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &registration))
		return -1;
	return uffd;
}

static int write_protect(int uffd, void *start, size_t size, int mode)
{
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)start, size }, .mode = mode,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &protect);
}

int setup_uffd_protect(int uffd, void *start, size_t size)
{
	return write_protect(uffd, start, size, UFFDIO_WRITEPROTECT_MODE_WP);
}

int setup_uffd_resolve(int uffd, void *page, int mode)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)page, PAGE } };

	if (mode == UFFDIO_REGISTER_MODE_WP)
		return write_protect(uffd, page, PAGE, 0);
	return ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

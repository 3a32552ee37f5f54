// SPDX-License-Identifier: GPL-2.0-only
/*
 * Large reservations, seen by the procfs backend: what it tells where it looks for the
 * next page is what it tells where it reads the word of every page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/asked.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define SIZE		(8UL << 30)
#define ROOM		4096
#define SCAN_NUMBER	0xc0606610	/* PAGEMAP_SCAN */
#define GUARD		102		/* MADV_GUARD_INSTALL */

static bool refused;		/* PAGEMAP_SCAN is */
static int scans;
static pid_t victim;		/* ends just before the first */
static size_t bytes;		/* read by pread(), from pagemap nearly all */

/* These two in place of the C library's, for the library too. */
int ioctl(int fd, unsigned long command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (command == SCAN_NUMBER)
		scans++;
	if (command == SCAN_NUMBER && victim) {
		setup_end(victim);
		victim = 0;
	}
	if (command == SCAN_NUMBER && refused) {
		errno = ENOTTY;
		return -1;
	}
	return syscall(SYS_ioctl, fd, command, arg);
}

ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	ssize_t n = syscall(SYS_pread64, fd, to, size, offset);

	bytes += n > 0 ? n : 0;
	return n;
}

FIXTURE(skip) {
	char *map;		/* SIZE, reserved */
	struct vmq_run with[ROOM], without[ROOM];
};

FIXTURE_SETUP(skip)
{
	self->map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, setup_one_cpu());
	ASSERT_EQ(0, madvise(self->map, SIZE, MADV_NOHUGEPAGE));
}

FIXTURE_TEARDOWN(skip)
{
	munmap(self->map, SIZE);
}

static ssize_t runs_of(const char *start, size_t size, struct vmq_query query,
		       struct vmq_run *runs)
{
	struct vmq *vmq;
	ssize_t count;

	if (vmq_open(&vmq, 0, VMQ_BACKEND_PROCFS))
		return -1;
	count = asked_runs(vmq, start, size, query, runs, ROOM);
	vmq_close(vmq);
	return count;
}

/*
 * Both ways, with @query: the number of runs. The kernel may move a page in between, or
 * put it on a list; what is skipped wrongly differs each time.
 */
static ssize_t compare(struct __test_metadata *_metadata, FIXTURE_DATA(skip) *self,
		       size_t from, size_t size, struct vmq_query query)
{
	ssize_t count = 0;
	bool same = false;

	for (int i = 0; i < 5 && !same; i++) {
		refused = true;
		count = runs_of(self->map + from, size, query, self->without);
		refused = false;
		EXPECT_LT(0, count);
		EXPECT_GT(ROOM, count);
		same = count == runs_of(self->map + from, size, query, self->with) &&
		       !memcmp(self->with, self->without, count * sizeof(*self->with));
	}
	EXPECT_TRUE(same);
	return count;
}

/* Whether this kernel has PAGEMAP_SCAN: the library asked and did not give up. */
static bool is_skipped(FIXTURE_DATA(skip) *self)
{
	scans = 0;
	runs_of(self->map, SIZE, (struct vmq_query){ 0 }, self->with);
	return scans > 1;
}

/* Pages where a step, a batch or a table begins or ends, and some anywhere. */
static void touch_some(char *map)
{
	static const size_t at[] = {
		128UL << 20, (128UL << 20) + 5 * PAGE, (1UL << 30) - PAGE, 1UL << 30,
		(1UL << 30) + (128UL << 20) - PAGE, 3UL << 30, (3UL << 30) + 7 * PAGE,
		(5UL << 30) + (2UL << 20) - PAGE, SIZE - PAGE,
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		map[at[i]] = 1;
	setup_drain();
}

TEST_F(skip, nothing_at_all_is_one_run)
{
	EXPECT_EQ(1, compare(_metadata, self, 0, SIZE, (struct vmq_query){ 0 }));
	EXPECT_EQ(SIZE / PAGE, self->with[0].pages);
}

TEST_F(skip, pages_here_and_there)
{
	const struct vmq_query all = { .facts = VMQ_FACTS_ALL }, used = {
		.facts = VMQ_FACTS_ALL, .none_of = VMQ_SET_KIND(VMQ_KIND_NONE),
	};

	touch_some(self->map);
	EXPECT_LT(15, compare(_metadata, self, 0, SIZE, all));
	EXPECT_LE(8, compare(_metadata, self, 0, SIZE, used));
	compare(_metadata, self, PAGE, SIZE - 3 * PAGE, all);
	compare(_metadata, self, 7UL << 20, 3UL << 30, all);
}

TEST_F(skip, entries_that_are_no_pages)
{
	const struct vmq_query all = { .facts = VMQ_FACTS_ALL };
	char *swapped = self->map + (2UL << 30), *zero = self->map + (4UL << 30);

	ASSERT_EQ(0, setup_swap());
	*swapped = 1;
	ASSERT_EQ(0, setup_page_out(swapped));
	(void)*(volatile char *)zero;
	/* not on kernels before v6.13 */
	madvise(self->map + (6UL << 30), PAGE, GUARD);
	ASSERT_EQ(0, mprotect(self->map, SIZE, PROT_NONE));
	EXPECT_LE(5, compare(_metadata, self, 0, SIZE, all));
	EXPECT_EQ(VMQ_KIND_SWAP, self->with[1].kind);
}

/* On shared memory a protected page that is not there leaves a marker. */
TEST_F(skip, markers)
{
	const struct vmq_query all = { .facts = VMQ_FACTS_ALL };
	char *shared = mmap(self->map, SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	int uffd;

	ASSERT_EQ(self->map, shared);
	uffd = setup_uffd_with(shared, SIZE, UFFDIO_REGISTER_MODE_WP,
			       UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, setup_uffd_protect(uffd, shared + (5UL << 30), 3 * PAGE));
	EXPECT_EQ(3, compare(_metadata, self, 0, SIZE, all));
	EXPECT_EQ(VMQ_ENTRY_UFFD_WP, self->with[1].entry);
	close(uffd);
}

/* Nothing is there any more: that is no hole. */
TEST_F(skip, a_target_that_ends)
{
	struct vmq *vmq;

	if (!is_skipped(self))
		SKIP_TEST("this kernel has no PAGEMAP_SCAN");
	victim = setup_fork();
	ASSERT_EQ(0, vmq_open(&vmq, victim, VMQ_BACKEND_PROCFS));
	EXPECT_EQ(-ESRCH, asked_runs(vmq, self->map, SIZE, (struct vmq_query){ 0 },
				     self->with, ROOM));
	EXPECT_EQ(0, victim);
	vmq_close(vmq);
}

TEST_F(skip, reads_less)
{
	const struct vmq_query all = { .facts = VMQ_FACTS_ALL };

	if (!is_skipped(self))
		SKIP_TEST("this kernel has no PAGEMAP_SCAN");
	touch_some(self->map);
	bytes = 0;
	EXPECT_LT(15, runs_of(self->map, SIZE, all, self->with));
	EXPECT_GT(SIZE / PAGE * 8 / 3, bytes);
}

TEST_HARNESS_MAIN

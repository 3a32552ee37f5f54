// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a caller without the frame right is told: a page of each kind is made, the
 * file is bound and called by all sorts of callers, and every door is tried. Root
 * is the control: what he is told shows that there was something to hide.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/caller.h"
#include "lib/device.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define HUGE (512 * PAGE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

/* The pages; those the kernel cannot make stay NULL. */
enum { ANON, FORKED, MERGED, SWAPPED, ZERO, TRANSPARENT, PRIVATE_FILE, SHARED_FILE,
	SHARED_MEMORY, HUGETLB, POISONED, SAMPLES };

struct samples {
	volatile char *at[SAMPLES];
	int alive;		/* a child shares FORKED until this is closed */
};

static const __u8 kinds[SAMPLES] = {
	VMQ_KIND_ANON, VMQ_KIND_ANON, VMQ_KIND_KSM, VMQ_KIND_SWAP, VMQ_KIND_ZERO,
	VMQ_KIND_ANON, VMQ_KIND_FILE, VMQ_KIND_FILE, VMQ_KIND_SHMEM, VMQ_KIND_HUGETLB,
	VMQ_KIND_HWPOISON,
};

static char *touched(char *map)
{
	if (map)
		map[0] = 1;
	return map;
}

static char *make_merged(void)
{
	char *map = setup_map(8 * PAGE, PRIVATE, -1);

	return map && !setup_ksm(map, 8 * PAGE) ? map : NULL;
}

static char *make_swapped(void)
{
	char *map = touched(setup_map(PAGE, PRIVATE, -1));

	if (setup_swap())
		return NULL;
	return setup_page_out(map) ? NULL : map;
}

static char *make_hugetlb(void)
{
	char *map;

	if (setup_hugetlb(2))
		return NULL;
	map = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, PRIVATE | MAP_HUGETLB, -1, 0);
	return map == MAP_FAILED ? NULL : touched(map);
}

static sigjmp_buf bus_error;
static bool no_memory_errors;		/* this kernel does not handle them */

static void on_bus_error(int number)
{
	siglongjmp(bus_error, number);
}

/* Some kernels tell the process at once that its page is lost. */
static char *make_poisoned(void)
{
	char *volatile map = touched(setup_map(PAGE, PRIVATE, -1));

	setup_drain();
	signal(SIGBUS, on_bus_error);
	if (!sigsetjmp(bus_error, 1) && madvise(map, PAGE, MADV_HWPOISON)) {
		no_memory_errors = errno == EINVAL;
		map = NULL;
	}
	signal(SIGBUS, SIG_DFL);
	return map;
}

/* Neither a signal nor the parent's death reach a child of root's from a user. */
static char *make_forked(int *alive)
{
	char *map = touched(setup_map(PAGE, PRIVATE, -1)), byte;
	int ends[2];

	if (pipe(ends))
		return NULL;
	if (!fork()) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1));
	}
	close(ends[0]);
	*alive = ends[1];
	return map;
}

static void make_samples(struct samples *samples)
{
	int file = setup_file("/mnt/ext4", 2), memory = memfd_create("vmq", MFD_CLOEXEC);
	volatile char **at = samples->at;

	setup_one_cpu();
	at[FORKED] = make_forked(&samples->alive);
	at[ANON] = touched(setup_map(PAGE, PRIVATE, -1));
	at[MERGED] = make_merged();
	at[SWAPPED] = make_swapped();
	at[ZERO] = setup_map(PAGE, PRIVATE, -1);
	(void)*at[ZERO];
	at[TRANSPARENT] = touched(setup_huge());
	at[PRIVATE_FILE] = setup_map(2 * PAGE, MAP_PRIVATE, file);
	(void)*at[PRIVATE_FILE];
	at[SHARED_FILE] = touched(setup_map(2 * PAGE, MAP_SHARED, file));
	if (!ftruncate(memory, PAGE))
		at[SHARED_MEMORY] = touched(setup_map(PAGE, MAP_SHARED, memory));
	at[HUGETLB] = make_hugetlb();
	at[POISONED] = make_poisoned();
}

FIXTURE(rights) {
	struct samples samples;
	int vmq;
	int text;		/* /proc/vmq/self/pages */
	__u64 top;
};

static int bind_self(__u32 flags)
{
	return caller_bind(VMQ_BIND_SELF, -1, 0, flags);
}

static int open_text(void)
{
	return open("/proc/vmq/self/pages", O_RDONLY | O_CLOEXEC);
}

/* Each opens both files and becomes the caller; 0 or a negative number. */
FIXTURE_VARIANT(rights) {
	int (*become)(FIXTURE_DATA(rights) *self);
	bool sees;		/* frames */
	bool sees_text;		/* frames in /proc */
};

static int open_both(FIXTURE_DATA(rights) *self, __u32 flags)
{
	self->vmq = bind_self(flags);
	self->text = open_text();
	return self->vmq < 0 ? self->vmq : self->text;
}

static int root(FIXTURE_DATA(rights) *self)
{
	return open_both(self, 0);
}

static int user(FIXTURE_DATA(rights) *self)
{
	int err = caller_become_user();

	return err ? err : open_both(self, 0);
}

static int user_given_roots_file(FIXTURE_DATA(rights) *self)
{
	int err = open_both(self, 0);

	return err < 0 ? err : caller_become_user();
}

static int root_given_a_users_file(FIXTURE_DATA(rights) *self)
{
	int err;

	if (setegid(CALLER_USER) || seteuid(CALLER_USER))
		return -errno;
	err = open_both(self, 0);
	return seteuid(0) || setegid(0) ? -errno : err;
}

static int root_who_renounced(FIXTURE_DATA(rights) *self)
{
	return open_both(self, VMQ_BIND_TOKENS);
}

static int root_of_a_namespace(FIXTURE_DATA(rights) *self)
{
	int err = caller_become_namespace_root();

	return err ? err : open_both(self, 0);
}

static int root_without_the_capability(FIXTURE_DATA(rights) *self)
{
	int err = caller_drop(CAP_SYS_ADMIN);

	return err ? err : open_both(self, 0);
}

#define CALLER(name, dev, proc) \
	FIXTURE_VARIANT_ADD(rights, name) { \
		.become = name, .sees = dev, .sees_text = proc, \
	}

CALLER(root, true, true);
CALLER(user, false, false);
CALLER(user_given_roots_file, false, false);
CALLER(root_given_a_users_file, false, false);
CALLER(root_who_renounced, false, true);
CALLER(root_of_a_namespace, false, false);
CALLER(root_without_the_capability, false, false);

FIXTURE_SETUP(rights)
{
	struct vmq_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, caller_share_device());
	make_samples(&self->samples);
	ASSERT_LE(0, variant->become(self));
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_INFO, &info));
	self->top = info.top;
}

/* Who became an ordinary user cannot take the device back: the next test does. */
FIXTURE_TEARDOWN(rights)
{
	caller_keep_device();
	close(self->samples.alive);
	close(self->vmq);
	close(self->text);
}

/* The run of one page, as SCAN tells it. */
static int scan_page(int vmq, volatile char *at, __u32 facts, struct vmq_run *run)
{
	struct vmq_scan scan = device_scan((uintptr_t)at, (uintptr_t)at + PAGE, facts, run, 1);

	*run = (struct vmq_run){ };
	return device_call(vmq, VMQ_IOC_SCAN, &scan);
}

TEST_F(rights, the_pages_are_what_they_should_be)
{
	struct vmq_run run;

	for (int i = 0; i < SAMPLES; i++) {
		if (!self->samples.at[i])
			continue;
		ASSERT_EQ(0, scan_page(self->vmq, self->samples.at[i], VMQ_FACTS_ALL, &run));
		if (i == MERGED && !variant->sees) {
			EXPECT_EQ(VMQ_KIND_ANON, run.kind);
			EXPECT_EQ(VMQ_SHARING_MAYBE, run.sharing);
		} else {
			EXPECT_EQ(kinds[i], run.kind) TH_LOG("sample %d", i);
		}
		EXPECT_TRUE(run.valid & VMQ_VALID_KIND);
		EXPECT_TRUE(run.valid & VMQ_VALID_SHARING);
		EXPECT_TRUE(run.valid & VMQ_VALID_ON_WRITE);
		EXPECT_EQ(!variant->sees && run.entry & VMQ_ENTRY_PRESENT,
			  !!(run.valid & VMQ_VALID_TOKEN));
	}
	EXPECT_NE(NULL, self->samples.at[ANON]);
	EXPECT_NE(NULL, self->samples.at[SHARED_MEMORY]);
}

/* Each sample with each group of facts, alone and together. */
TEST_F(rights, scan_of_each_page)
{
	const char *told;
	struct vmq_run run;

	for (int i = 0; i < SAMPLES; i++) {
		for (__u32 facts = 0; facts <= VMQ_FACTS_ALL && self->samples.at[i]; facts++) {
			ASSERT_EQ(0, scan_page(self->vmq, self->samples.at[i], facts, &run));
			told = caller_told(&run);
			if (variant->sees && !(facts & VMQ_FACTS_FRAME))
				continue;
			EXPECT_EQ(!variant->sees, !told) TH_LOG("sample %d: %s", i, told);
		}
	}
}

TEST_F(rights, scan_of_everything)
{
	struct vmq_scan scan = device_scan(0, self->top, VMQ_FACTS_ALL, NULL, 4096);
	struct vmq_run *runs;
	ssize_t count = device_runs(self->vmq, &scan, &runs), tell = 0;

	ASSERT_LT(50, count);
	for (ssize_t i = 0; i < count; i++) {
		const char *told = caller_told(runs + i);

		if (told && !variant->sees)
			TH_LOG("%llx kind %d: %s", runs[i].start, runs[i].kind, told);
		tell += told != NULL;
	}
	EXPECT_EQ(variant->sees, tell > 50);
	EXPECT_EQ(!variant->sees, !tell);
	free(runs);
}

TEST_F(rights, walk)
{
	for (int i = 0; i < SAMPLES; i++) {
		struct vmq_walk walk = {
			.size = sizeof(walk), .facts = VMQ_FACTS_ALL,
			.address = (uintptr_t)self->samples.at[i],
		};

		if (!walk.address)
			continue;
		ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_WALK, &walk));
		EXPECT_EQ(!variant->sees, !caller_told(&walk.run)) TH_LOG("sample %d", i);
		ASSERT_LE(2, walk.count);
		for (__u32 level = 0; level < walk.count; level++)
			EXPECT_EQ(!variant->sees, !caller_told_by_level(walk.levels + level));
	}
}

/* A question can tell as much as an answer. */
TEST_F(rights, filters)
{
	uint64_t map = (uintptr_t)self->samples.at[MERGED];
	struct vmq_run runs[16];
	struct vmq_scan scan = device_scan(0, self->top, VMQ_FACTS_ALL, runs, 16);

	scan.frame_end = 1ULL << 40;
	EXPECT_EQ(variant->sees ? 0 : -EPERM, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	scan = device_scan(map, map + 8 * PAGE, VMQ_FACTS_ALL, runs, 16);
	if (!map)
		return;
	scan.any_of = VMQ_SET_KIND(VMQ_KIND_KSM) | VMQ_SET_SHARING(VMQ_SHARING_KSM);
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	EXPECT_EQ(variant->sees ? 8 : 0, scan.count);
	scan = device_scan(map, map + 8 * PAGE, VMQ_FACTS_ALL, runs, 16);
	scan.none_of = VMQ_SET_KIND(VMQ_KIND_ANON) | VMQ_SET_SHARING(VMQ_SHARING_MAYBE);
	ASSERT_EQ(0, device_call(self->vmq, VMQ_IOC_SCAN, &scan));
	EXPECT_EQ(variant->sees ? 8 : 0, scan.count);
}

TEST_F(rights, text)
{
	char *text = calloc(1, 1 << 20);
	size_t length = 0;
	int lines;
	ssize_t n;

	while ((n = read(self->text, text + length, (1 << 20) - 1 - length)) > 0)
		length += n;
	ASSERT_EQ(0, n);
	EXPECT_EQ(!variant->sees_text, !caller_told_by_text(text, &lines));
	EXPECT_LT(50, lines);
	free(text);
}

TEST(every_kind_of_page_was_made)
{
	struct samples samples = { };

	make_samples(&samples);
	close(samples.alive);
	for (int i = 0; i < SAMPLES; i++) {
		EXPECT_TRUE(samples.at[i] || (i == POISONED && no_memory_errors))
			TH_LOG("page %d", i);
	}
	if (no_memory_errors)
		SKIP_TEST("this kernel does not handle memory errors");
}

TEST_HARNESS_MAIN

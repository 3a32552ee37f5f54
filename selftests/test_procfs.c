// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library's procfs backend says of mappings made by hand. It needs no
 * module: this runs on any kernel, and as root on one with the frames visible.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/oracle.h"
#include "kselftest_harness.h"

#define PAGES 16
#define HUGE (512 * PAGE)

#define FACTS_OF(run) ((run).valid & (VMQ_VALID_KIND | VMQ_VALID_SHARING | \
				      VMQ_VALID_ON_WRITE))
#define ALL_KNOWN (VMQ_VALID_KIND | VMQ_VALID_SHARING | VMQ_VALID_ON_WRITE)

/* Runs of [start, start + size), at most @room; their number or -errno. */
static ssize_t runs_of(struct vmq *vmq, const void *start, size_t size,
		       struct vmq_query query, struct vmq_run *found, size_t room)
{
	struct vmq_runs *runs;
	struct vmq_run run;
	size_t count = 0;
	int err;

	query.start = (uintptr_t)start;
	query.end = query.start + size;
	err = vmq_runs_open(vmq, &query, &runs);
	if (err)
		return err;
	while ((err = vmq_runs_next(runs, &run)) > 0 && count < room)
		found[count++] = run;
	vmq_runs_close(runs);
	return err < 0 ? err : (ssize_t)count;
}

/* All facts of the page at @address; a run without valid facts on failure. */
static struct vmq_run page_at(struct vmq *vmq, const void *address)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	struct vmq_run run = { 0 };

	if (runs_of(vmq, address, PAGE, query, &run, 1) != 1 || run.pages != 1 ||
	    run.start != (uintptr_t)address)
		return (struct vmq_run){ 0 };
	return run;
}

/* The VMA with @address; its name, cut to 255 bytes, in @name. */
static struct vmq_vma vma_at(struct vmq *vmq, const void *address, char *name)
{
	struct vmq_vma vma = { 0 };
	struct vmq_vma_list list;

	if (vmq_vmas_read(vmq, (uintptr_t)address, (uintptr_t)address + PAGE, &list))
		return vma;
	if (list.count == 1) {
		vma = list.vmas[0];
		snprintf(name, 256, "%s", list.names + vma.name);
	}
	vmq_vmas_free(&list);
	return vma;
}

static char *map(int flags, int fd)
{
	char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at != MAP_FAILED)
		madvise(at, PAGES * PAGE, MADV_NOHUGEPAGE);
	return at;
}

/* A file with PAGES pages where pages are written back; @path is its name. */
static int make_file(char *path, const char *name)
{
	const char *dir = access("/mnt/ext4", W_OK) ? "/var/tmp" : "/mnt/ext4";
	char data[PAGE] = "data";
	int fd;

	snprintf(path, 128, "%s/%d%s", dir, getpid(), name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = 0; fd >= 0 && i < PAGES; i++)
		if (write(fd, data, PAGE) != PAGE)
			return -1;
	return fd;
}

FIXTURE(procfs) {
	struct vmq *vmq;
	char *map;		/* PAGES of private anonymous memory, untouched */
	bool frames;
};

FIXTURE_SETUP(procfs)
{
	uint64_t entry;
	int pagemap = oracle_open_pagemap(0);

	ASSERT_EQ(0, vmq_open(&self->vmq, 0, VMQ_BACKEND_PROCFS));
	self->map = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_NE(MAP_FAILED, self->map);
	ASSERT_EQ(0, oracle_pagemap(pagemap, (uintptr_t)&entry & -PAGE, 1, &entry));
	self->frames = PM_FRAME(entry) && !access("/proc/kpageflags", R_OK);
	close(pagemap);
}

FIXTURE_TEARDOWN(procfs)
{
	vmq_close(self->vmq);
	munmap(self->map, PAGES * PAGE);
}

TEST_F(procfs, says_who_answers_and_what_it_knows)
{
	struct vmq_info info;
	struct vmq_walk walk;

	EXPECT_EQ(VMQ_BACKEND_PROCFS, vmq_backend(self->vmq));
	EXPECT_EQ(VMQ_ENTRY_PRESENT | VMQ_ENTRY_UFFD_WP, vmq_entry_known(self->vmq));
	ASSERT_EQ(0, vmq_get_info(self->vmq, &info));
	EXPECT_EQ(VMQ_ABI_VERSION, info.abi);
	EXPECT_EQ(PAGE, info.page_size);
	EXPECT_EQ(vmq_top(self->vmq), info.top);
	EXPECT_EQ(-EOPNOTSUPP, vmq_walk_page(self->vmq, (uintptr_t)self->map, 0, &walk));
}

TEST_F(procfs, top_is_where_mmap_ends)
{
	char *top = (char *)(uintptr_t)vmq_top(self->vmq);
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	EXPECT_EQ(MAP_FAILED, mmap(top, PAGE, PROT_NONE, flags, -1, 0));
	EXPECT_EQ(top - PAGE, mmap(top - PAGE, PAGE, PROT_NONE, flags, -1, 0));
	EXPECT_EQ(0, munmap(top - PAGE, PAGE));
}

TEST_F(procfs, a_hole_is_one_run)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	struct vmq_run runs[4];

	self->map[5 * PAGE] = 1;
	ASSERT_EQ(3, runs_of(self->vmq, self->map, PAGES * PAGE, query, runs, 4));
	EXPECT_EQ((uintptr_t)self->map, runs[0].start);
	EXPECT_EQ(5, runs[0].pages);
	EXPECT_EQ(1, runs[1].pages);
	EXPECT_EQ(PAGES - 6, runs[2].pages);
	EXPECT_EQ(ALL_KNOWN, runs[0].valid);
	EXPECT_EQ(VMQ_KIND_NONE, runs[0].kind);
	EXPECT_EQ(VMQ_SHARING_NONE, runs[0].sharing);
	EXPECT_EQ(VMQ_ON_WRITE_FILL, runs[0].on_write);
	EXPECT_EQ(0, runs[0].entry);
}

TEST_F(procfs, a_written_page_is_anonymous)
{
	struct vmq_run run;

	self->map[0] = 1;
	run = page_at(self->vmq, self->map);
	EXPECT_EQ(VMQ_ENTRY_PRESENT, run.entry);
	EXPECT_EQ(VMQ_VALID_KIND, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(0, run.flags);
	ASSERT_EQ(0, mprotect(self->map, PAGE, PROT_READ));
	run = page_at(self->vmq, self->map);
	EXPECT_EQ(VMQ_VALID_KIND | VMQ_VALID_ON_WRITE, FACTS_OF(run));
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
}

TEST_F(procfs, frames_are_those_of_pagemap)
{
	int pagemap = oracle_open_pagemap(0);
	struct vmq_run run;
	uint64_t entry;

	if (!self->frames)
		SKIP(return, "frames are not for this user");
	self->map[0] = 1;
	for (int try = 0; try < 5; try++) {	/* it may be moved between the two */
		run = page_at(self->vmq, self->map);
		ASSERT_EQ(0, oracle_pagemap(pagemap, run.start, 1, &entry));
		if (run.frame == PM_FRAME(entry))
			break;
	}
	EXPECT_EQ(PM_FRAME(entry), run.frame);
	EXPECT_EQ(VMQ_VALID_FRAME | VMQ_VALID_ORDER | VMQ_VALID_MAP_COUNT |
		  VMQ_VALID_PAGE_FLAGS, run.valid & ~VMQ_VALID_KIND);
	EXPECT_EQ(0, run.order);
	EXPECT_EQ(1, run.map_count);
	EXPECT_TRUE(run.page_flags & (1ULL << 12));	/* ANON */
	EXPECT_TRUE(run.page_flags & (1ULL << 14));	/* SWAPBACKED */
	EXPECT_FALSE(run.page_flags & (1ULL << 21));	/* KSM */
	close(pagemap);
}

TEST_F(procfs, only_facts_asked_for_are_told)
{
	struct vmq_query query = { .facts = 0 };
	struct vmq_run run;

	self->map[0] = 1;
	ASSERT_EQ(1, runs_of(self->vmq, self->map, PAGE, query, &run, 1));
	EXPECT_EQ(VMQ_ENTRY_PRESENT, run.entry);
	EXPECT_EQ(0, run.valid);
	query.facts = VMQ_FACTS_PAGE;
	ASSERT_EQ(1, runs_of(self->vmq, self->map, PAGE, query, &run, 1));
	EXPECT_EQ(VMQ_VALID_KIND, run.valid & ~VMQ_VALID_ORDER);
}

TEST_F(procfs, zero_pages_are_one_run)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	volatile char *map = self->map;
	struct vmq_run run;

	if (!self->frames)
		SKIP(return, "the zero page is told by its flags, not for this user");
	for (int i = 0; i < PAGES; i++)
		(void)map[i * PAGE];
	ASSERT_EQ(1, runs_of(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
	EXPECT_EQ(PAGES, run.pages);
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_ZERO, run.kind);
	EXPECT_EQ(VMQ_SHARING_ZERO, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_FILL, run.on_write);
	EXPECT_FALSE(run.valid & VMQ_VALID_MAP_COUNT);
}

TEST_F(procfs, a_fork_is_counted)
{
	struct vmq_run run;
	int hold[2];
	char byte;
	pid_t child;

	if (!self->frames)
		SKIP(return, "counts are not for this user");
	self->map[0] = 1;
	ASSERT_EQ(0, pipe2(hold, O_CLOEXEC));
	child = fork();
	if (!child) {
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	run = page_at(self->vmq, self->map);
	EXPECT_EQ(2, run.map_count);
	close(hold[1]);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	close(hold[0]);
}

TEST_F(procfs, a_huge_page_tells_one_folio)
{
	struct vmq_query query = { .facts = VMQ_FACTS_ALL };
	char *area, *huge;
	struct vmq_run run;

	if (!self->frames)
		SKIP(return, "page flags are not for this user");
	area = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	huge = (char *)(((uintptr_t)area + HUGE - 1) & -HUGE);
	ASSERT_EQ(0, madvise(huge, HUGE, MADV_HUGEPAGE));
	huge[0] = 1;
	ASSERT_EQ(1, runs_of(self->vmq, huge, HUGE, query, &run, 1));
	if (run.pages == 1)
		SKIP(return, "no huge page was to be had");
	/* a part, so that no page with the head's flags comes first */
	ASSERT_EQ(1, runs_of(self->vmq, huge + 3 * PAGE, 100 * PAGE, query, &run, 1));
	EXPECT_EQ(100, run.pages);
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(9, run.order);
	EXPECT_EQ(1, run.map_count);
	EXPECT_EQ(0, run.shift);
	EXPECT_TRUE(run.page_flags & (1ULL << 14));	/* SWAPBACKED */
	EXPECT_TRUE(run.page_flags & (1ULL << 22));	/* THP */
	EXPECT_FALSE(run.page_flags & (3ULL << 15));	/* COMPOUND_* */
	munmap(area, 2 * HUGE);
}

TEST_F(procfs, huge_zero_page)
{
	char *area, *huge;
	struct vmq_run run;

	if (!self->frames)
		SKIP(return, "page flags are not for this user");
	area = mmap(NULL, 2 * HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	huge = (char *)(((uintptr_t)area + HUGE - 1) & -HUGE);
	ASSERT_EQ(0, madvise(huge, HUGE, MADV_HUGEPAGE));
	(void)*(volatile char *)huge;
	run = page_at(self->vmq, huge + 7 * PAGE);
	if (run.kind == VMQ_KIND_NONE)
		SKIP(return, "no huge zero page was to be had");
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_HUGE_ZERO, run.kind);
	EXPECT_EQ(VMQ_SHARING_ZERO, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
	munmap(area, 2 * HUGE);
}

/* On kernels whose kpageflags calls every anonymous page merged it may be one. */
TEST_F(procfs, mergeable_memory)
{
	struct vmq_info info;
	struct vmq_run run;

	if (!self->frames)
		SKIP(return, "page flags are not for this user");
	if (madvise(self->map, PAGES * PAGE, MADV_MERGEABLE))
		SKIP(return, "this kernel has no KSM");
	ASSERT_EQ(0, vmq_get_info(self->vmq, &info));
	self->map[0] = 1;
	run = page_at(self->vmq, self->map);
	EXPECT_TRUE(run.valid & VMQ_VALID_MAP_COUNT);
	EXPECT_EQ(info.page_flags & 1ULL << 21 ? VMQ_VALID_KIND : 0, FACTS_OF(run));
	EXPECT_FALSE(run.page_flags & 1ULL << 21);
}

TEST_F(procfs, a_page_in_swap)
{
	int pagemap = oracle_open_pagemap(0);
	struct vmq_run run;
	uint64_t entry;

	self->map[0] = 1;
	madvise(self->map, PAGE, MADV_PAGEOUT);
	ASSERT_EQ(0, oracle_pagemap(pagemap, (uintptr_t)self->map, 1, &entry));
	close(pagemap);
	if (!(entry & PM_SWAP) || !self->frames)
		SKIP(return, "there is no swap, or its places are not for this user");
	run = page_at(self->vmq, self->map);
	EXPECT_EQ(VMQ_VALID_SWAP | VMQ_VALID_KIND, run.valid);
	EXPECT_EQ(VMQ_KIND_SWAP, run.kind);
	EXPECT_EQ(PM_FRAME(entry), run.frame << 5 | run.index);
	EXPECT_EQ(0, run.entry);
}

TEST_F(procfs, a_guard_region)
{
	struct vmq_run run;

	if (madvise(self->map, PAGE, 102 /* MADV_GUARD_INSTALL, v6.13 */))
		SKIP(return, "this kernel has no guard regions");
	run = page_at(self->vmq, self->map);
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_GUARD, run.kind);
	EXPECT_EQ(VMQ_SHARING_NONE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_DENY, run.on_write);
}

TEST_F(procfs, hugetlb_pages_and_what_hides_there)
{
	struct vmq_run run;
	struct vmq_vma vma;
	char name[256];
	char *huge;

	huge = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26), -1, 0);
	if (huge == MAP_FAILED)
		SKIP(return, "no hugetlb pages (vm.nr_hugepages)");
	huge[0] = 1;
	vma = vma_at(self->vmq, huge, name);
	EXPECT_EQ(VMQ_VMA_TYPE_HUGETLB, vma.type);
	EXPECT_TRUE(vma.flags & VMQ_VMA_HUGETLB);
	run = page_at(self->vmq, huge + PAGE);
	EXPECT_EQ(VMQ_VALID_KIND, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_HUGETLB, run.kind);
	EXPECT_EQ(21, run.shift);
	run = page_at(self->vmq, huge + HUGE);	/* or an entry that is not present */
	EXPECT_EQ(0, run.valid);
	EXPECT_EQ(0, run.entry);
	munmap(huge, 2 * HUGE);
}

/* The file system tells what is in memory only; its mount may be younger than the handle. */
TEST_F(procfs, a_mount_that_comes_later)
{
	char folder[] = "/tmp/vmq.XXXXXX", path[64], name[256], *at;
	int fd, young, old;

	EXPECT_EQ(VMQ_VMA_TYPE_ANON, vma_at(self->vmq, self->map, name).type);
	ASSERT_NE(NULL, mkdtemp(folder));
	if (mount("vmq", folder, "tmpfs", 0, NULL)) {
		rmdir(folder);
		SKIP(return, "mounting is not for this user");
	}
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	young = vma_at(self->vmq, at, name).type;
	old = vma_at(self->vmq, at, name).type;
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_STREQ(path, name);
	EXPECT_EQ(VMQ_VMA_TYPE_SHMEM, young);
	EXPECT_EQ(VMQ_VMA_TYPE_SHMEM, old);
	munmap(at, PAGE);
	close(fd);
}

/* Memory of a file: who owns its pages, by kind of file and of mapping. */
FIXTURE(file) {
	struct vmq *vmq;
	char path[128];
	char *shared;
	char *private;
};

FIXTURE_VARIANT(file) {
	bool shmem;
};

FIXTURE_VARIANT_ADD(file, disk) {
	.shmem = false,
};

FIXTURE_VARIANT_ADD(file, memfd) {
	.shmem = true,
};

FIXTURE_SETUP(file)
{
	int fd = variant->shmem ? memfd_create("vmq test", MFD_CLOEXEC) :
				  make_file(self->path, "data");

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, PAGES * PAGE));
	ASSERT_EQ(0, vmq_open(&self->vmq, 0, VMQ_BACKEND_PROCFS));
	self->shared = map(MAP_SHARED, fd);
	self->private = map(MAP_PRIVATE, fd);
	ASSERT_NE(MAP_FAILED, self->shared);
	ASSERT_NE(MAP_FAILED, self->private);
	close(fd);
}

FIXTURE_TEARDOWN(file)
{
	vmq_close(self->vmq);
	munmap(self->shared, PAGES * PAGE);
	munmap(self->private, PAGES * PAGE);
	if (self->path[0])
		unlink(self->path);
}

TEST_F(file, a_shared_page)
{
	struct vmq_run run = page_at(self->vmq, self->shared);

	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_NONE, run.kind);
	EXPECT_EQ(VMQ_ON_WRITE_UPGRADE, run.on_write);
	self->shared[0] = 1;
	run = page_at(self->vmq, self->shared);
	EXPECT_EQ(VMQ_VALID_KIND | VMQ_VALID_SHARING, FACTS_OF(run));
	EXPECT_EQ(variant->shmem ? VMQ_KIND_SHMEM : VMQ_KIND_FILE, run.kind);
	EXPECT_EQ(VMQ_SHARING_MAP_SHARED, run.sharing);
	EXPECT_EQ(0, run.flags);
}

TEST_F(file, a_private_page_is_the_files_until_written)
{
	struct vmq_run run;

	self->shared[0] = 1;		/* in the page cache */
	EXPECT_EQ(VMQ_ON_WRITE_FILL, page_at(self->vmq, self->private).on_write);
	(void)*(volatile char *)self->private;
	run = page_at(self->vmq, self->private);
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(variant->shmem ? VMQ_KIND_SHMEM : VMQ_KIND_FILE, run.kind);
	EXPECT_EQ(VMQ_SHARING_FILE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_COPY, run.on_write);
	EXPECT_EQ(0, run.flags);
	self->private[0] = 2;
	run = page_at(self->vmq, self->private);
	EXPECT_EQ(VMQ_VALID_KIND, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(VMQ_RUN_PRIVATIZED, run.flags);
}

TEST_F(file, both_mappings_are_of_one_object)
{
	char shared_name[256], private_name[256];
	struct vmq_vma shared = vma_at(self->vmq, self->shared, shared_name);
	struct vmq_vma private = vma_at(self->vmq, self->private, private_name);
	__u8 type = variant->shmem ? VMQ_VMA_TYPE_SHMEM : VMQ_VMA_TYPE_FILE;

	EXPECT_NE(0, shared.object);
	EXPECT_EQ(shared.object, private.object);
	EXPECT_EQ(type, shared.type);
	EXPECT_EQ(type, private.type);
	EXPECT_EQ(VMQ_VMA_SHARED | VMQ_VMA_MAYSHARE,
		  shared.flags & (VMQ_VMA_SHARED | VMQ_VMA_MAYSHARE));
	EXPECT_EQ(0, private.flags & (VMQ_VMA_SHARED | VMQ_VMA_MAYSHARE));
	EXPECT_STREQ(variant->shmem ? "/memfd:vmq test (deleted)" : self->path,
		     shared_name);
	EXPECT_STREQ(shared_name, private_name);
	EXPECT_EQ((uintptr_t)self->shared, shared.start);
	EXPECT_EQ((uintptr_t)self->shared + PAGES * PAGE, shared.end);
}

TEST_F(procfs, shared_anonymous_memory_is_shmem)
{
	char *shared = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	struct vmq_vma vma;
	char name[256];

	ASSERT_NE(MAP_FAILED, shared);
	shared[0] = 1;
	vma = vma_at(self->vmq, shared, name);
	EXPECT_EQ(VMQ_VMA_TYPE_SHMEM, vma.type);
	EXPECT_EQ(VMQ_KIND_SHMEM, page_at(self->vmq, shared).kind);
	munmap(shared, PAGES * PAGE);
}

TEST_F(procfs, rights_and_their_maximum)
{
	char path[128], name[256];
	int fd = make_file(path, "rights");
	struct vmq_vma vma;
	char *at;

	ASSERT_GE(fd, 0);
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	ASSERT_NE(MAP_FAILED, at);
	vma = vma_at(self->vmq, at, name);
	EXPECT_EQ(VMQ_RIGHT_READ, vma.rights);
	EXPECT_FALSE(vma.max_rights & VMQ_RIGHT_WRITE);
	EXPECT_EQ(VMQ_VMA_MAYSHARE, vma.flags & (VMQ_VMA_SHARED | VMQ_VMA_MAYSHARE));
	EXPECT_EQ(PAGE, vma.offset);
	(void)*(volatile char *)at;
	EXPECT_EQ(VMQ_SHARING_MAP_SHARED, page_at(self->vmq, at).sharing);
	vma = vma_at(self->vmq, self->map, name);
	EXPECT_EQ(VMQ_RIGHT_READ | VMQ_RIGHT_WRITE, vma.rights);
	EXPECT_TRUE(vma.max_rights & VMQ_RIGHT_EXEC);
	EXPECT_EQ(VMQ_VMA_TYPE_ANON, vma.type);
	EXPECT_EQ(0, vma.object);
	munmap(at, PAGE);
	close(fd);
	unlink(path);
}

TEST_F(procfs, names_come_as_they_are)
{
	char path[128], name[256], gone[256];
	int fd = make_file(path, "new\nline, and space");
	char *at = map(MAP_PRIVATE, fd);
	int on_stack;

	ASSERT_NE(MAP_FAILED, at);
	vma_at(self->vmq, at, name);
	EXPECT_STREQ(path, name);
	unlink(path);
	vma_at(self->vmq, at, name);
	snprintf(gone, sizeof(gone), "%s (deleted)", path);
	EXPECT_STREQ(gone, name);
	vma_at(self->vmq, (void *)((uintptr_t)&on_stack & -PAGE), name);
	EXPECT_STREQ("[stack]", name);
	munmap(at, PAGES * PAGE);
	close(fd);
}

TEST_F(procfs, vmas_are_in_order_and_below_the_top)
{
	struct vmq_vma_list list;
	uint64_t end = 0;

	ASSERT_EQ(0, vmq_vmas_read(self->vmq, 0, 0, &list));
	EXPECT_GT(list.count, 8);
	for (size_t i = 0; i < list.count; i++) {
		const struct vmq_vma *vma = &list.vmas[i];

		EXPECT_LE(end, vma->start);
		EXPECT_LT(vma->start, vma->end);
		EXPECT_EQ(vma->name_length, strlen(list.names + vma->name));
		end = vma->end;
	}
	EXPECT_LE(end, vmq_top(self->vmq));
	vmq_vmas_free(&list);
	EXPECT_EQ(NULL, list.vmas);
	EXPECT_EQ(-EINVAL, vmq_vmas_read(self->vmq, 1, 0, &list));
	EXPECT_EQ(-EINVAL, vmq_vmas_read(self->vmq, 0, vmq_top(self->vmq) + PAGE, &list));
}

/* A driver's frames are mapped there and pagemap shows a hole. */
TEST_F(procfs, hidden_pages_are_not_called_missing)
{
	struct vmq_vma_list list;
	int seen = 0;

	ASSERT_EQ(0, vmq_vmas_read(self->vmq, 0, 0, &list));
	for (size_t i = 0; i < list.count; i++) {
		struct vmq_run run;

		if (!(list.vmas[i].flags & VMQ_VMA_PFNMAP))
			continue;
		run = page_at(self->vmq, (void *)(uintptr_t)list.vmas[i].start);
		EXPECT_EQ((uint64_t)list.vmas[i].start, run.start);
		EXPECT_FALSE(run.valid & VMQ_VALID_KIND);
		seen++;
	}
	vmq_vmas_free(&list);
	if (!seen)
		SKIP(return, "this kernel's [vvar] is no PFNMAP");
}

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
	EXPECT_EQ(1, runs_of(self->vmq, area, pages * PAGE, query, runs, 8192));
	EXPECT_EQ(pages, runs[0].pages);
	for (int i = 0; i < 3000; i++)
		area[i * 2 * PAGE] = 1;
	count = runs_of(self->vmq, area, pages * PAGE, query, runs, 8192);
	EXPECT_EQ(6000, count);
	next = (uintptr_t)area;
	for (ssize_t i = 0; i < count; i++) {
		ASSERT_EQ(next, runs[i].start);
		next += runs[i].pages * PAGE;
	}
	EXPECT_EQ((uintptr_t)area + pages * PAGE, next);
	query.none_of = VMQ_SET_KIND(VMQ_KIND_NONE);
	EXPECT_EQ(3000, runs_of(self->vmq, area, pages * PAGE, query, runs, 8192));
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
	EXPECT_EQ(2, runs_of(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
	query.all_of = VMQ_ENTRY_PRESENT | VMQ_SET_KIND(VMQ_KIND_FILE);
	EXPECT_EQ(0, runs_of(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
	query.all_of = 0;
	query.any_of = VMQ_SET_KIND(VMQ_KIND_FILE) | VMQ_SET_KIND(VMQ_KIND_ANON);
	EXPECT_EQ(2, runs_of(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
	query.any_of = 0;
	query.none_of = VMQ_ENTRY_PRESENT;
	EXPECT_EQ(3, runs_of(self->vmq, self->map, PAGES * PAGE, query, runs, 8));
}

TEST_F(procfs, frame_ranges)
{
	struct vmq_query query = { .facts = VMQ_FACTS_FRAME };
	struct vmq_run run;

	if (!self->frames)
		SKIP(return, "frames are not for this user");
	self->map[0] = 1;
	run = page_at(self->vmq, self->map);
	query.frame_start = run.frame;
	query.frame_end = run.frame + 1;
	EXPECT_EQ(1, runs_of(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
	query.frame_start--;
	query.frame_end--;
	EXPECT_EQ(0, runs_of(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
	query.frame_start += 2;
	query.frame_end += 2;
	EXPECT_EQ(0, runs_of(self->vmq, self->map, PAGES * PAGE, query, &run, 1));
}

/* The base of each case is a query that works: see the test before. */
TEST_F(procfs, queries_that_are_refused)
{
	struct vmq_query good = { .facts = VMQ_FACTS_FRAME }, query;
	struct vmq_run run;

#define REFUSED(error, field, value) do { \
	query = good; \
	query.field = (value); \
	EXPECT_EQ(error, runs_of(self->vmq, self->map, PAGE, query, &run, 1)); \
} while (0)

	EXPECT_EQ(1, runs_of(self->vmq, self->map, PAGE, good, &run, 1));
	REFUSED(-EINVAL, facts, VMQ_FACTS_ALL + 1);
	REFUSED(-EINVAL, any_of, 1ULL << 63);
	REFUSED(-EINVAL, any_of, VMQ_SET_KIND(VMQ_KIND_ANON));
	REFUSED(-EINVAL, none_of, VMQ_SET_SHARING(VMQ_SHARING_FILE));
	REFUSED(-EINVAL, all_of, VMQ_SET_ON_WRITE(VMQ_ON_WRITE_COPY));
	REFUSED(-EINVAL, frame_start, 1);
	REFUSED(-EOPNOTSUPP, any_of, VMQ_ENTRY_WRITE);
	good.facts = 0;
	REFUSED(-EINVAL, frame_end, 1);
	EXPECT_EQ(-EINVAL, runs_of(self->vmq, self->map, 0, good, &run, 1));
	EXPECT_EQ(-EINVAL, runs_of(self->vmq, self->map + 1, PAGE, good, &run, 1));
}

/* A page of a memfd, then an own one, then one that may have been merged. */
static bool file_as_user_is_right(struct vmq *vmq)
{
	int fd = memfd_create("vmq test", MFD_CLOEXEC);
	char *private = map(MAP_PRIVATE, fd);
	struct vmq_run run;

	if (ftruncate(fd, PAGES * PAGE) || private == MAP_FAILED)
		return false;
	(void)*(volatile char *)private;
	run = page_at(vmq, private);
	if (FACTS_OF(run) != ALL_KNOWN || run.kind != VMQ_KIND_SHMEM)
		return false;
	private[0] = 1;
	run = page_at(vmq, private);
	if (FACTS_OF(run) != VMQ_VALID_KIND || run.kind != VMQ_KIND_ANON)
		return false;
	return !madvise(private, PAGES * PAGE, MADV_MERGEABLE) &&
	       !FACTS_OF(page_at(vmq, private));
}

/* As an ordinary user in a child: the number of the first check that fails. */
static int check_as_user(char *map)
{
	const uint32_t frame_facts = VMQ_VALID_FRAME | VMQ_VALID_MAP_COUNT |
				     VMQ_VALID_PAGE_FLAGS | VMQ_VALID_ORDER;
	struct vmq_query query = { .facts = VMQ_FACTS_FRAME, .frame_end = 1 };
	struct vmq_run run;
	struct vmq *vmq;

	if (setgid(1000) || setuid(1000) || prctl(PR_SET_DUMPABLE, 1))
		return 1;
	if (vmq_open(&vmq, 0, VMQ_BACKEND_PROCFS))
		return 2;
	map[0] = 1;
	run = page_at(vmq, map);
	if (run.entry != VMQ_ENTRY_PRESENT || run.valid & frame_facts || run.frame)
		return 3;
	if (FACTS_OF(run) != VMQ_VALID_KIND || run.kind != VMQ_KIND_ANON)
		return 4;
	(void)((volatile char *)map)[PAGE];	/* the zero page is nobody's */
	if (page_at(vmq, map + PAGE).valid)
		return 5;
	if (page_at(vmq, map + 2 * PAGE).valid != ALL_KNOWN)
		return 6;
	if (runs_of(vmq, map, PAGE, query, &run, 1) != -EPERM)
		return 7;
	if (madvise(map, PAGE, MADV_MERGEABLE) || FACTS_OF(page_at(vmq, map)))
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
		SKIP(return, "only root can become another user");
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
		SKIP(return, "the module is loaded");
	EXPECT_EQ(-ENODEV, vmq_open(&vmq, 0, VMQ_BACKEND_MODULE));
	ASSERT_EQ(0, vmq_open(&vmq, 0, VMQ_BACKEND_ANY));
	EXPECT_EQ(VMQ_BACKEND_PROCFS, vmq_backend(vmq));
	vmq_close(vmq);
}

TEST_HARNESS_MAIN

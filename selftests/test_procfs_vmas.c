// SPDX-License-Identifier: GPL-2.0-only
/* The procfs backend on memory of files, and on VMAs with their names and rights. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/asked.h"
#include "lib/oracle.h"
#include "lib/procfs_fixture.h"
#include "lib/harness.h"

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
				  asked_file(self->path, "data");

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, PAGES * PAGE));
	ASSERT_EQ(0, vmq_open(&self->vmq, 0, VMQ_BACKEND_PROCFS));
	self->shared = asked_map(MAP_SHARED, fd);
	self->private = asked_map(MAP_PRIVATE, fd);
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
	struct vmq_run run = asked_page(self->vmq, self->shared);

	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_NONE, run.kind);
	EXPECT_EQ(VMQ_ON_WRITE_UPGRADE, run.on_write);
	self->shared[0] = 1;
	run = asked_page(self->vmq, self->shared);
	EXPECT_EQ(VMQ_VALID_KIND | VMQ_VALID_SHARING, FACTS_OF(run));
	EXPECT_EQ(variant->shmem ? VMQ_KIND_SHMEM : VMQ_KIND_FILE, run.kind);
	EXPECT_EQ(VMQ_SHARING_MAP_SHARED, run.sharing);
	EXPECT_EQ(0, run.flags);
}

TEST_F(file, a_private_page_is_the_files_until_written)
{
	struct vmq_run run;

	self->shared[0] = 1;		/* in the page cache */
	EXPECT_EQ(VMQ_ON_WRITE_FILL, asked_page(self->vmq, self->private).on_write);
	(void)*(volatile char *)self->private;
	run = asked_page(self->vmq, self->private);
	EXPECT_EQ(ALL_KNOWN, FACTS_OF(run));
	EXPECT_EQ(variant->shmem ? VMQ_KIND_SHMEM : VMQ_KIND_FILE, run.kind);
	EXPECT_EQ(VMQ_SHARING_FILE, run.sharing);
	EXPECT_EQ(VMQ_ON_WRITE_COPY, run.on_write);
	EXPECT_EQ(0, run.flags);
	self->private[0] = 2;
	run = asked_page(self->vmq, self->private);
	EXPECT_EQ(VMQ_VALID_KIND, FACTS_OF(run));
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(VMQ_RUN_PRIVATIZED, run.flags);
}

TEST_F(file, both_mappings_are_of_one_object)
{
	char shared_name[256], private_name[256];
	struct vmq_vma shared = asked_vma(self->vmq, self->shared, shared_name);
	struct vmq_vma private = asked_vma(self->vmq, self->private, private_name);
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
	char *shared = asked_map(MAP_SHARED | MAP_ANONYMOUS, -1);
	struct vmq_vma vma;
	char name[256];

	ASSERT_NE(MAP_FAILED, shared);
	shared[0] = 1;
	vma = asked_vma(self->vmq, shared, name);
	EXPECT_EQ(VMQ_VMA_TYPE_SHMEM, vma.type);
	EXPECT_EQ(VMQ_KIND_SHMEM, asked_page(self->vmq, shared).kind);
	munmap(shared, PAGES * PAGE);
}

TEST_F(procfs, rights_and_their_maximum)
{
	char path[128], name[256];
	int fd = asked_file(path, "rights");
	struct vmq_vma vma;
	char *at;

	ASSERT_GE(fd, 0);
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	ASSERT_NE(MAP_FAILED, at);
	vma = asked_vma(self->vmq, at, name);
	EXPECT_EQ(VMQ_RIGHT_READ, vma.rights);
	EXPECT_FALSE(vma.max_rights & VMQ_RIGHT_WRITE);
	EXPECT_EQ(VMQ_VMA_MAYSHARE, vma.flags & (VMQ_VMA_SHARED | VMQ_VMA_MAYSHARE));
	EXPECT_EQ(PAGE, vma.offset);
	(void)*(volatile char *)at;
	EXPECT_EQ(VMQ_SHARING_MAP_SHARED, asked_page(self->vmq, at).sharing);
	vma = asked_vma(self->vmq, self->map, name);
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
	int fd = asked_file(path, "new\nline, and space");
	char *at = asked_map(MAP_PRIVATE, fd);
	int on_stack;

	ASSERT_NE(MAP_FAILED, at);
	asked_vma(self->vmq, at, name);
	EXPECT_STREQ(path, name);
	unlink(path);
	asked_vma(self->vmq, at, name);
	snprintf(gone, sizeof(gone), "%s (deleted)", path);
	EXPECT_STREQ(gone, name);
	asked_vma(self->vmq, (void *)((uintptr_t)&on_stack & -PAGE), name);
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
		run = asked_page(self->vmq, (void *)(uintptr_t)list.vmas[i].start);
		EXPECT_EQ((uint64_t)list.vmas[i].start, run.start);
		EXPECT_FALSE(run.valid & VMQ_VALID_KIND);
		seen++;
	}
	vmq_vmas_free(&list);
	if (!seen)
		SKIP_TEST("this kernel's [vvar] is no PFNMAP");
}

TEST_HARNESS_MAIN

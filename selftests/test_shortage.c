// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library says when the caller can open only so many files: as much as with
 * any number of them, or -EMFILE, never less than there is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/asked.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "lib/harness.h"

#define ENOUGH	12		/* more files than one call opens */

/* Leaves this process @files more to open. */
static void leave(struct __test_metadata *_metadata, int files)
{
	struct rlimit limit;
	int next = 0;

	while (fcntl(next, F_GETFD) >= 0)
		next++;
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = next + files;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* What a handle can tell. */
struct view {
	__u64 backend;
	__u64 features;
	__u64 page_flags;
	__u64 valid;		/* of a written page */
	__u64 in_shmem;		/* VMAs: the caller's program is in a tmpfs, for one */
};

/* Fills *@view, of a new handle: 0 or -errno. */
static int look(enum vmq_backend backend, struct view *view)
{
	volatile char *map = setup_map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct vmq_vma_list list = { 0 };
	struct vmq_info info;
	struct vmq *vmq;
	int err = vmq_open(&vmq, 0, backend);

	*view = (struct view){ 0 };
	if (err)
		return err;
	*map = 1;
	view->valid = asked_page(vmq, (void *)map).valid;
	err = vmq_get_info(vmq, &info);
	if (!err)
		err = vmq_vmas_read(vmq, 0, 0, &list);
	for (size_t i = 0; i < list.count; i++)
		view->in_shmem += list.vmas[i].type == VMQ_VMA_TYPE_SHMEM;
	view->backend = vmq_backend(vmq);
	view->features = info.features;
	view->page_flags = info.page_flags;
	vmq_vmas_free(&list);
	vmq_close(vmq);
	munmap((void *)map, PAGE);
	return err;
}

FIXTURE(shortage) {
	struct view whole;
};
FIXTURE_VARIANT(shortage) { enum vmq_backend backend; };
FIXTURE_VARIANT_ADD(shortage, module) { .backend = VMQ_BACKEND_MODULE };
FIXTURE_VARIANT_ADD(shortage, procfs) { .backend = VMQ_BACKEND_PROCFS };
FIXTURE_VARIANT_ADD(shortage, any) { .backend = VMQ_BACKEND_ANY };

FIXTURE_SETUP(shortage)
{
	ASSERT_EQ(0, look(variant->backend, &self->whole));
	ASSERT_NE(0, self->whole.in_shmem);
	ASSERT_NE(0, self->whole.page_flags);
}

FIXTURE_TEARDOWN(shortage)
{
}

TEST_F(shortage, a_handle_tells_all_or_is_none)
{
	struct view view;
	int err, failed = 0;

	for (int files = 0; files < ENOUGH; files++) {
		leave(_metadata, files);
		err = look(variant->backend, &view);
		failed += err == -EMFILE;
		if (err == -EMFILE)
			continue;
		EXPECT_EQ(0, err);
		EXPECT_EQ(0, memcmp(&view, &self->whole, sizeof(view)));
	}
	EXPECT_LT(0, failed);
	EXPECT_EQ(0, err);
}

/* Whether the list has the caller, who may look at himself: 0, -ESRCH or -errno. */
static int find_me(void)
{
	struct vmq_process_list list;
	int err = vmq_processes_read(&list), found = -ESRCH;

	if (err)
		return err;
	for (size_t i = 0; i < list.count; i++)
		if (list.processes[i].pid == getpid() && list.processes[i].may_look)
			found = 0;
	vmq_processes_free(&list);
	return found;
}

TEST(a_list_of_processes_has_all_or_is_none)
{
	leave(_metadata, 0);
	EXPECT_EQ(-EMFILE, find_me());
	leave(_metadata, 1);
	EXPECT_EQ(-EMFILE, find_me());
	leave(_metadata, 2);
	EXPECT_EQ(0, find_me());
}

TEST(a_tool_says_so)
{
	EXPECT_EQ(0, system("vmq ps >/dev/null"));
	EXPECT_EQ(1, WEXITSTATUS(system("(ulimit -n 4; exec vmq ps) >/dev/null 2>&1")));
	EXPECT_EQ(0, system("(ulimit -n 4; exec vmq ps) 2>&1 | grep -q 'open files'"));
}

TEST_HARNESS_MAIN

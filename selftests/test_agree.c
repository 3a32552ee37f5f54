// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both backends look at every process there is, and at one that has a mapping of
 * every kind: wherever both know a fact, they must agree. procfs knows it from
 * the kernel's own files.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vmq.h>

#include "lib/mappings.h"
#include "lib/oracle.h"
#include "lib/setup.h"
#include "shared/run.h"
#include "lib/harness.h"

#define TRIES 6

/*
 * Page flags one may see and the other not, though nothing is wrong: on 6.12
 * kpageflags calls every anonymous page merged, and the use of a page, and its
 * place on a list, change by themselves.
 */
#define UNSTEADY ((1ULL << KPF_KSM) | (1ULL << KPF_REFERENCED) | (1ULL << KPF_ACTIVE) | \
		  (1ULL << KPF_LRU) | (1ULL << KPF_LOCKED))

struct side {
	struct vmq *vmq;
	struct vmq_runs *runs;
	struct vmq_run run;
	int left;		/* 1 while there is a run */
};

struct verdicts {
	unsigned long pages;	/* compared */
	unsigned long unknown;	/* on_write hangs on something */
	unsigned long differing;
};

static int advance(struct side *side)
{
	side->left = vmq_runs_next(side->runs, &side->run);
	return side->left < 0 ? side->left : 0;
}

#define BOTH(bit) (m->valid & p->valid & (bit))
#define DIFFER(what, a, b) do { \
	snprintf(why, WHY, "%s: %#llx, procfs %#llx", what, \
		 (unsigned long long)(a), (unsigned long long)(b)); \
	return false; \
} while (0)
#define WHY 120

/* Offset of the frames, and counts, @skip pages into a run. */
static uint64_t frame_at(const struct vmq_run *run, uint64_t skip)
{
	return run->frame + (run->kind == VMQ_KIND_ZERO ? 0 : skip);
}

/* Whether module and procfs say the same of a page that lies in both runs. */
static bool agree(const struct vmq_run *m, const struct vmq_run *p, uint64_t at,
		  uint32_t known, uint64_t flags, char *why)
{
	uint64_t m_skip = (at - m->start) / PAGE, p_skip = (at - p->start) / PAGE;

	if (!(p->valid & VMQ_VALID_KIND) && !(p->entry & VMQ_ENTRY_PRESENT))
		return true;		/* hidden from procfs */
	if ((m->entry ^ p->entry) & known)
		DIFFER("entry", m->entry, p->entry);
	if (BOTH(VMQ_VALID_KIND) && m->kind != p->kind)
		DIFFER("kind", m->kind, p->kind);
	if (BOTH(VMQ_VALID_FRAME | VMQ_VALID_SWAP) &&
	    (frame_at(m, m_skip) != frame_at(p, p_skip) || m->index != p->index))
		DIFFER("frame", frame_at(m, m_skip), frame_at(p, p_skip));
	if (p->valid & VMQ_VALID_FRAME && !(m->valid & VMQ_VALID_FRAME))
		DIFFER("no frame", m->valid, p->valid);
	if (BOTH(VMQ_VALID_MAP_COUNT) && m->map_count != p->map_count)
		DIFFER("map count", m->map_count, p->map_count);
	if (BOTH(VMQ_VALID_ORDER) && m->order != p->order)
		DIFFER("order", m->order, p->order);
	if (BOTH(VMQ_VALID_PAGE_FLAGS) && (m->page_flags ^ p->page_flags) & flags)
		DIFFER("page flags", m->page_flags, p->page_flags);
	if (BOTH(VMQ_VALID_SHARING) && m->sharing != p->sharing)
		DIFFER("sharing", m->sharing, p->sharing);
	if (BOTH(VMQ_VALID_SHARING) && (m->flags ^ p->flags) & VMQ_RUN_PRIVATIZED)
		DIFFER("privatized", m->flags, p->flags);
	if (BOTH(VMQ_VALID_ON_WRITE) && m->on_write != p->on_write)
		DIFFER("on write", m->on_write, p->on_write);
	if (p->shift && m->shift && m->shift != p->shift)
		DIFFER("shift", m->shift, p->shift);
	return true;
}

/* Walks both lists of runs side by side; 0, or a negative errno. */
static int compare_runs(struct side *m, struct side *p, uint64_t end, uint64_t flags,
			struct verdicts *sum, char *why)
{
	uint32_t known = vmq_entry_known(p->vmq);
	uint64_t at = 0;
	int err = 0;

	while (!err && m->left > 0 && p->left > 0) {
		uint64_t m_end = vmq_run_end(&m->run), p_end = vmq_run_end(&p->run);
		uint64_t next = m_end < p_end ? m_end : p_end;
		uint64_t from = m->run.start > p->run.start ? m->run.start : p->run.start;

		if (from < next && at < end) {
			if (m->run.start > at && p->run.start > at && from != at &&
			    m->run.start != p->run.start)
				snprintf(why, WHY, "one begins at %#llx", (long long)from);
			if (!agree(&m->run, &p->run, from, known, flags, why))
				sum->differing++;
			sum->pages += (next - from) / PAGE;
			if (m->run.valid & VMQ_VALID_ON_WRITE && !m->run.on_write)
				sum->unknown += (next - from) / PAGE;
		}
		at = next;
		if (m_end == next)
			err = advance(m);
		if (!err && p_end == next)
			err = advance(p);
	}
	if (m->left != p->left)
		sum->differing++;
	return err;
}

static int compare_range(struct vmq *module, struct vmq *procfs, uint64_t start,
			 uint64_t end, struct verdicts *sum, char *why)
{
	struct vmq_query query = { .start = start, .end = end, .facts = VMQ_FACTS_ALL };
	struct side m = { .vmq = module }, p = { .vmq = procfs };
	struct vmq_info info;
	int err;

	*why = '\0';
	err = vmq_get_info(module, &info);
	if (!err)
		err = vmq_runs_open(module, &query, &m.runs);
	if (!err)
		err = vmq_runs_open(procfs, &query, &p.runs);
	if (!err)
		err = advance(&m);
	if (!err)
		err = advance(&p);
	if (!err)
		err = compare_runs(&m, &p, end, info.page_flags & ~UNSTEADY, sum, why);
	vmq_runs_close(m.runs);
	vmq_runs_close(p.runs);
	return err;
}

/* The same for one VMA, anew while the two differ: pages move meanwhile. */
static int compare_vma(struct vmq *module, struct vmq *procfs, const struct vmq_vma *vma,
		       struct verdicts *sum)
{
	struct verdicts now = { };
	char why[WHY];

	for (int try = 0; try < TRIES; try++) {
		int err;

		now = (struct verdicts){ };
		err = compare_range(module, procfs, vma->start, vma->end, &now, why);
		if (err)
			return err;
		if (!now.differing)
			break;
	}
	if (now.differing)
		fprintf(stderr, "# %#llx-%#llx differs: %s\n", vma->start, vma->end, why);
	sum->pages += now.pages;
	sum->unknown += now.unknown;
	sum->differing += now.differing;
	return 0;
}

static bool same_vma(const struct vmq_vma_list *a, const struct vmq_vma_list *b, size_t i)
{
	const struct vmq_vma *m = a->vmas + i, *p = b->vmas + i;

	return m->start == p->start && m->end == p->end && m->offset == p->offset &&
	       m->inode == p->inode && m->flags == p->flags &&
	       m->dev_major == p->dev_major && m->dev_minor == p->dev_minor &&
	       m->rights == p->rights && m->max_rights == p->max_rights &&
	       m->type == p->type && m->pkey == p->pkey &&
	       m->name_length == p->name_length &&
	       !strcmp(a->names + m->name, b->names + p->name);
}

/* The index of the first VMA on which the two differ, -1 for none. */
static ssize_t differing_vma(const struct vmq_vma_list *a, const struct vmq_vma_list *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (!same_vma(a, b, i))
			return i;
	return a->count == b->count ? -1 : (ssize_t)(a->count < b->count ? a->count : b->count);
}

static void print_vma(const char *who, const struct vmq_vma_list *list, size_t i)
{
	const struct vmq_vma *v = list->vmas + i;

	if (i < list->count)
		fprintf(stderr, "# %s %#llx-%#llx off %#llx ino %llu dev %u:%u flags %#llx rights %u/%u type %u name '%s'\n",
			who, v->start, v->end, v->offset, v->inode, v->dev_major,
			v->dev_minor, v->flags, v->rights, v->max_rights, v->type,
			list->names + v->name);
}

/* Compares the VMAs of the two; the module's list is left in *@list. */
static int compare_vmas(struct vmq *module, struct vmq *procfs, struct vmq_vma_list *list,
			struct verdicts *sum)
{
	struct vmq_vma_list other;
	ssize_t bad = 0;

	for (int try = 0; try < TRIES && bad >= 0; try++) {
		int err = vmq_vmas_read(module, 0, 0, list);

		if (!err)
			err = vmq_vmas_read(procfs, 0, 0, &other);
		if (err)
			return err;
		bad = differing_vma(list, &other);
		if (bad >= 0 && try == TRIES - 1) {
			print_vma("module", list, bad);
			print_vma("procfs", &other, bad);
			sum->differing++;
		}
		vmq_vmas_free(&other);
		if (bad >= 0 && try < TRIES - 1)
			vmq_vmas_free(list);
	}
	return 0;
}

/* Compares all of a process: 0, or a negative errno. */
static int compare_process(pid_t pid, struct verdicts *sum)
{
	struct vmq *module = NULL, *procfs = NULL;
	struct vmq_vma_list list = { };
	int err;

	err = vmq_open(&module, pid, VMQ_BACKEND_MODULE);
	if (!err)
		err = vmq_open(&procfs, pid, VMQ_BACKEND_PROCFS);
	if (!err && vmq_top(module) != vmq_top(procfs)) {
		fprintf(stderr, "# top %#llx, procfs %#llx\n", vmq_top(module), vmq_top(procfs));
		sum->differing++;
	}
	if (!err)
		err = compare_vmas(module, procfs, &list, sum);
	for (size_t i = 0; !err && i < list.count; i++)
		err = compare_vma(module, procfs, list.vmas + i, sum);
	vmq_vmas_free(&list);
	vmq_close(procfs);
	vmq_close(module);
	return err;
}

TEST(every_process)
{
	struct verdicts sum = { };
	struct dirent *entry;
	int processes = 0;
	DIR *proc = opendir("/proc");

	ASSERT_NE(NULL, proc);
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		int err;

		if (pid < 1)
			continue;
		err = compare_process(pid, &sum);
		if (err == -ESRCH)	/* a kernel thread, or it has ended */
			continue;
		EXPECT_EQ(0, err) TH_LOG("process %d", pid);
		processes++;
	}
	closedir(proc);
	EXPECT_EQ(0, sum.differing);
	EXPECT_GE(processes, 2);
	EXPECT_GT(sum.pages, 1000);
	EXPECT_LE(sum.unknown, sum.pages / 100);
	TH_LOG("%d processes, %lu pages, %lu with an unknown verdict", processes,
	       sum.pages, sum.unknown);
}

/* A process that makes mappings, says so and stands still. */
static pid_t start_target(int (*make)(void))
{
	int ready[2], made = -1;
	pid_t child;

	if (pipe(ready))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		made = make();
		if (write(ready[1], &made, sizeof(made)) != sizeof(made))
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &made, sizeof(made)) != sizeof(made))
		made = -1;
	close(ready[0]);
	if (!made)
		return child;
	setup_end(child);
	return -1;
}

FIXTURE(mapping) {
	pid_t pid;
};
FIXTURE_VARIANT(mapping) {
	int (*make)(void);
	uint64_t kinds;		/* VMQ_SET_KIND of what must have come of it */
	const char *missing;	/* why it may be impossible, NULL: it may not */
};
#define MAPPING(name, set, why) \
	FIXTURE_VARIANT_ADD(mapping, name) { .make = mapping_##name, .kinds = set, .missing = why }
#define KIND(name) VMQ_SET_KIND(VMQ_KIND_##name)
MAPPING(anonymous, KIND(ANON) | KIND(ZERO), NULL);
MAPPING(no_access, KIND(ANON), NULL);
MAPPING(high, KIND(ANON), NULL);
MAPPING(guard, KIND(ANON), NULL);
MAPPING(files_on_ext4, KIND(FILE) | KIND(ANON), NULL);
MAPPING(files_on_tmpfs, KIND(SHMEM) | KIND(ANON), NULL);
MAPPING(odd_names, 0, NULL);
MAPPING(shared, KIND(SHMEM), NULL);
MAPPING(huge, KIND(ANON) | KIND(HUGE_ZERO), NULL);
MAPPING(hugetlb, KIND(HUGETLB), "no huge pages");
MAPPING(hugetlb_1G, KIND(HUGETLB), "no huge pages of 1 GiB");
MAPPING(hugetlb_tables, KIND(HUGETLB), "no huge pages");
MAPPING(merged, KIND(KSM), "no KSM");
MAPPING(swapped, KIND(SWAP) | KIND(ANON), "no swap");
MAPPING(uffd, KIND(ANON), NULL);
MAPPING(thread, KIND(ANON), NULL);
MAPPING(fork, KIND(ANON), NULL);

FIXTURE_SETUP(mapping)
{
	self->pid = start_target(variant->make);
	if (self->pid < 0 && variant->missing)
		SKIP_SETUP("%s", variant->missing);
	ASSERT_GT(self->pid, 0);
}

FIXTURE_TEARDOWN(mapping)
{
	if (self->pid > 0)
		setup_end(self->pid);
}

/* Which of @kinds the process has pages of. */
static uint64_t kinds_of(pid_t pid, uint64_t kinds)
{
	const struct vmq_query query = { .facts = VMQ_FACTS_PAGE, .any_of = kinds };
	struct vmq_runs *runs;
	struct vmq_run run;
	uint64_t seen = 0;
	struct vmq *vmq;

	if (!kinds || vmq_open(&vmq, pid, VMQ_BACKEND_MODULE))
		return 0;
	if (!vmq_runs_open(vmq, &query, &runs)) {
		while (vmq_runs_next(runs, &run) > 0)
			seen |= VMQ_SET_KIND(run.kind);
		vmq_runs_close(runs);
	}
	vmq_close(vmq);
	return seen;
}

TEST_F(mapping, both_backends_agree)
{
	struct verdicts sum = { };

	EXPECT_EQ(variant->kinds, kinds_of(self->pid, variant->kinds));
	EXPECT_EQ(0, compare_process(self->pid, &sum));
	EXPECT_EQ(0, sum.differing);
	EXPECT_GT(sum.pages, 100);
}

/* A program that needs no library, as it is after exec. */
TEST(a_static_program)
{
	struct verdicts sum = { };
	int ready[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("busybox", "busybox", "sleep", "1000", NULL);
		_exit(1);
	}
	close(ready[1]);
	ASSERT_EQ(0, read(ready[0], &byte, 1));		/* closed by exec */
	EXPECT_EQ(0, compare_process(pid, &sum));
	EXPECT_EQ(0, sum.differing);
	EXPECT_GT(sum.pages, 100);
	setup_end(pid);
}

TEST_HARNESS_MAIN

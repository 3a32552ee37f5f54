// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The backend that needs no module: /proc/PID/{smaps,pagemap}, /proc/kpageflags
 * and /proc/kpagecount. The files of the process are opened once and stay with
 * the address space it had then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "../module/shared/run.h"
#include "procfs.h"

/* Numbers of kpageflags that are a folio's: from 0 up, and from 32 up. */
#define PUBLIC_FLAGS	((1ULL << 27) - 1)
#define HACKER_FLAGS	(((1ULL << 11) - 1) << 32)

static struct procfs *to_procfs(struct vmq *vmq)
{
	return (struct procfs *)vmq;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void procfs_close(struct vmq *vmq)
{
	struct procfs *procfs = to_procfs(vmq);

	close_fd(procfs->smaps);
	close_fd(procfs->pagemap);
	close_fd(procfs->mounts.fd);
	close_fd(procfs->kpageflags);
	close_fd(procfs->kpagecount);
	free(procfs->mounts.list);
	free(procfs->vmas);
	free(procfs->batch);
	free(procfs);
}

/* Stores a descriptor in *@fd, or -1 for a file that is absent: 0 or -errno. */
static int store(int opened, int *fd)
{
	*fd = opened < 0 ? -1 : opened;
	return vmq_is_shortage(opened) ? opened : 0;
}

static int open_root(const char *path, int *fd)
{
	int opened = open(path, O_RDONLY | O_CLOEXEC);

	return store(opened < 0 ? -errno : opened, fd);
}

/* The two go together: of one without the other nothing is made. */
static int open_kpage(struct procfs *procfs)
{
	int err = open_root("/proc/kpageflags", &procfs->kpageflags);

	if (!err && procfs->kpageflags >= 0)
		err = open_root("/proc/kpagecount", &procfs->kpagecount);
	if (!err && procfs->kpagecount < 0) {
		close_fd(procfs->kpageflags);
		procfs->kpageflags = -1;
	}
	return err;
}

static int open_files(struct procfs *procfs, pid_t pid)
{
	char byte;
	ssize_t n;
	int err;

	procfs->smaps = vmq_open_proc(pid, "smaps");
	if (procfs->smaps < 0)
		return procfs->smaps;
	procfs->pagemap = vmq_open_proc(pid, "pagemap");
	if (procfs->pagemap < 0)
		return procfs->pagemap;
	err = store(vmq_open_proc(pid, "mountinfo"), &procfs->mounts.fd);
	if (!err)
		err = open_kpage(procfs);
	if (err)
		return err;
	/* An exec between the two opens: the first shows nothing any more. */
	procfs->vmq.top = vmq_procfs_top(procfs->pagemap);
	n = vmq_procfs_read(procfs->smaps, &byte, 1, 0);
	if (n < 0)
		return n;
	return n && procfs->vmq.top ? 0 : -ESRCH;
}

static int procfs_open(struct vmq **vmq, pid_t pid)
{
	struct procfs *procfs = calloc(1, sizeof(*procfs));
	int err = -ENOMEM;

	if (!procfs)
		return -ENOMEM;
	procfs->vmq.ops = &vmq_procfs_ops;
	procfs->smaps = procfs->pagemap = procfs->mounts.fd = -1;
	procfs->kpageflags = procfs->kpagecount = -1;
	procfs->stale = true;
	procfs->batch = malloc(sizeof(*procfs->batch));
	if (procfs->batch)
		err = open_files(procfs, pid);
	if (!err)
		err = vmq_procfs_probe(procfs);
	if (err)
		procfs_close(&procfs->vmq);
	else
		*vmq = &procfs->vmq;
	return err;
}

static int procfs_info(struct vmq *vmq, struct vmq_info *info)
{
	struct procfs *procfs = to_procfs(vmq);
	int err;

	info->abi = VMQ_ABI_VERSION;
	info->page_size = 1U << VMQ_PAGE_SHIFT;
	info->run_size = sizeof(struct vmq_run);
	info->top = vmq->top;
	if (!procfs->frames || procfs->kpageflags < 0)
		return 0;
	err = vmq_procfs_ask_counts(procfs);
	if (err)
		return err;
	if (procfs->counts_pages)
		info->features = VMQ_FEATURE_MAP_COUNT;
	info->page_flags = (PUBLIC_FLAGS | HACKER_FLAGS) &
			   ~(KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL) | KPF(NOPAGE));
	if (!procfs->ksm_shown)
		info->page_flags &= ~KPF(KSM);
	return 0;
}

static int is_alive(struct vmq *vmq)
{
	return vmq_procfs_alive(to_procfs(vmq));
}

static void procfs_rewind(struct vmq *vmq)
{
	to_procfs(vmq)->stale = true;
}

static int keep_vma(void *context, const struct procfs_vma *vma)
{
	struct procfs *procfs = context;

	if (!(procfs->count & (procfs->count - 1))) {
		size_t room = procfs->count ? 2 * procfs->count : 1;
		struct procfs_vma *grown;

		grown = realloc(procfs->vmas, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		procfs->vmas = grown;
	}
	procfs->vmas[procfs->count] = *vma;
	procfs->vmas[procfs->count++].name = NULL;
	return 0;
}

static int refresh(struct procfs *procfs)
{
	int err;

	if (!procfs->stale)
		return 0;
	procfs->batch->count = 0;
	procfs->count = 0;
	err = vmq_procfs_each_vma(procfs, keep_vma, procfs);
	procfs->stale = err;
	return err;
}

/* The first VMA that ends behind @address. */
static const struct procfs_vma *find_vma(const struct procfs *procfs, __u64 address)
{
	size_t low = 0, high = procfs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (procfs->vmas[middle].vma.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < procfs->count ? &procfs->vmas[low] : NULL;
}

/*
 * Adds what the filters leave of @run to the records of @scan, of which there is
 * @room; false if they are full.
 */
static bool put(const struct vmq_wish *wish, struct vmq_scan *scan, __u32 room,
		struct vmq_run run)
{
	struct vmq_run *runs = (struct vmq_run *)(uintptr_t)scan->runs;
	struct vmq_run *last = scan->count ? &runs[scan->count - 1] : NULL;

	if (!vmq_wish_takes(wish, &run))
		return true;
	if (last && vmq_run_continues(last, &run)) {
		last->pages += run.pages;
		return true;
	}
	if (scan->count == room)
		return false;
	runs[scan->count++] = run;
	return true;
}

static bool is_loaded(const struct procfs_batch *batch, const struct vmq_scan *scan)
{
	return scan->start >= batch->start && batch->facts == scan->facts &&
	       scan->start < batch->start + (batch->count << VMQ_PAGE_SHIFT);
}

/* Pages of the batch from the cursor on: 1 when the records are full. */
static int scan_batch(struct procfs *procfs, const struct procfs_vma *vma,
		      struct vmq_scan *scan, __u32 room)
{
	const struct vmq_wish wish = vmq_procfs_wish(procfs, scan);
	const struct procfs_batch *batch = procfs->batch;
	size_t i = (scan->start - batch->start) >> VMQ_PAGE_SHIFT;
	struct vmq_run run;

	while (i < batch->count && scan->start < scan->end) {
		__u64 left = (scan->end - scan->start) >> VMQ_PAGE_SHIFT;

		vmq_procfs_run(procfs, vma, i, scan->facts, &run);
		if (run.pages > left)
			run.pages = left;
		if (!put(&wish, scan, room, run))
			return 1;
		i += run.pages;
		scan->start = vmq_run_end(&run);
	}
	return 0;
}

/* One batch, or the gap before the next VMA. */
static int scan_some(struct procfs *procfs, struct vmq_scan *scan, __u32 room)
{
	const struct procfs_vma *vma = find_vma(procfs, scan->start);
	int err;

	if (!vma || vma->vma.start >= scan->end) {
		scan->start = scan->end;
		return 0;
	}
	if (scan->start < vma->vma.start)
		scan->start = vma->vma.start;
	if (!is_loaded(procfs->batch, scan)) {
		err = vmq_procfs_load(procfs, vma, scan->start, scan->end, scan->facts);
		if (err)
			return err;
	}
	return scan_batch(procfs, vma, scan, room);
}

static int procfs_scan(struct vmq *vmq, struct vmq_scan *scan)
{
	struct procfs *procfs = to_procfs(vmq);
	const __u32 room = scan->count;
	int err;

	err = vmq_procfs_check_scan(procfs, scan);
	if (!err)
		err = refresh(procfs);
	scan->count = 0;
	while (!err && scan->start < scan->end)
		err = scan_some(procfs, scan, room);
	return err < 0 ? err : 0;
}

struct range {
	__u64 start;
	__u64 end;
	struct vmq_vma_list *list;
};

static int list_vma(void *context, const struct procfs_vma *vma)
{
	const struct range *range = context;

	if (vma->vma.end <= range->start || vma->vma.start >= range->end)
		return 0;
	return vmq_vmas_append(range->list, &vma->vma, vma->name, vma->name_length);
}

static int procfs_vmas(struct vmq *vmq, __u64 start, __u64 end,
		       struct vmq_vma_list *list)
{
	struct range range = { start, end, list };

	return vmq_procfs_each_vma(to_procfs(vmq), list_vma, &range);
}

/* No file shows tables. */
static int procfs_walk(struct vmq *vmq, struct vmq_walk *walk)
{
	(void)vmq;
	(void)walk;
	return -EOPNOTSUPP;
}

const struct vmq_ops vmq_procfs_ops = {
	.name = VMQ_BACKEND_PROCFS,
	.entry_known = VMQ_ENTRY_PRESENT | VMQ_ENTRY_UFFD_WP,
	.open = procfs_open,
	.close = procfs_close,
	.info = procfs_info,
	.alive = is_alive,
	.rewind = procfs_rewind,
	.scan = procfs_scan,
	.vmas = procfs_vmas,
	.walk = procfs_walk,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvmq: asks what the pages of a process really are.
 *
 * Functions return 0 (or what they document) on success and a negative errno on
 * failure; the library prints nothing and never exits. A handle and what was
 * opened from it belong to one thread at a time. Addresses are in bytes, ranges
 * half-open. The records are those of <linux/vmq.h>, which explains each field.
 * All structs are written in the size they have here, so one that grows makes a new
 * soname.
 */
#ifndef VMQ_H
#define VMQ_H

#include <linux/vmq.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The procfs backend tells less, and nothing it would have to guess:
 *
 *  - entry: VMQ_ENTRY_PRESENT and VMQ_ENTRY_UFFD_WP, see vmq_entry_known(). If
 *    VMQ_VALID_KIND and VMQ_ENTRY_PRESENT are both clear, something may be mapped
 *    all the same: the kernel hides the pages of VMAs with VMQ_VMA_PFNMAP, and
 *    hugetlb entries that are not present.
 *  - frame, swap location, map_count, page_flags, order: with CAP_SYS_ADMIN in
 *    the initial user namespace at vmq_open(), and only if the page stayed where
 *    it was while it was looked at. There are no tokens.
 *  - map_count: of pages in large folios, but for hugetlb, only if the kernel counts
 *    per page. From v6.15 on that is tried with a huge page of the caller's, once per
 *    handle, when the first such page is met or vmq_get_info() is called; where the
 *    caller gets no huge page it is absent.
 *  - kind: with that right, of all but ZONE_DEVICE pages, those of drivers and of
 *    the kernel, entries that are neither present nor swap, and, on kernels whose
 *    kpageflags calls every anonymous page merged, pages of VMAs with
 *    VMQ_VMA_MERGEABLE. Without it, what pagemap's bits leave no doubt of: holes,
 *    hugetlb, pages of files and shmem, anonymous pages mapped once.
 *  - sharing: what mapping and kind decide; never VMQ_SHARING_EXCLUSIVE and
 *    VMQ_SHARING_MAYBE. VMQ_RUN_PRIVATIZED can be set without VMQ_VALID_SHARING;
 *    then only if it is set it says something.
 *  - on_write: what mapping and kind decide; of present pages those whose
 *    entries are never writable.
 *  - shift: of hugetlb pages; else 0, for unknown.
 *  - never forced_write, ref_count, node, memtype, and pkey of an entry.
 *  - VMAs: type goes by flags, device and name. object is 0 for anonymous memory.
 *    A name in which a file system really has the four bytes \012 cannot be told
 *    from one with a newline.
 *
 * It reads the VMAs once per iteration, at the first vmq_runs_next(), so one that
 * comes later is not seen.
 */

/* One target, held open. */
struct vmq;

/* Who answers. */
enum vmq_backend {
	VMQ_BACKEND_ANY,	/* the module when it is loaded, fits and may be used, else procfs */
	VMQ_BACKEND_MODULE,	/* /dev/vmq */
	VMQ_BACKEND_PROCFS,	/* maps, smaps, pagemap, kpagecount, kpageflags */
};

/**
 * vmq_open - look at process @pid, or at the caller for @pid 0
 *
 * The handle keeps looking at the address space the process has now: after its
 * exec or exit calls return -ESRCH. Free it with vmq_close(), which is allowed after
 * an error, too: *@vmq is NULL then.
 *
 * Errors: -ENODEV the module is not loaded, -EACCES no right to /dev/vmq or to
 * the process, -EOPNOTSUPP the module has another VMQ_ABI_VERSION than this library,
 * what is at /dev/vmq is not the module, or it could not prove this kernel's way to
 * name a process; -ESRCH no such process or a kernel thread, -EINVAL, -EMFILE,
 * -ENFILE, -ENOMEM. VMQ_BACKEND_ANY goes on with procfs after the first three and
 * -EPERM.
 */
int vmq_open(struct vmq **vmq, pid_t pid, enum vmq_backend backend);

/* Closes @vmq; NULL is allowed. Iterators opened from it must be closed before. */
void vmq_close(struct vmq *vmq);

/* Which backend answers: VMQ_BACKEND_MODULE or VMQ_BACKEND_PROCFS. */
enum vmq_backend vmq_backend(const struct vmq *vmq);

/*
 * The bits of vmq_run.entry this backend can tell, VMQ_ENTRY_*: one that is not
 * among them is 0 in every run and says nothing. The module tells all.
 */
__u32 vmq_entry_known(const struct vmq *vmq);

/* End of the target's user space. */
__u64 vmq_top(const struct vmq *vmq);

/*
 * What the backend can tell, and what this handle has cost: see struct vmq_info.
 * The procfs backend leaves what only the module has 0; its page_flags can have
 * flags that this kernel never sets. Errors: -ENOMEM, -EMFILE, -ENFILE.
 */
int vmq_get_info(struct vmq *vmq, struct vmq_info *info);

/**
 * struct vmq_query - what an iteration is to report; the fields are those of
 * struct vmq_scan
 * @start: first address, page aligned
 * @end: end of the range, page aligned; 0 for the top of user space
 * @facts: VMQ_FACTS_*
 * @all_of: VMQ_SET_*
 * @any_of: VMQ_SET_*
 * @none_of: VMQ_SET_*
 * @frame_start: first frame
 * @frame_end: end of the frames; 0 for all
 */
struct vmq_query {
	__u64 start;
	__u64 end;
	__u32 facts;
	__u64 all_of;
	__u64 any_of;
	__u64 none_of;
	__u64 frame_start;
	__u64 frame_end;
};

/* The runs of a range, in order of address. */
struct vmq_runs;

/*
 * Starts an iteration; *@query is copied. Errors: -EINVAL, -ENOMEM; *@runs is NULL
 * then.
 */
int vmq_runs_open(struct vmq *vmq, const struct vmq_query *query,
		  struct vmq_runs **runs);

/*
 * Stores the next run in *@run: 1 when there was one, 0 at the end, else a
 * negative errno, as those of VMQ_IOC_SCAN. Runs come whole, also when the kernel
 * needed several calls. After -EINTR the iteration can go on. The procfs backend
 * answers a filter on an entry bit it does not know with -EOPNOTSUPP.
 */
int vmq_runs_next(struct vmq_runs *runs, struct vmq_run *run);

/* Ends an iteration; NULL is allowed. */
void vmq_runs_close(struct vmq_runs *runs);

/**
 * struct vmq_vma_list - the VMAs of a target
 * @vmas: in order of address; the name of vmas[i] is @names + vmas[i].name
 * @count: number of @vmas
 * @total: number of VMAs as the kernel counts them; 0 if the backend cannot tell
 * @height: height of the kernel's VMA tree; 0 if the backend cannot tell
 * @names: the names, each ended by a NUL; NULL for an empty list
 */
struct vmq_vma_list {
	struct vmq_vma *vmas;
	size_t count;
	__u32 total;
	__u32 height;
	char *names;
};

/*
 * Reads the VMAs that overlap [@start, @end), whole; @end 0 stands for the top
 * of user space. Free the list with vmq_vmas_free(). Errors: as VMQ_IOC_VMAS.
 */
int vmq_vmas_read(struct vmq *vmq, __u64 start, __u64 end,
		  struct vmq_vma_list *list);

/* Frees what @list holds and clears it. */
void vmq_vmas_free(struct vmq_vma_list *list);

/*
 * Every level of the tables above @address, and the page there with @facts; see
 * struct vmq_walk. Errors: as VMQ_IOC_WALK, and -EOPNOTSUPP from the procfs
 * backend, which cannot see tables.
 */
int vmq_walk_page(struct vmq *vmq, __u64 address, __u32 facts,
		  struct vmq_walk *walk);

/*
 * Reads one byte at @address through /proc/PID/mem, so that the page is there: it
 * comes from swap or from its file, and where nothing was, the zero page. The
 * faults are the caller's own. This is the only call that does something to the
 * target; it never writes. It waits for a userfaultfd if that is to bring the page.
 * A process that shared its space with others, as vfork() does, and left it to them by
 * exec is read in its new one. Errors: -EIO nothing can be read there, -EACCES, -ESRCH,
 * -EINTR.
 */
int vmq_page_in(struct vmq *vmq, __u64 address);

/*
 * Whether the file's page that belongs at @address of @vma, one of vmq_vmas_read(), is in
 * the page cache, so that a touch needs no I/O: 1 or 0. The file is opened for that, as
 * leases and fanotify notice, and nothing is brought in. Errors: -EOPNOTSUPP no regular
 * file, or of hugetlb; -EINVAL not in @vma; -EPERM without CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE in the initial user namespace, -EACCES a file the caller neither
 * owns nor may write, -ESRCH the address space is gone or no VMA has these bounds any
 * more; those of open(2) and mmap(2).
 */
int vmq_page_cached(struct vmq *vmq, const struct vmq_vma *vma, __u64 address);

/**
 * struct vmq_process - a process, as /proc/PID/stat has it
 * @pid: its id
 * @ppid: its parent's id
 * @threads: number of its threads
 * @state: the letter of proc(5)
 * @may_look: 1 if vmq_open() will let the caller look at it, else 0
 * @vm_bytes: size of its VMAs; 0 for a process that has ended
 * @resident_bytes: of its pages in memory, about: the kernel counts in batches
 * @name: of its program, cut to 15 bytes
 */
struct vmq_process {
	pid_t pid;
	pid_t ppid;
	__u32 threads;
	char state;
	char may_look;
	__u64 vm_bytes;
	__u64 resident_bytes;
	char name[16];
};

/**
 * struct vmq_process_list - processes
 * @processes: in order of pid
 * @count: number of @processes
 */
struct vmq_process_list {
	struct vmq_process *processes;
	size_t count;
};

/*
 * Reads which processes there are, threads of the kernel left out: they have no
 * address space of their own, and those the kernel hides from the caller. Free the
 * list with vmq_processes_free(). Errors: those of opening /proc, -EMFILE, -ENFILE,
 * -ENOMEM.
 */
int vmq_processes_read(struct vmq_process_list *list);

/* Frees what @list holds and clears it. */
void vmq_processes_free(struct vmq_process_list *list);

/* Fields that hold one of several values. */
enum vmq_values {
	VMQ_VALUES_KIND,	/* VMQ_KIND_* */
	VMQ_VALUES_SHARING,	/* VMQ_SHARING_* */
	VMQ_VALUES_ON_WRITE,	/* VMQ_ON_WRITE_*: on_write and forced_write */
	VMQ_VALUES_MEMTYPE,	/* VMQ_MEMTYPE_* */
	VMQ_VALUES_VMA_TYPE,	/* VMQ_VMA_TYPE_* */
	VMQ_VALUES_LEVEL,	/* VMQ_LEVEL_*; 0 is called unknown */
};

/* Fields that are sets of bits. */
enum vmq_bits {
	VMQ_BITS_ENTRY,		/* VMQ_ENTRY_* */
	VMQ_BITS_RUN_FLAGS,	/* VMQ_RUN_* */
	VMQ_BITS_PAGE_FLAGS,	/* as /proc/kpageflags numbers them */
	VMQ_BITS_VMA_FLAGS,	/* VMQ_VMA_* */
	VMQ_BITS_RIGHTS,	/* VMQ_RIGHT_*: rights and max_rights */
};

/*
 * What the tools call @value, as "huge-zero" for VMQ_KIND_HUGE_ZERO: one word that
 * never changes and is not to be freed; NULL for a value this library does not know.
 */
const char *vmq_value_name(enum vmq_values of, unsigned int value);

/* The same for the bit 1 << @number. */
const char *vmq_bit_name(enum vmq_bits of, unsigned int number);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvmq: asks what the pages of a process really are.
 *
 * Functions return 0 (or what they document) on success and a negative errno on
 * failure; the library prints nothing and never exits. A handle and what was
 * opened from it belong to one thread at a time. Addresses are in bytes, ranges
 * half-open. The records are those of <linux/vmq.h>, which explains each field.
 */
#ifndef VMQ_H
#define VMQ_H

#include <linux/vmq.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One target, held open. */
struct vmq;

/**
 * vmq_open - look at process @pid, or at the caller for @pid 0
 *
 * The handle keeps looking at the address space the process has now: after its
 * exec or exit calls return -ESRCH. Free it with vmq_close().
 *
 * Errors: -ENODEV the module is not loaded, -EACCES no right to /dev/vmq or to
 * the process, -ESRCH no such process or a kernel thread, -EMFILE, -ENOMEM.
 */
int vmq_open(struct vmq **vmq, pid_t pid);

/* Closes @vmq; NULL is allowed. Iterators opened from it must be closed before. */
void vmq_close(struct vmq *vmq);

/* What the module can do, and what this handle has cost: see struct vmq_info. */
int vmq_get_info(struct vmq *vmq, struct vmq_info *info);

/**
 * struct vmq_query - what an iteration is to report
 * @start: first address, page aligned
 * @end: end of the range, page aligned; 0 for the top of user space
 * @facts: VMQ_FACTS_*
 */
struct vmq_query {
	__u64 start;
	__u64 end;
	__u32 facts;
};

/* The runs of a range, in order of address. */
struct vmq_runs;

/* Starts an iteration; *@query is copied. Errors: -EINVAL, -ENOMEM. */
int vmq_runs_open(struct vmq *vmq, const struct vmq_query *query,
		  struct vmq_runs **runs);

/*
 * Stores the next run in *@run: 1 when there was one, 0 at the end, else a
 * negative errno: -ESRCH when the target has ended. Runs come whole, also when
 * the kernel needed several calls.
 */
int vmq_runs_next(struct vmq_runs *runs, struct vmq_run *run);

/* Ends an iteration; NULL is allowed. */
void vmq_runs_close(struct vmq_runs *runs);

#ifdef __cplusplus
}
#endif

#endif

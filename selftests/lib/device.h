/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/vmq without the library: tests of the module's contract call it as it is.
 * All return a negative errno on failure.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <linux/vmq.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens /dev/vmq, bound to @pid, or to the caller for 0. */
int device_open(pid_t pid);

/* ioctl(2). */
int device_call(int fd, unsigned long command, void *arg);

/* All facts of the page at @address. */
int device_page(int fd, const volatile void *address, struct vmq_run *run);

/* A scan of [start, end) for @facts into @count runs, valid and unfiltered. */
struct vmq_scan device_scan(uint64_t start, uint64_t end, uint32_t facts,
			    struct vmq_run *runs, uint32_t count);

/*
 * Repeats *@scan until its range is done and returns all runs; the array is the
 * caller's to free.
 */
ssize_t device_runs(int fd, const struct vmq_scan *scan, struct vmq_run **runs);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the pure C in this folder may use of its surroundings, in the kernel and
 * in user space: fixed-width types, bool, errno values, string functions and snprintf. No
 * allocation, no locks, no kernel structure, no system call.
 */
#ifndef VMQ_SHARED_H
#define VMQ_SHARED_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#include <linux/vmq.h>

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gives older kernels the shape of the newest one. The only place that may look
 * at a kernel version; each block says what changed and in which release.
 */
#ifndef VMQ_COMPAT_H
#define VMQ_COMPAT_H

#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/version.h>

#endif

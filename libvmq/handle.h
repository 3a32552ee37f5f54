/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share about a handle; not installed. */
#ifndef VMQ_HANDLE_H
#define VMQ_HANDLE_H

#include "vmq.h"

struct vmq {
	int fd;			/* /dev/vmq, bound */
	__u64 top;		/* end of the target's user space */
};

/* ioctl(2) with a negative errno. */
int vmq_call(struct vmq *vmq, unsigned long command, void *arg);

#endif

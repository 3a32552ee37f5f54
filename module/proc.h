/* SPDX-License-Identifier: GPL-2.0-only */
/* The door /proc/vmq. */
#ifndef VMQ_PROC_H
#define VMQ_PROC_H

int vmq_proc_init(void);
void vmq_proc_exit(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The door /dev/vmq. */
#ifndef VMQ_IOCTL_H
#define VMQ_IOCTL_H

int vmq_ioctl_init(void);
void vmq_ioctl_exit(void);

#endif

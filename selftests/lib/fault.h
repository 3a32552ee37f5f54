/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses that may end in SIGSEGV or SIGBUS, survived. */
#ifndef FAULT_H
#define FAULT_H

/* Calls @act; the signal that ended it, or 0. */
int fault_of(void (*act)(volatile char *address), volatile char *address);

/* The same for a write of 'w' to @address. */
int fault_of_write(volatile char *address);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways one process has into the memory of another, a byte at a time. All return
 * a negative errno when the kernel refuses.
 */
#ifndef STAGE_DEBUGGER_H
#define STAGE_DEBUGGER_H

#include <stdint.h>
#include <sys/types.h>

/* Attaches to @pid, a child of the caller, which stands still until it is detached from. */
int debugger_attach(pid_t pid);
int debugger_detach(pid_t pid);

/* By ptrace, which asks for no rights of the mapping: the byte there, or what came of it. */
int debugger_peek(pid_t pid, uint64_t address);
int debugger_poke(pid_t pid, uint64_t address, uint8_t byte);

/* By /proc/PID/mem, which asks for none either, but, since v6.12, may want an attached writer. */
int debugger_mem_read(pid_t pid, uint64_t address);
int debugger_mem_write(pid_t pid, uint64_t address, uint8_t byte);

/* By process_vm_writev(), which keeps to the rights of the mapping. */
int debugger_vm_write(pid_t pid, uint64_t address, uint8_t byte);

#endif

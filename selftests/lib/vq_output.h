/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs vq, from the PATH, and compares what it prints with /proc. Everything is in
 * static memory: to look at oneself must not change what is looked at.
 */
#ifndef VQ_OUTPUT_H
#define VQ_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct row {
	uint64_t base, start, end;
	bool free, gap;
	char state[16], type[16], current[8], allowed[8];
};

/* The rows vq_look() or vq_parse() found last. */
extern struct row rows[];
extern size_t row_count;

/* Runs vq with @arguments; its exit status, or -1. Its stdout goes to @text. */
int vq(const char *arguments, char *text, size_t room);

/* Fills rows from TSV, which it cuts up; false if it is not as it should be. */
bool vq_parse(char *text);

/* Fills rows with those of @pid. */
bool vq_look(pid_t pid);

/* Reads /proc/@pid/@name; false if that fails or it does not fit. */
bool read_proc(pid_t pid, const char *name, char *text, size_t room);

/* VmSize of @pid in bytes, and what the rows say. */
uint64_t vm_size(pid_t pid);
uint64_t mapped_bytes(void);

/* From 0 to the end of user space, which is near 2^47 or 2^56, without a gap. */
bool rows_cover(void);

/* The number of VMAs of maps the rows do not come back to, or -1. */
int disagreements(pid_t pid);

#endif

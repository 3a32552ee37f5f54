/* SPDX-License-Identifier: GPL-2.0-only */
/* What somebody else does to an experiment while it stands still. */
#ifndef MEDDLE_H
#define MEDDLE_H

#include <stdint.h>

#include "program.h"

/*
 * Writes to NonSharedVariable of the first instance of showphys, as @program has shown
 * it, though what is there: the page is the instance's own then. False on failure.
 */
bool meddle(const struct program *program);

/*
 * Swaps out the anonymous page at @address of @pid, which nobody else has, and takes its
 * frame for the rest of the caller's life: when it comes back it is somewhere else.
 * Needs swap. False on failure.
 */
bool meddle_move(pid_t pid, uint64_t address);

#endif

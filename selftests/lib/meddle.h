/* SPDX-License-Identifier: GPL-2.0-only */
/* What somebody else does to an experiment while it stands still. */
#ifndef MEDDLE_H
#define MEDDLE_H

#include "program.h"

/*
 * Writes to NonSharedVariable of the first instance of showphys, as @program has shown
 * it, though what is there: the page is the instance's own then. False on failure.
 */
bool meddle(const struct program *program);

#endif

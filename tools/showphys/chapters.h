/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be told; each function returns a status. */
#ifndef SHOWPHYS_CHAPTERS_H
#define SHOWPHYS_CHAPTERS_H

#include "instance.h"

/* What fork shares, and when that ends. */
int fork_tell(struct story *story, const struct files *files);

/* What the system's loader makes of the same library. */
int system_tell(struct story *story, const struct files *files);

/*
 * The document's two terminals. The first instance has the files; the second finds
 * the first one and goes from step to step.
 */
int first_tell(struct story *story, const struct files *files);
int second_tell(struct story *story);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose address space an open file looks at. Knows how a target is named and
 * proven, and nothing of what is then read from it.
 */
#ifndef VMQ_TARGET_H
#define VMQ_TARGET_H

#include <linux/types.h>

struct mm_struct;
struct pid;

struct vmq_target {
	struct mm_struct *mm;	/* NULL until bound; holds mm_count, not mm_users */
	bool frames;		/* the binder may see them, and did not renounce */
};

void vmq_target_init(void);
bool vmq_target_can_pagemap(void);

int vmq_target_bind_self(struct vmq_target *target, bool frames);
int vmq_target_bind_pagemap(struct vmq_target *target, int fd, bool frames);
int vmq_target_bind_pid(struct vmq_target *target, pid_t pid, bool frames);
void vmq_target_release(struct vmq_target *target);

struct mm_struct *vmq_target_mm_of(struct pid *pid);
struct mm_struct *vmq_target_get_mm(const struct vmq_target *target);
void vmq_target_put_mm(struct mm_struct *mm);
unsigned long vmq_target_top(const struct vmq_target *target);
bool vmq_target_sees_frames(const struct vmq_target *target);
bool vmq_caller_sees_frames(void);

#endif

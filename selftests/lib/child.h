/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parts of a test that run in a process of their own, because they become somebody
 * else, and the page by which all processes of a test are known. Static: the test
 * harness has its data in the file that includes it.
 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"
#include "device.h"
#include "harness.h"
#include "oracle.h"

#define MARK ((char *)0x123450000000)
#define MARK_TEXT "0000123450000000 "

#define CHILD(name, argument) \
	static void name(struct __test_metadata *_metadata, \
			 int __attribute__((unused)) argument)

/* Runs @check and returns its wait status; a check of it that failed has said so. */
static inline int as_child(struct __test_metadata *_metadata,
			   void (*check)(struct __test_metadata *_metadata, int argument),
			   int argument)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		check(_metadata, argument);
		_exit(!_metadata->passed);
	}
	waitpid(child, &status, 0);
	return status;
}

/* Makes the page, which forks of the caller have too. */
static inline char *make_mark(void)
{
	char *mark = mmap(MARK, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (mark == MARK)
		*mark = 'm';
	return mark;
}

/* Whether @vmq leads to the page of its target, and whether it tells frames. */
static inline void expect_view(struct __test_metadata *_metadata, int vmq, bool frames)
{
	struct vmq_run run;

	ASSERT_LE(0, vmq);
	ASSERT_EQ(0, device_page(vmq, MARK, &run));
	EXPECT_EQ(VMQ_KIND_ANON, run.kind);
	EXPECT_EQ(frames, !!(run.valid & VMQ_VALID_FRAME));
	EXPECT_EQ(!frames, !caller_told(&run));
}

#endif

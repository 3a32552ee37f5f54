// SPDX-License-Identifier: GPL-2.0-only
/* Follows a process from order to order, as its tracer. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "../../tools/stage/actor.h"
#include "orders.h"

/* Lets @pid go on to its next order, which is in *@what. */
static bool next_order(pid_t pid, int *what)
{
	struct user_regs_struct regs;
	int status;

	while (!ptrace(PTRACE_SYSCALL, pid, 0, 0) && waitpid(pid, &status, __WALL) == pid &&
	       WIFSTOPPED(status) && !ptrace(PTRACE_GETREGS, pid, 0, &regs)) {
		if (regs.orig_rax != SYS_recvfrom || regs.rax != sizeof(struct order))
			continue;
		*what = ptrace(PTRACE_PEEKDATA, pid, (void *)regs.rsi, 0);
		return true;
	}
	return false;
}

bool orders_wait_for(pid_t pid, int what)
{
	int got;

	while (next_order(pid, &got))
		if (got == what)
			return true;
	return false;
}

bool orders_kill_at(pid_t pid, int count)
{
	bool alive = true;
	int got;

	while (alive && count--)
		alive = next_order(pid, &got);
	if (alive)
		kill(pid, SIGKILL);
	/* its parent hears of the end, whoever brought it about, only after its tracer */
	waitpid(pid, NULL, __WALL);
	return alive;
}

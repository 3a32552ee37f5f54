// SPDX-License-Identifier: GPL-2.0-only
/* Runs a command under ptrace. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* Waits for the go of the parent, so that no exec is missed. */
static void child(char **argv, int gate, int report)
{
	char go;

	if (read(gate, &go, 1) == 1) {
		execvp(argv[0], argv);
		(void)!write(report, &errno, sizeof(errno));
	}
	_exit(127);
}

/* Lets the stopped @pid go on, with the signal it was stopped for, if any. */
static void resume(pid_t pid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	bool group = event == PTRACE_EVENT_STOP && signal != SIGTRAP;

	ptrace(group ? PTRACE_LISTEN : PTRACE_CONT, pid, NULL,
	       (uintptr_t)(event ? 0 : signal));
}

/* Waits until @pid stands at @stop: true, or false if it ended before. */
static bool wait_for(pid_t pid, enum command_stop stop)
{
	bool began = false;
	int status;

	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (!WIFSTOPPED(status))
			return false;
		began |= status >> 16 == PTRACE_EVENT_EXEC;
		/* a process that never began a program ends because exec failed */
		if (began && (stop == COMMAND_AT_EXEC || status >> 16 == PTRACE_EVENT_EXIT))
			return true;
		resume(pid, status);
	}
}

static int trace(pid_t pid, int gate)
{
	const uintptr_t options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

	if (ptrace(PTRACE_SEIZE, pid, NULL, options))
		return -errno;
	return write(gate, "", 1) == 1 ? 0 : -errno;
}

static int follow(pid_t pid, int gate, int report, enum command_stop stop)
{
	int err = trace(pid, gate);

	close(gate);
	if (!err && wait_for(pid, stop))
		return pid;
	if (err)
		waitpid(pid, NULL, __WALL);
	else if (read(report, &err, sizeof(err)) == sizeof(err))
		err = -err;
	return err ? err : -ECANCELED;
}

pid_t command_start(char **argv, enum command_stop stop)
{
	int gate[2], report[2];
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		close(gate[0]);
		close(gate[1]);
		return -EMFILE;
	}
	pid = fork();
	if (!pid) {
		close(gate[1]);
		child(argv, gate[0], report[1]);
	}
	if (pid < 0)
		pid = -errno;
	close(gate[0]);
	close(report[1]);
	/* the command's to act on: what it looked like is still to be printed */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (pid > 0)
		pid = follow(pid, gate[1], report[0], stop);
	else
		close(gate[1]);
	close(report[0]);
	return pid;
}

void command_finish(pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

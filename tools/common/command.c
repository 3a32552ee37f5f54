// SPDX-License-Identifier: GPL-2.0-only
/* Runs a command under ptrace. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

/* Threads that have said that they end, and whose end is not told yet. */
struct ending {
	pid_t *tids;
	size_t count;
};

static pid_t *find(const struct ending *ending, pid_t tid)
{
	for (size_t i = 0; i < ending->count; i++)
		if (ending->tids[i] == tid)
			return &ending->tids[i];
	return NULL;
}

static int add(struct ending *ending, pid_t tid)
{
	pid_t *tids = realloc(ending->tids, (ending->count + 1) * sizeof(*tids));

	if (!tids)
		return -ENOMEM;
	tids[ending->count++] = tid;
	ending->tids = tids;
	return 0;
}

static void drop(struct ending *ending, pid_t tid)
{
	pid_t *found = find(ending, tid);

	if (found)
		*found = ending->tids[--ending->count];
}

#define SKIP_7	"%*s %*s %*s %*s %*s %*s %*s "

/* Fields 9 and 31 of /proc/@tid/stat: flags, and which signals wait; false if it is gone. */
static bool read_stat(pid_t tid, unsigned int *flags, unsigned long *waiting)
{
	char path[32], line[1024] = "", *name_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	(void)!fgets(line, sizeof(line), file);
	fclose(file);
	name_end = strrchr(line, ')');
	return name_end && sscanf(name_end + 1, "%*s %*s %*s %*s %*s %*s %u " SKIP_7 SKIP_7 SKIP_7
				  "%lu", flags, waiting) == 2;
}

/*
 * Whether @tid, which has not said that it ends, was killed by the one that ends them
 * all: it may be gone before we hear that it stood still to say so. SIGKILL waits for
 * it, or it is exiting; kernels after v6.12 clear the one when they set the other, so
 * they are read in this order.
 */
static bool is_killed(pid_t tid)
{
	const unsigned int exiting = 4;		/* PF_EXITING */
	unsigned long waiting;
	unsigned int flags;

	return !read_stat(tid, &flags, &waiting) || waiting & 1UL << (SIGKILL - 1) ||
	       !read_stat(tid, &flags, &waiting) || flags & exiting;
}

/* Whether no thread of @pid goes on. */
static bool all_end(const struct ending *ending, pid_t pid)
{
	struct dirent *entry;
	bool go_on = false;
	char path[32];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && !go_on && (entry = readdir(tasks))) {
		pid_t tid = atoi(entry->d_name);

		go_on = tid && !find(ending, tid) && !is_killed(tid);
	}
	if (tasks)
		closedir(tasks);
	return tasks && !go_on;
}

/* A clone() can make a process as well, which is traced though nobody asked for it. */
static bool is_thread(pid_t pid, pid_t tid)
{
	return !syscall(SYS_tgkill, pid, tid, 0) || errno != ESRCH;
}

/* The next thread of @pid that stops, and its *@status; 0 when the process has ended. */
static pid_t next_stop(struct ending *ending, pid_t pid, int *status)
{
	for (;;) {
		pid_t tid = waitpid(-1, status, __WALL);

		if (tid < 0 && errno != EINTR)
			return 0;
		if (tid > 0 && WIFSTOPPED(*status)) {
			if (is_thread(pid, tid))
				return tid;
			ptrace(PTRACE_DETACH, tid, NULL, NULL);
		} else if (tid == pid) {
			return 0;	/* told when no other thread is left */
		} else if (tid > 0) {
			drop(ending, tid);
		}
	}
}

/* What @tid just made: if it is a process it is let go before @pid may be gone. */
static void look_at_new(pid_t pid, pid_t tid)
{
	unsigned long made;

	if (!ptrace(PTRACE_GETEVENTMSG, tid, NULL, &made) && !is_thread(pid, made) &&
	    waitpid(made, NULL, __WALL) == (pid_t)made)
		ptrace(PTRACE_DETACH, made, NULL, NULL);
}

/* Waits until @command stands at @stop: 0, -ECANCELED if it ended before, -ENOMEM. */
static int wait_for(struct command *command, enum command_stop stop)
{
	struct ending ending = { };
	bool began = false, there = false;
	int err = 0, status;

	while (!there && !err) {
		pid_t tid = next_stop(&ending, command->pid, &status);
		int event = status >> 16;

		if (!tid) {
			err = -ECANCELED;
			break;
		}
		if (event == PTRACE_EVENT_EXIT)
			err = add(&ending, tid);
		else if (event == PTRACE_EVENT_CLONE)
			look_at_new(command->pid, tid);
		began |= event == PTRACE_EVENT_EXEC;
		/* a process that never began a program ends because exec failed */
		there = began && (stop == COMMAND_AT_EXEC || (event == PTRACE_EVENT_EXIT &&
							      all_end(&ending, command->pid)));
		command->thread = tid;
		if (!there)
			resume(tid, status);
	}
	free(ending.tids);
	return err;
}

static int trace(pid_t pid, int gate)
{
	const uintptr_t options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

	if (ptrace(PTRACE_SEIZE, pid, NULL, options))
		return -errno;
	return write(gate, "", 1) == 1 ? 0 : -errno;
}

static int follow(struct command *command, int gate, int report, enum command_stop stop)
{
	int err = trace(command->pid, gate), reason;

	close(gate);
	if (err) {
		waitpid(command->pid, NULL, __WALL);
		return err;
	}
	err = wait_for(command, stop);
	if (err == -ECANCELED && read(report, &reason, sizeof(reason)) == sizeof(reason))
		return -reason;
	return err;
}

int command_start(struct command *command, char **argv, enum command_stop stop)
{
	int gate[2], report[2], err;

	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		close(gate[0]);
		close(gate[1]);
		return -EMFILE;
	}
	command->pid = fork();
	if (!command->pid) {
		close(gate[1]);
		child(argv, gate[0], report[1]);
	}
	err = command->pid < 0 ? -errno : 0;
	close(gate[0]);
	close(report[1]);
	/* the command's to act on: what it looked like is still to be printed */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (err)
		close(gate[1]);
	else
		err = follow(command, gate[1], report[0], stop);
	close(report[0]);
	return err;
}

void command_finish(const struct command *command)
{
	struct ending none = { };
	int status;
	pid_t tid;

	ptrace(PTRACE_DETACH, command->thread, NULL, NULL);
	while ((tid = next_stop(&none, command->pid, &status)))
		resume(tid, status);
}

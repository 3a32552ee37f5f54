// SPDX-License-Identifier: GPL-2.0-only
/* Orders and answers are messages on a socket, which is the actor's standard input. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"

/* Orders that are this file's own. */
enum { ORDER_FORK = -1, ORDER_WAIT = -2 };

/* The child of a serving process, if it has one. */
static struct actor child = { .socket = -1 };

/*
 * Gives a standard file that was closed to nobody: a file of ours would be replaced in
 * the actor as its input, or be printed into. What is printed fails as before.
 */
static int fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int actor_stage(void)
{
	cpu_set_t set;
	int err = fill_standard_files();

	if (err)
		return err;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* In a new process: its end of the pair becomes its input, and it dies with @parent. */
static int become_actor(int socket, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(socket, STDIN_FILENO) < 0)
		return -ESRCH;
	return 0;
}

int actor_start(struct actor *actor, char *const *argv)
{
	pid_t parent = getpid();
	int pair[2];

	*actor = (struct actor){ .socket = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	actor->pid = fork();
	if (!actor->pid) {
		if (!become_actor(pair[1], parent))
			execv("/proc/self/exe", argv);
		_exit(127);
	}
	close(pair[1]);
	actor->socket = pair[0];
	if (actor->pid < 0) {
		close(pair[0]);
		actor->pid = 0;
		return -EAGAIN;
	}
	return 0;
}

int64_t actor_ask(const struct actor *actor, int what, uint64_t address, uint64_t value)
{
	const struct order order = {
		.what = what, .to_child = actor->relay, .address = address, .value = value,
	};
	int64_t answer;

	if (send(actor->socket, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order) ||
	    recv(actor->socket, &answer, sizeof(answer), 0) != sizeof(answer))
		return -ESRCH;
	return answer;
}

int actor_fork(struct actor *parent, struct actor *forked)
{
	int64_t pid = actor_ask(parent, ORDER_FORK, 0, 0);

	if (pid < 0)
		return pid;
	*forked = (struct actor){ .pid = pid, .socket = parent->socket, .relay = true };
	return 0;
}

void actor_end(struct actor *actor)
{
	if (actor->pid <= 0)
		return;
	if (actor->relay) {
		actor_ask(&(struct actor){ .socket = actor->socket }, ORDER_WAIT, 0, 0);
	} else {
		close(actor->socket);
		kill(actor->pid, SIGKILL);
		waitpid(actor->pid, NULL, 0);
	}
	*actor = (struct actor){ .socket = -1 };
}

/* In the serving process: its child serves the next orders that are for a child. */
static int64_t fork_child(void)
{
	pid_t parent = getpid();
	int pair[2];

	if (child.pid)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	child.pid = fork();
	if (!child.pid) {
		close(pair[0]);
		if (become_actor(pair[1], parent))
			_exit(127);
		close(pair[1]);
		return 0;
	}
	close(pair[1]);
	child.socket = pair[0];
	if (child.pid < 0) {
		close(pair[0]);
		child = (struct actor){ .socket = -1 };
		return -EAGAIN;
	}
	return child.pid;
}

static int64_t serve_order(const struct order *order, int64_t (*obey)(const struct order *))
{
	if (order->to_child)
		return actor_ask(&child, order->what, order->address, order->value);
	if (order->what == ORDER_FORK)
		return fork_child();
	if (order->what == ORDER_WAIT) {
		actor_end(&child);
		return 0;
	}
	return obey(order);
}

int actor_serve(int64_t (*obey)(const struct order *order))
{
	struct order order;
	int64_t answer;

	while (recv(STDIN_FILENO, &order, sizeof(order), 0) == sizeof(order)) {
		answer = serve_order(&order, obey);
		/* what a new child is asked first is still to come */
		if (order.what == ORDER_FORK && !order.to_child && !answer)
			continue;
		if (send(STDIN_FILENO, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
			break;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* An abstract socket, over which the files are passed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "meeting.h"

/* The address of this user's first instance, and its length. */
static socklen_t address_of_user(struct sockaddr_un *address)
{
	/* a name that begins with NUL is no file's */
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "showphys-%u",
			geteuid());
}

static bool is_own(int connection)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       peer.uid == geteuid();
}

/*
 * A connection to whoever has the address, or a negative errno: -EPERM if that is
 * another user. Somebody who never accepts must not keep us waiting.
 */
static int connect_to_own(void)
{
	int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	socklen_t size = address_of_user(&address);
	int err = 0;

	if (connection < 0)
		return -errno;
	if (connect(connection, (struct sockaddr *)&address, size))
		err = -errno;
	else if (!is_own(connection))
		err = -EPERM;
	else if (fcntl(connection, F_SETFL, 0))
		err = -errno;
	if (!err)
		return connection;
	close(connection);
	return err;
}

/* Such a name is nobody's property: anybody can have taken ours. Returns an errno. */
static int who_is_there(void)
{
	int connection = connect_to_own();

	if (connection < 0)
		return connection == -EPERM ? -EPERM : -EADDRINUSE;
	close(connection);
	return -EEXIST;
}

int meeting_open(void)
{
	int meeting = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), err;
	struct sockaddr_un address;
	socklen_t size = address_of_user(&address);

	if (meeting < 0)
		return -errno;
	if (bind(meeting, (struct sockaddr *)&address, size) || listen(meeting, 1)) {
		err = errno == EADDRINUSE ? who_is_there() : -errno;
		close(meeting);
		return err;
	}
	return meeting;
}

/* Room in a message for the descriptors. */
union passing {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(struct files))];
};

static int give(int connection, const struct files *files, pid_t first)
{
	struct iovec text = { &first, sizeof(first) };
	union passing passing = { .room = { 0 } };
	struct msghdr message = {
		.msg_iov = &text, .msg_iovlen = 1,
		.msg_control = passing.room, .msg_controllen = sizeof(passing.room),
	};

	passing.header.cmsg_level = SOL_SOCKET;
	passing.header.cmsg_type = SCM_RIGHTS;
	passing.header.cmsg_len = CMSG_LEN(sizeof(*files));
	memcpy(CMSG_DATA(&passing.header), files, sizeof(*files));
	return sendmsg(connection, &message, MSG_NOSIGNAL) == sizeof(first) ? 0 : -EPIPE;
}

/* The instance to be started inherits the files: they are not close-on-exec. */
static int take(int connection, struct files *files, pid_t *first)
{
	struct iovec text = { first, sizeof(*first) };
	union passing passing = { .room = { 0 } };
	struct msghdr message = {
		.msg_iov = &text, .msg_iovlen = 1,
		.msg_control = passing.room, .msg_controllen = sizeof(passing.room),
	};

	/* one that is busy with another second instance, or has just gone */
	if (recvmsg(connection, &message, 0) != sizeof(*first))
		return -ECONNREFUSED;
	if (message.msg_flags & MSG_CTRUNC || passing.header.cmsg_type != SCM_RIGHTS ||
	    passing.header.cmsg_len != CMSG_LEN(sizeof(*files)))
		return -EPROTO;
	memcpy(files, CMSG_DATA(&passing.header), sizeof(*files));
	return 0;
}

/* Whoever only wants to know who is there says nothing. */
static bool wants_files(int connection)
{
	char byte;

	return recv(connection, &byte, 1, 0) == 1;
}

int meeting_await(int meeting, const struct files *files, pid_t first)
{
	for (;;) {
		int connection = accept4(meeting, NULL, NULL, SOCK_CLOEXEC);

		if (connection < 0)
			return -errno;
		if (is_own(connection) && wants_files(connection) && !give(connection, files, first))
			return connection;
		close(connection);
	}
}

int meeting_join(struct files *files, pid_t *first)
{
	int connection = connect_to_own(), err;

	/* one that is busy with strangers */
	if (connection == -EAGAIN)
		return -ECONNREFUSED;
	if (connection < 0)
		return connection;
	err = send(connection, "", 1, MSG_NOSIGNAL) == 1 ? take(connection, files, first) : -ECONNREFUSED;
	if (!err)
		return connection;
	close(connection);
	return err;
}

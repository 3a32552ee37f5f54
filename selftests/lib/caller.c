// SPDX-License-Identifier: GPL-2.0-only
/* Who calls, and how much a record tells him. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caller.h"
#include "device.h"
#include "setup.h"

int caller_share_device(void)
{
	return chown("/dev/vmq", 0, CALLER_USER) || chmod("/dev/vmq", 0660) ? -errno : 0;
}

int caller_keep_device(void)
{
	return chown("/dev/vmq", 0, 0) || chmod("/dev/vmq", 0600) ? -errno : 0;
}

int caller_become_user(void)
{
	if (setgroups(0, NULL) || setresgid(CALLER_USER, CALLER_USER, CALLER_USER) ||
	    setresuid(CALLER_USER, CALLER_USER, CALLER_USER) || prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return 0;
}

int caller_become_namespace_root(void)
{
	int err = caller_become_user();

	if (err)
		return err;
	if (unshare(CLONE_NEWUSER))
		return -errno;
	err = setup_write("/proc/self/setgroups", "deny");
	if (!err)
		err = setup_write("/proc/self/uid_map", "0 1000 1");
	return err ? err : setup_write("/proc/self/gid_map", "0 1000 1");
}

int caller_drop(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[capability / 32].effective &= ~(1U << capability % 32);
	data[capability / 32].permitted &= ~(1U << capability % 32);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* A message of one byte with room for a descriptor. */
struct parcel {
	char byte;
	struct iovec vector;
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message;
};

static void prepare_parcel(struct parcel *parcel)
{
	*parcel = (struct parcel){ .vector = { &parcel->byte, 1 } };
	parcel->message.msg_iov = &parcel->vector;
	parcel->message.msg_iovlen = 1;
	parcel->message.msg_control = &parcel->control;
	parcel->message.msg_controllen = sizeof(parcel->control);
}

int caller_send(int socket, int fd)
{
	struct parcel parcel;
	struct cmsghdr *header;

	prepare_parcel(&parcel);
	header = CMSG_FIRSTHDR(&parcel.message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &parcel.message, 0) == 1 ? 0 : -errno;
}

int caller_receive(int socket)
{
	struct parcel parcel;
	struct cmsghdr *header;
	int fd;

	prepare_parcel(&parcel);
	if (recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	header = CMSG_FIRSTHDR(&parcel.message);
	if (!header)
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int caller_bind(__u32 how, int fd, pid_t pid, __u32 flags)
{
	struct vmq_bind bind = {
		.size = sizeof(bind), .how = how, .fd = fd, .pid = pid, .flags = flags,
	};
	int vmq = open("/dev/vmq", O_RDWR | O_CLOEXEC), err;

	if (vmq < 0)
		return -errno;
	err = device_call(vmq, VMQ_IOC_BIND, &bind);
	if (err)
		close(vmq);
	return err ? err : vmq;
}

/* What everybody is told, if it is known. */
#define FOR_ALL (VMQ_VALID_TOKEN | VMQ_VALID_KIND | VMQ_VALID_SHARING | \
		 VMQ_VALID_ON_WRITE | VMQ_VALID_FORCED_WRITE | VMQ_VALID_MEMTYPE | \
		 VMQ_VALID_PKEY)

static const char *told_by_valid(__u32 valid)
{
	static const char *const names[] = {
		"frame", "token", "swap", "kind", "sharing", "on_write", "forced_write",
		"page_flags", "map_count", "ref_count", "order", "node", "memtype",
		"pkey",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (valid & ~FOR_ALL & (1U << i))
			return names[i];
	return valid & ~FOR_ALL ? "an unknown bit of valid" : NULL;
}

const char *caller_told(const struct vmq_run *run)
{
	if (run->valid & ~FOR_ALL)
		return told_by_valid(run->valid);
	if (!(run->valid & VMQ_VALID_TOKEN) && (run->frame || run->index))
		return "frame or index, invalid";
	/* as all frames are, of the 52 bits that an address can have */
	if (run->valid & VMQ_VALID_TOKEN && run->frame < 1ULL << 40)
		return "a token as small as a frame";
	if (run->map_count || run->ref_count || run->page_flags || run->order || run->node)
		return "a fact, invalid";
	if (run->kind == VMQ_KIND_KSM || run->sharing == VMQ_SHARING_KSM)
		return "that it was merged";
	return NULL;
}

const char *caller_told_by_level(const struct vmq_level *level)
{
	if (level->valid)
		return "a frame of a level";
	return level->table || level->frame || level->reserved ? "a level, invalid" : NULL;
}

static const char *told_by_line(char *line)
{
	enum { START, PAGES, LEAF, FRAME, KIND = 12, SHARING, ON_WRITE, MAPS, REFS };
	char *field[20] = { NULL }, *rest;
	int count = 0;

	for (char *word = strtok_r(line, " ", &rest); word && count < 20;
	     word = strtok_r(NULL, " ", &rest))
		field[count++] = word;
	if (count < REFS + 1)
		return "a line that is too short";
	if (strcmp(field[FRAME], "-") && (!strchr(field[FRAME], '+') || strlen(field[FRAME]) < 18))
		return "FRAME";
	if (strcmp(field[MAPS], "-") || strcmp(field[REFS], "-"))
		return "MAPS or REFS";
	if (!strcmp(field[KIND], "ksm") || !strcmp(field[SHARING], "ksm"))
		return "KIND or SHARING";
	return NULL;
}

const char *caller_told_by_text(char *text, int *lines)
{
	const char *told = NULL;
	char *rest;

	*lines = 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#' || !strncmp(line, "START", 5))
			continue;
		++*lines;
		if (!told)
			told = told_by_line(line);
	}
	return told;
}

struct caller_token caller_token(int vmq, const volatile void *at)
{
	struct vmq_run run;

	if (device_page(vmq, at, &run) || !(run.valid & VMQ_VALID_TOKEN) || caller_told(&run))
		return (struct caller_token){ };
	return (struct caller_token){ run.frame, run.index };
}

bool caller_one_page(struct caller_token a, struct caller_token b)
{
	return a.token && a.token == b.token && a.index == b.index;
}

ssize_t caller_runs(int vmq, char *map, size_t size, __u32 facts, struct vmq_run **runs)
{
	struct vmq_scan scan = device_scan((uintptr_t)map, (uintptr_t)map + size, facts,
					   NULL, 512);

	return device_runs(vmq, &scan, runs);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who calls, and how much a record tells him. The first half changes the rights
 * of the calling process and hands descriptors on; all return 0 or -errno.
 */
#ifndef CALLER_H
#define CALLER_H

#include <linux/vmq.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CALLER_USER 1000

/* /dev/vmq for the group CALLER_USER, as dist/60-vmq.rules gives it; and back. */
int caller_share_device(void);
int caller_keep_device(void);

/* Becomes an ordinary user for good, one who may look at himself. */
int caller_become_user(void);

/* Becomes an ordinary user, and root of a user namespace. */
int caller_become_namespace_root(void);

/* Stays root, without @capability. */
int caller_drop(int capability);

/* Passes @fd through the socket; the received descriptor. */
int caller_send(int socket, int fd);
int caller_receive(int socket);

/* Binds a new file as struct vmq_bind says; the descriptor or -errno. */
int caller_bind(__u32 how, int fd, pid_t pid, __u32 flags);

/* Which page it is to somebody without the frame right; 0 for none. */
struct caller_token {
	__u64 token;
	__u32 index;
};

/* The token of the page at @at; {} if there is none, or @vmq tells more than that. */
struct caller_token caller_token(int vmq, const volatile void *at);
bool caller_one_page(struct caller_token a, struct caller_token b);

/* Runs of [map, map + size) with @facts; the array is the caller's to free. */
ssize_t caller_runs(int vmq, char *map, size_t size, __u32 facts, struct vmq_run **runs);

/*
 * What @run tells that only those with the frame right may know, or that it says
 * in a field it calls invalid; NULL for nothing.
 */
const char *caller_told(const struct vmq_run *run);

/* The same for one level of a walk. */
const char *caller_told_by_level(const struct vmq_level *level);

/*
 * The same for the text of /proc/vmq/PID/pages, which is cut up; @lines is how many
 * it has, the header left out.
 */
const char *caller_told_by_text(char *text, int *lines);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* Looks for what programs leave behind. */
#define _GNU_SOURCE
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traces.h"

int traces_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int entries_of(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static int sockets(void)
{
	FILE *file = fopen("/proc/net/unix", "re");
	char line[256];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		count += !!strstr(line, "@showphys");
	if (file)
		fclose(file);
	return count;
}

struct traces traces_now(void)
{
	struct statfs ext4;

	if (statfs("/mnt/ext4", &ext4))
		ext4.f_ffree = 0;
	return (struct traces){
		.entries = entries_of("/mnt/ext4") + entries_of("/dev/shm") + entries_of("/tmp") +
			   entries_of("/run"),
		.sockets = sockets(),
		.files = ext4.f_ffree,
	};
}

bool traces_gone(const struct traces *before)
{
	struct traces after;

	while (waitpid(-1, NULL, __WALL) > 0)
		;
	after = traces_now();
	return after.entries == before->entries && after.sockets == before->sockets &&
	       after.files == before->files;
}

pid_t traces_child(pid_t pid, int nth)
{
	char path[64];
	FILE *file;
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (nth >= 0 && fscanf(file, "%d", &child) == 1)
		nth--;
	fclose(file);
	return nth < 0 ? child : 0;
}

int traces_kill(pid_t pid)
{
	struct pollfd ended = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int err = ended.fd < 0 ? -1 : kill(pid, SIGKILL);

	if (!err && poll(&ended, 1, -1) != 1)
		err = -1;
	close(ended.fd);
	return err;
}

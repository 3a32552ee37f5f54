// SPDX-License-Identifier: GPL-2.0-only
/* Attaches processes to /proc/vmq and reads the files there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"
#include "proc_files.h"
#include "setup.h"

const char *const proc_files[] = { "vq", "vmas", "pages", NULL };

int proc_attach_text(const char *text)
{
	return setup_write("/proc/vmq/attach", text);
}

int proc_attach(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", pid);
	return proc_attach_text(text);
}

int proc_open(pid_t pid, const char *name)
{
	char path[48];
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/vmq/%d/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/vmq/self/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t proc_read_on(int fd, char *text, size_t step)
{
	size_t length = 0;
	ssize_t n;

	do {
		size_t room = PROC_ROOM - 1 - length;

		n = read(fd, text + length, step < room ? step : room);
		length += n > 0 ? n : 0;
	} while (n > 0 && length < PROC_ROOM - 1);
	text[length] = '\0';
	return n < 0 ? -errno : (ssize_t)length;
}

ssize_t proc_read(pid_t pid, const char *name, char *text)
{
	int fd = proc_open(pid, name);
	ssize_t length = fd < 0 ? fd : proc_read_on(fd, text, PROC_ROOM);

	if (fd >= 0)
		close(fd);
	return length;
}

bool proc_has_folder(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/vmq/%d", pid);
	return !access(path, F_OK);
}

bool proc_folder_goes(pid_t pid)
{
	for (int i = 0; i < 300 && proc_has_folder(pid); i++)
		usleep(10000);
	return !proc_has_folder(pid);
}

/* Memory of several kinds. */
static void make_mappings(void)
{
	char *map = setup_map(64 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int fd = setup_file("/mnt/ext4", 16);

	memset(map, 1, 8 * PAGE);
	mprotect(map + 2 * PAGE, PAGE, PROT_READ);
	map = setup_map(16 * PAGE, MAP_PRIVATE, fd);
	map[3 * PAGE] = 1;
	map = setup_map(16 * PAGE, MAP_SHARED, fd);
	map[5 * PAGE] = 1;
}

pid_t proc_start_stopped(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		make_mappings();
		for (int i = 0; i < 3; i++)
			dup2(proc_open(0, proc_files[i]), 100 + i);
		raise(SIGSTOP);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, WUNTRACED);
	return child;
}

char *proc_first_run(char *text)
{
	char *line = strstr(text, "\nSTART ");

	return line ? strchr(line + 1, '\n') + 1 : text + strlen(text);
}

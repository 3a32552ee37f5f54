// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads /proc/PID/stat of all processes. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

#define IS_KERNEL_THREAD 0x00200000	/* PF_KTHREAD, in the field of flags */

/*
 * "PID (NAME) STATE PPID ..": the name may hold anything, parentheses too, so it
 * ends at the last one. Returns false for a thread of the kernel.
 */
static bool parse(char *text, struct vmq_process *process)
{
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	unsigned int flags, threads;
	unsigned long long size;
	long pages;

	if (!name || !end || sscanf(end, ") %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u "
				    "%*d %*d %*d %*d %u %*d %*u %llu %ld", &process->state,
				    &process->ppid, &flags, &threads, &size, &pages) != 6)
		return false;
	*end = '\0';
	snprintf(process->name, sizeof(process->name), "%s", name + 1);
	process->pid = atoi(text);
	process->threads = threads;
	process->vm_bytes = size;
	process->resident_bytes = (__u64)pages * sysconf(_SC_PAGESIZE);
	return !(flags & IS_KERNEL_THREAD);
}

/* Without an address space the file opens on some kernels, and is empty. */
static int find_may_look(struct vmq_process *process)
{
	int fd = process->vm_bytes ? vmq_open_proc(process->pid, "pagemap") : -ESRCH;

	process->may_look = fd >= 0;
	if (fd >= 0)
		close(fd);
	return vmq_is_shortage(fd) ? fd : 0;
}

/* The length of what stat says of @pid, as a string; 0 if it is not there, or -errno. */
static ssize_t read_stat(pid_t pid, char *text, size_t size)
{
	int fd = vmq_open_proc(pid, "stat");
	ssize_t n;

	if (fd < 0)
		return vmq_is_shortage(fd) ? fd : 0;
	n = vmq_procfs_read(fd, text, size - 1, 0);
	close(fd);
	if (n < 0)
		return vmq_is_shortage(n) ? n : 0;
	text[n] = '\0';
	return n;
}

/* 1 if @pid is to be listed; 0 if it has ended, is hidden or the kernel's; or -errno. */
static int read_process(pid_t pid, struct vmq_process *process)
{
	char text[1024];
	ssize_t n = read_stat(pid, text, sizeof(text));
	int err;

	if (n <= 0)
		return n;
	if (!parse(text, process))
		return 0;
	err = find_may_look(process);
	return err ? err : 1;
}

static int append(struct vmq_process_list *list, const struct vmq_process *process)
{
	if (!(list->count & (list->count - 1))) {
		size_t room = list->count ? 2 * list->count : 1;
		struct vmq_process *grown = realloc(list->processes, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->processes = grown;
	}
	list->processes[list->count++] = *process;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct vmq_process *first = a, *second = b;

	return (first->pid > second->pid) - (first->pid < second->pid);
}

int vmq_processes_read(struct vmq_process_list *list)
{
	struct vmq_process process = { 0 };
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	*list = (struct vmq_process_list){ 0 };
	if (!proc)
		return -errno;
	while (!err && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0)
			err = read_process(pid, &process);
		if (err > 0)
			err = append(list, &process);
	}
	closedir(proc);
	if (err)
		vmq_processes_free(list);
	else if (list->count)
		qsort(list->processes, list->count, sizeof(*list->processes), by_pid);
	return err;
}

void vmq_processes_free(struct vmq_process_list *list)
{
	free(list->processes);
	*list = (struct vmq_process_list){ 0 };
}

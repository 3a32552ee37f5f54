// SPDX-License-Identifier: GPL-2.0-only
/* Reads and writes another process' memory in the ways there are. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debugger.h"

int debugger_attach(pid_t pid)
{
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return -errno;
	while (waitpid(pid, NULL, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int debugger_detach(pid_t pid)
{
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ? -errno : 0;
}

/* The word around @address; *@shift is where the byte is in it. */
static int peek_word(pid_t pid, uint64_t address, unsigned long *word, int *shift)
{
	*shift = address % sizeof(*word) * 8;
	errno = 0;
	*word = ptrace(PTRACE_PEEKTEXT, pid, (void *)(address & -sizeof(*word)), NULL);
	return -errno;
}

int debugger_peek(pid_t pid, uint64_t address)
{
	unsigned long word;
	int shift, err = peek_word(pid, address, &word, &shift);

	return err ? err : (int)(word >> shift & 0xff);
}

int debugger_poke(pid_t pid, uint64_t address, uint8_t byte)
{
	unsigned long word;
	int shift, err = peek_word(pid, address, &word, &shift);

	if (err)
		return err;
	word = (word & ~(0xffUL << shift)) | (unsigned long)byte << shift;
	return ptrace(PTRACE_POKETEXT, pid, (void *)(address & -sizeof(word)),
		      (void *)word) ? -errno : 0;
}

static int open_mem(pid_t pid, int how)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, how | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int debugger_mem_read(pid_t pid, uint64_t address)
{
	int fd = open_mem(pid, O_RDONLY), answer;
	uint8_t byte;

	if (fd < 0)
		return fd;
	answer = pread(fd, &byte, 1, address) == 1 ? byte : -errno;
	close(fd);
	return answer;
}

int debugger_mem_write(pid_t pid, uint64_t address, uint8_t byte)
{
	int fd = open_mem(pid, O_RDWR), err;

	if (fd < 0)
		return fd;
	err = pwrite(fd, &byte, 1, address) == 1 ? 0 : -errno;
	close(fd);
	return err;
}

int debugger_vm_write(pid_t pid, uint64_t address, uint8_t byte)
{
	const struct iovec from = { &byte, 1 }, to = { (void *)address, 1 };

	return process_vm_writev(pid, &from, 1, &to, 1, 0) == 1 ? 0 : -errno;
}

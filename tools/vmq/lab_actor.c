// SPDX-License-Identifier: GPL-2.0-only
/* The processes of the labs: what they do when they are told. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../stage/loader.h"
#include "lab.h"

/* The file this actor was started with: the library, or a page of code. */
static int file;

int lab_start_actor(struct actor *actor, int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	return actor_start(actor, (char *[]){ "vmq", "lab", "serve", number, NULL });
}

static int64_t load(void)
{
	static struct image image;
	int err = image_load(&image, file);
	void *function;

	if (err)
		return err;
	function = image_symbol(&image, "NonRelocatableFunction");
	return function ? (intptr_t)function : -ENOENT;
}

static int64_t map(int value)
{
	void *view = mmap(NULL, sysconf(_SC_PAGESIZE), value & ~LAB_SHARED,
			  value & LAB_SHARED ? MAP_SHARED : MAP_PRIVATE, file, 0);

	return view == MAP_FAILED ? -errno : (intptr_t)view;
}

/* Code written through another address is sure to be seen only after this. */
static void serialize(void)
{
	unsigned int a, b, c, d;

	__cpuid(0, a, b, c, d);
}

static int64_t call(uint64_t address, long value)
{
	long (*function)(long n) = (void *)address;

	serialize();
	return function(value);
}

static int64_t forget(uint64_t address)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	return madvise((void *)(address & -page), page, MADV_DONTNEED) ? -errno : 0;
}

/* Caught, so that the kernel notes no crash. */
static void end_with(int signal)
{
	_exit(signal);
}

static int64_t try(uint64_t address)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child) {
		signal(SIGSEGV, end_with);
		signal(SIGBUS, end_with);
		(void)*(volatile unsigned char *)address;
		_exit(0);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static int64_t obey(const struct order *order)
{
	volatile unsigned char *byte = (void *)order->address;

	switch (order->what) {
	case LAB_LOAD:
		return load();
	case LAB_MAP:
		return map(order->value);
	case LAB_READ:
		return *byte;
	case LAB_WRITE:
		*byte = order->value;
		return 0;
	case LAB_CALL:
		return call(order->address, order->value);
	case LAB_FORGET:
		return forget(order->address);
	case LAB_TRY:
		return try(order->address);
	case LAB_BUILD:
		return space_build(order->value, file);
	case LAB_END:
		return space_end(order->value);
	default:
		return -EINVAL;
	}
}

int lab_serve(const char *fd)
{
	file = atoi(fd);
	return actor_serve(obey);
}

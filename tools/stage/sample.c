// SPDX-License-Identifier: GPL-2.0-only
/* Makes a file of the library that the build has put into this program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../common/errors.h"
#include "sample.h"

/* From sample_bytes.S. */
extern const char sample_bytes[], sample_bytes_end[];

static int write_all(int fd)
{
	const char *at = sample_bytes;

	while (at < sample_bytes_end) {
		ssize_t written = write(fd, at, sample_bytes_end - at);

		if (written < 0 && errno != EINTR)
			return -errno;
		at += written > 0 ? written : 0;
	}
	/* a page that has not been written back is dirty, and says so */
	return fsync(fd) ? -errno : 0;
}

/* The file of @fd anew: a file open for writing is nobody's to execute. */
static int reopen(int fd)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY);
	return again < 0 ? -errno : again;
}

static bool is_noexec(int fd)
{
	struct statvfs system;

	return !fstatvfs(fd, &system) && system.f_flag & ST_NOEXEC;
}

int nameless_open(const char *folder)
{
	int fd = folder ? open(folder, O_TMPFILE | O_RDWR, 0700) : memfd_create("sample", 0);

	if (fd < 0)
		return -errno;
	if (folder && is_noexec(fd)) {
		close(fd);
		return -ENOEXEC;
	}
	return fd;
}

int nameless_failed(const char *folder, int err)
{
	const char *where = folder ? folder : "a file in memory";

	switch (err) {
	case -EOPNOTSUPP:
		return refuse("%s: no nameless files there (use another file system)", where);
	case -ENOEXEC:
		return refuse("%s: mounted noexec (use another file system)", where);
	default:
		return fail(where, err);
	}
}

int sample_open(const char *folder)
{
	int fd = nameless_open(folder), err;

	if (fd < 0)
		return fd;
	err = write_all(fd);
	if (!err)
		err = reopen(fd);
	close(fd);
	return err;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads /proc/PID/smaps: VMAs with their flags and names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../module/shared/names.h"
#include "../module/shared/run.h"
#include "procfs.h"

static const struct {
	char letters[3];
	__u8 now;
	__u8 max;
} vma_rights[] = {
	{ "rd", VMQ_RIGHT_READ, 0 },	{ "mr", 0, VMQ_RIGHT_READ },
	{ "wr", VMQ_RIGHT_WRITE, 0 },	{ "mw", 0, VMQ_RIGHT_WRITE },
	{ "ex", VMQ_RIGHT_EXEC, 0 },	{ "me", 0, VMQ_RIGHT_EXEC },
};

static void add_flag(struct vmq_vma *vma, const char *letters)
{
	for (const struct vmq_bit *bit = vmq_vma_flag_bits; bit->bit; bit++)
		if (!strncmp(letters, bit->letters, 2))
			vma->flags |= bit->bit;
	for (size_t i = 0; i < ARRAY_SIZE(vma_rights); i++) {
		if (strncmp(letters, vma_rights[i].letters, 2))
			continue;
		vma->rights |= vma_rights[i].now;
		vma->max_rights |= vma_rights[i].max;
	}
}

/* Two letters and a space each, as in " rd ex mr mw me ". */
static void add_flags(struct vmq_vma *vma, const char *list)
{
	for (list += strspn(list, " "); list[0] && list[1];
	     list += strspn(list, " ")) {
		add_flag(vma, list);
		list += 2;
	}
}

/* maps prints a newline as \012, and any other byte as it is. */
static size_t unescape(char *name)
{
	char *to = name, *from = name;

	while (*from) {
		if (strncmp(from, "\\012", 4)) {
			*to++ = *from++;
			continue;
		}
		*to++ = '\n';
		from += 4;
	}
	*to = '\0';
	return to - name;
}

/* One file, one id: nobody else has these two numbers at the same time. */
static __u64 object_id(const struct vmq_vma *vma)
{
	__u64 id = vma->inode ^
		   ((__u64)vma->dev_major << 20 | vma->dev_minor) << 32;

	id = (id ^ id >> 30) * 0xbf58476d1ce4e5b9ULL;
	id = (id ^ id >> 27) * 0x94d049bb133111ebULL;
	id ^= id >> 31;
	return id ? id : 1;
}

/* A line like "7f0000000000-7f0000001000 r--p 00000000 fe:00 247498   /usr/bin/x" */
static bool parse_head(char *line, struct procfs_vma *found)
{
	unsigned long long start, end, offset, inode;
	unsigned int major, minor;
	int name = 0;

	if (sscanf(line, "%llx-%llx %*4s %llx %x:%x %llu%n", &start, &end,
		   &offset, &major, &minor, &inode, &name) != 6)
		return false;
	*found = (struct procfs_vma){
		.vma = {
			.start = start,
			.end = end,
			.inode = inode,
			.dev_major = major,
			.dev_minor = minor,
		},
	};
	line += name;
	line += strspn(line, " ");
	found->name_length = unescape(line);
	found->name = line;
	if (inode || major || minor) {
		found->vma.offset = offset;
		found->vma.object = object_id(&found->vma);
	}
	return true;
}

static __u8 log2_of_kb(unsigned long kb)
{
	__u8 shift = 10;

	while (kb > 1) {
		kb /= 2;
		shift++;
	}
	return shift;
}

/* Takes what is wanted of a line; true if it was the last of its VMA. */
static bool parse_detail(const char *line, struct procfs_vma *found)
{
	unsigned long number;

	if (sscanf(line, "KernelPageSize: %lu kB", &number) == 1)
		found->shift = log2_of_kb(number);
	else if (sscanf(line, "ProtectionKey: %lu", &number) == 1)
		found->vma.pkey = number;
	if (!procfs_begins(line, "VmFlags:"))
		return false;
	add_flags(&found->vma, line + 8);
	return true;
}

/*
 * The kernel makes the text in pieces: a VMA that grew meanwhile can begin below
 * the end of the last one. What was told already is cut off.
 */
static bool take_over(struct procfs_vma *found, __u64 *told)
{
	struct vmq_vma *vma = &found->vma;

	if (vma->start < *told) {
		if (vma->object)	/* of a file */
			vma->offset += *told - vma->start;
		vma->start = *told;
	}
	if (vma->start >= vma->end)
		return false;
	*told = vma->end;
	return true;
}

static int parse(const struct procfs *procfs, char *text,
		 int (*found)(void *context, const struct procfs_vma *vma),
		 void *context)
{
	struct procfs_vma vma;
	bool inside = false;
	__u64 told = 0;
	char *line;
	int err = 0;

	while (!err && (line = strsep(&text, "\n"))) {
		if (!inside) {
			inside = parse_head(line, &vma);
			continue;
		}
		if (!parse_detail(line, &vma))
			continue;
		inside = false;
		if (!(vma.vma.flags & VMQ_VMA_HUGETLB))
			vma.shift = 0;
		/* [vsyscall] lies in the kernel's half and is nobody's. */
		if (vma.vma.end > procfs->vmq.top || !take_over(&vma, &told))
			continue;
		vma.vma.type = vmq_procfs_vma_type(&procfs->mounts, &vma);
		err = found(context, &vma);
	}
	return err;
}

ssize_t vmq_procfs_read_text(int fd, char **text)
{
	size_t size = 0, room = 1 << 16;
	char *buffer = NULL;
	ssize_t got = 0;

	do {
		char *grown = realloc(buffer, room *= 2);

		if (!grown) {
			got = -ENOMEM;
			break;
		}
		buffer = grown;
		got = vmq_procfs_read(fd, buffer + size, room - 1 - size, size);
		if (got > 0)
			size += got;
	} while (got > 0 && size == room - 1);
	if (got < 0) {
		free(buffer);
		return got;
	}
	buffer[size] = '\0';
	*text = buffer;
	return size;
}

int vmq_procfs_each_vma(struct procfs *procfs,
			int (*found)(void *context, const struct procfs_vma *vma),
			void *context)
{
	char *text;
	ssize_t size = vmq_procfs_read_text(procfs->smaps, &text);
	int err;

	if (size < 0)
		return size;
	/* The text of a space that goes away while it is read just ends somewhere. */
	err = vmq_procfs_alive(procfs);
	/* after the VMAs: what they map was mounted before */
	if (!err)
		err = vmq_procfs_mounts_refresh(&procfs->mounts);
	if (!err)
		err = parse(procfs, text, found, context);
	free(text);
	return err;
}

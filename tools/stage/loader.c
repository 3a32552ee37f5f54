// SPDX-License-Identifier: GPL-2.0-only
/* Maps a library and writes its fixups, where there is need. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"

#define PAGE_MASK (sysconf(_SC_PAGESIZE) - 1UL)
#define MAX_SEGMENTS 16

/* The headers of a file: those of its segments, and what they span. */
struct headers {
	Elf64_Phdr segments[MAX_SEGMENTS];
	unsigned int count;
	uintptr_t start, end;
};

static bool is_library(const Elf64_Ehdr *file)
{
	return !memcmp(file->e_ident, ELFMAG, SELFMAG) &&
	       file->e_ident[EI_CLASS] == ELFCLASS64 && file->e_type == ET_DYN &&
	       file->e_machine == EM_X86_64 && file->e_phentsize == sizeof(Elf64_Phdr) &&
	       file->e_phnum <= MAX_SEGMENTS;
}

static int read_headers(int fd, struct headers *headers)
{
	ssize_t size;
	Elf64_Ehdr file;

	if (pread(fd, &file, sizeof(file), 0) != sizeof(file) || !is_library(&file))
		return -ENOEXEC;
	size = file.e_phnum * sizeof(Elf64_Phdr);
	if (pread(fd, headers->segments, size, file.e_phoff) != size)
		return -ENOEXEC;
	headers->count = file.e_phnum;
	headers->start = UINTPTR_MAX;
	headers->end = 0;
	for (unsigned int i = 0; i < headers->count; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];
		uintptr_t start = segment->p_vaddr & ~PAGE_MASK;

		if (segment->p_type != PT_LOAD || !segment->p_memsz)
			continue;
		/* variables without a value in the file would need pages of their own */
		if (segment->p_memsz != segment->p_filesz)
			return -ENOEXEC;
		headers->start = start < headers->start ? start : headers->start;
		headers->end = (segment->p_vaddr + segment->p_memsz + PAGE_MASK) & ~PAGE_MASK;
	}
	return headers->start < headers->end ? 0 : -ENOEXEC;
}

/* Room for all segments: at @start, else where there is some. */
static char *reserve(uintptr_t start, size_t size)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *base = mmap((void *)start, size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);

	return base == MAP_FAILED ? mmap(NULL, size, PROT_NONE, flags, -1, 0) : base;
}

static int rights_of(const Elf64_Phdr *segment)
{
	return (segment->p_flags & PF_R ? PROT_READ : 0) |
	       (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	       (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Where @segment begins in memory, in whole pages, and how long it is. */
static char *place(const struct image *image, const Elf64_Phdr *segment, size_t *size)
{
	uintptr_t lead = segment->p_vaddr & PAGE_MASK;

	*size = segment->p_memsz + lead;
	return image->base + (segment->p_vaddr - lead - (uintptr_t)image->preferred);
}

static int map_segments(struct image *image, const struct headers *headers, int fd)
{
	for (unsigned int i = 0; i < headers->count; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];
		size_t size;
		char *at = place(image, segment, &size);

		if (segment->p_type == PT_DYNAMIC)
			image->dynamic = (void *)(at + (segment->p_vaddr & PAGE_MASK));
		if (segment->p_type != PT_LOAD || !segment->p_memsz)
			continue;
		if (mmap(at, size, rights_of(segment), MAP_PRIVATE | MAP_FIXED, fd,
			 segment->p_offset & ~PAGE_MASK) == MAP_FAILED)
			return -errno;
	}
	return image->dynamic ? 0 : -ENOEXEC;
}

/* Value of the entry @tag of the dynamic section, 0 if there is none. */
static uintptr_t dynamic_value(const struct image *image, Elf64_Sxword tag)
{
	const Elf64_Dyn *entry = image->dynamic;

	while (entry->d_tag != DT_NULL && entry->d_tag != tag)
		entry++;
	return entry->d_tag == tag ? entry->d_un.d_val : 0;
}

/* What lies at the address @linked as the file has it. */
static void *in_memory(const struct image *image, uintptr_t linked)
{
	return image->base + (linked - (uintptr_t)image->preferred);
}

static int write_fixups(struct image *image)
{
	const Elf64_Rela *fixup = in_memory(image, dynamic_value(image, DT_RELA));
	size_t count = dynamic_value(image, DT_RELASZ) / sizeof(*fixup);

	for (size_t i = 0; i < count; i++) {
		void *address = in_memory(image, fixup[i].r_addend);

		if (ELF64_R_TYPE(fixup[i].r_info) != R_X86_64_RELATIVE)
			return -ENOEXEC;
		memcpy(in_memory(image, fixup[i].r_offset), &address, sizeof(address));
	}
	return 0;
}

/* Fixups are written while all is writable for a moment; only what is written is copied. */
static int relocate(struct image *image, const struct headers *headers)
{
	int err = 0;

	for (int pass = 0; pass < 2 && !err; pass++) {
		for (unsigned int i = 0; i < headers->count && !err; i++) {
			const Elf64_Phdr *segment = &headers->segments[i];
			size_t size;
			char *at = place(image, segment, &size);

			if (segment->p_type == PT_LOAD && segment->p_memsz &&
			    mprotect(at, size, pass ? rights_of(segment) : PROT_READ | PROT_WRITE))
				err = -errno;
		}
		if (!pass && !err)
			err = write_fixups(image);
	}
	return err;
}

int image_load(struct image *image, int fd)
{
	struct headers headers;
	int err = read_headers(fd, &headers);

	if (err)
		return err;
	*image = (struct image){
		.size = headers.end - headers.start,
		.preferred = (char *)headers.start,
	};
	image->base = reserve(headers.start, image->size);
	if (image->base == MAP_FAILED)
		return -errno;
	err = map_segments(image, &headers, fd);
	if (!err && image_relocated(image))
		err = relocate(image, &headers);
	if (err)
		image_unload(image);
	return err;
}

void image_unload(struct image *image)
{
	munmap(image->base, image->size);
	image->base = NULL;
}

bool image_relocated(const struct image *image)
{
	return image->base != image->preferred;
}

void *image_symbol(const struct image *image, const char *name)
{
	const Elf64_Sym *symbols = in_memory(image, dynamic_value(image, DT_SYMTAB));
	const char *names = in_memory(image, dynamic_value(image, DT_STRTAB));
	const Elf64_Word *hash = in_memory(image, dynamic_value(image, DT_HASH));

	/* the hash table has as many chains as there are symbols */
	for (Elf64_Word i = 0; dynamic_value(image, DT_HASH) && i < hash[1]; i++)
		if (symbols[i].st_shndx != SHN_UNDEF && !strcmp(names + symbols[i].st_name, name))
			return in_memory(image, symbols[i].st_value);
	return NULL;
}

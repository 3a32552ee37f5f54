/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small loader for libraries without dependencies. Unlike the system's, which
 * writes all relocations always, it leaves the file's pages alone where the
 * library lies at the base it was linked for, so that processes share them; and
 * nothing is bound or run.
 */
#ifndef STAGE_LOADER_H
#define STAGE_LOADER_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct image - a library in memory
 * @base: its first byte
 * @size: bytes up to the end of its last page
 * @preferred: where it was linked to begin
 * @dynamic: its dynamic section
 */
struct image {
	char *base;
	size_t size;
	char *preferred;
	const Elf64_Dyn *dynamic;
};

/*
 * Maps the ELF file @fd privately: at the base it was linked for, or elsewhere
 * when that is taken. Returns 0 or a negative errno; -ENOEXEC for a file that is
 * no such library. Undone by image_unload().
 */
int image_load(struct image *image, int fd);
void image_unload(struct image *image);

/* Whether it lies elsewhere than it was linked for. */
bool image_relocated(const struct image *image);

/* The address of @name, or NULL. */
void *image_symbol(const struct image *image, const char *name);

#endif

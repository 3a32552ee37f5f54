// SPDX-License-Identifier: GPL-2.0-only
/* Makes mappings that stand still, and checks what is said of them. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "oracle.h"
#include "setup.h"
#include "still.h"

/* What each of the mappings must be. */
static const struct piece {
	int from, to;		/* pages */
	uint8_t kind, sharing, on_write, shift;
	uint32_t entry;
	int advice;		/* keeps its VMA from joining others */
} pieces[] = {
	{ STILL_ANON, STILL_HOLE, VMQ_KIND_ANON, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_THROUGH,
	  12, VMQ_ENTRY_PRESENT | VMQ_ENTRY_USER | VMQ_ENTRY_WRITE, MADV_DONTFORK },
	{ STILL_HOLE, STILL_FILE, VMQ_KIND_NONE, VMQ_SHARING_NONE, VMQ_ON_WRITE_FILL,
	  0, 0, MADV_DONTDUMP },
	{ STILL_FILE, STILL_END, VMQ_KIND_FILE, VMQ_SHARING_FILE, VMQ_ON_WRITE_COPY,
	  12, VMQ_ENTRY_PRESENT | VMQ_ENTRY_USER, MADV_DONTFORK },
};
#define PIECES (sizeof(pieces) / sizeof(*pieces))

/* A migration may lose these, and the kernel clears the first by itself. */
#define UNSTEADY (VMQ_ENTRY_ACCESSED | VMQ_ENTRY_DIRTY | VMQ_ENTRY_SOFT_DIRTY)

static char *map_at(uint64_t address, size_t pages, int flags, int fd)
{
	char *map = mmap((void *)address, pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | flags, fd, 0);

	if (map == MAP_FAILED)
		return NULL;
	madvise(map, pages * PAGE, MADV_NOHUGEPAGE);
	return map;
}

static volatile char sink;

static int make_piece(const struct still *still, const struct piece *piece, int fd)
{
	size_t pages = piece->to - piece->from;
	int flags = MAP_FIXED | (piece->kind == VMQ_KIND_FILE ? 0 : MAP_ANONYMOUS);
	char *map = map_at(still->start + piece->from * PAGE, pages, flags,
			   piece->kind == VMQ_KIND_FILE ? fd : -1);

	if (!map || madvise(map, pages * PAGE, piece->advice))
		return -1;
	for (size_t i = 0; i < pages; i++) {
		if (piece->kind == VMQ_KIND_ANON)
			map[i * PAGE] = i + 1;
		else if (piece->kind == VMQ_KIND_FILE)
			sink = map[i * PAGE];
	}
	return 0;
}

int still_make(struct still *still)
{
	size_t size = STILL_PAGES * PAGE;
	char *area = map_at(0, 2 * STILL_PAGES, MAP_ANONYMOUS, -1);
	int fd = setup_file("/mnt/ext4", STILL_END - STILL_FILE), err = 0;

	if (!area || fd < 0)
		return -1;
	still->start = ((uintptr_t)area + size - 1) & ~(size - 1);
	for (size_t i = 0; i < PIECES && !err; i++)
		err = make_piece(still, pieces + i, fd);
	close(fd);
	still_give_neighbours(still);
	return err;
}

void still_take_neighbours(const struct still *still)
{
	munmap((void *)still->start, STILL_ANON * PAGE);
	munmap((void *)(still->start + STILL_END * PAGE), (STILL_PAGES - STILL_END) * PAGE);
}

void still_give_neighbours(const struct still *still)
{
	char *before = map_at(still->start, STILL_ANON, MAP_FIXED | MAP_ANONYMOUS, -1);
	char *after = map_at(still->start + STILL_END * PAGE, STILL_PAGES - STILL_END,
			     MAP_FIXED | MAP_ANONYMOUS, -1);

	for (int i = 0; before && i < STILL_ANON; i += 3)
		before[i * PAGE] = 1;
	for (int i = 0; after && i < STILL_PAGES - STILL_END; i += 5)
		after[i * PAGE] = 1;
}

struct still_check still_begin(const struct still *still, uint32_t facts)
{
	return (struct still_check){
		.still = still, .facts = facts, .at = still->start + STILL_ANON * PAGE,
	};
}

void still_wrong(struct still_check *check, const char *format, ...)
{
	va_list arguments;

	if (*check->why)
		return;
	va_start(arguments, format);
	vsnprintf(check->why, sizeof(check->why), format, arguments);
	va_end(arguments);
}

static uint64_t end_of(const struct still *still)
{
	return still->start + STILL_END * PAGE;
}

static const struct piece *piece_at(const struct still *still, uint64_t address)
{
	int page = (address - still->start) / PAGE;
	size_t i = 0;

	while (page >= pieces[i].to)
		i++;
	return pieces + i;
}

static bool is_right(const struct piece *piece, const struct vmq_run *run, uint32_t facts)
{
	uint32_t valid = VMQ_VALID_KIND | VMQ_VALID_SHARING | VMQ_VALID_ON_WRITE;

	/* One being moved right now cannot be told from one that waits for ever. */
	if (run->valid & VMQ_VALID_KIND && run->kind == VMQ_KIND_MIGRATION)
		return piece->entry && run->shift == 12;
	if ((run->entry & ~UNSTEADY) != piece->entry || run->shift != piece->shift)
		return false;
	if (!(facts & VMQ_FACTS_PAGE))
		return true;
	return (run->valid & valid) == valid && run->kind == piece->kind &&
	       run->sharing == piece->sharing && run->on_write == piece->on_write;
}

static void check_pages(struct still_check *check, uint64_t end, const struct vmq_run *run)
{
	while (check->at < end) {
		const struct piece *piece = piece_at(check->still, check->at);
		uint64_t piece_end = check->still->start + piece->to * PAGE;

		if (!is_right(piece, run, check->facts)) {
			still_wrong(check, "page %llu kind %u entry %#x shift %u sharing %u on_write %u valid %#x",
				    (unsigned long long)(check->at - check->still->start) / PAGE,
				    run->kind, run->entry, run->shift, run->sharing,
				    run->on_write, run->valid);
			return;
		}
		check->at = piece_end < end ? piece_end : end;
	}
}

void still_run(struct still_check *check, const struct vmq_run *run)
{
	uint64_t start = run->start, end = run->start + run->pages * PAGE;
	uint64_t last = end_of(check->still);

	if (start < check->below || end <= start || start % PAGE)
		still_wrong(check, "run %#llx-%#llx after %#llx", (long long)start,
			    (long long)end, (long long)check->below);
	if (run->valid & VMQ_VALID_KIND && run->kind >= VMQ_KIND_UNKNOWN)
		still_wrong(check, "unknown kind at %#llx", (long long)start);
	check->below = end;
	if (start < last && end > check->at) {
		if (start > check->at)
			still_wrong(check, "nothing said of %#llx-%#llx",
				    (long long)check->at, (long long)start);
		check_pages(check, end < last ? end : last, run);
	}
}

void still_vma(struct still_check *check, const struct vmq_vma *vma)
{
	const struct piece *piece;

	if (vma->start < check->below || vma->end <= vma->start)
		still_wrong(check, "VMA %#llx-%#llx after %#llx", vma->start, vma->end,
			    (long long)check->below);
	check->below = vma->end;
	if (vma->end <= check->at || vma->start >= end_of(check->still))
		return;
	piece = piece_at(check->still, check->at);
	if (vma->start != check->at || vma->end != check->still->start + piece->to * PAGE ||
	    vma->rights != (VMQ_RIGHT_READ | VMQ_RIGHT_WRITE) ||
	    vma->type != (piece->kind == VMQ_KIND_FILE ? VMQ_VMA_TYPE_FILE : VMQ_VMA_TYPE_ANON))
		still_wrong(check, "VMA %#llx-%#llx rights %u type %u", vma->start, vma->end,
			    vma->rights, vma->type);
	check->at = vma->end;
}

void still_line(struct still_check *check, uint64_t start, uint64_t pages)
{
	struct vmq_run run = {
		.start = start, .pages = pages, .valid = VMQ_VALID_KIND,
		.kind = VMQ_KIND_MIGRATION,	/* present, and no more is known */
	};
	uint64_t hole = check->still->start + STILL_HOLE * PAGE;

	if (check->at == hole)		/* the untouched ones have no line */
		check->at = check->still->start + STILL_FILE * PAGE;
	run.shift = 12;
	still_run(check, &run);
}

bool still_seen(struct still_check *check)
{
	if (check->at != end_of(check->still))
		still_wrong(check, "nothing said of %#llx on", (long long)check->at);
	return !*check->why;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/* Makes the rows of the Vq table. */
#include "rows.h"
#include "run.h"

void vmq_rows_init(struct vmq_rows *rows, const struct vmq_space *space,
		   const struct vmq_rows_source *source)
{
	memset(rows, 0, sizeof(*rows));
	rows->source = source;
	rows->groups.space = space;
	rows->entered = VMQ_NO_VMA;
	vmq_pieces_init(&rows->pieces, space, source->next_run, source->context);
}

static __u8 rights_letters(__u8 rights)
{
	return (rights & VMQ_RIGHT_READ ? VMQ_PROT_READ : 0) |
	       (rights & VMQ_RIGHT_WRITE ? VMQ_PROT_WRITE : 0) |
	       (rights & VMQ_RIGHT_EXEC ? VMQ_PROT_EXEC : 0);
}

/* A private view, whose pages are the file's until written. */
static bool private_file(const struct vmq_vma *vma)
{
	return !(vma->flags & VMQ_VMA_MAYSHARE) &&
	       (vma->type == VMQ_VMA_TYPE_FILE || vma->type == VMQ_VMA_TYPE_SHMEM ||
		vma->type == VMQ_VMA_TYPE_DEVICE);
}

/*
 * Whether a write would make a copy of what is there now. Not so where a write
 * finds nothing (anonymous memory, the zero page) or the page is a copy already.
 */
static bool copies(const struct vmq_vma *vma, const struct vmq_run *run)
{
	if (!(vma->rights & VMQ_RIGHT_WRITE) || vma->flags & VMQ_VMA_MAYSHARE)
		return false;
	if (!run || run->kind == VMQ_KIND_MARKER ||
	    (run->kind == VMQ_KIND_NONE && run->valid & VMQ_VALID_KIND))
		return private_file(vma) && vma->type != VMQ_VMA_TYPE_DEVICE;
	if (run->valid & VMQ_VALID_ON_WRITE && run->on_write == VMQ_ON_WRITE_COPY)
		return true;
	if (run->valid & VMQ_VALID_SHARING)
		return run->sharing == VMQ_SHARING_FILE;
	return run->kind == VMQ_KIND_FILE || run->kind == VMQ_KIND_SHMEM;
}

static __u8 memtype_letters(const struct vmq_run *run)
{
	if (!run || !(run->valid & VMQ_VALID_MEMTYPE) || !(run->entry & VMQ_ENTRY_PRESENT))
		return 0;
	switch (run->memtype) {
	case VMQ_MEMTYPE_UC:
	case VMQ_MEMTYPE_UC_MINUS:
		return VMQ_PROT_NO_CACHE;
	case VMQ_MEMTYPE_WC:
		return VMQ_PROT_WRITE_COMBINE;
	default:
		return 0;
	}
}

static __u8 protection(const struct vmq_vma *vma, const struct vmq_run *run, bool guard)
{
	__u8 letters = rights_letters(vma->rights) | memtype_letters(run);

	if (guard || (run && run->kind == VMQ_KIND_GUARD))
		letters |= VMQ_PROT_GUARD;
	if (copies(vma, run))
		letters |= VMQ_PROT_COPY;
	return letters;
}

static __u8 type(const struct vmq_vma *vma, const struct vmq_group *group)
{
	if (vma->type == VMQ_VMA_TYPE_ANON ||
	    (vma->type == VMQ_VMA_TYPE_HUGETLB && !(vma->flags & VMQ_VMA_MAYSHARE)))
		return VMQ_ROW_PRIVATE;
	return group->image ? VMQ_ROW_IMAGE : VMQ_ROW_MAPPED;
}

/* Learns of @vma, once, what its runs cannot tell one by one. */
static int enter(struct vmq_rows *rows, __u32 index, const struct vmq_vma *vma)
{
	int populated = 1;

	if (rows->entered == index)
		return 0;
	if (!vma->rights)
		populated = rows->source->populated(rows->source->context,
						    vma->start, vma->end);
	if (populated < 0)
		return populated;
	rows->reserved = !populated;
	rows->entered = index;
	return 0;
}

static int describe_mapped(struct vmq_rows *rows, struct vmq_row *row)
{
	const struct vmq_piece *piece = &rows->piece;
	const struct vmq_vma *vma = &rows->pieces.space->vmas[piece->vma];
	const struct vmq_group *group = vmq_group_of(&rows->groups, piece->vma);
	int err = enter(rows, piece->vma, vma);

	if (err)
		return err;
	row->base = group->base;
	row->state = rows->reserved ? VMQ_ROW_RESERVED : VMQ_ROW_COMMITTED;
	row->type = type(vma, group);
	row->protection = protection(vma, piece->run,
				     group->guard && piece->vma == group->first);
	row->allocation = rights_letters(vma->max_rights) |
			  (private_file(vma) ? VMQ_PROT_COPY : 0);
	if (piece->run && piece->run->entry & VMQ_ENTRY_PRESENT)
		row->resident = (piece->end - piece->start) >> VMQ_PAGE_SHIFT;
	if (group->guess || (group->image && row->type == VMQ_ROW_PRIVATE))
		row->flags |= VMQ_ROW_GUESS;
	if (vma->flags & VMQ_VMA_ACCOUNT)
		row->flags |= VMQ_ROW_ACCOUNTED;
	return 0;
}

static void describe_gap(struct vmq_row *row)
{
	row->base = row->start;
	row->state = VMQ_ROW_RESERVED;
	row->type = VMQ_ROW_PRIVATE;
	row->protection = VMQ_PROT_GUARD;
	row->flags = VMQ_ROW_GAP | VMQ_ROW_GUESS;
}

/* The row the next piece alone would make: 1, 0 at the top, or an errno. */
static int next_piece(struct vmq_rows *rows, struct vmq_row *row)
{
	const struct vmq_piece *piece = &rows->piece;
	int err = 0;

	if (!rows->has_piece) {
		int got = vmq_pieces_next(&rows->pieces, &rows->piece);

		if (got <= 0)
			return got;
		rows->has_piece = true;
	}
	*row = (struct vmq_row){
		.start = piece->start, .end = piece->end, .vma = piece->vma,
	};
	if (piece->vma != VMQ_NO_VMA)
		err = describe_mapped(rows, row);
	else if (piece->gap)
		describe_gap(row);
	if (err)
		return err;
	rows->has_piece = false;
	return 1;
}

/* Two pieces of one VMA differ in their protection only. */
static bool continues(const struct vmq_row *row, const struct vmq_row *next)
{
	return row->vma != VMQ_NO_VMA && row->vma == next->vma &&
	       row->protection == next->protection;
}

int vmq_rows_next(struct vmq_rows *rows, struct vmq_row *row)
{
	struct vmq_row next;
	int got;

	while ((got = next_piece(rows, &next)) > 0) {
		if (!rows->has_row) {
			rows->row = next;
			rows->has_row = true;
		} else if (continues(&rows->row, &next)) {
			rows->row.end = next.end;
			rows->row.resident += next.resident;
		} else {
			*row = rows->row;
			rows->row = next;
			return 1;
		}
	}
	if (got < 0 || !rows->has_row)
		return got;
	*row = rows->row;
	rows->has_row = false;
	return 1;
}

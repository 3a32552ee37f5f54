// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lays runs over VMAs. */
#include "pieces.h"
#include "run.h"

void vmq_pieces_init(struct vmq_pieces *pieces, const struct vmq_space *space,
		     vmq_next_run *next_run, void *context)
{
	memset(pieces, 0, sizeof(*pieces));
	pieces->space = space;
	pieces->next_run = next_run;
	pieces->context = context;
}

/* Holds the first run that ends behind the position, if there is one. */
static int hold_run(struct vmq_pieces *pieces)
{
	while (!pieces->ended &&
	       !(pieces->held && vmq_run_end(&pieces->run) > pieces->at)) {
		int got = pieces->next_run(pieces->context, &pieces->run);

		if (got < 0) {
			pieces->held = false;
			return got;
		}
		pieces->held = got;
		pieces->ended = !got;
	}
	return 0;
}

/* The hole below @vma, or below the top; a stack's gap is a piece of its own. */
static void take_hole(const struct vmq_pieces *pieces, const struct vmq_vma *vma,
		      struct vmq_piece *piece)
{
	const __u64 gap = VMQ_STACK_GAP_PAGES << VMQ_PAGE_SHIFT;

	piece->vma = VMQ_NO_VMA;
	piece->end = vma ? vma->start : pieces->space->top;
	if (!vma || !(vma->flags & VMQ_VMA_GROWSDOWN))
		return;
	if (piece->end - piece->start > gap)
		piece->end -= gap;
	else
		piece->gap = true;
}

static int take_mapped(struct vmq_pieces *pieces, const struct vmq_vma *vma,
		       struct vmq_piece *piece)
{
	int err = hold_run(pieces);

	if (err)
		return err;
	piece->vma = pieces->vma;
	piece->end = vma->end;
	if (!pieces->held || pieces->run.start >= vma->end)
		return 0;
	if (pieces->run.start > piece->start) {
		piece->end = pieces->run.start;
		return 0;
	}
	piece->run = &pieces->run;
	if (vmq_run_end(&pieces->run) < vma->end)
		piece->end = vmq_run_end(&pieces->run);
	return 0;
}

int vmq_pieces_next(struct vmq_pieces *pieces, struct vmq_piece *piece)
{
	const struct vmq_space *space = pieces->space;
	const struct vmq_vma *vma = NULL;
	int err = 0;

	if (pieces->at >= space->top)
		return 0;
	while (pieces->vma < space->count && space->vmas[pieces->vma].end <= pieces->at)
		pieces->vma++;
	if (pieces->vma < space->count)
		vma = &space->vmas[pieces->vma];
	*piece = (struct vmq_piece){ .start = pieces->at };
	if (vma && vma->start <= pieces->at)
		err = take_mapped(pieces, vma, piece);
	else
		take_hole(pieces, vma, piece);
	if (err)
		return err;
	pieces->at = piece->end;
	return 1;
}

static void count(const struct vmq_piece *piece, struct vmq_vma_pages *pages)
{
	__u64 here = (piece->end - piece->start) >> VMQ_PAGE_SHIFT;
	__u8 kind;

	if (!piece->run)
		return;
	kind = piece->run->kind;
	if (!(piece->run->valid & VMQ_VALID_KIND)) {
		if (piece->run->entry & VMQ_ENTRY_PRESENT)
			pages->kinds_hidden = true;
		else
			pages->places_hidden = true;
	}
	if (piece->run->entry & VMQ_ENTRY_PRESENT) {
		pages->resident += here;
		if (kind == VMQ_KIND_ANON || kind == VMQ_KIND_KSM)
			pages->anonymous += here;
	} else if (kind == VMQ_KIND_SWAP) {
		pages->swapped += here;
	}
}

int vmq_vma_pages_next(struct vmq_pieces *pieces, struct vmq_vma_pages *pages)
{
	const struct vmq_vma *vmas = pieces->space->vmas;
	struct vmq_piece piece;
	int got;

	while ((got = vmq_pieces_next(pieces, &piece)) > 0) {
		if (piece.vma == VMQ_NO_VMA)
			continue;
		if (piece.start == vmas[piece.vma].start)
			*pages = (struct vmq_vma_pages){ .vma = piece.vma };
		count(&piece, pages);
		if (piece.end == vmas[piece.vma].end)
			return 1;
	}
	return got;
}

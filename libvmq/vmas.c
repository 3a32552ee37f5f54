// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of VMAs: how they are read, grow and are freed. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../module/shared/run.h"
#include "backend.h"

/*
 * Room is not stored: an array has the smallest power of two elements that holds
 * what is in it, so it grows exactly when its use passes one.
 */
static int reserve(void **array, size_t used, size_t more, size_t size)
{
	size_t room = used ? 1 : 0, need = used + more;
	void *grown;

	while (room && room < used)
		room *= 2;
	if (need <= room)
		return 0;
	for (room = 1; room < need;)
		room *= 2;
	grown = realloc(*array, room * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	return 0;
}

/* Bytes of @list->names in use: the names stand in the order of the VMAs. */
static size_t names_used(const struct vmq_vma_list *list)
{
	const struct vmq_vma *last;

	if (!list->count)
		return 0;
	last = &list->vmas[list->count - 1];
	return last->name + last->name_length + 1;
}

/* A VMA that grew downwards, or was joined, between two reads: the rest of it. */
static void clip(struct vmq_vma *vma, __u64 start)
{
	if (vma->start >= start)
		return;
	if (vma->inode)
		vma->offset += start - vma->start;
	vma->start = start;
}

int vmq_vmas_append(struct vmq_vma_list *list, const struct vmq_vma *vma,
		    const char *name, size_t length)
{
	size_t used = names_used(list);
	struct vmq_vma *added;

	if (used + length >= UINT32_MAX ||
	    reserve((void **)&list->names, used, length + 1, 1) ||
	    reserve((void **)&list->vmas, list->count, 1, sizeof(*vma)))
		return -ENOMEM;
	memcpy(list->names + used, name, length);
	list->names[used + length] = '\0';
	added = &list->vmas[list->count++];
	*added = *vma;
	added->name = used;
	added->name_length = length;
	if (list->count > 1)
		clip(added, added[-1].end);
	return 0;
}

int vmq_vmas_read(struct vmq *vmq, __u64 start, __u64 end,
		  struct vmq_vma_list *list)
{
	const __u64 in_page = (1ULL << VMQ_PAGE_SHIFT) - 1;
	int err;

	*list = (struct vmq_vma_list){ 0 };
	if (!end)
		end = vmq->top;
	if (start >= end || end > vmq->top || (start | end) & in_page)
		return -EINVAL;
	err = vmq->ops->vmas(vmq, start, end, list);
	if (err)
		vmq_vmas_free(list);
	return err;
}

void vmq_vmas_free(struct vmq_vma_list *list)
{
	free(list->vmas);
	free(list->names);
	*list = (struct vmq_vma_list){ 0 };
}

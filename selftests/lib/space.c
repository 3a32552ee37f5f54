// SPDX-License-Identifier: GPL-2.0-only
/* Makes address spaces by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "space.h"

const char *const space_names = "\0[heap]\0[stack]\0[vdso]";

struct vmq_vma *add_vma(struct made *made, __u64 start, __u64 end, __u8 rights)
{
	struct vmq_vma *vma = &made->vmas[made->vma_count++];

	*vma = (struct vmq_vma){
		.start = start * SPACE_PAGE, .end = end * SPACE_PAGE,
		.rights = rights, .max_rights = VMQ_RIGHT_READ | VMQ_RIGHT_WRITE | VMQ_RIGHT_EXEC, .type = VMQ_VMA_TYPE_ANON,
	};
	return vma;
}

struct vmq_vma *add_file(struct made *made, __u64 start, __u64 end, __u8 rights,
			 __u64 inode, __u64 offset)
{
	struct vmq_vma *vma = add_vma(made, start, end, rights);

	vma->type = VMQ_VMA_TYPE_FILE;
	vma->inode = inode;
	vma->offset = offset * SPACE_PAGE;
	return vma;
}

void name_vma(struct vmq_vma *vma, __u32 name)
{
	vma->name = name;
	vma->name_length = strlen(space_names + name);
}

struct vmq_run *add_run(struct made *made, __u64 start, __u64 end, __u8 kind,
			__u8 sharing, __u8 on_write)
{
	struct vmq_run *run = &made->runs[made->run_count++];

	*run = (struct vmq_run){
		.start = start * SPACE_PAGE, .pages = end - start, .kind = kind,
		.sharing = sharing, .on_write = on_write,
		.valid = VMQ_VALID_KIND | VMQ_VALID_SHARING | VMQ_VALID_ON_WRITE,
		.entry = kind == VMQ_KIND_NONE || kind > VMQ_KIND_DEVICE ? 0 :
			 VMQ_ENTRY_PRESENT,
	};
	return run;
}

int made_next_run(void *context, struct vmq_run *run)
{
	struct made *made = context;

	if (made->failures) {
		made->failures--;
		return -EINTR;
	}
	if (made->next == made->run_count)
		return 0;
	*run = made->runs[made->next++];
	return 1;
}

static int populated(void *context, __u64 start, __u64 end)
{
	struct made *made = context;

	made->asked++;
	if (made->failures) {
		made->failures--;
		return -EINTR;
	}
	for (unsigned int i = 0; i < made->run_count; i++) {
		const struct vmq_run *run = &made->runs[i];

		if (run->start < end && run->start + run->pages * SPACE_PAGE > start &&
		    !(VMQ_SET_KIND(run->kind) & VMQ_ROWS_EMPTY))
			return 1;
	}
	return 0;
}

bool make_rows(struct made *made)
{
	const struct vmq_rows_source source = { made_next_run, populated, made };
	struct vmq_rows rows;
	__u64 at = 0;
	int got;

	made->space = (struct vmq_space){ made->vmas, space_names, TOP, made->vma_count };
	vmq_rows_init(&rows, &made->space, &source);
	do {
		got = vmq_rows_next(&rows, &made->rows[made->row_count]);
		if (got <= 0)
			continue;
		if (made->rows[made->row_count].start != at ||
		    made->rows[made->row_count].end <= at)
			return false;
		at = made->rows[made->row_count++].end;
	} while (got > 0 || got == -EINTR);
	return !got && at == TOP;
}

const char *row_at(const struct made *made, __u64 start)
{
	static const char letters[] = "NOGRWEC";
	static const char *const states[] = { "Free", "Reserved", "Committed" };
	static const char *const types[] = { "", "Private", "Mapped", "Image" };
	static char text[128];

	for (unsigned int i = 0; i < made->row_count; i++) {
		const struct vmq_row *row = &made->rows[i];
		char now[8] = "", most[8] = "";

		if (row->start != start * SPACE_PAGE)
			continue;
		for (int bit = 0; bit < 7; bit++) {
			now[bit] = row->protection >> bit & 1 ? letters[bit] : '-';
			most[bit] = row->allocation >> bit & 1 ? letters[bit] : '-';
		}
		snprintf(text, sizeof(text), "%llu %s %s %s %s %s%lld",
			 (row->end - row->start) / SPACE_PAGE, states[row->state],
			 types[row->type], now, most,
			 row->flags & VMQ_ROW_GUESS ? "~" : "", row->base / SPACE_PAGE);
		return text;
	}
	return "";
}

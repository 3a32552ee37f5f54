/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of the page behind a present entry. Reads struct page and folio,
 * takes no reference: the caller holds the lock of the page table that maps the
 * page, and a mapped page is not freed.
 */
#ifndef VMQ_FRAME_H
#define VMQ_FRAME_H

#include <linux/types.h>

struct folio;
struct page;
struct vm_area_struct;

/* A present leaf entry, or a part of a huge one. */
struct vmq_leaf;

struct vmq_frame {
	struct page *page;	/* NULL: no page to ask, the fields below are 0 */
	struct folio *folio;
	unsigned long mapping;	/* the folio's, as it was when the kind was told from it */
	u8 kind;		/* VMQ_KIND_ANON .. VMQ_KIND_DEVICE */
	bool anon;		/* anonymous, merged ones too */
	bool exclusive;		/* anonymous and this mm's alone */
};

/*
 * All that the facts of a small page depend on, its place left aside: two pages
 * with equal prints have equal facts under equal entries.
 */
struct vmq_frame_print {
	unsigned long flags;
	unsigned long mapping;	/* what kind, not which */
	int map_count;
	int ref_count;
};

static inline bool vmq_frame_print_equal(const struct vmq_frame_print *a,
					 const struct vmq_frame_print *b)
{
	return a->flags == b->flags && a->mapping == b->mapping &&
	       a->map_count == b->map_count && a->ref_count == b->ref_count;
}

void vmq_frame_init(void);
struct vmq_frame vmq_frame(const struct vmq_leaf *leaf);
bool vmq_frame_print(struct page *page, struct vmq_frame_print *print);
u64 vmq_frame_token(const struct vmq_frame *frame, const struct vmq_leaf *leaf);
u64 vmq_frame_flags(const struct vmq_frame *frame);
u64 vmq_frame_flags_known(void);

#endif

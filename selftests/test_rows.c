// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows of the Vq table from VMAs and runs made by hand: what each kind of
 * mapping becomes is known without a kernel.
 */
#include <string.h>
#include <vmq.h>

#include "lib/space.h"
#include "lib/harness.h"

#define R	VMQ_RIGHT_READ
#define W	VMQ_RIGHT_WRITE
#define X	VMQ_RIGHT_EXEC

#define LIBRARY	7		/* inode of a file */
#define OTHER	8

#define EXPECT_ROW(start, text) EXPECT_STREQ(text, row_at(&self->made, start))

FIXTURE(rows) {
	struct made made;
};

FIXTURE_SETUP(rows)
{
	memset(&self->made, 0, sizeof(self->made));
}

FIXTURE_TEARDOWN(rows)
{
}

TEST_F(rows, an_empty_space_is_one_free_row)
{
	ASSERT_TRUE(make_rows(&self->made));
	EXPECT_EQ(1, self->made.row_count);
	EXPECT_ROW(0, "1000 Free  ------- ------- 0");
}

TEST_F(rows, the_top_can_be_mapped)
{
	add_vma(&self->made, 0, 1, R | W);
	add_vma(&self->made, 999, 1000, R);
	ASSERT_TRUE(make_rows(&self->made));
	EXPECT_EQ(3, self->made.row_count);
	EXPECT_ROW(1, "998 Free  ------- ------- 0");
	EXPECT_ROW(999, "1 Committed Private ---R--- ---RWE- ~999");
}

TEST_F(rows, an_image_is_one_allocation)
{
	struct made *made = &self->made;

	add_file(made, 100, 101, R, LIBRARY, 0);
	add_file(made, 101, 105, R | X, LIBRARY, 1);
	add_file(made, 105, 107, R, LIBRARY, 5);
	add_file(made, 107, 108, R, LIBRARY, 6);	/* relro, the same page of the file */
	add_file(made, 108, 110, R | W, LIBRARY, 7);
	add_vma(made, 110, 112, R | W);			/* bss */
	add_file(made, 112, 113, R, OTHER, 0);		/* a data file */
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "1 Committed Image ---R--- ---RWEC 100");
	EXPECT_ROW(101, "4 Committed Image ---R-E- ---RWEC 100");
	EXPECT_ROW(105, "2 Committed Image ---R--- ---RWEC 100");
	EXPECT_ROW(107, "1 Committed Image ---R--- ---RWEC 100");
	EXPECT_ROW(108, "2 Committed Image ---RW-C ---RWEC 100");
	EXPECT_ROW(110, "2 Committed Private ---RW-- ---RWE- ~100");
	EXPECT_ROW(112, "1 Committed Mapped ---R--- ---RWEC 112");
}

TEST_F(rows, an_image_may_have_holes_and_reserved_parts)
{
	struct made *made = &self->made;

	add_file(made, 100, 110, R | X, LIBRARY, 0);
	add_file(made, 110, 300, 0, LIBRARY, 10);
	add_file(made, 300, 301, R, LIBRARY, 10);
	add_file(made, 400, 401, R | W, LIBRARY, 11);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(110, "190 Reserved Image ------- ---RWEC 100");
	EXPECT_ROW(301, "99 Free  ------- ------- 0");
	EXPECT_ROW(400, "1 Committed Image ---RW-C ---RWEC 100");
}

TEST_F(rows, two_copies_of_an_image_have_two_bases)
{
	struct made *made = &self->made;

	for (int i = 0; i < 2; i++) {
		add_file(made, 100 + 3 * i, 101 + 3 * i, R, LIBRARY, 0);
		add_file(made, 101 + 3 * i, 103 + 3 * i, R | X, LIBRARY, 1);
	}
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(101, "2 Committed Image ---R-E- ---RWEC 100");
	EXPECT_ROW(104, "2 Committed Image ---R-E- ---RWEC 103");
}

TEST_F(rows, views_that_are_no_image_stay_mapped)
{
	struct made *made = &self->made;

	add_file(made, 100, 102, R, LIBRARY, 0);	/* a data view of an ELF file */
	add_file(made, 200, 201, R, OTHER, 0);		/* a view, split by mprotect */
	add_file(made, 201, 202, R | W, OTHER, 1);
	add_file(made, 205, 206, R, OTHER, 4);		/* another view */
	add_file(made, 300, 301, R | X, LIBRARY, 0);	/* a lone executable view */
	add_file(made, 400, 401, R, LIBRARY, 0)->flags = VMQ_VMA_MAYSHARE;
	add_file(made, 401, 402, R | X, LIBRARY, 1)->flags = VMQ_VMA_MAYSHARE;
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "2 Committed Mapped ---R--- ---RWEC 100");
	EXPECT_ROW(201, "1 Committed Mapped ---RW-C ---RWEC 200");
	EXPECT_ROW(205, "1 Committed Mapped ---R--- ---RWEC 205");
	EXPECT_ROW(300, "1 Committed Mapped ---R-E- ---RWEC 300");
	EXPECT_ROW(401, "1 Committed Mapped ---R-E- ---RWE- 400");
}

TEST_F(rows, views_that_only_look_like_an_image)
{
	struct made *made = &self->made;

	add_file(made, 100, 101, R, LIBRARY, 0);	/* the first page twice */
	add_file(made, 101, 102, R | X, LIBRARY, 0);
	add_file(made, 200, 201, R, OTHER, 0);		/* a shared view beside */
	add_file(made, 201, 202, R | X, OTHER, 1)->flags = VMQ_VMA_MAYSHARE;
	add_file(made, 300, 301, R, LIBRARY, 0);	/* not the next page of the file */
	add_file(made, 301, 302, R, LIBRARY, 5);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "1 Committed Mapped ---R--- ---RWEC 100");
	EXPECT_ROW(101, "1 Committed Mapped ---R-E- ---RWEC 101");
	EXPECT_ROW(200, "1 Committed Mapped ---R--- ---RWEC 200");
	EXPECT_ROW(301, "1 Committed Mapped ---R--- ---RWEC 301");
}

TEST_F(rows, a_shared_view_opened_read_only_cannot_be_written)
{
	struct vmq_vma *vma = add_file(&self->made, 100, 102, R, OTHER, 0);

	vma->flags = VMQ_VMA_MAYSHARE;
	vma->max_rights = R | X;
	add_run(&self->made, 100, 102, VMQ_KIND_FILE, VMQ_SHARING_MAP_SHARED, VMQ_ON_WRITE_DENY);
	ASSERT_TRUE(make_rows(&self->made));
	EXPECT_ROW(100, "2 Committed Mapped ---R--- ---R-E- 100");
}

TEST_F(rows, a_written_page_of_a_file_loses_its_c)
{
	struct made *made = &self->made;

	add_file(made, 100, 106, R | W, LIBRARY, 0);
	add_run(made, 100, 101, VMQ_KIND_NONE, 0, VMQ_ON_WRITE_FILL);
	add_run(made, 101, 102, VMQ_KIND_FILE, VMQ_SHARING_FILE, VMQ_ON_WRITE_COPY);
	add_run(made, 102, 103, VMQ_KIND_ANON, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_THROUGH);
	add_run(made, 103, 104, VMQ_KIND_ANON, VMQ_SHARING_MAYBE, VMQ_ON_WRITE_COPY);
	add_run(made, 104, 105, VMQ_KIND_SWAP, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_SWAPIN);
	add_run(made, 105, 106, VMQ_KIND_FILE, VMQ_SHARING_FILE, VMQ_ON_WRITE_COPY);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "2 Committed Mapped ---RW-C ---RWEC 100");
	EXPECT_ROW(102, "1 Committed Mapped ---RW-- ---RWEC 100");
	EXPECT_ROW(103, "1 Committed Mapped ---RW-C ---RWEC 100");
	EXPECT_ROW(104, "1 Committed Mapped ---RW-- ---RWEC 100");
	EXPECT_ROW(105, "1 Committed Mapped ---RW-C ---RWEC 100");
	EXPECT_EQ(1, made->rows[1].resident);
	EXPECT_EQ(0, made->rows[4].resident);
}

TEST_F(rows, without_verdicts_a_page_of_the_file_still_has_its_c)
{
	struct made *made = &self->made;

	add_file(made, 100, 102, R | W, LIBRARY, 0);
	add_run(made, 100, 101, VMQ_KIND_FILE, 0, 0)->valid = VMQ_VALID_KIND;
	add_run(made, 101, 102, VMQ_KIND_ANON, 0, 0)->valid = VMQ_VALID_KIND;
	add_file(made, 200, 202, R | W, LIBRARY, 0);
	add_run(made, 200, 201, 0, VMQ_SHARING_FILE, 0)->valid = VMQ_VALID_SHARING;
	add_run(made, 201, 202, 0, VMQ_SHARING_EXCLUSIVE, 0)->valid = VMQ_VALID_SHARING;
	made->runs[2].entry = made->runs[3].entry = VMQ_ENTRY_PRESENT;
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(200, "1 Committed Mapped ---RW-C ---RWEC 200");
	EXPECT_ROW(201, "1 Committed Mapped ---RW-- ---RWEC 200");
	EXPECT_ROW(100, "1 Committed Mapped ---RW-C ---RWEC 100");
	EXPECT_ROW(101, "1 Committed Mapped ---RW-- ---RWEC 100");
}

TEST_F(rows, anonymous_memory_has_a_c_only_where_a_write_copies)
{
	struct made *made = &self->made;

	add_vma(made, 100, 105, R | W)->flags = VMQ_VMA_ACCOUNT;
	add_run(made, 100, 101, VMQ_KIND_NONE, 0, VMQ_ON_WRITE_FILL);
	add_run(made, 101, 102, VMQ_KIND_ZERO, VMQ_SHARING_ZERO, VMQ_ON_WRITE_FILL);
	add_run(made, 102, 103, VMQ_KIND_ANON, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_REUSE);
	add_run(made, 103, 104, VMQ_KIND_ANON, VMQ_SHARING_MAYBE, VMQ_ON_WRITE_COPY);
	add_run(made, 104, 105, VMQ_KIND_KSM, VMQ_SHARING_KSM, VMQ_ON_WRITE_COPY);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "3 Committed Private ---RW-- ---RWE- ~100");
	EXPECT_ROW(103, "2 Committed Private ---RW-C ---RWE- ~100");
	EXPECT_EQ(2, made->rows[1].resident);
	EXPECT_TRUE(made->rows[1].flags & VMQ_ROW_ACCOUNTED);
}

TEST_F(rows, guards_of_stacks_and_of_regions)
{
	struct made *made = &self->made;

	for (int i = 0; i < 2; i++) {			/* two threads, side by side */
		add_vma(made, 100 + 20 * i, 101 + 20 * i, 0);
		add_vma(made, 101 + 20 * i, 120 + 20 * i, R | W);
	}
	add_vma(made, 200, 210, R | W);
	add_run(made, 200, 201, VMQ_KIND_GUARD, 0, VMQ_ON_WRITE_DENY);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "1 Reserved Private --G---- ---RWE- ~100");
	EXPECT_ROW(101, "19 Committed Private ---RW-- ---RWE- ~100");
	EXPECT_ROW(120, "1 Reserved Private --G---- ---RWE- ~120");
	EXPECT_ROW(121, "19 Committed Private ---RW-- ---RWE- ~120");
	EXPECT_ROW(200, "1 Committed Private --GRW-- ---RWE- ~200");
	EXPECT_ROW(201, "9 Committed Private ---RW-- ---RWE- ~200");
}

TEST_F(rows, reserved_memory_belongs_to_the_used_memory_below)
{
	struct made *made = &self->made;

	add_vma(made, 100, 110, R | W);		/* two arenas of malloc, side by side */
	add_vma(made, 110, 200, 0);
	add_vma(made, 200, 210, R | W);
	add_vma(made, 210, 300, 0);
	add_vma(made, 400, 500, 0);		/* alone */
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(110, "90 Reserved Private ------- ---RWE- ~100");
	EXPECT_ROW(200, "10 Committed Private ---RW-- ---RWE- ~200");
	EXPECT_ROW(210, "90 Reserved Private ------- ---RWE- ~200");
	EXPECT_ROW(400, "100 Reserved Private ------- ---RWE- ~400");
	EXPECT_EQ(3, made->asked);
}

TEST_F(rows, memory_without_rights_belongs_to_no_image_and_guards_no_constants)
{
	struct made *made = &self->made;

	add_file(made, 100, 101, R, LIBRARY, 0);
	add_file(made, 101, 102, R | X, LIBRARY, 1);
	add_vma(made, 102, 103, 0);
	add_vma(made, 103, 110, R);
	add_vma(made, 110, 120, R | W);
	add_vma(made, 120, 121, 0);		/* the guard of what follows */
	add_vma(made, 121, 130, R | W);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(102, "1 Reserved Private ------- ---RWE- ~102");
	EXPECT_ROW(110, "10 Committed Private ---RW-- ---RWE- ~110");
	EXPECT_ROW(120, "1 Reserved Private --G---- ---RWE- ~120");
	EXPECT_ROW(121, "9 Committed Private ---RW-- ---RWE- ~120");
}

TEST_F(rows, memory_without_rights_that_holds_a_page_is_committed)
{
	struct made *made = &self->made;

	add_vma(made, 100, 200, 0);
	add_vma(made, 300, 400, 0);
	add_run(made, 100, 199, VMQ_KIND_NONE, 0, VMQ_ON_WRITE_DENY);
	add_run(made, 199, 200, VMQ_KIND_SWAP, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_DENY);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "100 Committed Private ------- ---RWE- ~100");
	EXPECT_ROW(300, "100 Reserved Private ------- ---RWE- ~300");
}

TEST_F(rows, a_stack_has_a_gap_below)
{
	struct made *made = &self->made;
	struct vmq_vma *stack;

	name_vma(add_vma(made, 100, 110, R | W), HEAP);
	stack = add_vma(made, 500, 520, R | W);
	stack->flags = VMQ_VMA_GROWSDOWN;
	name_vma(stack, STACK);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "10 Committed Private ---RW-- ---RWE- 100");
	EXPECT_ROW(110, "134 Free  ------- ------- 0");
	EXPECT_ROW(244, "256 Reserved Private --G---- ------- ~244");
	EXPECT_ROW(500, "20 Committed Private ---RW-- ---RWE- ~244");
}

TEST_F(rows, the_gap_of_a_stack_is_only_what_is_free)
{
	struct made *made = &self->made;

	add_vma(made, 100, 110, R | W)->flags = VMQ_VMA_GROWSDOWN;
	add_vma(made, 110, 120, R | W)->flags = VMQ_VMA_GROWSDOWN;
	add_vma(made, 200, 210, R | W)->flags = VMQ_VMA_GROWSDOWN;
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(0, "100 Reserved Private --G---- ------- ~0");
	EXPECT_ROW(110, "10 Committed Private ---RW-- ---RWE- 110");
	EXPECT_ROW(120, "80 Reserved Private --G---- ------- ~120");
}

TEST_F(rows, memory_types_and_what_drivers_map)
{
	struct made *made = &self->made;
	struct vmq_vma *vma = add_file(made, 100, 103, R | W, OTHER, 0);

	vma->type = VMQ_VMA_TYPE_DEVICE;
	vma->flags = VMQ_VMA_MAYSHARE;
	vma = add_vma(made, 200, 202, R | X);
	vma->type = VMQ_VMA_TYPE_SPECIAL;
	name_vma(vma, VDSO);
	for (int i = 0; i < 3; i++) {
		static const __u8 types[] = { VMQ_MEMTYPE_UC_MINUS, VMQ_MEMTYPE_WC, VMQ_MEMTYPE_WB };
		struct vmq_run *run = add_run(made, 100 + i, 101 + i, VMQ_KIND_PFNMAP,
					      VMQ_SHARING_NOPAGE, VMQ_ON_WRITE_THROUGH);

		run->valid |= VMQ_VALID_MEMTYPE;
		run->memtype = types[i];
	}
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "1 Committed Mapped N--RW-- ---RWE- 100");
	EXPECT_ROW(101, "1 Committed Mapped -O-RW-- ---RWE- 100");
	EXPECT_ROW(102, "1 Committed Mapped ---RW-- ---RWE- 100");
	EXPECT_ROW(200, "2 Committed Mapped ---R-E- ---RWE- 200");
}

TEST_F(rows, runs_need_not_fit_the_vmas)
{
	struct made *made = &self->made;

	add_vma(made, 100, 110, R | W);
	add_vma(made, 110, 120, R);
	add_vma(made, 130, 140, R | W);
	add_run(made, 50, 60, VMQ_KIND_ANON, VMQ_SHARING_MAYBE, VMQ_ON_WRITE_COPY);
	add_run(made, 105, 135, VMQ_KIND_ANON, VMQ_SHARING_MAYBE, VMQ_ON_WRITE_COPY);
	add_run(made, 900, 999, VMQ_KIND_ANON, VMQ_SHARING_MAYBE, VMQ_ON_WRITE_COPY);
	ASSERT_TRUE(make_rows(made));
	EXPECT_ROW(100, "5 Committed Private ---RW-- ---RWE- ~100");
	EXPECT_ROW(105, "5 Committed Private ---RW-C ---RWE- ~100");
	EXPECT_ROW(110, "10 Committed Private ---R--- ---RWE- ~110");
	EXPECT_ROW(120, "10 Free  ------- ------- 0");
	EXPECT_ROW(130, "5 Committed Private ---RW-C ---RWE- ~130");
	EXPECT_ROW(140, "860 Free  ------- ------- 0");
}

TEST_F(rows, nothing_is_lost_when_the_source_fails_for_a_while)
{
	struct made *made = &self->made;

	add_vma(made, 100, 110, 0);
	add_vma(made, 110, 140, R | W);
	add_run(made, 110, 111, VMQ_KIND_ANON, VMQ_SHARING_MAYBE, VMQ_ON_WRITE_COPY);
	made->failures = 5;
	ASSERT_TRUE(make_rows(made));
	EXPECT_EQ(0, made->failures);
	EXPECT_EQ(5, made->row_count);
	EXPECT_ROW(100, "10 Reserved Private --G---- ---RWE- ~100");
}

TEST_F(rows, pages_are_counted_by_vma)
{
	struct made *made = &self->made;
	struct vmq_vma_pages pages = { 0 };
	struct vmq_pieces pieces;

	add_vma(made, 100, 110, R | W);
	add_vma(made, 110, 120, R | W);
	add_vma(made, 120, 130, R | W);
	add_run(made, 105, 115, VMQ_KIND_ANON, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_THROUGH);
	add_run(made, 115, 116, VMQ_KIND_FILE, VMQ_SHARING_FILE, VMQ_ON_WRITE_COPY);
	add_run(made, 116, 117, VMQ_KIND_KSM, VMQ_SHARING_KSM, VMQ_ON_WRITE_COPY);
	add_run(made, 118, 120, VMQ_KIND_SWAP, VMQ_SHARING_EXCLUSIVE, VMQ_ON_WRITE_SWAPIN);
	made->space = (struct vmq_space){ made->vmas, space_names, TOP, made->vma_count };
	vmq_pieces_init(&pieces, &made->space, made_next_run, made);
	ASSERT_EQ(1, vmq_vma_pages_next(&pieces, &pages));
	EXPECT_EQ(5, pages.resident);
	ASSERT_EQ(1, vmq_vma_pages_next(&pieces, &pages));
	EXPECT_EQ(1, pages.vma);
	EXPECT_EQ(7, pages.resident);
	EXPECT_EQ(6, pages.anonymous);
	EXPECT_EQ(2, pages.swapped);
	ASSERT_EQ(1, vmq_vma_pages_next(&pieces, &pages));
	EXPECT_EQ(0, pages.resident);
	EXPECT_EQ(0, vmq_vma_pages_next(&pieces, &pages));
}

TEST_HARNESS_MAIN

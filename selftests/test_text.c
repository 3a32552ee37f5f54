// SPDX-License-Identifier: GPL-2.0-only
/* Lines made from records: alignment, absence, escapes, buffers too small. */
#include <string.h>
#include <vmq.h>

#include "../module/shared/text.h"
#include "lib/harness.h"

#define ESCAPED(bytes) escaped(bytes, sizeof(bytes) - 1)

static char line[4096];

static const char *escaped(const char *bytes, size_t length)
{
	vmq_text_name(bytes, length, line, sizeof(line));
	return line;
}

TEST(a_name_cannot_break_a_line_or_steer_a_terminal)
{
	EXPECT_STREQ("/a b", ESCAPED("/a b"));
	EXPECT_STREQ("/a\\tb\\nc\\\\d", ESCAPED("/a\tb\nc\\d"));
	EXPECT_STREQ("\\x1b[31m\\x7f\\x00", ESCAPED("\033[31m\177\0"));
	EXPECT_STREQ("\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82",
		     ESCAPED("\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82"));
	EXPECT_STREQ("\\xc2\\x9b", ESCAPED("\xc2\x9b"));		/* a control character */
	EXPECT_STREQ("\\xff\\xc3", ESCAPED("\xff\xc3"));		/* alone, cut off */
	EXPECT_STREQ("\\xc0\\xaf", ESCAPED("\xc0\xaf"));		/* overlong */
	EXPECT_STREQ("\\xed\\xa0\\x80", ESCAPED("\xed\xa0\x80"));	/* surrogate */
}

/* The header or a line has as many fields as there are keys. */
static int fields(const struct vmq_table *table, const char *text)
{
	int keys = 0, tabs = 1;

	for (__u32 i = 0; i < table->count; i++)
		keys += table->columns[i].key != NULL;
	for (; *text; text++)
		tabs += *text == '\t';
	return keys - tabs;
}

TEST(lines_for_programs_have_a_field_per_key)
{
	const struct vmq_vma vma = { .start = 4096, .end = 8192 };
	const struct vmq_vma_line vma_line = { &vma, "", NULL };
	const struct vmq_row row = { .end = 4096, .vma = VMQ_NO_VMA };
	const struct vmq_run run = { .start = 4096, .pages = 1 };
	const struct {
		const struct vmq_table *table;
		const void *record;
	} all[] = {
		{ &vmq_row_table, &row }, { &vmq_vma_table, &vma_line }, { &vmq_run_table, &run },
	};

	for (int i = 0; i < 3; i++) {
		vmq_text_header(all[i].table, VMQ_TEXT_TSV, line, sizeof(line));
		EXPECT_EQ(0, fields(all[i].table, line));
		vmq_text_line(all[i].table, VMQ_TEXT_TSV, all[i].record, line, sizeof(line));
		EXPECT_EQ(0, fields(all[i].table, line));
		EXPECT_EQ('\n', line[strlen(line) - 1]);
		EXPECT_EQ(NULL, strstr(line, "\t\t"));
	}
}

TEST(what_is_not_valid_is_absent)
{
	struct vmq_run run = {
		.start = 0x1000, .pages = 2, .frame = 0x77, .map_count = 3,
		.entry = VMQ_ENTRY_PRESENT,
	};

	vmq_text_line(&vmq_run_table, VMQ_TEXT_TSV, &run, line, sizeof(line));
	EXPECT_EQ(NULL, strstr(line, "0x77"));
	EXPECT_EQ(NULL, strstr(line, "\t3\t"));
	run.valid = VMQ_VALID_FRAME | VMQ_VALID_MAP_COUNT;
	vmq_text_line(&vmq_run_table, VMQ_TEXT_TSV, &run, line, sizeof(line));
	EXPECT_NE(NULL, strstr(line, "\t0x77\t"));
	EXPECT_NE(NULL, strstr(line, "\t3\t"));
}

TEST(an_entry_reads_like_a_debuggers_page)
{
	const struct vmq_run run = {
		.start = 0x1000, .pages = 2, .frame = 0x77, .shift = 21,
		.valid = VMQ_VALID_FRAME | VMQ_VALID_KIND,
		.kind = VMQ_KIND_ANON,
		.entry = VMQ_ENTRY_PRESENT | VMQ_ENTRY_USER | VMQ_ENTRY_WRITE |
			 VMQ_ENTRY_DIRTY | VMQ_ENTRY_SOFT_DIRTY,
	};

	vmq_text_line(&vmq_run_table, VMQ_TEXT_HUMAN, &run, line, sizeof(line));
	EXPECT_EQ(0, strncmp(line, "0000000000001000         2   2M 77         D  u  U  W  x  P  d    -   anon ",
			     75));
}

TEST(a_small_buffer_is_told_how_much_it_lacks)
{
	const struct vmq_row row = { .end = 4096, .vma = VMQ_NO_VMA };
	size_t length = vmq_text_line(&vmq_row_table, VMQ_TEXT_HUMAN, &row, line, sizeof(line));
	char whole[4096];

	memcpy(whole, line, length + 1);
	EXPECT_EQ(strlen(whole), length);
	EXPECT_NE(' ', whole[length - 2]);
	for (size_t size = 0; size <= length + 1; size++) {
		memset(line, '#', sizeof(line));
		EXPECT_EQ(length, vmq_text_line(&vmq_row_table, VMQ_TEXT_HUMAN, &row, line, size));
		EXPECT_EQ('#', line[size]);
		if (size) {
			EXPECT_EQ(size - 1, strlen(line));
			EXPECT_EQ(0, memcmp(whole, line, size - 1));
		}
	}
}

TEST(the_tables_for_people_fit_a_screen)
{
	const struct vmq_row row = {
		.start = 0xffffffffff000, .end = ~0xfffULL, .base = ~0xfffULL, .resident = 1 << 20,
		.state = VMQ_ROW_COMMITTED, .type = VMQ_ROW_PRIVATE, .flags = VMQ_ROW_GUESS,
	};

	vmq_text_header(&vmq_row_table, VMQ_TEXT_HUMAN, line, sizeof(line));
	for (char *text = line, *next; *text; text = next + 1) {
		next = strchr(text, '\n');
		EXPECT_LE(next - text, 100);
	}
	EXPECT_LE(vmq_text_line(&vmq_row_table, VMQ_TEXT_HUMAN, &row, line, sizeof(line)), 101);
}

TEST_HARNESS_MAIN

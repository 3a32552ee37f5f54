// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the lab "patterns" shows: its rows are derived here from what was made, and
 * are those that vq prints of the same process.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/caller.h"
#include "lib/oracle.h"
#include "lib/program.h"
#include "kselftest_harness.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define ROOM 64
#define FIELDS 12

static char text[1 << 17];

/* A row of the list. */
struct part_row {
	uint64_t base, start, size;
	const char *state, *type, *current, *allowed, *part;
	int resident;
};

static struct part_row rows[ROOM];
static int row_count;

static bool parse_row(char *line, struct part_row *row)
{
	char *field[FIELDS];

	for (int i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, "\t");
		if (!field[i])
			return false;
	}
	*row = (struct part_row){
		.base = strtoull(field[0], NULL, 16), .start = strtoull(field[1], NULL, 16),
		.size = strtoull(field[2], NULL, 10), .state = field[3], .type = field[4],
		.current = field[5], .allowed = field[6], .resident = atoi(field[7]),
		.part = field[10],
	};
	return !line;
}

static bool parse_rows(void)
{
	char *rest = text, *line = strsep(&rest, "\n");

	row_count = 0;
	if (strcmp(line, "base\tstart\tbytes\tstate\ttype\tcurrent\tallowed\tresident_pages\t"
		   "accounted\tmarks\tpart\tpid"))
		return false;
	while ((line = strsep(&rest, "\n")) && *line)
		if (row_count == ROOM || !parse_row(line, &rows[row_count++]))
			return false;
	return true;
}

/* Row @i of @part, or one of nothing. */
static const struct part_row *row(const char *part, int i)
{
	static const struct part_row none = {
		.state = "", .type = "", .current = "", .allowed = "", .part = "",
	};

	for (int j = 0; j < row_count; j++)
		if (!strcmp(rows[j].part, part) && !i--)
			return &rows[j];
	return &none;
}

static int rows_of(const char *part)
{
	int count = 0;

	while (*row(part, count)->part)
		count++;
	return count;
}

FIXTURE(patterns) { };

FIXTURE_VARIANT(patterns) {
	const char *command;
	bool user;
};

FIXTURE_VARIANT_ADD(patterns, in_memory) {
	.command = "vmq lab patterns --tsv 2>/dev/null",
};

FIXTURE_VARIANT_ADD(patterns, on_ext4) {
	.command = "vmq lab patterns --tsv --folder=/mnt/ext4 2>/dev/null",
};

FIXTURE_VARIANT_ADD(patterns, to_a_user) {
	.command = "su user -c 'vmq lab patterns --tsv 2>/dev/null'", .user = true,
};

FIXTURE_SETUP(patterns)
{
	ASSERT_EQ(0, caller_share_device());
	ASSERT_EQ(0, program_run(variant->command, text, sizeof(text)));
	ASSERT_TRUE(parse_rows());
}

FIXTURE_TEARDOWN(patterns)
{
	caller_keep_device();
}

#define EXPECT_ROW(row, state_, type_, current_, allowed_) \
do { \
	EXPECT_STREQ(state_, (row)->state); \
	EXPECT_STREQ(type_, (row)->type); \
	EXPECT_STREQ(current_, (row)->current); \
	EXPECT_STREQ(allowed_, (row)->allowed); \
} while (0)

#define EXPECT_IMAGE(row, current) EXPECT_ROW(row, "Committed", "Image", current, "---RWEC")
#define EXPECT_PRIVATE(row, current) EXPECT_ROW(row, "Committed", "Private", current, "---RWE-")

/* Headers, code, constants, what is constant after relocation, variables. */
TEST_F(patterns, of_a_program)
{
	static const char *const rights[] = { "---R---", "---R-E-", "---R---", "---R---", "---RW--" };

	EXPECT_EQ(5, rows_of("image"));
	for (int i = 0; i < 5; i++) {
		EXPECT_IMAGE(row("image", i), rights[i]);
		EXPECT_EQ(row("image", 0)->start, row("image", i)->base);
	}
}

TEST_F(patterns, of_a_librarys_data)
{
	static const char *const rights[] = {
		"---R---", "---R-E-", "---RW-C", "---RW--", "---RW-C", "---RW--",
	};

	EXPECT_EQ(6, rows_of("data"));
	for (int i = 0; i < 6; i++) {
		EXPECT_IMAGE(row("data", i), rights[i]);
		EXPECT_EQ(row("data", 0)->start, row("data", i)->base);
		EXPECT_EQ((i == 1 ? 2 : 1) * PAGE, row("data", i)->size);
	}
}

TEST_F(patterns, of_a_stack)
{
	EXPECT_EQ(2, rows_of("stack"));
	EXPECT_ROW(row("stack", 0), "Reserved", "Private", "--G----", "---RWE-");
	EXPECT_EQ(PAGE, row("stack", 0)->size);
	EXPECT_PRIVATE(row("stack", 1), "---RW--");
	EXPECT_EQ(row("stack", 0)->start, row("stack", 0)->base);
	EXPECT_EQ(row("stack", 0)->start, row("stack", 1)->base);
	EXPECT_EQ(row("stack", 0)->start + PAGE, row("stack", 1)->start);
	EXPECT_LT(1UL << 20, row("stack", 1)->size);
}

/* glibc takes 64 MB, aligned, and begins with 132 KB of it. */
TEST_F(patterns, of_an_arena)
{
	EXPECT_EQ(2, rows_of("arena"));
	EXPECT_PRIVATE(row("arena", 0), "---RW--");
	EXPECT_ROW(row("arena", 1), "Reserved", "Private", "-------", "---RWE-");
	EXPECT_EQ(0, row("arena", 1)->resident);
	EXPECT_EQ(row("arena", 0)->start, row("arena", 0)->base);
	EXPECT_EQ(row("arena", 0)->start, row("arena", 1)->base);
	EXPECT_EQ(64UL << 20, row("arena", 0)->size + row("arena", 1)->size);
}

static bool kernel_has_guards(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool has = !madvise(page, PAGE, MADV_GUARD_INSTALL);

	munmap(page, PAGE);
	return has;
}

TEST_F(patterns, of_guards)
{
	if (!kernel_has_guards()) {
		EXPECT_EQ(0, rows_of("guard"));
		SKIP(return, "this kernel has no guard regions");
	}
	EXPECT_EQ(3, rows_of("guard"));
	EXPECT_PRIVATE(row("guard", 0), "---RW--");
	EXPECT_PRIVATE(row("guard", 1), "--GRW--");
	EXPECT_PRIVATE(row("guard", 2), "---RW--");
	EXPECT_EQ(2 * PAGE, row("guard", 1)->size);
	EXPECT_EQ(0, row("guard", 1)->resident);
}

TEST_F(patterns, of_copies)
{
	EXPECT_EQ(4, rows_of("copies"));
	for (int i = 0; i < 4; i++) {
		EXPECT_PRIVATE(row("copies", i), i % 2 ? "---RW--" : "---RW-C");
		EXPECT_EQ(PAGE, row("copies", i)->size);
		EXPECT_EQ(1, row("copies", i)->resident);
	}
}

/* Only devices with memory that can be combined have such a file; here that is pci-testdev. */
static bool has_device_memory(void)
{
	glob_t found;
	bool has = !glob("/sys/bus/pci/devices/*/resource[0-5]_wc", 0, NULL, &found);

	if (has)
		globfree(&found);
	return has;
}

TEST_F(patterns, of_a_device)
{
	if (!has_device_memory() || variant->user) {
		EXPECT_EQ(0, rows_of("uncached") + rows_of("combined"));
		SKIP(return, "no memory of a device this caller can map");
	}
	EXPECT_EQ(1, rows_of("uncached"));
	EXPECT_EQ(1, rows_of("combined"));
	EXPECT_ROW(row("uncached", 0), "Committed", "Mapped", "N--RW--", "---RW--");
	EXPECT_ROW(row("combined", 0), "Committed", "Mapped", "-O-RW--", "---RW--");
}

static int count(const char *word)
{
	int found = 0;

	for (const char *from = text; (from = strstr(from, word)); from++)
		found++;
	return found;
}

TEST(what_is_not_there_is_said)
{
	ASSERT_EQ(0, program_run("vmq lab patterns --tsv 2>&1 >/dev/null", text, sizeof(text)));
	EXPECT_EQ(!kernel_has_guards(), count("step guard: not here: guard regions"));
	EXPECT_EQ(!has_device_memory(), count("step combined: not here: memory of a PCI device"));
	ASSERT_EQ(0, program_run("vmq lab patterns", text, sizeof(text)));
	EXPECT_EQ(!kernel_has_guards() + 2 * !has_device_memory(), count("[--] Not here: "));
	EXPECT_EQ(0, count("[NO]") + count("[??]"));
	EXPECT_EQ(14 + kernel_has_guards() + 2 * has_device_memory(), count("  [ok] "));
}

/* Without the module nobody is told which anonymous pages a write would copy. */
TEST(procfs_tells_less)
{
	EXPECT_EQ(1, program_run("vmq lab patterns --backend=procfs 2>&1", text, sizeof(text)));
	EXPECT_EQ(1, count("step copies: cannot be checked here: "));
	EXPECT_EQ(0, count("not so"));
	EXPECT_EQ(1, program_run("su user -c 'vmq lab patterns --backend=procfs 2>&1'", text,
				 sizeof(text)));
	EXPECT_EQ(1, count("step copies: cannot be checked here: "));
	EXPECT_EQ(0, count("not so"));
}

TEST(json_has_the_same_rows)
{
	ASSERT_EQ(0, program_run("vmq lab patterns --json 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(1, count("\"schema\":\"lab-rows/1\""));
	EXPECT_EQ(6, count("\"part\":\"data\",\"pid\":"));
	EXPECT_EQ(1, count("\"state\":\"Reserved\",\"type\":\"Private\",\"current\":\"--G----\""));
}

TEST_HARNESS_MAIN

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
#include "lib/tsv.h"
#include "lib/harness.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static char text[1 << 17];

/* Row @nth of @part, as tsv() wants it. */
static size_t row(const char *part, int nth)
{
	for (size_t i = 0; i < tsv_rows; i++)
		if (!strcmp(tsv(i, "part"), part) && !nth--)
			return i;
	return tsv_rows;
}

static int rows_of(const char *part)
{
	int count = 0;

	while (row(part, count) < tsv_rows)
		count++;
	return count;
}

#define NUMBER(part, nth, key) tsv_number(row(part, nth), key)

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
	ASSERT_TRUE(tsv_run("%s", variant->command));
}

FIXTURE_TEARDOWN(patterns)
{
	caller_keep_device();
}

#define EXPECT_ROW(row, state_, type_, current_, allowed_) \
do { \
	EXPECT_STREQ(state_, tsv(row, "state")); \
	EXPECT_STREQ(type_, tsv(row, "type")); \
	EXPECT_STREQ(current_, tsv(row, "current")); \
	EXPECT_STREQ(allowed_, tsv(row, "allowed")); \
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
		EXPECT_EQ(NUMBER("image", 0, "start"), NUMBER("image", i, "base"));
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
		EXPECT_EQ(NUMBER("data", 0, "start"), NUMBER("data", i, "base"));
		EXPECT_EQ((i == 1 ? 2 : 1) * PAGE, NUMBER("data", i, "bytes"));
	}
}

TEST_F(patterns, of_a_stack)
{
	EXPECT_EQ(2, rows_of("stack"));
	EXPECT_ROW(row("stack", 0), "Reserved", "Private", "--G----", "---RWE-");
	EXPECT_EQ(PAGE, NUMBER("stack", 0, "bytes"));
	EXPECT_PRIVATE(row("stack", 1), "---RW--");
	EXPECT_EQ(NUMBER("stack", 0, "start"), NUMBER("stack", 0, "base"));
	EXPECT_EQ(NUMBER("stack", 0, "start"), NUMBER("stack", 1, "base"));
	EXPECT_EQ(NUMBER("stack", 0, "start") + PAGE, NUMBER("stack", 1, "start"));
	EXPECT_LT(1UL << 20, NUMBER("stack", 1, "bytes"));
}

/* glibc takes 64 MB, aligned, and begins with 132 KB of it. */
TEST_F(patterns, of_an_arena)
{
	EXPECT_EQ(2, rows_of("arena"));
	EXPECT_PRIVATE(row("arena", 0), "---RW--");
	EXPECT_ROW(row("arena", 1), "Reserved", "Private", "-------", "---RWE-");
	EXPECT_EQ(0, NUMBER("arena", 1, "resident_pages"));
	EXPECT_EQ(NUMBER("arena", 0, "start"), NUMBER("arena", 0, "base"));
	EXPECT_EQ(NUMBER("arena", 0, "start"), NUMBER("arena", 1, "base"));
	EXPECT_EQ(64UL << 20, NUMBER("arena", 0, "bytes") + NUMBER("arena", 1, "bytes"));
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
		SKIP_TEST("this kernel has no guard regions");
	}
	EXPECT_EQ(3, rows_of("guard"));
	EXPECT_PRIVATE(row("guard", 0), "---RW--");
	EXPECT_PRIVATE(row("guard", 1), "--GRW--");
	EXPECT_PRIVATE(row("guard", 2), "---RW--");
	EXPECT_EQ(2 * PAGE, NUMBER("guard", 1, "bytes"));
	EXPECT_EQ(0, NUMBER("guard", 1, "resident_pages"));
}

TEST_F(patterns, of_copies)
{
	EXPECT_EQ(4, rows_of("copies"));
	for (int i = 0; i < 4; i++) {
		EXPECT_PRIVATE(row("copies", i), i % 2 ? "---RW--" : "---RW-C");
		EXPECT_EQ(PAGE, NUMBER("copies", i, "bytes"));
		EXPECT_EQ(1, NUMBER("copies", i, "resident_pages"));
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
		SKIP_TEST("no memory of a device this caller can map");
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
	EXPECT_EQ(15 + 3 * kernel_has_guards() + 2 * has_device_memory(), count("  [ok] "));
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

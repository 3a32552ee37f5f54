// SPDX-License-Identifier: GPL-2.0-only
/*
 * What showphys shows: every row of the experiment is derived here from the pages it
 * lists, whatever it claims of them itself, and the frames are compared with pagemap.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "lib/caller.h"
#include "lib/oracle.h"
#include "lib/program.h"
#include "lib/stages.h"
#include "lib/harness.h"

#define NONRELOC "NonRelocatableFunction"
#define RELOC "RelocatableFunction"
#define SHARED "SharedVariable"
#define NONSHARED "NonSharedVariable"

static const char *const names[] = { NONRELOC, RELOC, SHARED, NONSHARED };
static const char *const steps[] = { "I.1", "II.1", "II.2", "II.2b", "II.3" };

static char text[1 << 17];

#define SAME(a, b) EXPECT_TRUE(stage_same(a, b))
#define DIFFER(a, b) EXPECT_FALSE(stage_same(a, b))

FIXTURE(pages) {
	bool counts;
};

FIXTURE_VARIANT(pages) {
	const char *command, *file_kind;
	bool user;
};

FIXTURE_VARIANT_ADD(pages, in_memory) {
	.command = "showphys --tsv", .file_kind = "shmem",
};

FIXTURE_VARIANT_ADD(pages, on_tmpfs) {
	.command = "showphys --tsv --folder=/tmp", .file_kind = "shmem",
};

FIXTURE_VARIANT_ADD(pages, on_ext4) {
	.command = "showphys --tsv --folder=/mnt/ext4", .file_kind = "file",
};

FIXTURE_VARIANT_ADD(pages, in_memory_to_a_user) {
	.command = "su user -c 'showphys --tsv 2>/dev/null'", .file_kind = "shmem", .user = true,
};

FIXTURE_VARIANT_ADD(pages, on_ext4_to_a_user) {
	.command = "su user -c 'showphys --tsv --folder=/mnt/ext4 2>/dev/null'", .file_kind = "file", .user = true,
};

/* When the kernel has moved a page the experiment goes on with new processes. */
static bool is_one_family(void)
{
	static const char *const forks[] = { "III.2", "III.3", "III.4", "III.5" };
	pid_t parent = stage_page("III.1", "parent", NONSHARED, 0)->pid;
	pid_t child = stage_page("III.1", "child", NONSHARED, 0)->pid;
	bool one = child == stage_page("III.2", "child", NONSHARED, 0)->pid &&
		   child == stage_page("III.3", "child", NONSHARED, 0)->pid;

	for (size_t i = 0; i < ARRAY_SIZE(forks); i++)
		one &= parent == stage_page(forks[i], "parent", NONSHARED, 0)->pid;
	return one;
}

FIXTURE_SETUP(pages)
{
	bool one = false;

	ASSERT_EQ(0, caller_share_device());
	for (int i = 0; i < 3 && !one; i++) {
		ASSERT_EQ(0, program_run(variant->command, text, sizeof(text)));
		ASSERT_TRUE(stages_parse(text));
		one = is_one_family();
	}
	ASSERT_TRUE(one);
	self->counts = !variant->user;
}

FIXTURE_TEARDOWN(pages)
{
	caller_keep_device();
}

#define EXPECT_FILE_PAGE(page, kind_) \
do { \
	EXPECT_STREQ(kind_, (page)->kind); \
	EXPECT_STREQ("file", (page)->sharing); \
	EXPECT_TRUE(stage_entry(page, "present") && stage_entry(page, "user")); \
	EXPECT_FALSE(stage_entry(page, "write") || stage_entry(page, "dirty")); \
} while (0)

#define EXPECT_OWN_PAGE(page) \
do { \
	EXPECT_STREQ("anon", (page)->kind); \
	EXPECT_STREQ("exclusive", (page)->sharing); \
	EXPECT_TRUE(stage_entry(page, "present") && stage_entry(page, "user")); \
} while (0)

#define EXPECT_WRITTEN(page) \
	EXPECT_TRUE(stage_entry(page, "present") && stage_entry(page, "user") && \
		    stage_entry(page, "write") && stage_entry(page, "dirty"))

/* Of a user counts are hidden. */
#define EXPECT_COUNT(count, page) \
	EXPECT_EQ(self->counts ? (count) : -1, (page)->maps)

TEST_F(pages, of_the_first_instance)
{
	const struct stage_page *page[4];

	for (int i = 0; i < 4; i++) {
		page[i] = stage_page("I.1", "first", names[i], 0);
		for (int j = 0; j < i; j++)
			DIFFER(page[i], page[j]);
	}
	EXPECT_FILE_PAGE(page[0], variant->file_kind);
	EXPECT_FILE_PAGE(page[1], variant->file_kind);
	EXPECT_FILE_PAGE(page[3], variant->file_kind);
	EXPECT_STREQ("shmem", page[2]->kind);
	EXPECT_STREQ("map-shared", page[2]->sharing);
	EXPECT_STREQ("r-xp", page[0]->rights);
	EXPECT_STREQ("r-xp", page[1]->rights);
	EXPECT_STREQ("rw-s", page[2]->rights);
	EXPECT_STREQ("rw-p", page[3]->rights);
}

TEST_F(pages, of_the_second_instance_at_another_base)
{
	for (int i = 0; i < 4; i++) {
		const struct stage_page *first = stage_page("II.1", "first", names[i], 0);
		const struct stage_page *second = stage_page("II.1", "second", names[i], 0);

		EXPECT_NE(first->address, second->address);
		EXPECT_NE(first->pid, second->pid);
		if (i != 1) {
			SAME(first, second);
			continue;
		}
		DIFFER(first, second);
		EXPECT_OWN_PAGE(second);
		EXPECT_COUNT(1, first);
		EXPECT_COUNT(1, second);
	}
}

TEST_F(pages, of_the_second_instance_at_the_same_base)
{
	for (int i = 0; i < 4; i++) {
		const struct stage_page *first = stage_page("II.2", "first", names[i], 0);
		const struct stage_page *second = stage_page("II.2", "second", names[i], 0);

		EXPECT_EQ(first->address, second->address);
		SAME(first, second);
		EXPECT_COUNT(2, second);
	}
}

TEST_F(pages, made_writable_and_not_written)
{
	const struct stage_page *second = stage_page("II.2b", "second", NONRELOC, 0);

	EXPECT_STREQ("rwxp", second->rights);
	EXPECT_FILE_PAGE(second, variant->file_kind);
	for (int i = 0; i < 4; i++)
		SAME(stage_page("II.2b", "first", names[i], 0), stage_page("II.2b", "second", names[i], 0));
}

TEST_F(pages, written)
{
	const struct stage_page *first[4], *second[4];

	for (int i = 0; i < 4; i++) {
		first[i] = stage_page("II.3", "first", names[i], 0);
		second[i] = stage_page("II.3", "second", names[i], 0);
	}
	DIFFER(first[0], second[0]);
	EXPECT_OWN_PAGE(second[0]);
	EXPECT_WRITTEN(second[0]);
	SAME(first[1], second[1]);
	EXPECT_FILE_PAGE(second[1], variant->file_kind);
	SAME(first[2], second[2]);
	EXPECT_WRITTEN(second[2]);
	DIFFER(first[3], second[3]);
	EXPECT_OWN_PAGE(second[3]);
	EXPECT_WRITTEN(second[3]);
}

TEST_F(pages, of_the_first_instance_stay)
{
	for (size_t step = 1; step < ARRAY_SIZE(steps); step++) {
		for (int i = 0; i < 4; i++) {
			const struct stage_page *then = stage_page("I.1", "first", names[i], 0);
			const struct stage_page *now = stage_page(steps[step], "first", names[i], 0);

			SAME(then, now);
			EXPECT_EQ(then->address, now->address);
			EXPECT_STREQ(then->rights, now->rights);
			EXPECT_STREQ(then->kind, now->kind);
			EXPECT_EQ(stage_entry(then, "write"), stage_entry(now, "write"));
			EXPECT_EQ(stage_entry(then, "dirty"), stage_entry(now, "dirty"));
		}
	}
}

#define PARENT(step) stage_page(step, "parent", NONSHARED, 0)
#define CHILD(step) stage_page(step, "child", NONSHARED, 0)

TEST_F(pages, after_fork)
{
	EXPECT_OWN_PAGE(PARENT("III.0"));
	EXPECT_WRITTEN(PARENT("III.0"));
	EXPECT_COUNT(1, PARENT("III.0"));
	for (int i = 0; i < 4; i++)
		SAME(stage_page("III.1", "parent", names[i], 0), stage_page("III.1", "child", names[i], 0));
	SAME(PARENT("III.0"), PARENT("III.1"));
	EXPECT_COUNT(2, PARENT("III.1"));
	EXPECT_STREQ("anon", CHILD("III.1")->kind);
	EXPECT_STREQ("maybe", PARENT("III.1")->sharing);
	EXPECT_STREQ("maybe", CHILD("III.1")->sharing);
	EXPECT_FALSE(stage_entry(PARENT("III.1"), "write") || stage_entry(CHILD("III.1"), "write"));
}

TEST_F(pages, when_the_parent_writes)
{
	DIFFER(PARENT("III.2"), CHILD("III.2"));
	SAME(CHILD("III.1"), CHILD("III.2"));
	EXPECT_OWN_PAGE(PARENT("III.2"));
	EXPECT_WRITTEN(PARENT("III.2"));
	EXPECT_STREQ("maybe", CHILD("III.2")->sharing);
	EXPECT_FALSE(stage_entry(CHILD("III.2"), "write"));
	EXPECT_COUNT(1, CHILD("III.2"));
	SAME(stage_page("III.2", "parent", SHARED, 0), stage_page("III.2", "child", SHARED, 0));
}

TEST_F(pages, when_the_child_writes)
{
	SAME(CHILD("III.2"), CHILD("III.3"));
	SAME(PARENT("III.2"), PARENT("III.3"));
	EXPECT_OWN_PAGE(CHILD("III.3"));
	EXPECT_WRITTEN(CHILD("III.3"));
}

TEST_F(pages, when_the_child_exits_before_the_parent_writes)
{
	const struct stage_page *alone = stage_page("III.4", "parent", NONSHARED, 1);

	SAME(PARENT("III.3"), PARENT("III.4"));
	SAME(PARENT("III.4"), CHILD("III.4"));
	EXPECT_NE(CHILD("III.3")->pid, CHILD("III.4")->pid);
	EXPECT_COUNT(2, PARENT("III.4"));
	SAME(PARENT("III.4"), alone);
	EXPECT_COUNT(1, alone);
	EXPECT_STREQ("maybe", alone->sharing);
	EXPECT_FALSE(stage_entry(alone, "write"));
	SAME(alone, PARENT("III.5"));
	EXPECT_OWN_PAGE(PARENT("III.5"));
	EXPECT_WRITTEN(PARENT("III.5"));
}

/* The system's loader: S.1 at the address of ours, S.2 elsewhere. */
static void expect_copies(struct __test_metadata *_metadata, const char *step, bool elsewhere)
{
	static const char *const system[] = { "system1", "system2" };
	const struct stage_page *page[2];

	EXPECT_STREQ("file", stage_page(step, "own", RELOC, 0)->sharing);
	for (int i = 0; i < 2; i++) {
		page[i] = stage_page(step, system[i], RELOC, 0);
		EXPECT_EQ(elsewhere, page[i]->address != stage_page(step, "own", RELOC, 0)->address);
		EXPECT_OWN_PAGE(page[i]);
		SAME(stage_page(step, "own", NONRELOC, 0), stage_page(step, system[i], NONRELOC, 0));
		SAME(stage_page(step, "own", SHARED, 0), stage_page(step, system[i], SHARED, 0));
		SAME(stage_page(step, "own", NONSHARED, 0), stage_page(step, system[i], NONSHARED, 0));
	}
	DIFFER(page[0], page[1]);
}

TEST(the_systems_loader_copies)
{
	ASSERT_EQ(0, program_run("showphys --loader=system --tsv", text, sizeof(text)));
	ASSERT_TRUE(stages_parse(text));
	expect_copies(_metadata, "S.1", false);
	expect_copies(_metadata, "S.2", true);
	ASSERT_EQ(0, program_run("showphys --loader=system --folder=/mnt/ext4 --tsv", text, sizeof(text)));
	ASSERT_TRUE(stages_parse(text));
	expect_copies(_metadata, "S.1", false);
	expect_copies(_metadata, "S.2", true);
}

/* Without the module root sees frames and kinds; what entries say cannot be checked. */
TEST(procfs_tells_root_the_pages)
{
	EXPECT_EQ(1, program_run("showphys --tsv --backend=procfs 2>/tmp/words", text, sizeof(text)));
	ASSERT_TRUE(stages_parse(text));
	DIFFER(stage_page("II.1", "first", RELOC, 0), stage_page("II.1", "second", RELOC, 0));
	SAME(stage_page("II.2", "first", RELOC, 0), stage_page("II.2", "second", RELOC, 0));
	DIFFER(stage_page("II.3", "first", NONRELOC, 0), stage_page("II.3", "second", NONRELOC, 0));
	SAME(CHILD("III.2"), CHILD("III.3"));
	EXPECT_EQ(0, system("grep -q 'II.3: cannot be checked here: .* P RW U D' /tmp/words"));
	EXPECT_NE(0, system("grep -q 'not so' /tmp/words"));
	/* what is not known is not shown */
	EXPECT_EQ(1, program_run("showphys --backend=procfs 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, " P R U "));
	EXPECT_EQ(NULL, strstr(text, " P RW U   r"));
	EXPECT_NE(NULL, strstr(text, " could not be checked\n"));
	unlink("/tmp/words");
}

TEST(procfs_tells_a_user_nothing)
{
	EXPECT_EQ(1, program_run("su user -c 'showphys --backend=procfs 2>&1'", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "which pages are one cannot be seen here"));
	EXPECT_EQ(NULL, strstr(text, "I.1"));
}

static int count(const char *word)
{
	int found = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		found++;
	return found;
}

/* The number at the beginning of the line that ends with " claims hold..." */
static int told_to_hold(void)
{
	const char *end = strstr(text, " claims hold");

	while (end && end > text && end[-1] != '\n')
		end--;
	return end ? atoi(end) : -1;
}

static void expect_told(struct __test_metadata *_metadata, const char *command, int claims)
{
	EXPECT_EQ(0, program_run(command, text, sizeof(text)));
	EXPECT_EQ(claims, count("  [ok] "));
	EXPECT_EQ(claims, told_to_hold());
	EXPECT_EQ(0, count("[NO]") + count("[??]"));
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		EXPECT_GE(100, strcspn(line, "\n"));
}

/* The last four are about counts, of which a user is told nothing. */
TEST(the_text_has_all_claims)
{
	expect_told(_metadata, "showphys", 68);
	EXPECT_EQ(0, count("[--]"));
	EXPECT_EQ(12, count("\nPROCESS "));
	EXPECT_EQ(1, count("\n  [ok] The first instance reads 2 from SharedVariable.\n"));
	ASSERT_EQ(0, caller_share_device());
	expect_told(_metadata, "su user -c showphys", 64);
	EXPECT_EQ(1, count("[--]"));
	EXPECT_EQ(1, count("[--] Not here: how many entries map a page, which is told to root only.\n"));
	EXPECT_EQ(1, count("64 claims hold, 1 not to be seen here\n"));
	ASSERT_EQ(0, caller_keep_device());
	expect_told(_metadata, "showphys --loader=system", 14);
}

TEST(json_lists_all_pages)
{
	ASSERT_EQ(0, program_run("showphys --json", text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "{\"tool\":\"showphys\",", 19));
	EXPECT_EQ(1, count("\"schema\":\"sightings/1\""));
	/* one table of I.1, four of two instances, of the family 1, 2, 2, 2, 2 + 1, 1 */
	EXPECT_EQ(4 * (1 + 8 + 11), count("\n{\"step\":"));
}

TEST(exit_status_says_how_it_went)
{
	EXPECT_EQ(0, program_run("showphys --help", text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "usage: showphys", 15));
	EXPECT_EQ(2, program_run("showphys self 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(2, program_run("showphys --loader=own 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(2, program_run("showphys --first --second 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(2, program_run("showphys --second --folder=/tmp 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(1, program_run("showphys --folder=/nowhere 2>&1", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "/nowhere: No such file"));
	EXPECT_EQ(1, program_run("showphys --folder=/proc 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(1, program_run("showphys 2>/dev/null >/dev/full", text, sizeof(text)));
}

TEST_HARNESS_MAIN

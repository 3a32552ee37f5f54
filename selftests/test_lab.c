// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the labs "breakpoint" and "views" show: every step is derived here from the
 * pages they list, whatever they claim of them themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "lib/caller.h"
#include "lib/oracle.h"
#include "lib/program.h"
#include "lib/setup.h"
#include "lib/stages.h"
#include "lib/harness.h"

#define ALL_BREAKPOINT 43
#define ALL_VIEWS 26

static char text[1 << 17];

#define SAME(a, b) EXPECT_TRUE(stage_same(a, b))
#define DIFFER(a, b) EXPECT_FALSE(stage_same(a, b))

/* Of a user counts are hidden. */
#define EXPECT_COUNT(count, page) \
	EXPECT_EQ(variant->user ? -1 : (count), (page)->maps)

#define EXPECT_PRESENT(page) \
	EXPECT_TRUE(stage_entry(page, "present") && stage_entry(page, "user"))

FIXTURE(breakpoint) { };

FIXTURE_VARIANT(breakpoint) {
	const char *command, *file_kind;
	bool user;
};

FIXTURE_VARIANT_ADD(breakpoint, in_memory) {
	.command = "vmq lab breakpoint --tsv", .file_kind = "shmem",
};

FIXTURE_VARIANT_ADD(breakpoint, on_tmpfs) {
	.command = "vmq lab --folder=/tmp --tsv breakpoint", .file_kind = "shmem",
};

FIXTURE_VARIANT_ADD(breakpoint, on_ext4) {
	.command = "vmq lab breakpoint --tsv --folder=/mnt/ext4", .file_kind = "file",
};

FIXTURE_VARIANT_ADD(breakpoint, to_a_user) {
	.command = "su user -c 'vmq lab breakpoint --tsv 2>/dev/null'",
	.file_kind = "shmem", .user = true,
};

FIXTURE_SETUP(breakpoint)
{
	ASSERT_EQ(0, caller_share_device());
	ASSERT_EQ(0, program_run(variant->command, text, sizeof(text)));
	ASSERT_TRUE(stages_parse(text));
}

FIXTURE_TEARDOWN(breakpoint)
{
	caller_keep_device();
}

#define FUNCTION "NonRelocatableFunction"

/* As it is at the end of the step. */
static const struct stage_page *at(const char *step, const char *who)
{
	int shown = 1;

	while (*stage_page(step, who, FUNCTION, shown)->step)
		shown++;
	return stage_page(step, who, FUNCTION, shown - 1);
}

/* Those named in @names, ended by NULL, have one page, the file's, and nobody else has it. */
static void expect_shared(struct __test_metadata *_metadata, const char *file_kind,
			  const char *step, const char *const *names)
{
	for (int i = 0; names[i]; i++) {
		const struct stage_page *page = at(step, names[i]);

		SAME(at(step, names[0]), page);
		EXPECT_STREQ(file_kind, page->kind);
		EXPECT_STREQ("file", page->sharing);
		EXPECT_STREQ("no", page->privatized);
		EXPECT_STREQ("r-xp", page->rights);
		EXPECT_PRESENT(page);
		EXPECT_FALSE(stage_entry(page, "write") || stage_entry(page, "dirty"));
		for (int j = 0; j < i; j++)
			EXPECT_NE(at(step, names[j])->pid, page->pid);
	}
}

#define EXPECT_SHARED(step, ...) \
do { \
	const char *const sharers[] = { __VA_ARGS__, NULL }; \
	expect_shared(_metadata, variant->file_kind, step, sharers); \
	EXPECT_COUNT((int)ARRAY_SIZE(sharers) - 1, at(step, sharers[0])); \
} while (0)

#define EXPECT_PRIVATIZED(page, sharing_) \
do { \
	EXPECT_STREQ("anon", (page)->kind); \
	EXPECT_STREQ(sharing_, (page)->sharing); \
	EXPECT_STREQ("yes", (page)->privatized); \
	EXPECT_STREQ("r-xp", (page)->rights); \
	EXPECT_PRESENT(page); \
	EXPECT_FALSE(stage_entry(page, "write")); \
} while (0)

TEST_F(breakpoint, nothing_changes_before_the_forced_write)
{
	EXPECT_SHARED("0", "p1", "p2", "p3", "p4");
	EXPECT_SHARED("1", "p1", "p2", "p3", "p4");
	EXPECT_SHARED("2", "p1", "p2", "p3", "p4");
}

TEST_F(breakpoint, gives_the_debugged_process_a_copy)
{
	static const char *const steps[] = { "3", "4", "5" };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		EXPECT_PRIVATIZED(at(steps[i], "p1"), "exclusive");
		EXPECT_COUNT(1, at(steps[i], "p1"));
		DIFFER(at(steps[i], "p1"), at(steps[i], "p2"));
	}
	EXPECT_SHARED("3", "p2", "p3", "p4");
	EXPECT_SHARED("4", "p2", "p3", "p4");
}

TEST_F(breakpoint, is_not_given_to_a_new_process)
{
	EXPECT_SHARED("5", "p2", "p3", "p4", "p5");
}

TEST_F(breakpoint, is_inherited_by_fork)
{
	static const char *const steps[] = { "6", "7a", "7b", "8" };

	EXPECT_SHARED("6", "p2", "p3", "p4", "p5");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		SAME(at(steps[i], "p1"), at(steps[i], "p1child"));
		EXPECT_PRIVATIZED(at(steps[i], "p1"), "maybe");
		EXPECT_PRIVATIZED(at(steps[i], "p1child"), "maybe");
		EXPECT_COUNT(2, at(steps[i], "p1"));
		EXPECT_NE(at(steps[i], "p1")->pid, at(steps[i], "p1child")->pid);
	}
}

TEST_F(breakpoint, through_mem)
{
	/* not attached: since v6.12 a kernel may refuse, and those that are tested do since v7 */
	if (stage_same(at("7a", "p2"), at("7a", "p3"))) {
		EXPECT_SHARED("7a", "p2", "p3", "p4", "p5");
	} else {
		EXPECT_PRIVATIZED(at("7a", "p2"), "exclusive");
		EXPECT_SHARED("7a", "p3", "p4", "p5");
	}
}

/* Since v6.12 a kernel can be made to refuse even who is attached. */
static bool kernel_refuses_tracers(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), path[32];
	pid_t pid = setup_traced();
	bool refuses;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	refuses = pwrite(mem, "", 1, (uintptr_t)page) < 0 && errno == EIO;
	close(mem);
	setup_end(pid);
	munmap(page, PAGE);
	return refuses;
}

TEST_F(breakpoint, through_mem_attached)
{
	const struct stage_page *before = stage_page("7b", "p2", FUNCTION, 0);

	/* whatever 7a left */
	SAME(before, stage_page("7b", "p3", FUNCTION, 0));
	EXPECT_STREQ("no", before->privatized);
	EXPECT_COUNT(4, before);
	if (kernel_refuses_tracers()) {
		EXPECT_SHARED("7b", "p2", "p3", "p4", "p5");
		return;
	}
	DIFFER(before, at("7b", "p2"));
	EXPECT_PRIVATIZED(at("7b", "p2"), "exclusive");
	EXPECT_COUNT(1, at("7b", "p2"));
	DIFFER(at("7b", "p1"), at("7b", "p2"));
	EXPECT_SHARED("7b", "p3", "p4", "p5");
}

TEST_F(breakpoint, is_given_back)
{
	EXPECT_SHARED("8", "p2", "p3", "p4", "p5");
	DIFFER(at("8", "p1"), at("8", "p2"));
}

FIXTURE(views) { };

FIXTURE_VARIANT(views) {
	const char *command, *file_kind;
	bool user;
};

FIXTURE_VARIANT_ADD(views, in_memory) {
	.command = "vmq lab views --tsv", .file_kind = "shmem",
};

FIXTURE_VARIANT_ADD(views, on_ext4) {
	.command = "vmq lab views --tsv --folder=/mnt/ext4", .file_kind = "file",
};

FIXTURE_VARIANT_ADD(views, to_a_user) {
	.command = "su user -c 'vmq lab views --tsv 2>/dev/null'",
	.file_kind = "shmem", .user = true,
};

FIXTURE_SETUP(views)
{
	ASSERT_EQ(0, caller_share_device());
	ASSERT_EQ(0, program_run(variant->command, text, sizeof(text)));
	ASSERT_TRUE(stages_parse(text));
}

FIXTURE_TEARDOWN(views)
{
	caller_keep_device();
}

static const struct {
	const char *process, *name, *rights;
} all[] = {
	{ "A", "shared rw", "rw-s" },
	{ "A", "shared rx", "r-xs" },
	{ "A", "private rx", "r-xp" },
	{ "B", "shared rx", "r-xs" },
	{ "B", "private rx", "r-xp" },
	{ "B", "shared rwx", "rwxs" },
};

#define B_PRIVATE 4

/* The first @count views are one page at different addresses, but for view @except. */
static void expect_one_page(struct __test_metadata *_metadata, const char *file_kind,
			    const char *step, int count, int except)
{
	const struct stage_page *first = stage_page(step, "A", "shared rw", 0);

	for (int i = 0; i < count; i++) {
		const struct stage_page *page = stage_page(step, all[i].process, all[i].name, 0);

		EXPECT_STREQ(all[i].rights, page->rights);
		EXPECT_PRESENT(page);
		if (!strchr(all[i].rights, 'w'))
			EXPECT_FALSE(stage_entry(page, "write"));
		EXPECT_EQ(!!strchr(all[i].rights, 'x'), stage_entry(page, "exec"));
		for (int j = 0; j < i; j++)
			if (!strcmp(all[i].process, all[j].process))
				EXPECT_NE(stage_page(step, all[j].process, all[j].name, 0)->address,
					  page->address);
		if (i == except)
			continue;
		SAME(first, page);
		EXPECT_STREQ(file_kind, page->kind);
		EXPECT_STREQ(strchr(all[i].rights, 's') ? "map-shared" : "file", page->sharing);
		EXPECT_STREQ("no", page->privatized);
	}
}

#define EXPECT_ONE_PAGE(step, count, except) \
do { \
	expect_one_page(_metadata, variant->file_kind, step, count, except); \
	EXPECT_COUNT((count) - ((except) >= 0), stage_page(step, "A", "shared rw", 0)); \
} while (0)

TEST_F(views, are_one_page_until_a_copy_is_made)
{
	EXPECT_ONE_PAGE("1", 3, -1);
	EXPECT_ONE_PAGE("2", 6, -1);
	EXPECT_ONE_PAGE("3", 6, -1);
	EXPECT_ONE_PAGE("4", 6, -1);
}

TEST_F(views, of_which_one_is_privatized)
{
	static const char *const steps[] = { "5", "6", "7" };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct stage_page *copy = stage_page(steps[i], "B", "private rx", 0);

		EXPECT_ONE_PAGE(steps[i], 6, B_PRIVATE);
		DIFFER(stage_page(steps[i], "A", "shared rw", 0), copy);
		EXPECT_PRIVATIZED(copy, "exclusive");
		EXPECT_COUNT(1, copy);
	}
}

static int count(const char *word)
{
	int found = 0;

	for (const char *from = text; (from = strstr(from, word)); from++)
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

/* Kernels can be built without process_vm_writev(), which one of the claims is about. */
static int kernel_writes_vms(void)
{
	char from = 0, to;
	const struct iovec source = { &from, 1 }, target = { &to, 1 };

	return process_vm_writev(getpid(), &source, 1, &target, 1, 0) == 1;
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

/* Ten claims of the one lab and six of the other are about counts. */
TEST(the_text_has_all_claims)
{
	int absent = !kernel_writes_vms(), refused = kernel_refuses_tracers();

	/* seven claims of 7b, or two */
	expect_told(_metadata, "vmq lab breakpoint", ALL_BREAKPOINT - absent - 5 * refused);
	EXPECT_EQ(absent + refused, count("[--]"));
	/* in steps 6, 7b and 8, and where a write to mem was refused in 7a */
	EXPECT_LE(3, count("\n  p1, p1child share one page. p2, p3, p4, p5 share one page.\n"));
	expect_told(_metadata, "vmq lab views", ALL_VIEWS);
	EXPECT_EQ(1, count(" rwxs  W+X with shared rx, private rx, itself\n  [ok] All six"));
	ASSERT_EQ(0, caller_share_device());
	expect_told(_metadata, "su user -c 'vmq lab breakpoint'",
		    ALL_BREAKPOINT - absent - 4 * refused - 10);
	EXPECT_EQ(1, count("[--] Not here: how many entries map a page"));
	expect_told(_metadata, "su user -c 'vmq lab views'", ALL_VIEWS - 6);
	EXPECT_EQ(1, count("[--] Not here: how many entries map a page"));
	ASSERT_EQ(0, caller_keep_device());
}

/* Root sees pages without the module, but of entries only that they are there. */
TEST(procfs_tells_root_the_pages)
{
	EXPECT_EQ(1, program_run("vmq lab breakpoint --tsv --backend=procfs 2>/tmp/words", text,
				 sizeof(text)));
	ASSERT_TRUE(stages_parse(text));
	DIFFER(at("3", "p1"), at("3", "p2"));
	SAME(at("8", "p2"), at("8", "p3"));
	EXPECT_EQ(4, at("8", "p2")->maps);
	EXPECT_EQ(0, system("grep -q 'step 3: cannot be checked here: It belongs to p1 alone' /tmp/words"));
	EXPECT_NE(0, system("grep -q 'not so' /tmp/words"));
	unlink("/tmp/words");
}

TEST(procfs_tells_a_user_nothing)
{
	EXPECT_EQ(1, program_run("su user -c 'vmq lab all --backend=procfs 2>&1'", text, sizeof(text)));
	EXPECT_EQ(2, count("which pages are one cannot be seen here"));
	EXPECT_EQ(0, count("not so:"));
}

TEST(json_lists_all_pages)
{
	ASSERT_EQ(0, program_run("vmq lab breakpoint --json", text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "{\"tool\":\"vmq\",", 14));
	EXPECT_EQ(1, count("\"schema\":\"sightings/1\""));
	EXPECT_EQ(5 * 4 + 5 + 5 * 6, count("\n{\"step\":"));
}

TEST(all_of_them_in_a_row)
{
	EXPECT_EQ(0, program_run("vmq lab all", text, sizeof(text)));
	EXPECT_EQ(3, count(" claims hold"));
	/* one list has one header, and the columns it names */
	EXPECT_EQ(2, program_run("vmq lab all --tsv 2>&1", text, sizeof(text)));
	EXPECT_EQ(1, count("for one experiment"));
	EXPECT_EQ(2, program_run("vmq lab all --json 2>/dev/null", text, sizeof(text)));
}

TEST(exit_status_says_how_it_went)
{
	EXPECT_EQ(0, program_run("vmq lab", text, sizeof(text)));
	EXPECT_EQ(1, count("breakpoint ") * count("\nviews ") * count("\npatterns "));
	EXPECT_EQ(0, program_run("vmq lab --help", text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "usage: vmq lab", 14));
	EXPECT_EQ(2, program_run("vmq lab nothing 2>&1", text, sizeof(text)));
	EXPECT_EQ(1, count("lab nothing: there is no such experiment (vmq lab lists them)"));
	EXPECT_EQ(2, program_run("vmq lab views breakpoint 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(2, program_run("vmq lab --unknown 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(1, program_run("vmq lab breakpoint --folder=/nowhere 2>&1", text, sizeof(text)));
	EXPECT_EQ(1, count("/nowhere: No such file"));
	EXPECT_EQ(1, program_run("vmq lab views --folder=/proc 2>/dev/null", text, sizeof(text)));
	EXPECT_EQ(1, program_run("vmq lab views 2>/dev/null >/dev/full", text, sizeof(text)));
}

TEST_HARNESS_MAIN

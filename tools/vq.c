// SPDX-License-Identifier: GPL-2.0-only
/* vq: prints the address space of a process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmq.h>

static void usage(FILE *out)
{
	fputs("usage: vq PID | vq self\n"
	      "Prints the mapped pages of a process: runs of pages with equal facts,\n"
	      "read from its page tables.\n"
	      "  BITS  Present Writable User Accessed Dirty eXecutable Global;\n"
	      "        n no access, s special, d soft-dirty, w userfaultfd\n", out);
}

static const char *remedy(int err)
{
	switch (err) {
	case -ENODEV:
		return " (load the module: insmod vmq.ko)";
	case -EACCES:
	case -EPERM:
		return " (run as root, or as the owner of the process)";
	default:
		return "";
	}
}

static int fail(const char *subject, int err)
{
	fprintf(stderr, "vq: %s: %s%s\n", subject, strerror(-err), remedy(err));
	return 1;
}

static const char *bits(__u32 entry, char *text)
{
	static const char letters[] = "PWUAXDGsdwn";
	static const __u32 order[] = {
		VMQ_ENTRY_PRESENT, VMQ_ENTRY_WRITE, VMQ_ENTRY_USER,
		VMQ_ENTRY_ACCESSED, VMQ_ENTRY_EXEC, VMQ_ENTRY_DIRTY,
		VMQ_ENTRY_GLOBAL, VMQ_ENTRY_SPECIAL, VMQ_ENTRY_SOFT_DIRTY,
		VMQ_ENTRY_UFFD_WP, VMQ_ENTRY_PROTNONE,
	};
	size_t i;

	for (i = 0; i < sizeof(letters) - 1; i++)
		text[i] = entry & order[i] ? letters[i] : '-';
	text[i] = '\0';
	return text;
}

static void print_run(const struct vmq_run *run)
{
	char text[16];

	printf("%016llx %8llu %4uK ", (unsigned long long)run->start,
	       (unsigned long long)run->pages, run->shift ? (1U << run->shift) >> 10 : 0);
	if (run->valid & VMQ_VALID_FRAME)
		printf("%10llx", (unsigned long long)run->frame);
	else
		printf("%10s", "-");
	printf(" %s\n", bits(run->entry, text));
}

static int print_runs(struct vmq *vmq)
{
	struct vmq_query query = { .facts = VMQ_FACTS_FRAME };
	struct vmq_runs *runs;
	struct vmq_run run;
	int err;

	err = vmq_runs_open(vmq, &query, &runs);
	if (err)
		return err;
	printf("%-16s %8s %5s %10s %s\n", "ADDRESS", "PAGES", "LEAF", "FRAME", "BITS");
	while ((err = vmq_runs_next(runs, &run)) > 0)
		print_run(&run);
	vmq_runs_close(runs);
	return err;
}

int main(int argc, char **argv)
{
	struct vmq *vmq;
	char *end;
	long pid = 0;
	int err;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc != 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "self")) {
		errno = 0;
		pid = strtol(argv[1], &end, 10);
		if (errno || *end || pid < 1 || pid > 0x7fffffff) {
			fprintf(stderr, "vq: %s: not a process id\n", argv[1]);
			return 2;
		}
	}
	err = vmq_open(&vmq, pid);
	if (err)
		return fail(argv[1], err);
	err = print_runs(vmq);
	vmq_close(vmq);
	if (err)
		return fail(argv[1], err);
	return fflush(stdout) ? fail("standard output", -errno) : 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds values in the TSV a tool has printed. */
#ifndef TSV_H
#define TSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cuts up @text; false if a row is not as long as the header. It must stay there. */
bool tsv_parse(char *text);

/* The same for what the command made of @format prints; false also if it failed. */
bool tsv_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern size_t tsv_rows;

/* The value of @key in row @row; "no such row" or "no such key" is what it says. */
const char *tsv(size_t row, const char *key);

/* The same as a number, hexadecimal if it begins with 0x; -1 for what is none. */
uint64_t tsv_number(size_t row, const char *key);

/* Whether @word is among those of a set, or is the only one. */
bool tsv_has(size_t row, const char *key, const char *word);

#endif

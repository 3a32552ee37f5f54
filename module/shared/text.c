// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes headers and lines from the tables of columns. */
#include "text.h"

/* A buffer being filled; @length goes on when it is full. */
struct out {
	char *text;
	size_t size;
	size_t length;
	size_t spaces;		/* wait for what follows: a line does not end in them */
};

static void put(struct out *out, char c)
{
	for (; out->spaces; out->spaces--, out->length++)
		if (out->length + 1 < out->size)
			out->text[out->length] = ' ';
	if (out->length + 1 < out->size)
		out->text[out->length] = c;
	out->length++;
}

static void put_word(struct out *out, const char *word)
{
	while (*word)
		put(out, *word++);
}

static size_t finish(const struct out *out)
{
	if (out->size)
		out->text[out->length < out->size ? out->length : out->size - 1] = '\0';
	return out->length;
}

/*
 * Bytes of the UTF-8 character at @s, of @left bytes; 0 if it is none, or one that
 * steers a terminal (U+0080 to U+009F).
 */
static size_t utf8(const unsigned char *s, size_t left)
{
	size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2, i;

	if (s[0] < 0xc2 || s[0] > 0xf4 || need > left)
		return 0;
	for (i = 1; i < need; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond Unicode */
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return need;
}

static void put_escaped(struct out *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	put(out, '\\');
	if (c == '\t') {
		put(out, 't');
	} else if (c == '\n') {
		put(out, 'n');
	} else if (c == '\\') {
		put(out, '\\');
	} else {
		put(out, 'x');
		put(out, digits[c >> 4]);
		put(out, digits[c & 15]);
	}
}

static void put_name(struct out *out, const char *name, size_t length)
{
	const unsigned char *s = (const unsigned char *)name;

	while (length) {
		size_t take = *s < 0x80 ? 1 : utf8(s, length), i;

		if (!take || *s < ' ' || *s == '\\' || *s == 0x7f) {
			put_escaped(out, *s);
			take = 1;
		} else {
			for (i = 0; i < take; i++)
				put(out, s[i]);
		}
		s += take;
		length -= take;
	}
}

/* Names of the bits set in @cell, with commas; '-' for none. */
static void put_set(struct out *out, const struct vmq_cell *cell)
{
	const struct vmq_bit *bit;
	size_t before = out->length;

	for (bit = cell->bits; bit->bit; bit++) {
		if (!(bit->bit & cell->number))
			continue;
		if (out->length > before)
			put(out, ',');
		put_word(out, bit->name);
	}
	if (out->length == before)
		put(out, '-');
}

static void put_number(struct out *out, const struct vmq_cell *cell, int style)
{
	char number[24];

	if (cell->kind == VMQ_CELL_NUMBER)
		snprintf(number, sizeof(number), "%llu", cell->number);
	else if (style == VMQ_TEXT_TSV)
		snprintf(number, sizeof(number), "0x%llx", cell->number);
	else
		snprintf(number, sizeof(number), "%0*llx", (int)cell->digits, cell->number);
	put_word(out, number);
}

static void put_cell(struct out *out, const struct vmq_cell *cell, int style)
{
	switch (cell->kind) {
	case VMQ_CELL_NUMBER:
	case VMQ_CELL_HEX:
		put_number(out, cell, style);
		break;
	case VMQ_CELL_WORD:
		put_word(out, cell->text);
		break;
	case VMQ_CELL_NAME:
		put_name(out, cell->text, cell->length);
		break;
	case VMQ_CELL_SET:
		put_set(out, cell);
		break;
	case VMQ_CELL_YES_NO:
		put_word(out, cell->number ? "yes" : "no");
		break;
	default:
		put(out, '-');
	}
}

static void pad(struct out *out, size_t used, int width)
{
	if (width > 0 && used < (size_t)width)
		out->spaces += width - used;
}

/* A cell in its column; measured first where it stands on the right. */
static void put_aligned(struct out *out, const struct vmq_cell *cell, int width)
{
	struct out measure = { };
	size_t before;

	if (width > 0) {
		put_cell(&measure, cell, VMQ_TEXT_HUMAN);
		pad(out, measure.length, width);
	}
	before = out->length + out->spaces;
	put_cell(out, cell, VMQ_TEXT_HUMAN);
	pad(out, out->length + out->spaces - before, -width);	/* an empty word flushes none */
}

/* One line of @table: of @record, or the names of the columns if it is NULL. */
static size_t put_line(struct out *out, const struct vmq_table *table, int style,
		       const void *record)
{
	bool first = true, human = style == VMQ_TEXT_HUMAN;
	__u32 i;

	for (i = 0; i < table->count; i++) {
		const struct vmq_column *column = &table->columns[i];
		const char *title = human ? column->title : column->key;
		struct vmq_cell cell = { .kind = VMQ_CELL_WORD, .text = title };

		if (!title)
			continue;
		if (record) {
			cell.kind = VMQ_CELL_ABSENT;
			column->get(record, &cell);
		}
		if (human) {
			out->spaces += !first;
			put_aligned(out, &cell, column->width);
		} else {
			if (!first)
				put(out, '\t');
			put_cell(out, &cell, style);
		}
		first = false;
	}
	out->spaces = 0;
	put(out, '\n');
	return finish(out);
}

size_t vmq_text_header(const struct vmq_table *table, int style, char *text, size_t size)
{
	struct out out = { .text = text, .size = size };

	if (style == VMQ_TEXT_HUMAN)
		put_word(&out, table->about);
	return put_line(&out, table, style, NULL);
}

size_t vmq_text_line(const struct vmq_table *table, int style, const void *record,
		     char *text, size_t size)
{
	struct out out = { .text = text, .size = size };

	return put_line(&out, table, style, record);
}

size_t vmq_text_vma_footer(__u32 total, __u32 height, char *text, size_t size)
{
	return snprintf(text, size, "# %u VMAs in a tree %u nodes high\n", total, height);
}

size_t vmq_text_name(const char *name, size_t length, char *text, size_t size)
{
	struct out out = { .text = text, .size = size };

	put_name(&out, name, length);
	return finish(&out);
}

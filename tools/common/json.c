// SPDX-License-Identifier: GPL-2.0-only
/* Writes JSON lines by way of json-c. */
#define _GNU_SOURCE
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "../../module/shared/text.h"
#include "json.h"
#include "options.h"

static void write_line(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static const char *backend_name(const struct vmq *vmq)
{
	return vmq_backend(vmq) == VMQ_BACKEND_MODULE ? "module" : "procfs";
}

static struct json_object *hex(__u64 number)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", number);
	return json_object_new_string(text);
}

void json_write_header(const struct vmq_table *table, struct vmq *vmq)
{
	struct json_object *object = json_object_new_object();
	struct utsname system;

	add_string(object, "tool", program_invocation_short_name);
	add_string(object, "version", VMQ_VERSION);
	add_string(object, "schema", table->schema);
	add_string(object, "kernel", uname(&system) ? "" : system.release);
	json_object_object_add(object, "backend",
			       vmq ? json_object_new_string(backend_name(vmq)) : NULL);
	json_object_object_add(object, "top", vmq ? hex(vmq_top(vmq)) : NULL);
	write_line(object);
}

static struct json_object *set(const struct vmq_cell *cell)
{
	struct json_object *array = json_object_new_array();

	for (const struct vmq_bit *bit = cell->bits; bit->bit; bit++)
		if (bit->bit & cell->number)
			json_object_array_add(array, json_object_new_string(bit->name));
	return array;
}

static struct json_object *name(const struct vmq_cell *cell)
{
	size_t length = vmq_text_name(cell->text, cell->length, NULL, 0);
	char *text = malloc(length + 1);
	struct json_object *string;

	if (!text)
		abort();
	vmq_text_name(cell->text, cell->length, text, length + 1);
	string = json_object_new_string_len(text, length);
	free(text);
	return string;
}

static struct json_object *value(const struct vmq_cell *cell)
{
	switch (cell->kind) {
	case VMQ_CELL_NUMBER:
		return json_object_new_uint64(cell->number);
	case VMQ_CELL_HEX:
		return hex(cell->number);
	case VMQ_CELL_WORD:
		return json_object_new_string(cell->text);
	case VMQ_CELL_NAME:
		return name(cell);
	case VMQ_CELL_SET:
		return set(cell);
	case VMQ_CELL_YES_NO:
		return json_object_new_boolean(cell->number);
	default:
		return NULL;	/* json-c's null */
	}
}

void json_write_record(const struct vmq_table *table, const void *record)
{
	struct json_object *object = json_object_new_object();

	for (__u32 i = 0; i < table->count; i++) {
		const struct vmq_column *column = &table->columns[i];
		struct vmq_cell cell = { 0 };

		if (!column->key)
			continue;
		column->get(record, &cell);
		json_object_object_add(object, column->key, value(&cell));
	}
	write_line(object);
}

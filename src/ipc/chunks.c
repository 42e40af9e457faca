/* SPDX-License-Identifier: MIT */
/* Cutting an answer by weight, one unit of which is at most 64 bytes of text, and joining it. */
#include "ipc/chunks.h"

#include <stdint.h>

#define WEIGHT_MAX   8192u
#define WEIGHT_LARGE 1024u /* of an array that is not part of a head */

struct cutter {
	xt_chunks_use *use;
	void *ctx;
	const char *key; /* of the top-level array that is being cut */
};

static size_t value_weight(const json_t *value)
{
	size_t weight = 1, i;
	const char *key;
	json_t *child;

	if (json_is_string(value))
		return 1 + json_string_length(value) / 32;
	json_array_foreach(value, i, child) weight += value_weight(child);
	json_object_foreach((json_t *)(uintptr_t)value, key, child) weight += value_weight(child);
	return weight;
}

static bool value_is_large(const json_t *value)
{
	return json_is_array(value) && value_weight(value) > WEIGHT_LARGE;
}

/* A copy of object with its large arrays empty, so that all keys keep their order. */
static json_t *object_head(json_t *object)
{
	json_t *head = json_object(), *value;
	const char *key;

	json_object_foreach(object, key, value)
	{
		if (value_is_large(value))
			json_object_set_new(head, key, json_array());
		else
			json_object_set(head, key, value);
	}
	return head;
}

static bool part_emit(struct cutter *c, json_t *part)
{
	if (!part || json_object_set_new(part, "more", json_true()) < 0) {
		json_decref(part);
		return false;
	}
	c->use(c->ctx, part, true);
	return true;
}

/* Takes rows. */
static bool rows_emit(struct cutter *c, json_t *rows)
{
	return part_emit(c, rows ? json_pack("{s:o}", c->key, rows) : NULL);
}

/* A row that is too large for one part: its head, then its arrays in slices. */
static bool row_cut(struct cutter *c, json_t *row)
{
	bool ok = rows_emit(c, json_pack("[o]", object_head(row)));
	const char *key;
	json_t *array;

	json_object_foreach(row, key, array)
	{
		size_t n = json_array_size(array), at = 0;

		while (ok && value_is_large(array) && at < n) {
			json_t *slice = json_array();

			for (size_t weight = 0; at < n && weight < WEIGHT_MAX / 2; at++) {
				weight += value_weight(json_array_get(array, at));
				json_array_append(slice, json_array_get(array, at));
			}
			ok = rows_emit(c, json_pack("[{s:b,s:o}]", "continues", 1, key, slice));
		}
	}
	return ok;
}

static bool rows_cut(struct cutter *c, json_t *rows)
{
	json_t *chunk = json_array(), *row;
	size_t i, total = 0;
	bool ok = chunk != NULL;

	json_array_foreach(rows, i, row)
	{
		size_t weight = value_weight(row);

		if (ok && json_array_size(chunk) && total + weight > WEIGHT_MAX) {
			ok = rows_emit(c, chunk);
			chunk = json_array();
			total = 0;
		}
		if (weight > WEIGHT_MAX) {
			ok = ok && row_cut(c, row);
		} else {
			ok = ok && json_array_append(chunk, row) == 0;
			total += weight;
		}
	}
	if (ok && json_array_size(chunk))
		return rows_emit(c, chunk);
	json_decref(chunk);
	return ok;
}

bool xt_chunks_cut(json_t *answer, xt_chunks_use *use, void *ctx)
{
	struct cutter c = {use, ctx, NULL};
	json_t *value, *end;
	bool ok, more = json_is_true(json_object_get(answer, "more"));

	if (value_weight(answer) <= WEIGHT_MAX) {
		use(ctx, answer, more);
		return true;
	}
	ok = part_emit(&c, object_head(answer));
	json_object_foreach(answer, c.key, value) ok =
	    ok && (!value_is_large(value) || rows_cut(&c, value));
	json_decref(answer);
	end = !ok ? NULL : more ? json_pack("{s:b}", "more", 1) : json_object();
	if (end)
		use(ctx, end, more);
	return end != NULL;
}

static bool object_join(json_t *into, json_t *from);

static bool array_join(json_t *into, json_t *from)
{
	json_t *value, *last;
	bool ok = true;
	size_t i;

	json_array_foreach(from, i, value)
	{
		last = json_array_get(into, json_array_size(into) - 1);
		if (i == 0 && json_is_object(last) &&
		    json_is_true(json_object_get(value, "continues"))) {
			json_object_del(value, "continues");
			ok = ok && object_join(last, value);
		} else {
			ok = ok && json_array_append(into, value) == 0;
		}
	}
	return ok;
}

static bool object_join(json_t *into, json_t *from)
{
	json_t *value, *present;
	const char *key;
	bool ok = true;

	json_object_foreach(from, key, value)
	{
		present = json_object_get(into, key);
		if (json_is_array(present) && json_is_array(value))
			ok = ok && array_join(present, value);
		else
			ok = ok && json_object_set(into, key, value) == 0;
	}
	return ok;
}

bool xt_chunks_join(json_t *whole, json_t *part, bool *more)
{
	*more = json_is_true(json_object_get(part, "more"));
	json_object_del(part, "more");
	bool ok = object_join(whole, part);
	json_decref(part);
	return ok;
}

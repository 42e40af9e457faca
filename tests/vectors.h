/* SPDX-License-Identifier: MIT */
/* Known answers by name from the files in tests/vectors: lines "name = hex", # begins a comment.
 * Included after cmocka. */
#ifndef XT_TESTS_VECTORS_H
#define XT_TESTS_VECTORS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Exactly len bytes to out; the test fails if the name is missing or has another length. */
static inline void vector_get(const char *file, const char *name, void *out, size_t len)
{
	char path[512], line[4096];
	const size_t name_len = strlen(name);
	uint8_t *bytes = out;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", XT_VECTORS, file);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s is not there", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		const char *hex = line + name_len + 3;

		if (strncmp(line, name, name_len) != 0 || strncmp(line + name_len, " = ", 3) != 0)
			continue;
		fclose(f);
		if (strcspn(hex, "\n") != 2 * len)
			fail_msg("%s: %s has another length", file, name);
		for (size_t i = 0; i < len; i++) {
			unsigned byte;

			assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
			bytes[i] = (uint8_t)byte;
		}
		return;
	}
	fclose(f);
	fail_msg("%s: no %s", file, name);
}

static inline void vector_expect(const char *file, const char *name, const void *got, size_t len)
{
	uint8_t want[2048];

	assert_true(len <= sizeof(want));
	vector_get(file, name, want, len);
	assert_memory_equal(got, want, len);
}

/* The bytes that crypto.py calls pattern(n, start). */
static inline void vector_pattern(void *out, size_t n, size_t start)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)((start + i) % 251);
}

#endif

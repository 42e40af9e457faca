/* SPDX-License-Identifier: MIT */
/* The input of a fuzz target, taken from the front; behind its end come zeros. */
#ifndef XT_FUZZ_INPUT_H
#define XT_FUZZ_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	const uint8_t *data;
	size_t len;
};

/* A property of the target; without it the run ends here. */
#define check(holds) ((holds) ? (void)0 : check_failed(#holds, __FILE__, __LINE__))

__attribute__((noinline, noreturn)) static void check_failed(const char *holds, const char *file,
							     int line)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, holds);
	abort();
}

static inline uint8_t input_byte(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->data++;
}

static inline uint16_t input_number(struct input *in)
{
	uint16_t high = input_byte(in);

	return (uint16_t)(high << 8 | input_byte(in));
}

/* The next n bytes, or as many as there are: a copy of exactly that size, so that the sanitizer
 * sees a read behind it. To be freed. */
static inline uint8_t *input_bytes(struct input *in, size_t n, size_t *len)
{
	uint8_t *copy;

	*len = XT_MIN(n, in->len);
	copy = malloc(*len ? *len : 1);
	check(copy != NULL);
	if (*len)
		memcpy(copy, in->data, *len);
	in->data += *len;
	in->len -= *len;
	return copy;
}

/* The text up to the next end byte, which is skipped, or to the end of the input. To be freed. */
static inline char *input_text(struct input *in, char end)
{
	const uint8_t *at = in->len ? memchr(in->data, end, in->len) : NULL;
	size_t n = at ? (size_t)(at - in->data) : in->len;
	char *text = malloc(n + 1);

	check(text != NULL);
	if (n)
		memcpy(text, in->data, n);
	text[n] = '\0';
	in->data += n + (at != NULL);
	in->len -= n + (at != NULL);
	return text;
}

#endif

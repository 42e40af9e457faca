/* SPDX-License-Identifier: MIT */
/* What the texts for people have in common. */
#include "ipc/print_text.h"

#include <stdbool.h>

#include "base/text.h"

void xt_print_text(FILE *out, const char *text, size_t len)
{
	bool printable;

	for (const char *end = text + len; text < end;) {
		size_t n = xt_text_character(text, &printable);

		if (printable)
			fwrite(text, 1, n, out);
		else
			putc('?', out);
		text += n;
	}
}

const struct xt_time_unit xt_time_units[XT_TIME_UNITS] = {{365 * 24 * 60 * 60, "year"},
							  {24 * 60 * 60, "day"},
							  {60 * 60, "hour"},
							  {60, "minute"},
							  {1, "second"}};

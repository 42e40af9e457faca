/* SPDX-License-Identifier: MIT */
/* Sentences for the person at the terminal. */
#include "base/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/output.h"
#include "base/text.h"

__attribute__((format(printf, 2, 0))) static void message_print(const char *head,
								const char *format, va_list list)
{
	char line[2048], text[2100];
	int n;

	vsnprintf(line, sizeof(line), format, list);
	xt_text_clean(line);
	n = snprintf(text, sizeof(text), "%s%s\n", head, line);
	xt_output_put(text, (size_t)n);
}

void xt_message(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_print("xtunnel: ", format, list);
	va_end(list);
}

int xt_fail(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_print("xtunnel: ", format, list);
	va_end(list);
	return status;
}

void xt_hint(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_print("  ", format, list);
	va_end(list);
}

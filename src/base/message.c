/* SPDX-License-Identifier: MIT */
/* Sentences for the person at the terminal. */
#include "base/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/output.h"
#include "base/printf.h"
#include "base/text.h"

XT_PRINTF(3, 0)
static void message_print(enum xt_log_level level, const char *head, const char *format,
			  va_list list)
{
	char line[2048], text[2100];
	int n;

	vsnprintf(line, sizeof(line), format, list);
	xt_text_clean(line);
	if (xt_log_message(level, line))
		return;
	n = snprintf(text, sizeof(text), "%s%s\n", head, line);
	xt_output_put(text, (size_t)n);
}

void xt_message(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_print(XT_LOG_NOTICE, "xtunnel: ", format, list);
	va_end(list);
}

int xt_fail(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_print(XT_LOG_ERROR, "xtunnel: ", format, list);
	va_end(list);
	return status;
}

void xt_message_lines(enum xt_log_level level, const char *text, size_t len)
{
	char line[1001];

	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line)),
			 text);
		xt_text_clean(line);
		if (!xt_log_message(level, line))
			break;
		n += end != NULL;
		text += n;
		len -= n;
	}
	if (len)
		xt_output_put(text, len);
}

void xt_hint(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_print(XT_LOG_NOTICE, "  ", format, list);
	va_end(list);
}

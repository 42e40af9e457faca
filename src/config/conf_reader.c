/* SPDX-License-Identifier: MIT */
/* What the parsers of all keys share: diagnostics at the current line, and arrays that grow. */
#include "config/conf_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printf.h"
#include "base/text.h"
#include "config/conf_diagnostic.h"

void xt_reader_add(struct xt_conf_reader *r, enum xt_lint code, unsigned line, unsigned column,
		   const char *text)
{
	if (xt_conf_diagnostics_add(r->diagnostics, code, line, column, "%s", text) < 0)
		r->failed = XT_E_NOMEM;
	r->errors += xt_lint_severity(code) == XT_SEVERITY_ERROR;
}

XT_PRINTF(4, 0)
static void reader_diagnose(struct xt_conf_reader *r, enum xt_lint code, unsigned column,
			    const char *format, va_list args)
{
	char text[sizeof(((struct xt_conf_diagnostic *)0)->text)];

	vsnprintf(text, sizeof(text), format, args);
	xt_reader_add(r, code, r->line ? r->line->line : 0, column, text);
}

void xt_reader_error(struct xt_conf_reader *r, unsigned column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	reader_diagnose(r, XT_LINT_SYNTAX, column, format, args);
	va_end(args);
}

void xt_reader_report(struct xt_conf_reader *r, enum xt_lint code, unsigned column,
		      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	reader_diagnose(r, code, column, format, args);
	va_end(args);
}

void *xt_reader_grow(struct xt_conf_reader *r, void *old, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < 4))
		return old;
	if (n == 0 && old)
		return old;
	size_t cap = n ? n * 2 : 4;
	void *v = calloc(cap, size);
	if (!v) {
		r->failed = XT_E_NOMEM;
		return NULL;
	}
	if (n) {
		memcpy(v, old, n * size);
		xt_wipe(old, n * size);
		free(old);
	}
	return v;
}

bool xt_reader_judge(struct xt_conf_reader *r, unsigned column, const char *sentence)
{
	if (sentence)
		xt_reader_error(r, column, "%s: %s", r->key, sentence);
	return !sentence;
}

/* SPDX-License-Identifier: MIT */
/* The list of errors and warnings of a configuration file. */
#include "config/conf_diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secbuf.h"
#include "base/size.h"

size_t xt_conf_diagnostics_count(const struct xt_conf_diagnostics *diagnostics, bool warning)
{
	size_t n = 0;

	for (size_t i = 0; i < diagnostics->n; i++)
		n += diagnostics->v[i].warning == warning;
	return n;
}

static bool diagnostics_full(const struct xt_conf_diagnostics *diagnostics, enum xt_lint code)
{
	bool warning = xt_lint_severity(code) != XT_SEVERITY_ERROR;

	if (diagnostics->each)
		return diagnostics->count[code] > diagnostics->each;
	return xt_conf_diagnostics_count(diagnostics, warning) >= XT_CONF_ERRORS_MAX;
}

int xt_conf_diagnostics_add(struct xt_conf_diagnostics *diagnostics, enum xt_lint code,
			    unsigned line, unsigned column, const char *format, ...)
{
	va_list args;

	diagnostics->count[code]++;
	if (diagnostics_full(diagnostics, code))
		return 0;
	if (diagnostics->n == diagnostics->cap) {
		size_t cap = diagnostics->cap ? diagnostics->cap * 2 : 8;
		struct xt_conf_diagnostic *v = xt_items_resize(diagnostics->v, cap, sizeof(*v));

		if (!v)
			return XT_E_NOMEM;
		diagnostics->v = v;
		diagnostics->cap = cap;
	}
	struct xt_conf_diagnostic *d = &diagnostics->v[diagnostics->n++];
	d->code = code;
	d->warning = xt_lint_severity(code) != XT_SEVERITY_ERROR;
	d->line = line;
	d->column = column;
	va_start(args, format);
	vsnprintf(d->text, sizeof(d->text), format, args);
	va_end(args);
	return 0;
}

void xt_conf_diagnostics_sort(struct xt_conf_diagnostics *diagnostics, size_t from)
{
	for (size_t i = from + 1; i < diagnostics->n; i++) {
		struct xt_conf_diagnostic moved = diagnostics->v[i];
		size_t j = i;

		for (; j > from && diagnostics->v[j - 1].line > moved.line; j--)
			diagnostics->v[j] = diagnostics->v[j - 1];
		diagnostics->v[j] = moved;
	}
}

void xt_conf_diagnostics_clear(struct xt_conf_diagnostics *diagnostics)
{
	free(diagnostics->v);
	memset(diagnostics, 0, sizeof(*diagnostics));
}

char *xt_conf_diagnostics_print(const struct xt_conf_diagnostics *diagnostics, const char *file)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	char *out;
	size_t len;

	for (size_t i = 0; i < diagnostics->n; i++) {
		const struct xt_conf_diagnostic *d = &diagnostics->v[i];

		xt_secbuf_printf(&text, "%s:", file ? file : "-");
		if (d->line)
			xt_secbuf_printf(&text, "%u:", d->line);
		if (d->line && d->column)
			xt_secbuf_printf(&text, "%u:", d->column);
		xt_secbuf_printf(&text, " %s: %s\n", d->warning ? "warning" : "error", d->text);
	}
	(void)xt_secbuf_detach(&text, &out, &len);
	return out;
}

/* Findings in a configuration file: kept, counted, ordered, printed. */
#include "config/conf_diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secbuf.h"

size_t xt_conf_diagnostics_count(const struct xt_conf_diagnostics *notes, bool warning)
{
	size_t n = 0;

	for (size_t i = 0; i < notes->n; i++)
		n += notes->v[i].warning == warning;
	return n;
}

int xt_conf_diagnostic(struct xt_conf_diagnostics *notes, bool warning, unsigned line,
		       unsigned column, const char *format, ...)
{
	va_list args;

	if (xt_conf_diagnostics_count(notes, warning) >= XT_CONF_ERRORS_MAX)
		return 0;
	if (notes->n == notes->cap) {
		size_t cap = notes->cap ? notes->cap * 2 : 8;
		struct xt_conf_diagnostic *v = realloc(notes->v, cap * sizeof(*v));

		if (!v)
			return XT_E_NOMEM;
		notes->v = v;
		notes->cap = cap;
	}
	struct xt_conf_diagnostic *note = &notes->v[notes->n++];
	note->warning = warning;
	note->line = line;
	note->column = column;
	va_start(args, format);
	vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
	return 0;
}

void xt_conf_diagnostics_sort(struct xt_conf_diagnostics *notes, size_t from)
{
	for (size_t i = from + 1; i < notes->n; i++) {
		struct xt_conf_diagnostic note = notes->v[i];
		size_t j = i;

		for (; j > from && notes->v[j - 1].line > note.line; j--)
			notes->v[j] = notes->v[j - 1];
		notes->v[j] = note;
	}
}

void xt_conf_diagnostics_clear(struct xt_conf_diagnostics *notes)
{
	free(notes->v);
	memset(notes, 0, sizeof(*notes));
}

char *xt_conf_diagnostics_print(const struct xt_conf_diagnostics *notes, const char *file)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	char *out;
	size_t len;

	for (size_t i = 0; i < notes->n; i++) {
		const struct xt_conf_diagnostic *d = &notes->v[i];

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

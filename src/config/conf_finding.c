/* SPDX-License-Identifier: MIT */
/* The list of findings, bounded for each code, and the table of codes. */
#include "config/conf_finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/size.h"

static const struct {
	const char *word;
	enum xt_severity severity;
} lints[XT_LINTS] = {
#define X(id, word, severity, meaning, remedy) [XT_LINT_##id] = {word, XT_SEVERITY_##severity},
#include "config/lint.def"
#undef X
};

const char *xt_lint_word(enum xt_lint code)
{
	return lints[code].word;
}

enum xt_severity xt_lint_severity(enum xt_lint code)
{
	return lints[code].severity;
}

const char *xt_severity_word(enum xt_severity severity)
{
	static const char *const words[] = {"error", "warning", "hint"};

	return words[severity];
}

/* A new finding at the end of the list; NULL: it is counted only, or there is no memory. */
static struct xt_finding *finding_new(struct xt_findings *findings, enum xt_lint code)
{
	if (findings->count[code]++ >= XT_FINDINGS_EACH)
		return NULL;
	if (findings->n == findings->cap) {
		size_t cap = findings->cap ? 2 * findings->cap : 16;
		struct xt_finding *v = xt_items_resize(findings->v, cap, sizeof(*v));

		if (!v) {
			findings->failed = XT_E_NOMEM;
			return NULL;
		}
		findings->v = v;
		findings->cap = cap;
	}
	return &findings->v[findings->n++];
}

void xt_findings_add(struct xt_findings *findings, enum xt_lint code, struct xt_lint_place place,
		     struct xt_lint_place other, const char *format, ...)
{
	struct xt_finding *finding = finding_new(findings, code);
	va_list args;

	if (!finding)
		return;
	*finding = (struct xt_finding){
	    .code = code, .place = place, .other = other, .column = place.line ? 1 : 0};
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

void xt_findings_take(struct xt_findings *findings, unsigned file,
		      const struct xt_conf_diagnostics *diagnostics)
{
	size_t kept[XT_LINTS] = {0};

	for (size_t i = 0; i < diagnostics->n; i++) {
		const struct xt_conf_diagnostic *d = &diagnostics->v[i];
		struct xt_finding *finding = finding_new(findings, d->code);

		kept[d->code]++;
		if (!finding)
			continue;
		*finding = (struct xt_finding){
		    .code = d->code, .place = {file, d->line}, .column = d->column};
		memcpy(finding->text, d->text, sizeof(finding->text));
	}
	for (size_t code = 0; code < XT_LINTS; code++)
		findings->count[code] += diagnostics->count[code] - kept[code];
}

/* Insertion keeps the order of equal places; the list is bounded by the number of codes. */
void xt_findings_sort(struct xt_findings *findings)
{
	for (size_t i = 1; i < findings->n; i++) {
		struct xt_finding moved = findings->v[i];
		size_t j = i;

		for (; j > 0; j--) {
			const struct xt_lint_place *before = &findings->v[j - 1].place;

			if (before->file < moved.place.file ||
			    (before->file == moved.place.file && before->line <= moved.place.line))
				break;
			findings->v[j] = findings->v[j - 1];
		}
		findings->v[j] = moved;
	}
}

size_t xt_findings_count(const struct xt_findings *findings, enum xt_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < XT_LEN(lints); i++)
		if (lints[i].severity == severity)
			n += findings->count[i];
	return n;
}

void xt_findings_clear(struct xt_findings *findings)
{
	free(findings->v);
	memset(findings, 0, sizeof(*findings));
}

/* SPDX-License-Identifier: MIT */
/* One line, or one JSON object, for each finding; and one for each code of which there are more. */
#include "cli/check_print.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Findings of that code that are not listed. */
static size_t findings_omitted(const struct xt_findings *findings, enum xt_lint code)
{
	size_t listed = 0;

	for (size_t i = 0; i < findings->n; i++)
		listed += findings->v[i].code == code;
	return findings->count[code] - listed;
}

/* The text of what is not listed, at the file of the last one that is. */
static bool omitted_finding(const struct xt_findings *findings, enum xt_lint code,
			    struct xt_finding *out)
{
	size_t n = findings_omitted(findings, code);

	if (n == 0)
		return false;
	*out = (struct xt_finding){.code = code};
	for (size_t i = 0; i < findings->n; i++)
		if (findings->v[i].code == code)
			out->place.file = findings->v[i].place.file;
	snprintf(out->text, sizeof(out->text), "%zu more of this kind are not listed", n);
	return true;
}

static void finding_print(FILE *out, const struct xt_finding *finding, const char *const files[2])
{
	fprintf(out, "%s:", files[finding->place.file]);
	if (finding->place.line)
		fprintf(out, "%u:", finding->place.line);
	if (finding->place.line && finding->column)
		fprintf(out, "%u:", finding->column);
	fprintf(out, " %s: %s", xt_severity_word(xt_lint_severity(finding->code)), finding->text);
	if (finding->other.line)
		fprintf(out, "; see %s:%u", files[finding->other.file], finding->other.line);
	fprintf(out, " [%s]\n", xt_lint_word(finding->code));
}

void xt_check_print(FILE *out, const struct xt_findings *findings, const char *const files[2])
{
	struct xt_finding more;

	for (size_t i = 0; i < findings->n; i++)
		finding_print(out, &findings->v[i], files);
	for (unsigned code = 0; code < XT_LINTS; code++)
		if (omitted_finding(findings, (enum xt_lint)code, &more))
			finding_print(out, &more, files);
}

void xt_check_counts(const struct xt_findings *findings, char text[XT_CHECK_COUNTS])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned severity = 0; severity <= XT_SEVERITY_HINT; severity++) {
		size_t n = xt_findings_count(findings, (enum xt_severity)severity);

		if (n > 0)
			len += (size_t)snprintf(
			    text + len, XT_CHECK_COUNTS - len, "%s%zu %s%s", len ? ", " : "", n,
			    xt_severity_word((enum xt_severity)severity), n == 1 ? "" : "s");
	}
}

/* A path may hold any bytes. */
static json_t *string_json(const char *text)
{
	char *clean = strdup(text);
	json_t *json;

	if (!clean)
		return NULL;
	xt_text_clean(clean);
	json = json_string(clean);
	free(clean);
	return json;
}

static json_t *finding_json(const struct xt_finding *finding, const char *const files[2])
{
	json_t *json = json_pack(
	    "{s:o, s:i, s:i, s:s, s:s, s:o}", "file", string_json(files[finding->place.file]),
	    "line", (int)finding->place.line, "column", (int)finding->column, "severity",
	    xt_severity_word(xt_lint_severity(finding->code)), "code", xt_lint_word(finding->code),
	    "text", string_json(finding->text));

	if (finding->other.line) {
		json_object_set_new(json, "other_file", string_json(files[finding->other.file]));
		json_object_set_new(json, "other_line", json_integer(finding->other.line));
	}
	return json;
}

int xt_check_print_json(FILE *out, const struct xt_findings *findings, const char *const files[2])
{
	json_t *array = json_array();
	struct xt_finding more;
	int failed = array ? 0 : -1;

	for (size_t i = 0; i < findings->n; i++)
		failed |= json_array_append_new(array, finding_json(&findings->v[i], files));
	for (unsigned code = 0; code < XT_LINTS; code++)
		if (omitted_finding(findings, (enum xt_lint)code, &more))
			failed |= json_array_append_new(array, finding_json(&more, files));
	if (!failed) {
		json_dumpf(array, out, JSON_INDENT(2));
		fputc('\n', out);
	}
	json_decref(array);
	return failed ? XT_E_NOMEM : 0;
}

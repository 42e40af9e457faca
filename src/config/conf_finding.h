/* SPDX-License-Identifier: MIT */
/* What `check` finds: errors, warnings and hints, each with a code and with one or two places. */
#ifndef XT_CONFIG_CONF_FINDING_H
#define XT_CONFIG_CONF_FINDING_H

#include "base/printf.h"
#include "config/conf.h"

#define XT_FINDINGS_EACH 20 /* of one code are listed; the others are counted */

/* A line of one of the files that are checked, by its number; line 0: the file as a whole. */
struct xt_lint_place {
	unsigned file, line;
};
#define XT_LINT_ELSEWHERE ((struct xt_lint_place){0}) /* there is no second place */

/* other  where it disagrees with; line 0: nowhere */
struct xt_finding {
	enum xt_lint code;
	struct xt_lint_place place, other;
	unsigned column;
	char text[XT_CONF_DIAGNOSTIC_TEXT];
};

/* count  of each code, listed or not
 * failed 0 or XT_E_NOMEM: then findings are missing */
struct xt_findings {
	struct xt_finding *v;
	size_t n, cap;
	size_t count[XT_LINTS];
	int failed;
};

void xt_findings_add(struct xt_findings *findings, enum xt_lint code, struct xt_lint_place place,
		     struct xt_lint_place other, const char *format, ...) XT_PRINTF(5, 6);
/* Append what was found while a file was read. */
void xt_findings_take(struct xt_findings *findings, unsigned file,
		      const struct xt_conf_diagnostics *diagnostics);
void xt_findings_sort(struct xt_findings *findings); /* by file and line; stable */
size_t xt_findings_count(const struct xt_findings *findings, enum xt_severity severity);
void xt_findings_clear(struct xt_findings *findings);

#endif

/* SPDX-License-Identifier: MIT */
/* The findings of a configuration in a test, as lines "FILE:LINE code" or, with a second place,
 * "FILE:LINE code FILE:LINE". */
#ifndef XT_TESTS_CONF_FINDINGS_H
#define XT_TESTS_CONF_FINDINGS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf_lint.h"

#define FINDINGS_TEXT 8192

/* As `check` reads a file: what xt_conf_parse and xt_conf_check say belongs to the findings. */
static inline int findings_parse(struct xt_findings *findings, struct xt_conf *conf, unsigned file,
				 const char *text)
{
	struct xt_conf_diagnostics diagnostics = {.each = XT_FINDINGS_EACH};
	int rc = xt_conf_parse(conf, file ? "right" : "left", text, strlen(text), &diagnostics);

	if (rc == 0)
		rc = xt_conf_check(conf, &diagnostics);
	xt_findings_take(findings, file, &diagnostics);
	xt_conf_diagnostics_clear(&diagnostics);
	return rc;
}

static inline void findings_print(struct xt_findings *findings, char out[FINDINGS_TEXT])
{
	size_t len = 0;

	xt_findings_sort(findings);
	out[0] = '\0';
	for (size_t i = 0; i < findings->n && len < FINDINGS_TEXT - 80; i++) {
		const struct xt_finding *f = &findings->v[i];

		len += (size_t)sprintf(out + len, "%u:%u %s", f->place.file, f->place.line,
				       xt_lint_word(f->code));
		if (f->other.line)
			len += (size_t)sprintf(out + len, " %u:%u", f->other.file, f->other.line);
		out[len++] = '\n';
		out[len] = '\0';
	}
}

#endif

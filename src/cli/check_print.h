/* SPDX-License-Identifier: MIT */
/* The findings of `check` as text and as JSON. */
#ifndef XT_CLI_CHECK_PRINT_H
#define XT_CLI_CHECK_PRINT_H

#include <stdio.h>

#include "config/conf_finding.h"

/* files  as they are printed, by the numbers of the places */
void xt_check_print(FILE *out, const struct xt_findings *findings, const char *const files[2]);
/* "1 error, 2 warnings", without what there is none of; "" if nothing was found. */
#define XT_CHECK_COUNTS 96
void xt_check_counts(const struct xt_findings *findings, char text[XT_CHECK_COUNTS]);
/* An array of objects. XT_E_NOMEM. */
int xt_check_print_json(FILE *out, const struct xt_findings *findings, const char *const files[2]);

#endif

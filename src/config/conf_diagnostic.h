/* SPDX-License-Identifier: MIT */
/* Errors and warnings of a configuration file. */
#ifndef XT_CONFIG_CONF_DIAGNOSTIC_H
#define XT_CONFIG_CONF_DIAGNOSTIC_H

#include "base/printf.h"
#include "config/conf.h"

/* Append, unless there are as many of this kind as are kept. The code's severity is an error's or a
 * warning's. 0 or XT_E_NOMEM. */
int xt_conf_diagnostics_add(struct xt_conf_diagnostics *diagnostics, enum xt_lint code,
			    unsigned line, unsigned column, const char *format, ...)
    XT_PRINTF(5, 6);
size_t xt_conf_diagnostics_count(const struct xt_conf_diagnostics *diagnostics, bool warning);
void xt_conf_diagnostics_sort(struct xt_conf_diagnostics *diagnostics,
			      size_t from); /* by line; stable */

#endif

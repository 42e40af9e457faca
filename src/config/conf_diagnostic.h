/* Findings in a configuration file. */
#ifndef XT_CONFIG_CONF_DIAGNOSTIC_H
#define XT_CONFIG_CONF_DIAGNOSTIC_H

#include "config/conf.h"

/* Append; beyond XT_CONF_ERRORS_MAX of either kind nothing is kept. 0 or XT_E_NOMEM. */
int xt_conf_diagnostic(struct xt_conf_diagnostics *notes, bool warning, unsigned line,
		       unsigned column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
size_t xt_conf_diagnostics_count(const struct xt_conf_diagnostics *notes, bool warning);
void xt_conf_diagnostics_sort(struct xt_conf_diagnostics *notes, size_t from); /* by line; stable */

#endif

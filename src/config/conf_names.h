/* SPDX-License-Identifier: MIT */
/* Names that a configuration uses and this host defines: routing tables and services. */
#ifndef XT_CONFIG_CONF_NAMES_H
#define XT_CONFIG_CONF_NAMES_H

#include "config/conf.h"

/* The number that text, a file in the form of iproute2's rt_tables, gives to name. Pure. */
bool xt_table_number_in(const char *text, size_t len, const char *name, uint32_t *number);

/* Replace the names in conf by their numbers: Table from rt_tables(5) as ip(8) reads it, ports of
 * Endpoint from services(5). Reads those files. A name that this host does not know is an error at
 * its line. 0; XT_E_SYNTAX; XT_E_NOMEM. */
int xt_conf_resolve_names(struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics);

#endif

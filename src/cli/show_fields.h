/* SPDX-License-Identifier: MIT */
/* The output of `wg show` for scripts: one field or all of them, separated by TABs. */
#ifndef XT_CLI_SHOW_FIELDS_H
#define XT_CLI_SHOW_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* Is it "dump", "peers", "allowed-ips" ...? false: *near is the most similar one, or NULL. */
bool xt_show_field_known(const char *field, const char **near);
const char *xt_show_field_name(size_t i); /* NULL: no more */

/* Print the field of one interface, from the socket of wg(8); with named each line begins with its
 * name. enum xt_exit; failures are printed. */
int xt_show_field(const char *name, const char *field, bool named);

/* Print the names of all interfaces that answer there, on one line; json: as an array. */
int xt_show_interfaces(bool json);
/* xt_show_field for all of them. */
int xt_show_field_all(const char *field);

#endif

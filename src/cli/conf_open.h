/* SPDX-License-Identifier: MIT */
/* Load and check a configuration file for run, up and check. */
#ifndef XT_CLI_CONF_OPEN_H
#define XT_CLI_CONF_OPEN_H

#include <stdio.h>

#include "config/conf.h"

/* Prints all diagnostics to findings, or on stderr when the file cannot be read. XT_EXIT_OK;
 * XT_EXIT_FAILURE: the file is missing or unreadable; XT_EXIT_CONFIG; XT_EXIT_USAGE: no valid name.
 * The caller clears conf in every case. */
int xt_conf_open(struct xt_conf *conf, const char *name_or_path, FILE *findings);

#endif

/* SPDX-License-Identifier: MIT */
/* Load and check a configuration file for run, up and check. */
#ifndef XT_CLI_CONF_OPEN_H
#define XT_CLI_CONF_OPEN_H

#include <stdio.h>

#include "config/conf.h"

/* Also runs PrivateKeyCommand. Prints all diagnostics to findings, or on stderr when the file
 * cannot be read. XT_EXIT_OK; XT_EXIT_FAILURE: the file is missing or unreadable; XT_EXIT_CONFIG;
 * XT_EXIT_USAGE: no valid name. The caller clears conf in every case. */
int xt_conf_open(struct xt_conf *conf, const char *name_or_path, FILE *findings);
/* Likewise, and the diagnostics are the caller's to print and clear; those of a file that cannot be
 * read are printed on stderr as well. No PrivateKeyCommand runs. */
int xt_conf_open_diagnosed(struct xt_conf *conf, const char *name_or_path,
			   struct xt_conf_diagnostics *diagnostics);
/* As xt_conf_open, with the text of the file, which the caller clears too, and without the
 * judgement of who may write it: for a verb that runs no hook and no PrivateKeyCommand. */
int xt_conf_open_text(struct xt_conf *conf, const char *name_or_path, struct xt_secbuf *text,
		      FILE *findings);

#endif

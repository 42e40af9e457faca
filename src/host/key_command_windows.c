/* SPDX-License-Identifier: MIT */
/* PrivateKeyCommand runs a command of the file, which Windows' instances never do by themselves. */
#include "host/key_command.h"

#include <stdio.h>

#include <xtunnel/error.h>

#include "config/conf_diagnostic.h"

int xt_key_command_run(const char *command, unsigned limit_ms, struct xt_private *out, char *text,
		       size_t cap)
{
	(void)command;
	(void)limit_ms;
	(void)out;
	snprintf(text, cap, "is not there on Windows");
	return XT_E_INVALID;
}

int xt_key_command_load(struct xt_conf *conf, xt_key_command_fn *run, void *ctx,
			struct xt_conf_diagnostics *diagnostics)
{
	int rc;

	(void)run;
	(void)ctx;
	if (!conf->private_key_command)
		return 0;
	rc = xt_conf_diagnostics_add(diagnostics, XT_LINT_SYNTAX, conf->key_line, 1,
				     "PrivateKeyCommand: not on Windows, where no file runs a "
				     "command; use PrivateKeyFile");
	return rc < 0 ? rc : XT_E_SYNTAX;
}

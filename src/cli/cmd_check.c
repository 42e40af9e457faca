/* SPDX-License-Identifier: MIT */
/* check: print all diagnostics of a configuration file and change nothing. */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/term.h"
#include "config/conf.h"

const char xt_text_check[] =
    "\nPrints each error and warning with file:line:column on standard output and changes nothing.\n"
    "The exit status is 0 when the file can be used, with warnings or without, and 4 when it\n"
    "cannot. A NAME stands for the same files as with run.\n";

int xt_cmd_check(const struct xt_args *args)
{
	struct xt_conf conf;
	int status = xt_conf_open(&conf, args->operands[0], stdout);

	if (status == XT_EXIT_OK)
		printf("%s: valid: interface %s, %zu peer%s\n",
		       conf.path ? conf.path : args->operands[0], conf.name, conf.n_peers,
		       conf.n_peers == 1 ? "" : "s");
	xt_conf_clear(&conf);
	return status;
}

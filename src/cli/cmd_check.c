/* check: all notes on a configuration file, and nothing changed. */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/term.h"
#include "config/conf.h"

const char xt_text_check[] =
    "\nPrints every finding as file:line:column and changes nothing. The exit status is 0 when the\n"
    "file can be used, warnings or not, and 4 when it cannot. A NAME is looked for as by run.\n";

int xt_cmd_check(const struct xt_args *args)
{
	struct xt_conf conf;
	int status = xt_conf_open(&conf, args->operands[0]);

	if (status == XT_EXIT_OK)
		printf("%s: fine: %s, %zu peer%s\n", conf.path ? conf.path : args->operands[0],
		       conf.name, conf.n_peers, conf.n_peers == 1 ? "" : "s");
	xt_conf_clear(&conf);
	return status;
}

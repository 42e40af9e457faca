/* SPDX-License-Identifier: MIT */
/* Verbs that Windows cannot have, each with its reason. */
#include <stddef.h>

#include "base/message.h"
#include "cli/cmd.h"

#define REFUSED "\nNot on Windows.\n"

const char xt_text_upgrade[] = REFUSED;
const char xt_text_exporter[] = REFUSED;
const char xt_text_bench[] = REFUSED;
const char xt_text_lab[] = REFUSED;
const struct xt_option xt_upgrade_options[] = {{0}};
const struct xt_option xt_exporter_options[] = {{0}};
const struct xt_option xt_bench_options[] = {{0}};
const struct xt_option xt_lab_options[] = {{0}};

static int verb_refuse(const char *verb, const char *reason)
{
	return xt_fail(XT_EXIT_USAGE, "%s: not on Windows: %s", verb, reason);
}

int xt_upgrade(const char *word, bool changed_only, bool no_restart)
{
	(void)word;
	(void)changed_only;
	(void)no_restart;
	return verb_refuse("upgrade", "adapters and pipes cannot be handed to another process; "
				      "restart the service");
}

int xt_cmd_upgrade(const struct xt_args *args)
{
	return xt_upgrade(args->n > 0 ? args->operands[0] : "", false, false);
}

int xt_cmd_exporter(const struct xt_args *args)
{
	(void)args;
	return verb_refuse("exporter", "this build has no libmicrohttpd; `xtunnel metrics` prints "
				       "the same for a file");
}

int xt_cmd_bench(const struct xt_args *args)
{
	(void)args;
	return verb_refuse("bench", "it measures what Linux can do; `xtunnel --version` says which "
				    "cipher is used");
}

int xt_cmd_lab(const struct xt_args *args)
{
	(void)args;
	return verb_refuse("lab", "it needs network namespaces");
}

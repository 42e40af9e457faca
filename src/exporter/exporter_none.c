/* SPDX-License-Identifier: MIT */
/* The exporter of a build without libmicrohttpd. */
#include "exporter/exporter.h"

#include <stddef.h>

#include "base/message.h"
#include "daemon/exit.h"

const char *xt_exporter_library(void)
{
	return NULL;
}

int xt_exporter_run(const struct xt_exporter_options *options)
{
	(void)options;
	return xt_fail(XT_EXIT_FAILURE, "exporter: not in this build: no libmicrohttpd; `xtunnel "
					"metrics` prints the same for a file");
}

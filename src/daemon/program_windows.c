/* SPDX-License-Identifier: MIT */
/* The program's file: no instance goes on in another one, so its version is enough. */
#include "daemon/program.h"

#include <stdio.h>

#include <xtunnel/version.h>

void xt_program_id(char *out, size_t cap)
{
	snprintf(out, cap, "%s", XT_VERSION);
}

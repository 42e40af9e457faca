/* SPDX-License-Identifier: MIT */
/* The state directory of root, or of another user. */
#include "host/bound_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int xt_bound_dir(char *buf, size_t len)
{
	const char *chosen = getenv("XT_STATE_DIR"), *home;
	int n = -1;

	if (chosen && *chosen)
		n = snprintf(buf, len, "%s", chosen);
	else if (geteuid() == 0)
		n = snprintf(buf, len, "/var/lib/xtunnel");
	else if ((home = getenv("XDG_STATE_HOME")) && *home == '/')
		n = snprintf(buf, len, "%s/xtunnel", home);
	else if ((home = getenv("HOME")) && *home == '/')
		n = snprintf(buf, len, "%s/.local/state/xtunnel", home);
	return n > 0 && (size_t)n < len ? 0 : -ENOENT;
}

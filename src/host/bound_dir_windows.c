/* SPDX-License-Identifier: MIT */
/* The state directory of a host, which administrators alone may change. */
#include "host/bound_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/windows/places_windows.h"

int xt_bound_dir(char *buf, size_t len)
{
	const char *chosen = getenv("XT_STATE_DIR");
	int n;

	if (!chosen || !*chosen)
		return xt_win_data_dir(buf, len, "/state") ? 0 : -ENOENT;
	n = snprintf(buf, len, "%s", chosen);
	return n > 0 && (size_t)n < len ? 0 : -ENOENT;
}

/* SPDX-License-Identifier: MIT */
/* Where messages and log lines go. */
#include "base/output.h"

#include <errno.h>
#include <stdio.h>

static void stderr_put(const char *text, size_t len)
{
	int saved = errno;

	(void)fwrite(text, 1, len, stderr);
	errno = saved;
}

static xt_output *target = stderr_put;

void xt_output_set(xt_output *output)
{
	target = output ? output : stderr_put;
}

void xt_output_put(const char *text, size_t len)
{
	target(text, len);
}

/* SPDX-License-Identifier: MIT */
/* libuv's version at run time. */
#include <uv.h>

#include "cli/version_uv.h"

const char *xt_uv_version(void)
{
	return uv_version_string();
}

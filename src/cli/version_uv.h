/* SPDX-License-Identifier: MIT */
/* libuv's version, for files that may not include <uv.h>. */
#ifndef XT_CLI_VERSION_UV_H
#define XT_CLI_VERSION_UV_H

const char *xt_uv_version(void);

#endif

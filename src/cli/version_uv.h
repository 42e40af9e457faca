/* libuv's version, for those who may not include it. */
#ifndef XT_CLI_VERSION_UV_H
#define XT_CLI_VERSION_UV_H

const char *xt_uv_version(void);

#endif

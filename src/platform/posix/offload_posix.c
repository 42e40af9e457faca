/* SPDX-License-Identifier: MIT */
/* XT_OFFLOAD and XT_URING in the environment. */
#include "platform/offload.h"

#include <stdlib.h>
#include <string.h>

static bool env_is(const char *name, const char *value)
{
	const char *text = getenv(name);

	return text && strcmp(text, value) == 0;
}

static bool offload_is(const char *value)
{
	return env_is("XT_OFFLOAD", value);
}

bool xt_offload_known(void)
{
	const char *text = getenv("XT_OFFLOAD");

	return !text || !*text || offload_is("auto") || offload_is("all") || offload_is("off") ||
	       offload_is("tun") || offload_is("udp");
}

bool xt_offload_tun(void)
{
	return !offload_is("off") && !offload_is("udp");
}

bool xt_offload_udp(void)
{
	return !offload_is("off") && !offload_is("tun");
}

bool xt_uring_known(void)
{
	const char *text = getenv("XT_URING");

	return !text || !*text || env_is("XT_URING", "auto") || env_is("XT_URING", "off");
}

bool xt_uring(void)
{
	return !env_is("XT_URING", "off");
}

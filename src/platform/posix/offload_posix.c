/* XT_OFFLOAD in the environment. */
#include "platform/offload.h"

#include <stdlib.h>
#include <string.h>

static bool says(const char *word)
{
	const char *text = getenv("XT_OFFLOAD");

	return text && strcmp(text, word) == 0;
}

bool xt_offload_known(void)
{
	const char *text = getenv("XT_OFFLOAD");

	return !text || !*text || says("auto") || says("all") || says("off") || says("tun") ||
	       says("udp");
}

bool xt_offload_tun(void)
{
	return !says("off") && !says("udp");
}

bool xt_offload_udp(void)
{
	return !says("off") && !says("tun");
}

/* XT_OFFLOAD and XT_URING in the environment. */
#include "platform/offload.h"

#include <stdlib.h>
#include <string.h>

static bool is(const char *name, const char *word)
{
	const char *text = getenv(name);

	return text && strcmp(text, word) == 0;
}

static bool says(const char *word)
{
	return is("XT_OFFLOAD", word);
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

bool xt_uring_known(void)
{
	const char *text = getenv("XT_URING");

	return !text || !*text || is("XT_URING", "auto") || is("XT_URING", "off");
}

bool xt_uring(void)
{
	return !is("XT_URING", "off");
}

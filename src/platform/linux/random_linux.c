/* SPDX-License-Identifier: MIT */
/* getrandom(2), which gives up to 256 bytes whole. */
#include <sys/random.h>

#include "platform/random.h"

bool xt_random_bytes(void *out, size_t n)
{
	return getrandom(out, n, GRND_NONBLOCK) == (ssize_t)n;
}

/* SPDX-License-Identifier: MIT */
/* arc4random(3) of macOS and the BSDs, which does not fail. */
#include <stdlib.h>

#include "platform/random.h"

bool xt_random_bytes(void *out, size_t n)
{
	arc4random_buf(out, n);
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Processors by sysconf. */
#include "platform/processors.h"

#include <unistd.h>

unsigned xt_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

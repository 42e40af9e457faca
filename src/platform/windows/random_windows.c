/* SPDX-License-Identifier: MIT */
/* Random bytes of the system. */
#include "platform/random.h"

#include "platform/windows/system_windows.h"

#define RtlGenRandom SystemFunction036 /* its name in advapi32.dll */
BOOLEAN NTAPI RtlGenRandom(void *out, ULONG n);

bool xt_random_bytes(void *out, size_t n)
{
	return RtlGenRandom(out, (ULONG)n);
}

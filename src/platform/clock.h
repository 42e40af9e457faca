/* SPDX-License-Identifier: MIT */
/* The only clocks of the program. */
#ifndef XT_PLATFORM_CLOCK_H
#define XT_PLATFORM_CLOCK_H

#include <xtunnel/types.h>

struct xt_time xt_clock_now(void); /* mono: CLOCK_BOOTTIME or the like: counts suspended time */

/* What the calling thread has run so far, in ns, without what it waited for a processor. */
uint64_t xt_clock_cpu(void);

#endif

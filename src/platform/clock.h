/* SPDX-License-Identifier: MIT */
/* The only clock of the program. */
#ifndef XT_PLATFORM_CLOCK_H
#define XT_PLATFORM_CLOCK_H

#include <xtunnel/types.h>

struct xt_time xt_clock_now(void); /* mono: CLOCK_BOOTTIME or the like: counts suspended time */

#endif

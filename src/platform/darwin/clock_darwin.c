/* SPDX-License-Identifier: MIT */
/* The clock of macOS: mach_continuous_time counts suspended time, mach_absolute_time does not. */
#include "platform/clock.h"

#include <mach/mach_time.h>
#include <time.h>

/* The ratio is a fraction of small numbers (125/3 on Apple's processors, 1/1 on Intel's): the whole
 * and the rest are scaled apart, so that no product overflows. */
static uint64_t ticks_ns(uint64_t ticks)
{
	static mach_timebase_info_data_t base;

	if (base.denom == 0)
		(void)mach_timebase_info(&base);
	if (base.denom == 0)
		return ticks;
	return ticks / base.denom * base.numer + ticks % base.denom * base.numer / base.denom;
}

struct xt_time xt_clock_now(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct xt_time){.mono = ticks_ns(mach_continuous_time()),
				.wall = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec};
}

/* Read in an order in which what passes between the two counts for nothing. */
uint64_t xt_clock_suspended(void)
{
	uint64_t all = mach_continuous_time(), awake = mach_absolute_time();

	return all > awake ? ticks_ns(all - awake) : 0;
}

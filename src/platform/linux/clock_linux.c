/* SPDX-License-Identifier: MIT */
/* The clock: CLOCK_BOOTTIME counts suspended time, so that sessions expire during a suspend. */
#include "platform/clock.h"

#include <time.h>

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = {0};

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct xt_time xt_clock_now(void)
{
	return (struct xt_time){.mono = clock_ns(CLOCK_BOOTTIME), .wall = clock_ns(CLOCK_REALTIME)};
}

/* SPDX-License-Identifier: MIT */
/* The clock of FreeBSD and OpenBSD. OpenBSD's CLOCK_BOOTTIME counts suspended time; FreeBSD's is
 * its monotonic clock, which does so as far as the hardware's counter runs on. */
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

/* Read in an order in which what passes between the two counts for nothing. */
uint64_t xt_clock_suspended(void)
{
	uint64_t boot = clock_ns(CLOCK_BOOTTIME), up = clock_ns(CLOCK_UPTIME);

	return boot > up ? boot - up : 0;
}

/* SPDX-License-Identifier: MIT */
/* macOS has no clock of a condition variable, but waits for a span. */
#include <errno.h>
#include <time.h>

#include "platform/condition.h"

uint64_t xt_condition_time(unsigned ms_from_now)
{
	return clock_gettime_nsec_np(CLOCK_UPTIME_RAW) + (uint64_t)ms_from_now * 1000000u;
}

int xt_condition_init(pthread_cond_t *condition)
{
	return pthread_cond_init(condition, NULL);
}

int xt_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until)
{
	uint64_t now = clock_gettime_nsec_np(CLOCK_UPTIME_RAW), left = until - now;
	const struct timespec span = {.tv_sec = (time_t)(left / 1000000000u),
				      .tv_nsec = (long)(left % 1000000000u)};

	if (now >= until)
		return ETIMEDOUT;
	return pthread_cond_timedwait_relative_np(condition, lock, &span);
}

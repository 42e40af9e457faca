/* SPDX-License-Identifier: MIT */
/* Condition variables on the monotonic clock: all POSIX systems but macOS. */
#include <time.h>

#include "platform/condition.h"

uint64_t xt_condition_time(unsigned ms_from_now)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec +
	       (uint64_t)ms_from_now * 1000000u;
}

int xt_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;
	int rc;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	rc = pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return rc;
}

int xt_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until)
{
	const struct timespec at = {.tv_sec = (time_t)(until / 1000000000u),
				    .tv_nsec = (long)(until % 1000000000u)};

	return pthread_cond_timedwait(condition, lock, &at);
}

/* SPDX-License-Identifier: MIT */
/* The clock: CLOCK_BOOTTIME counts suspended time, so that sessions expire during a suspend. */
#include "platform/clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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
	uint64_t boot = clock_ns(CLOCK_BOOTTIME), mono = clock_ns(CLOCK_MONOTONIC);

	return boot > mono ? boot - mono : 0;
}

/* A timer in a future that no clock reaches, which ends when the wall clock jumps: at a resume the
 * kernel sets it. */
int xt_clock_watch_open(void)
{
	struct itimerspec never = {.it_value.tv_sec = INT64_MAX / 1000000000};
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
	if (rc == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

void xt_clock_watch_read(int fd)
{
	uint64_t n;
	ssize_t got;

	do
		got = read(fd, &n, sizeof(n)); /* ECANCELED; the timer stays armed */
	while (got < 0 && errno == EINTR);
}

void xt_clock_watch_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

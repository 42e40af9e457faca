/* SPDX-License-Identifier: MIT */
/* The watch of the wall clock where a system has none: a jump is found when a timer ends late. */
#include <errno.h>

#include "platform/clock.h"

int xt_clock_watch_open(void)
{
	return -ENOSYS;
}

void xt_clock_watch_read(int fd)
{
	(void)fd;
}

void xt_clock_watch_close(int fd)
{
	(void)fd;
}

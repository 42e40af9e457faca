/* SPDX-License-Identifier: MIT */
/* The only clock of the program, and its end of suspends. */
#ifndef XT_PLATFORM_CLOCK_H
#define XT_PLATFORM_CLOCK_H

#include <xtunnel/types.h>

struct xt_time xt_clock_now(void); /* mono: CLOCK_BOOTTIME or the like: counts suspended time */

/* For how long the host was suspended since its start, ns. */
uint64_t xt_clock_suspended(void);

/* A descriptor that becomes readable when the host wakes from a suspend or its wall clock is set,
 * which no timer does. Needs no right. -errno, -ENOSYS: the system has none. */
int xt_clock_watch_open(void);
void xt_clock_watch_read(int fd);  /* take the event off */
void xt_clock_watch_close(int fd); /* below 0 is fine */

#endif

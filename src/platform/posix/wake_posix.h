/* SPDX-License-Identifier: MIT */
/* Registration of descriptors with the wake source, for the devices of systems that have poll(2)
 * and no queue that can be nested in the loop's. */
#ifndef XT_PLATFORM_WAKE_POSIX_H
#define XT_PLATFORM_WAKE_POSIX_H

#include "platform/wake.h"

/* Watch fd for events (XT_WAKE_READ, XT_WAKE_WRITE); this replaces what was watched before. 0 stops
 * watching, which has to happen before fd is closed. 0 or -errno: nothing has changed. */
int xt_wake_watch_fd(struct xt_wake *wake, int fd, unsigned events, void *ctx);

#endif

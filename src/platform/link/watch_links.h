/* SPDX-License-Identifier: MIT */
/* Which links have lost their carrier, and which have it again: the same for every watch. */
#ifndef XT_PLATFORM_LINK_WATCH_LINKS_H
#define XT_PLATFORM_LINK_WATCH_LINKS_H

#include "platform/watch.h"

/* GONE: the link was removed, and does not come back. */
enum xt_carrier { XT_CARRIER_UP, XT_CARRIER_DOWN, XT_CARRIER_GONE };

/* Note in watch->away and watch->returned what is known of a link's carrier now. */
void xt_watch_carrier(struct xt_watch *watch, unsigned ifindex, enum xt_carrier carrier);

#endif

/* SPDX-License-Identifier: MIT */
/* A cable that is pulled removes no route, and putting it in adds none: carriers are watched. */
#include "platform/link/watch_links.h"

#include <stddef.h>

#include "base/bytes.h"

static unsigned *away_find(struct xt_watch *watch, unsigned ifindex)
{
	for (size_t i = 0; i < XT_LEN(watch->away); i++)
		if (watch->away[i] == ifindex)
			return &watch->away[i];
	return NULL;
}

void xt_watch_carrier(struct xt_watch *watch, unsigned ifindex, enum xt_carrier carrier)
{
	unsigned *away = away_find(watch, ifindex);

	if (carrier == XT_CARRIER_DOWN) {
		if (!away && (away = away_find(watch, 0)))
			*away = ifindex;
	} else if (away) {
		*away = 0;
		if (carrier == XT_CARRIER_UP && watch->n_returned < XT_WATCH_AWAY)
			watch->returned[watch->n_returned++] = ifindex;
	}
}

int xt_watch_replace(struct xt_watch *watch, int fd, unsigned ifindex, int nsid)
{
	int former = watch->fd;

	watch->fd = fd;
	watch->ifindex = ifindex;
	watch->nsid = nsid;
	return former;
}

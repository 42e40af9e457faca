/* SPDX-License-Identifier: MIT */
/* Devices that know each other. Included after cmocka. */
#ifndef XT_TESTS_DEVICE_PEERS_H
#define XT_TESTS_DEVICE_PEERS_H

#include <xtunnel/xtunnel.h>

/* Give dev its key, and a peer at an endpoint with one allowed network. */
static inline void device_configure(struct xt_device *dev, struct xt_time now,
				    const struct xt_private *key, const struct xt_public *peer,
				    const struct xt_endpoint *endpoint,
				    const struct xt_cidr *allowed)
{
	struct xt_change change;
	struct xt_peer_change *added;

	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	change.private_key = *key;
	added = xt_change_peer(&change, peer);
	added->set = XT_PEER_ENDPOINT;
	added->endpoint = *endpoint;
	assert_int_equal(xt_change_allowed(added, allowed, false), 0);
	assert_int_equal(xt_device_apply(dev, now, &change), 0);
	xt_change_clear(&change);
}

#endif

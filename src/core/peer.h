/* A peer: its parts, birth and death. */
#ifndef XT_CORE_PEER_H
#define XT_CORE_PEER_H

#include <xtunnel/change.h>
#include <xtunnel/types.h>

#include "base/heap.h"
#include "base/table.h"
#include "core/allowedips.h"
#include "core/cookie.h"
#include "core/keypair.h"
#include "core/noise.h"
#include "core/staged.h"
#include "core/tai64n.h"
#include "core/timers.h"

struct xt_device;

/* What must lie in locked memory. */
struct xt_peer_secret {
	struct xt_noise_peer noise;
	struct xt_noise_handshake handshake; /* the one that we initiated, if any */
	bool ready;			     /* the static-static secret was computed */
};

/* An endpoint as a hash key: no padding. */
struct xt_endpoint_key {
	uint8_t b[24];
};

struct xt_peer {
	struct xt_public key;
	struct xt_peer_secret *secret;
	struct xt_keypairs keypairs;
	struct xt_path path; /* remote.ip.family 0: no endpoint */
	struct xt_timers timers;
	struct xt_heap_node node; /* in the device's deadlines */
	struct xt_staged staged;
	struct xt_allowedips_list allowed;
	struct xt_cookie_maker cookie;

	uint8_t last_stamp[XT_TIMESTAMP_LEN]; /* greatest that it initiated with */
	uint64_t last_consumed;		      /* monotonic; XT_NEVER: none yet */
	uint32_t handshake_index;	      /* of secret->handshake, 0: none */

	uint64_t tx_bytes, rx_bytes;
	uint64_t last_handshake_wall;
	char *name; /* NULL: none */

	bool owes_keepalive;
	bool speaking; /* on the device's list of peers with something to say */
	bool touched;  /* on the list of peers whose deadline must be looked at */
	bool in_endpoints;
	bool ghost;	  /* within apply: allocated, but not there yet or not any longer */
	bool anew;	  /* within apply: made, or to be renewed, by this change */
	uint32_t renewal; /* within apply: 1 + the entry that removes it, 0: none */
	struct xt_peer *prev_speaking, *next_speaking;
	struct xt_peer *prev_touched, *next_touched;

	struct xt_endpoint_key endpoint_key;
	UT_hash_handle by_endpoint;
	UT_hash_handle by_key;
	struct xt_peer *prev, *next; /* in order of creation */
};

/* Unlinked; everything that can fail has been done. NULL without memory. */
struct xt_peer *xt_peer_new(struct xt_device *dev, const struct xt_public *key);
/* Into the device's list, once it stands in the table of keys; and out of every table and list. */
void xt_peer_join(struct xt_device *dev, struct xt_peer *peer);
void xt_peer_unlink(struct xt_device *dev, struct xt_peer *peer);
/* As if it were unlinked, freed, made and joined again; cannot fail. */
void xt_peer_renew(struct xt_device *dev, struct xt_peer *peer);
void xt_peer_free(struct xt_device *dev, struct xt_peer *peer); /* unlinked, or never joined */

struct xt_peer *xt_peer_find(struct xt_device *dev, const struct xt_public *key);
struct xt_peer *xt_peer_find_endpoint(struct xt_device *dev, const struct xt_endpoint *endpoint);

/* An authenticated message came this way. */
void xt_peer_roam(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path);
void xt_peer_set_path(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path);
/* Of two sessions begun at once both sides settle for that of the greater public key: is this
 * peer's, kp, to be preferred to the one that we initiated last? At once: ours was on its way when
 * we answered. */
bool xt_peer_yields(const struct xt_device *dev, const struct xt_peer *peer,
		    const struct xt_keypair *kp);
/* Its timers moved: the next xt_peers_update_deadlines moves its deadline. */
void xt_peer_mark_dirty(struct xt_device *dev, struct xt_peer *peer);
/* Reorder the device's deadlines for every dirty peer. Each public call that moves timers ends with
 * this, so that a batch updates the heap once for each peer and not once for each packet. */
void xt_peers_update_deadlines(struct xt_device *dev);
/* It has packets or a keepalive to send: xt_send_device_traffic will see to it. */
void xt_peer_set_tx_ready(struct xt_device *dev, struct xt_peer *peer);
/* Keys and the open handshake are forgotten. */
void xt_peer_erase(struct xt_device *dev, struct xt_peer *peer);

#endif

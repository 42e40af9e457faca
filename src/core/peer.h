/* SPDX-License-Identifier: MIT */
/* A peer: its state, creation and removal. */
#ifndef XT_CORE_PEER_H
#define XT_CORE_PEER_H

#include <xtunnel/change.h>
#include <xtunnel/types.h>

#include "base/heap.h"
#include "base/table.h"
#include "core/allowedips.h"
#include "core/candidates.h"
#include "core/cookie.h"
#include "core/facts.h"
#include "core/keypair.h"
#include "core/noise.h"
#include "core/staged.h"
#include "core/tai64n.h"
#include "core/timers.h"

struct xt_device;
struct xt_mtu_search;

/* The part of a peer that lies in locked memory. */
struct xt_peer_secret {
	struct xt_noise_peer noise;
	struct xt_noise_handshake handshake; /* initiated by this device, if any */
	bool ready;			     /* noise.static_static is computed */
};

/* An endpoint as a hash key: no padding. */
struct xt_endpoint_key {
	uint8_t b[24];
};

struct xt_peer {
	struct xt_public key;
	struct xt_peer_secret *secret;
	struct xt_keypairs keypairs;
	struct xt_path path;		  /* remote.ip.family 0: no endpoint */
	struct xt_candidates *candidates; /* NULL: it has no list of endpoints */
	struct xt_timers timers;
	struct xt_heap_node node; /* in the device's deadlines */
	struct xt_staged staged;
	struct xt_allowedips_list allowed;
	struct xt_cookie_maker cookie;

	uint8_t last_timestamp[XT_TIMESTAMP_LEN]; /* greatest of its initiations */
	uint64_t timestamp_next;  /* wall ns: least timestamp of the next initiation to it */
	uint64_t last_consumed;	  /* when one was accepted, monotonic; XT_NEVER: none */
	uint32_t handshake_index; /* of secret->handshake, 0: none */

	uint64_t tx_bytes, rx_bytes;
	struct xt_traffic_state traffic;
	uint64_t last_handshake_wall;
	uint64_t heard_wall; /* likewise, or of an earlier run */
	char *name;	     /* NULL: none */

	struct xt_mtu_search *search; /* NULL: there was no session yet; core/mtu_probe.h */
	uint16_t sample_least;	      /* bytes of a packet that is worth following; else the most */
	uint16_t mtu;		      /* xt_peer_mtu */
	struct xt_ip probe_address;   /* to ask for answers to probes; family 0: none is set */
	/* Inner sources of late, as far as they were noted; all zero: none. */
	uint8_t heard4[4], heard6[16];
	bool critical;	     /* of its configuration, for reports */
	bool sample_waits;   /* for the acknowledgement of a segment */
	bool path_moved;     /* another endpoint or way out: search again */
	bool path_suspected; /* packets of the size in use seem to be lost */

	uint64_t way;	   /* out to path, as last seen (xt_device_review); 0: not known */
	uint32_t suspends; /* of the device, that the peer was handled for */
	bool cut; /* it had a session that a change of the network or a suspend put in question */
	uint8_t bound_waits; /* since an initiation was held back by the bound of timestamps */

	uint8_t probes; /* initiations sent for restart detection */
	bool keepalive_pending;
	bool tx_ready; /* on the device's list of peers with packets or a keepalive to send */
	bool dirty;    /* on the list of peers whose deadline may have moved */
	bool unsaved;  /* on the list of peers whose record has changed */
	bool wayless;  /* on the list of peers with a session whose way is not known */
	bool in_endpoints;
	bool endpoint_set;	/* by a change, and not by xt_device_set_endpoints */
	bool loop;		/* a datagram to its endpoint came back, since its last session */
	bool endpoint_learned;	/* the endpoint is not the configured one */
	uint32_t identity;	/* the device's, whose sessions these are: see xt_peer_follow */
	bool pending;		/* within apply: does not exist at this point of the change */
	bool recreated;		/* within apply: created, or to be recreated, by this change */
	uint32_t superseded_by; /* within apply: 1 + the entry that removes it; 0: none */
	struct xt_peer *prev_tx_ready, *next_tx_ready;
	struct xt_peer *prev_dirty, *next_dirty;
	struct xt_peer *prev_unsaved, *next_unsaved;
	struct xt_peer *prev_wayless, *next_wayless;

	struct xt_endpoint_key endpoint_key;
	struct xt_peer *prev_same, *next_same; /* peers at the same endpoint */
	UT_hash_handle by_endpoint;	       /* of the first of them */
	UT_hash_handle by_key;
	struct xt_peer *prev, *next; /* in order of creation */
	struct xt_facts_state facts;
};

/* The largest inner packet that reaches the peer in one datagram, in bytes: the path's MTU without
 * the overhead, rounded down to 16, because other implementations pad up to their own MTU only.
 * 0: not known, and the MTU of the interface rules. Follow it by xt_env.mtu_changed. */
static inline uint16_t xt_peer_mtu(const struct xt_peer *peer)
{
	return peer->mtu;
}

/* The peer's allowed IPs in their order, without the first skip, at most max. Returns how many. */
size_t xt_peer_networks(const struct xt_device *dev, const struct xt_peer *peer, size_t skip,
			struct xt_cidr *out, size_t max);

/* A peer in no table or list. NULL without memory. */
struct xt_peer *xt_peer_new(struct xt_device *dev, const struct xt_public *key);
/* Join: append a peer that is in the table of keys to the device's list. Unlink: remove it from
 * every table and list. */
void xt_peer_join(struct xt_device *dev, struct xt_peer *peer);
void xt_peer_unlink(struct xt_device *dev, struct xt_peer *peer);
/* Of a peer that has just been created: its path as it was elsewhere, with no consequence. */
void xt_peer_place(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path);
/* As if the peer were unlinked, freed, created and joined again; cannot fail. */
void xt_peer_recreate(struct xt_device *dev, struct xt_peer *peer);
void xt_peer_free(struct xt_device *dev, struct xt_peer *peer); /* unlinked, or never joined */

struct xt_peer *xt_peer_find(struct xt_device *dev, const struct xt_public *key);
/* Also a peer that a change under way has not reached yet. */
struct xt_peer *xt_peer_find_pending(struct xt_device *dev, const struct xt_public *key);
/* The first of the peers at that endpoint, which are linked by next_same. */
struct xt_peer *xt_peer_find_endpoint(struct xt_device *dev, const struct xt_endpoint *endpoint);
/* Make peer the last of those at its endpoint. */
void xt_peer_rotate_endpoint(struct xt_device *dev, struct xt_peer *peer);

/* An authenticated message arrived by this path. */
void xt_peer_roam(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path);
void xt_peer_set_path(struct xt_device *dev, struct xt_peer *peer, const struct xt_path *path);
/* The inner source of a late packet. false: none was noted, and out has family 0. */
bool xt_peer_heard(const struct xt_peer *peer, uint8_t family, struct xt_ip *out);
/* End the search for the path's MTU, and forget what it has found. */
void xt_peer_forget_path(struct xt_device *dev, struct xt_peer *peer);
/* The path to the peer is another one: its MTU is searched for again. */
void xt_peer_path_moved(struct xt_device *dev, struct xt_peer *peer);
/* Tie-break for simultaneous handshakes: both sides keep the session initiated by the greater
 * public key. Simultaneous: the device's initiation was in flight when it answered the peer's.
 * true: the peer's session kp is kept in preference to the one that the device initiated last. */
bool xt_peer_yields(const struct xt_device *dev, const struct xt_peer *peer,
		    const struct xt_keypair *kp);
/* What is remembered of it across restarts has changed; and: drop that mark. */
void xt_peer_remember(struct xt_device *dev, struct xt_peer *peer);
void xt_peer_forget_unsaved(struct xt_device *dev, struct xt_peer *peer);
/* The way to it is not known, and is noted soon if it has a session; and: drop that mark. */
void xt_peer_forget_way(struct xt_device *dev, struct xt_peer *peer);
void xt_peer_forget_wayless(struct xt_device *dev, struct xt_peer *peer);
/* Its timers moved: the next xt_peers_update_deadlines moves its deadline. */
void xt_peer_mark_dirty(struct xt_device *dev, struct xt_peer *peer);
/* Reorder the device's deadlines for every dirty peer. Each public call that moves timers ends with
 * this, so that a batch updates the heap once for each peer and not once for each packet. */
void xt_peers_update_deadlines(struct xt_device *dev);
/* The peer has packets or a keepalive to send, for the next xt_send_device_traffic. */
void xt_peer_set_tx_ready(struct xt_device *dev, struct xt_peer *peer);
/* Erase the keys and the open handshake. */
void xt_peer_erase(struct xt_device *dev, struct xt_peer *peer);
/* The device has another identity: sessions, handshake and timers of the former one end. Packets or
 * keepalives that waited for a key can be sent now: see xt_peer_start_waiting. */
void xt_peer_change_identity(struct xt_device *dev, struct xt_time now, struct xt_peer *peer);
/* Packets or keepalives that waited for an endpoint or a key start a handshake in the next tick. */
void xt_peer_start_waiting(struct xt_time now, struct xt_peer *peer);

#endif

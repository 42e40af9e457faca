/* SPDX-License-Identifier: MIT */
/* The device, for the source files of core. Functions of a component take the component, not the
 * device. */
#ifndef XT_CORE_DEVICE_IMPL_H
#define XT_CORE_DEVICE_IMPL_H

#include <xtunnel/device.h>

#include "base/heap.h"
#include "base/token_bucket.h"
#include "core/allowedips.h"
#include "core/pending_cookies.h"
#include "core/cookie.h"
#include "core/index.h"
#include "core/keypair.h"
#include "core/limits.h"
#include "core/load.h"
#include "core/message.h"
#include "core/noise.h"
#include "core/peer.h"
#include "core/queue.h"
#include "core/ratelimit.h"
#include "core/staged.h"
#include "core/strangers.h"

struct xt_device {
	struct xt_env env;
	struct xt_noise_local *local; /* in guarded memory */
	uint32_t identity;	      /* number of the present one, counted by its changes */
	struct xt_cookie_checker checker;
	struct xt_index index;
	struct xt_keypair_pool keypairs;
	struct xt_secret_pool *peer_slab;
	struct xt_allowedips allowed;
	struct xt_heap deadlines;
	struct xt_staged_pool *staged;
	struct xt_queue queue;
	struct xt_pending_cookies cookie_replies;
	struct xt_ratelimit *rate;
	struct xt_load load;

	struct xt_peer *peers; /* in order of creation */
	struct xt_peer *peers_by_key;
	struct xt_peer *peers_by_endpoint;
	struct xt_peer *tx_ready; /* in the order in which they became ready */
	struct xt_peer *dirty;
	struct xt_peer *unsaved; /* their xt_peer_memory has changed */
	struct xt_peer *wayless; /* they have a session, and the way to them is not known */
	size_t n_peers;
	struct xt_peer *port_next; /* of xt_port_move; NULL: none is left */
	bool port_marking;
	struct xt_apply *applying; /* a change in slices that is not complete; NULL: none */

	uint64_t timestamp_floor; /* wall ns: no initiation below it */
	uint64_t timestamp_next;  /* wall ns: above those of all initiations so far, any peer */
	uint64_t timestamp_bound; /* wall ns: no initiation at or above it */
	uint64_t restart_until;	  /* monotonic: end of restart detection; 0: nothing applied yet */
	struct xt_token_bucket probe_budget; /* of restart detection, all peers */
	struct xt_token_bucket hint_budget;  /* of hints about the path's MTU, all peers */
	struct xt_cidr local_nets[8]; /* of the interface's addresses, from which probes are sent */
	size_t n_local_nets;	      /* 0: the path's MTU is not searched for */
	struct xt_peer *review; /* the peer that xt_device_review looks at next; NULL: the first */
	size_t review_left;	/* peers to be looked at */
	uint32_t suspends;	/* of the host */
	uint64_t reroute_next;	/* monotonic: of the next handshake that a review causes */
	uint32_t mtu;
	uint16_t listen_port;
	uint32_t fwmark;
	uint64_t verdicts[XT_VERDICTS];
	struct xt_strangers strangers;
	/* Random numbers drawn ahead, of which jitters are left: each batch sent uses one, and one
	 * system call draws all. */
	uint32_t jitter[16], jitters;
};

static inline void xt_count(struct xt_device *dev, enum xt_verdict verdict)
{
	dev->verdicts[verdict]++;
}

static inline void xt_event(struct xt_device *dev, enum xt_event event, const struct xt_peer *peer)
{
	if (dev->env.event)
		dev->env.event(dev->env.ctx, event, peer ? &peer->key : NULL,
			       peer ? &peer->path.remote : NULL);
}

/* Sessions belong to the identity, and a new one ends them all at once: a peer follows before
 * anything is done with its sessions, or when the change comes to it (core/apply.h). */
static inline bool xt_peer_is_current(const struct xt_device *dev, const struct xt_peer *peer)
{
	return peer->identity == dev->identity;
}

static inline void xt_peer_follow(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	if (!xt_peer_is_current(dev, peer))
		xt_peer_change_identity(dev, now, peer);
}

static inline uint64_t xt_jitter(struct xt_device *dev)
{
	if (!dev->jitters) {
		dev->env.random(dev->env.ctx, dev->jitter, sizeof(dev->jitter));
		dev->jitters = XT_LEN(dev->jitter);
	}
	return dev->jitter[--dev->jitters] % XT_REKEY_JITTER;
}

/* Is there room for one more handshake message? */
static inline bool xt_tx_has_room(const struct xt_tx *tx)
{
	return tx->n_vecs < tx->cap &&
	       tx->arena_len - tx->arena_used >= sizeof(struct xt_msg_initiation);
}

#endif

/* SPDX-License-Identifier: MIT */
/* The inside of a tunnel, for the files that share it. */
#ifndef XT_TUNNEL_TUNNEL_IMPL_H
#define XT_TUNNEL_TUNNEL_IMPL_H

#include "tunnel/keylog.h"
#include "tunnel/timestamp.h"
#include "tunnel/tunnel.h"

struct xt_tunnel {
	struct xt_tunnel_callbacks callbacks;
	struct xt_tun *tun;
	struct xt_udp *udp;
	struct xt_device *dev;
	struct xt_aead *aead;
	struct xt_worker_pool *workers;
	struct xt_aead_report cipher;	/* why that backend */
	struct xt_timestamp *timestamp; /* NULL: no identity */
	struct xt_scheduler *scheduler;
	struct xt_capture *capture; /* NULL: none runs */
	int keylog;		    /* descriptor, -1: none */
	struct xt_ip local4, local6;
	bool echo;
	bool restored; /* from a snapshot, with its bound of timestamps: what is read is older */
	struct xt_public identity;     /* whose timestamps are kept; all zero: none */
	struct xt_peer_memory *memory; /* as read at the start, sorted by key */
	size_t n_memory;
	bool memory_reading; /* of an identity that came by a change: not answered yet */
	uint64_t memory_due; /* monotonic: changed records are handed over then; XT_NEVER: none */
	uint64_t
	    review_due;	    /* monotonic: the next slice of a review of all peers; XT_NEVER: none */
	bool review_begins; /* with that slice */
	bool network_moved; /* since xt_tunnel_network_moved was asked last */
	uint64_t default_way[2]; /* IPv4, IPv6; 0: not known yet */
	uint64_t last_pass;	 /* monotonic */
	uint64_t asleep;	 /* how long the host was suspended, up to the last look */
};

/* Keep the timestamps of another identity from now on; NULL: of none. XT_E_NOMEM: there is no
 * bound. */
int xt_tunnel_identity(struct xt_tunnel *tunnel, const struct xt_public *key);
/* Ask for the peer records of the identity that is there, and its bound, if that is not known. */
int xt_tunnel_identity_read(struct xt_tunnel *tunnel);
/* Store the exact bound of the identity, if there is one, and its changed records, and keep none
 * from now on. */
void xt_tunnel_identity_release(struct xt_tunnel *tunnel);

/* The device and what belongs to it, of a snapshot; udp is there. Returns as xt_snapshot_decode. */
int xt_tunnel_restore(struct xt_tunnel *tunnel, const struct xt_env *env, const void *bytes,
		      size_t len);

/* threads 0: as many as pay on this machine. */
int xt_tunnel_workers_new(struct xt_worker_pool **out, struct xt_aead *aead, unsigned threads);

/* start: once the sockets are there. awake: before a pass that follows a gap of XT_TUNNEL_IDLE, if
 * that was a suspend. review: in a tick. note: at the end of a pass. */
#define XT_TUNNEL_IDLE UINT64_C(1000000000)
void xt_tunnel_ways_start(struct xt_tunnel *tunnel);
void xt_tunnel_awake(struct xt_tunnel *tunnel, struct xt_time now);
void xt_tunnel_review(struct xt_tunnel *tunnel, struct xt_time now);
void xt_tunnel_ways_note(struct xt_tunnel *tunnel);

/* Peer records. restore: give back the one at that index, or that of a peer that a change has
 * added, if there is one. schedule: at the end of a pass. flush: in a tick. hand_over: a batch of
 * changed ones; true: there are more. release: hand over what is left and forget all. */
void xt_tunnel_memory_restore(struct xt_tunnel *tunnel, struct xt_time now, size_t i);
void xt_tunnel_memory_restore_peer(struct xt_tunnel *tunnel, struct xt_time now,
				   const struct xt_public *key);
bool xt_tunnel_memory_hand_over(struct xt_tunnel *tunnel);
void xt_tunnel_memory_schedule(struct xt_tunnel *tunnel, struct xt_time now);
void xt_tunnel_memory_flush(struct xt_tunnel *tunnel, struct xt_time now);
void xt_tunnel_memory_release(struct xt_tunnel *tunnel);
void xt_tunnel_memory_clear(struct xt_tunnel *tunnel);

#endif

/* SPDX-License-Identifier: MIT */
/* Probes of the path's MTU: the search (core/path_mtu.h) of each peer that has a session, joined to
 * timers, packets and addresses.
 *
 * A probe is a data message that holds a small request and zeros up to its size. It starts no
 * handshake and moves none of the timers of WireGuard; neither does its answer, which ends here.
 * After a search the device sends one keepalive, or the peer would wait for an answer to its
 * answers and begin a handshake.
 *
 * Sample: one full-sized TCP segment at a time is followed until it is acknowledged. Sent again, or
 * not acknowledged for long, it makes the search begin; that alone changes nothing. */
#ifndef XT_CORE_MTU_PROBE_H
#define XT_CORE_MTU_PROBE_H

#include "core/device_impl.h"
#include "core/path_mtu.h"
#include "packet/ip.h"

/* The segment that is followed. ports: source and destination as they stand in the header. far: the
 * last four bytes of its destination. */
struct xt_mtu_sample {
	uint64_t first; /* when it was sent */
	uint64_t heard; /* when a packet came from the peer since */
	uint64_t next;	/* when another one may be followed */
	uint32_t ports, far, seq, end;
	uint32_t len; /* of the packet */
};

struct xt_mtu_search {
	struct xt_path_mtu state;
	struct xt_mtu_sample sample;
	struct xt_ip from, to, group; /* of requests; to, group: family 0: none */
};

/* A session has come up: go on, or begin. Nothing is sent before the next tick. */
void xt_mtu_probe_session(struct xt_device *dev, struct xt_time now, struct xt_peer *peer);
/* The peer's timer is due. */
void xt_mtu_probe_tick(struct xt_device *dev, struct xt_time now, struct xt_peer *peer);
/* Packets of the size in use seem not to reach the peer: ask, at the next tick. */
void xt_mtu_probe_suspect(struct xt_device *dev, struct xt_time now, struct xt_peer *peer);

/* Is a probe of peer to be sent now? */
bool xt_mtu_probe_due(const struct xt_peer *peer, struct xt_time now);
/* Write the next one to at, which has room for XT_PACKET_MAX bytes. Returns its length; 0: none. */
uint32_t xt_mtu_probe_write(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			    uint8_t *at);

/* Is the packet, which peer has authenticated, the answer to one of its probes? */
bool xt_mtu_probe_answered(struct xt_time now, struct xt_peer *peer, const struct xt_ip_view *ip);

/* Is a TCP packet of at least peer->sample_least bytes worth a look at its header? peer has a
 * search. */
static inline bool xt_mtu_sample_wanted(const struct xt_peer *peer, struct xt_time now)
{
	return peer->sample_waits || now.mono >= peer->search->sample.next;
}
/* It is about to be sent to peer, and is wanted. Out of line, as the following one: few are. */
XT_COLD void xt_mtu_sample_sent(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
				const struct xt_ip_view *ip);
/* A packet came from peer while sample_waits. */
XT_COLD void xt_mtu_sample_heard(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
				 const struct xt_ip_view *ip);

#endif

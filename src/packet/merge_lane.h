/* SPDX-License-Identifier: MIT */
/* Internals of merging, shared by merge.c (IP, lanes, order), merge_tcp.c and merge_udp.c. */
#ifndef XT_PACKET_MERGE_LANE_H
#define XT_PACKET_MERGE_LANE_H

#include <stdbool.h>
#include <xtunnel/batch.h>

/* One packet that may be merged with others.
 * upper     the IP header: 20 or 40 bytes
 * headers   and the transport's, with options
 * payload   bytes behind them
 * right     its checksums are known to be correct */
struct xt_segment {
	const uint8_t *bytes;
	uint32_t len, payload;
	uint16_t upper, headers;
	uint8_t version, protocol;
	bool right;
};

/* A super-packet under construction.
 * first      its first segment; size is that one's payload
 * payload    of all so far
 * ended      nothing more may follow
 * verified   the first segment's checksums are correct */
struct xt_lane {
	struct xt_segment first;
	const void *peer, *session;
	uint64_t used; /* for the choice of the least recently used lane */
	uint32_t head, tail;
	uint32_t n, payload;
	bool open, ended, verified, fixed_id;
};

/* Fill headers and payload of a segment whose IP part is filled. false: cannot be merged. */
bool xt_tcp_segment(struct xt_segment *seg);
bool xt_udp_segment(struct xt_segment *seg);
/* May seg follow in lane by its transport header? It is of the same flow. */
bool xt_tcp_follows(const struct xt_lane *lane, const struct xt_segment *seg);
bool xt_udp_follows(const struct xt_lane *lane, const struct xt_segment *seg);
/* Does seg end its super-packet? */
bool xt_tcp_ends(const struct xt_segment *seg);
/* Finalise the transport header of a super-packet of len bytes, which has the first segment's
 * headers; last: its last segment. Not the checksum. */
void xt_tcp_finalise_header(uint8_t *super, const struct xt_segment *last, struct xt_gso *gso);
void xt_udp_finalise_header(uint8_t *super, const struct xt_segment *last, uint32_t len,
			    struct xt_gso *gso);

#endif

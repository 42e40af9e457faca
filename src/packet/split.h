/* SPDX-License-Identifier: MIT */
/* Splits super-packets into segments and completes partial checksums. Reads and writes nothing but
 * the batches. */
#ifndef XT_PACKET_SPLIT_H
#define XT_PACKET_SPLIT_H

#include <xtunnel/batch.h>

/* How far a batch has been split: packet next, of which done bytes of payload. Zero: from the
 * start. */
struct xt_split {
	uint32_t next;
	uint32_t done;
};

/* Append in's packets to out, in order, as plain ones:
 *   plain               a view of the same bytes; a checksum left partial is completed there
 *   a super-packet      copies of its segments, each with all its lengths and checksums, IPv4
 *                       identification counting up, TCP sequence; FIN and PSH on the last segment
 *                       only, CWR on the first; with XT_GSO_SINGLE the urgent pointer counts down,
 *                       and URG ends where it did
 *   XT_GSO_FRAGMENT     the same, but IPv4 packets of more than header_len bytes as fragments
 *   inconsistent gso    a view with XT_DROP_MALFORMED
 *   verdict not PASS    a view with that verdict
 * peer and from are kept. Returns true when all of in was processed; false: out is full, call
 * again with it emptied (an empty out takes at least one packet if its slab is XT_SLOT_MAX). in
 * must outlive the use of out. Headers are not trusted. */
bool xt_split(struct xt_split *at, struct xt_batch *in, struct xt_batch *out);

/* The number of segments of this packet according to its gso; 1 for a plain one. */
uint32_t xt_split_count(const struct xt_pkt *pkt);

#endif

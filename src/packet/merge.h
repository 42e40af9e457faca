/* SPDX-License-Identifier: MIT */
/* Merges segments of one flow into super-packets, by the rules of the Linux kernel's GRO. */
#ifndef XT_PACKET_MERGE_H
#define XT_PACKET_MERGE_H

#include <xtunnel/batch.h>

enum { XT_MERGE_TCP = 1 << 0, XT_MERGE_UDP = 1 << 1 };

#define XT_MERGE_SEGMENTS 64 /* of one super-packet, at most */

struct xt_merge;

/* For batches of up to cap packets. XT_E_NOMEM. */
int xt_merge_new(struct xt_merge **out, uint32_t cap);
void xt_merge_free(struct xt_merge *merge); /* NULL is fine */

/* Is this a whole TCP or UDP packet of a kind that can be merged, and are its checksums correct?
 * Bytes behind it (padding) are ignored. Lets the code that opened a packet verify it while its
 * bytes are in the cache. */
bool xt_merge_sums_right(const uint8_t *packet, uint32_t len);

/* Append the packets of in with XT_PASS to out: consecutive segments of a flow as one super-packet
 * that needs its checksum completed (a copy), all others as views of their unchanged bytes.
 *
 * Segments are merged when peer, session and flow are the same, the headers differ only in fields
 * that segmentation changes (lengths, checksums, sequence, IPv4 identification counting up or, with
 * DF, constant; PSH and FIN on the last), all but the last have the same size, and the checksums
 * are correct. A damaged packet is passed on alone, for the receiver to count. The order within a
 * flow does not change.
 *
 * The jobs of in tell the session of each packet (key) and whether its checksums were verified
 * (sums).
 *
 * kinds  XT_MERGE_*: the kinds that the TUN device accepts
 * out    at least in->n packets free; where its slab is too small views are appended instead
 * in     plain packets, at most cap; must outlive the use of out */
void xt_merge(struct xt_merge *merge, unsigned kinds, struct xt_batch *in, struct xt_batch *out);

/* at[i]: the packet of out, as xt_merge has made it of in, that packet i < n of in is in;
 * UINT32_MAX: in none. Compares each packet with each, which is for rare callers. */
void xt_merge_trace(const struct xt_batch *in, const struct xt_batch *out, uint32_t *at,
		    uint32_t n);

#endif

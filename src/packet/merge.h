/* Segments of one flow become super-packets, by the rules of the Linux kernel's own GRO. */
#ifndef XT_PACKET_MERGE_H
#define XT_PACKET_MERGE_H

#include <xtunnel/batch.h>

enum { XT_MERGE_TCP = 1 << 0, XT_MERGE_UDP = 1 << 1 };

#define XT_MERGE_SEGMENTS 64 /* of one super-packet, at most */

struct xt_merge;

/* For batches of up to cap packets. XT_E_NOMEM. */
int xt_merge_new(struct xt_merge **out, uint32_t cap);
void xt_merge_free(struct xt_merge *merge); /* NULL is fine */

/* Is this a whole TCP or UDP packet of a kind that could be joined, and are its checksums right?
 * Bytes behind it (padding) do not count. For whoever has the bytes at hand before xt_merge has. */
bool xt_merge_sums_right(const uint8_t *packet, uint32_t len);

/* Append to out what of in has XT_PASS: packets that follow each other in one flow as one
 * super-packet that needs its checksum completed (a copy), all others as views of their bytes,
 * untouched.
 *
 * Joined are segments of the same peer, session and flow whose headers say the same but for what
 * cutting changes (lengths, checksums, sequence, IPv4 identification counting up or, with DF,
 * fixed; PSH and FIN on the last), of one size but for the last, and whose checksums are right:
 * what is damaged goes on alone, and is judged by who receives it. Within a flow no order is
 * changed.
 *
 * in's jobs tell of each packet its session (key) and whether its checksums were seen to (sums).
 *
 * kinds  XT_MERGE_*: what the TUN device takes
 * out    at least in->n packets free; where its slab is too small views are appended instead
 * in     plain packets, at most cap; must outlive the use of out */
void xt_merge(struct xt_merge *merge, unsigned kinds, struct xt_batch *in, struct xt_batch *out);

#endif

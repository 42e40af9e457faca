/* SPDX-License-Identifier: MIT */
/* Reassembles fragments, in four fixed buffers of 64 KiB, so that fragments cannot exhaust memory.
 * The oldest datagram makes room; a datagram expires ten seconds after its first fragment; any
 * overlap, even an exact repeat, discards the datagram and its later fragments (RFC 5722).
 * Time is injected; nothing is allocated after new. */
#ifndef XT_PACKET_REASSEMBLE_H
#define XT_PACKET_REASSEMBLE_H

#include "packet/ip.h"

#define XT_REASSEMBLE_BUFFERS 4
#define XT_REASSEMBLE_NS      UINT64_C(10000000000)
#define XT_REASSEMBLE_PIECES  2048	   /* fragments of one datagram, at most */
#define XT_REASSEMBLE_MAX     (40 + 65535) /* bytes of a whole datagram, with its header */

enum xt_reassemble_verdict {
	XT_REASSEMBLE_KEPT,
	XT_REASSEMBLE_WHOLE,
	XT_REASSEMBLE_DROPPED, /* and so was the rest of its datagram */
};

/* Counters of datagrams; late: of fragments. */
struct xt_reassemble_counters {
	uint64_t whole, overlapped, malformed, pushed_out, expired;
	uint64_t late; /* fragments of a datagram that was discarded */
};

struct xt_reassembler;
struct xt_datagram;

int xt_reassembler_new(struct xt_reassembler **out); /* XT_E_NOMEM */
void xt_reassembler_free(struct xt_reassembler *r);  /* NULL is fine */

/* Add a fragment (view->fragment, without other extension headers); its bytes are copied.
 * owner, tag  part of the key, beside addresses, identification, protocol and version
 * *out        for WHOLE: the datagram, until xt_datagram_done or the next add */
enum xt_reassemble_verdict xt_reassembler_add(struct xt_reassembler *r, uint64_t now,
					      const void *owner, uint8_t tag,
					      const struct xt_ip_view *view,
					      struct xt_datagram **out);
/* When the next datagram expires; XT_NEVER: none. tick expires what is due; add does so too. */
uint64_t xt_reassembler_deadline(const struct xt_reassembler *r);
void xt_reassembler_tick(struct xt_reassembler *r, uint64_t now);
/* Drop all fragments of owner. */
void xt_reassembler_forget(struct xt_reassembler *r, const void *owner);
const struct xt_reassemble_counters *xt_reassembler_counters(const struct xt_reassembler *r);

/* The whole datagram, with the first fragment's header without its fragmentation fields (IPv4:
 * correct checksum). The bytes of view may be modified. An IPv6 datagram may be longer than
 * 65535. */
void xt_datagram_view(struct xt_datagram *d, struct xt_ip_view *view);
uint32_t xt_datagram_id(const struct xt_datagram *d);
/* The original fragments, in order of arrival. Only before the datagram is modified. buf: at least
 * xt_datagram_piece_len bytes. */
uint32_t xt_datagram_pieces(const struct xt_datagram *d);
uint32_t xt_datagram_piece_len(const struct xt_datagram *d, uint32_t i);
void xt_datagram_piece(const struct xt_datagram *d, uint32_t i, uint8_t *buf);
void xt_datagram_done(struct xt_datagram *d);

#endif

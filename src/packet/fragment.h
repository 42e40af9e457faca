/* SPDX-License-Identifier: MIT */
/* Splits a datagram into fragments (RFC 791 3.2, RFC 8200 4.5). */
#ifndef XT_PACKET_FRAGMENT_H
#define XT_PACKET_FRAGMENT_H

#include <xtunnel/batch.h>

#include "packet/ip.h"

#define XT_MTU_MIN 68u /* RFC 791: the least MTU of a link */

/* Append copies of the datagram to out, in fragments of at most mtu bytes (>= XT_MTU_MIN), each for
 * peer and with DF unchanged; as one packet without Fragment header when it fits.
 * view     a whole datagram; an IPv6 one without extension headers
 * id       IPv6: identification of the fragments; IPv4: the header's is kept
 * returns  false: no room in out for all of it; nothing was appended */
bool xt_fragment(struct xt_batch *out, struct xt_peer *peer, const struct xt_ip_view *view,
		 uint32_t id, uint32_t mtu);

/* Replace the newest packet of out, whole or itself a fragment, by fragments of at most mtu bytes
 * (at least 16 more than its header): its own bytes are the first one, the others are copies.
 * view     of that packet: IPv4
 * returns  false: no room in out; it is as it was */
bool xt_fragment_last(struct xt_batch *out, const struct xt_ip_view *view, uint32_t mtu);

/* Has out room for n packets of len bytes each? */
bool xt_fragment_room(const struct xt_batch *out, uint32_t n, size_t len);

#endif

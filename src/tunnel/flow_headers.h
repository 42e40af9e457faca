/* SPDX-License-Identifier: MIT */
/* The beginnings of the last full-sized TCP packets of each flow. When the path to a peer turns out
 * to carry less, these packets are lost; "packet too big" about them makes the sender cut and send
 * again at once, instead of after its retransmission timeout. */
#ifndef XT_TUNNEL_FLOW_HEADERS_H
#define XT_TUNNEL_FLOW_HEADERS_H

#include <xtunnel/batch.h>

#include "packet/icmp.h"
#include "packet/ip.h"

/* The newest XT_FLOWS flows of each of the peers that sent last. */
#define XT_FLOWS 8

/* Packets of fewer bytes are not kept: no path of interest carries less. */
#define XT_FLOW_FULL 1024u

struct xt_flow_headers;

int xt_flow_headers_new(struct xt_flow_headers **out);	    /* XT_E_NOMEM */
void xt_flow_headers_free(struct xt_flow_headers *headers); /* NULL: no-op */

/* Keep the beginning of a packet to peer, if it is TCP with DF that sends data. size: of it, or of
 * the segments of a super-packet. Allocates nothing. */
void xt_flow_headers_keep(struct xt_flow_headers *headers, const struct xt_peer *peer,
			  const struct xt_ip_view *ip, uint32_t size);

/* The path to peer carries mtu bytes: write its flows' errors by xt_flow_headers_take. */
void xt_flow_headers_fell(struct xt_flow_headers *headers, const struct xt_peer *peer,
			  uint32_t mtu);
void xt_flow_headers_forget(struct xt_flow_headers *headers, const struct xt_peer *peer);

/* Is there an error to be written? */
bool xt_flow_headers_due(const struct xt_flow_headers *headers);
/* The next error, of at most XT_ICMP6_MAX bytes, to out. 0: there is none. Each is made once. */
size_t xt_flow_headers_take(struct xt_flow_headers *headers, uint8_t *out);

#endif

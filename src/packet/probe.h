/* SPDX-License-Identifier: MIT */
/* Requests that any host answers by itself, and their answers: what probes of the path's MTU
 * carry. Each request has a random token, which comes back in the answer. */
#ifndef XT_PACKET_PROBE_H
#define XT_PACKET_PROBE_H

#include "packet/ip.h"
#include "packet/transport.h"

enum xt_probe_kind {
	XT_PROBE_ECHO, /* ICMP echo request: echo reply */
	XT_PROBE_TCP,  /* TCP ACK that belongs to no connection: RST */
	XT_PROBE_HOP,  /* IPv6 hop-by-hop option that is not known: ICMPv6 parameter problem */
};

#define XT_PROBE_MAX 64u /* bytes of a request at most */

/* Write a request to out (XT_PROBE_MAX bytes). Returns its length; 0: the families of src and dst
 * differ, or the kind does not exist in that family. */
size_t xt_probe_build(uint8_t *out, enum xt_probe_kind kind, const struct xt_ip *src,
		      const struct xt_ip *dst, uint32_t token);

/* False for certain that it is no answer, by a compare or two: for most packets. */
static inline bool xt_probe_may_answer(const struct xt_ip_view *view)
{
	return view->protocol != XT_PROTO_UDP &&
	       (view->protocol != XT_PROTO_TCP || view->len - view->upper < XT_TCP_HEADER ||
		view->bytes[view->upper + XT_TCP_FLAGS] & XT_TCP_RST);
}

/* Read the token of what could be an answer. false: any other packet. Whether it answers anything
 * is the caller's to judge: the token is all that is looked at. */
bool xt_probe_read(const struct xt_ip_view *view, uint32_t *token);

#endif

/* SPDX-License-Identifier: MIT */
/* Turns an ICMP or ICMPv6 echo request into its reply, in place. Which addresses are answered is in
 * echo_rules, fragments are in reassemble, batches in echo_responder. */
#ifndef XT_PACKET_ECHO_H
#define XT_PACKET_ECHO_H

#include "packet/ip.h"

/* The class of a packet for the echo responder, by its headers alone. */
enum xt_echo_class {
	XT_ECHO_CLASS_OTHER,	/* no echo request */
	XT_ECHO_CLASS_FRAGMENT, /* of an ICMP datagram that may be one */
	XT_ECHO_CLASS_REQUEST,	/* whole; its checksums are still to be verified by xt_echo_right */
	XT_ECHO_CLASS_BARRED,	/* an echo request with a source route or extension headers */
	XT_ECHO_CLASS_BAD,	/* one whose code, addresses or options forbid a reply */
};

/* replies: class echo replies as requests too (swap_only reflects both). */
enum xt_echo_class xt_echo_classify(const struct xt_ip_view *view, bool replies);

/* Are all its checksums right? Only for a whole XT_ECHO_CLASS_REQUEST. */
bool xt_echo_right(const struct xt_ip_view *view);

/* Turn a verified request into its reply: addresses swapped, type changed, TTL 64, ECN 0; DSCP, DF,
 * identification, options, identifier, sequence and data kept. Bytes behind view->len are unchanged
 * and not part of the reply. */
void xt_echo_reflect(struct xt_ip_view *view);

/* Parse, classify, verify and reflect one packet. */
enum xt_reflection { XT_REFLECTION_ANSWERED, XT_REFLECTION_NOT_ECHO, XT_REFLECTION_MALFORMED };
enum xt_reflection xt_echo_answer(uint8_t *packet, uint32_t *len);

/* IPv4 options in [20, header): well-formed? Sets *source_route when one is there. */
bool xt_ip4_options(const struct xt_ip_view *view, bool *source_route);

#endif

/* The pure reflector: an ICMP or ICMPv6 echo request becomes its reply, in place. Knows nothing of
 * whom it answers for (echo_rules), of fragments (reassemble) or of batches (echo_turn). */
#ifndef XT_PACKET_ECHO_H
#define XT_PACKET_ECHO_H

#include "packet/ip.h"

/* What a packet is to an echo endpoint, judged by its headers alone. */
enum xt_echo_class {
	XT_ECHO_CLASS_OTHER,	/* no echo request */
	XT_ECHO_CLASS_FRAGMENT, /* of an ICMP datagram that may be one */
	XT_ECHO_CLASS_REQUEST,	/* whole; xt_echo_right has yet to judge its checksums */
	XT_ECHO_CLASS_BARRED,	/* an echo request with a source route or extension headers */
	XT_ECHO_CLASS_BAD, /* an echo request with a code, addresses or options that forbid it */
};

/* replies: count echo replies as requests too (what is swapped only must let them through). */
enum xt_echo_class xt_echo_classify(const struct xt_ip_view *view, bool replies);

/* Are all its checksums right? Only for a whole XT_ECHO_CLASS_REQUEST. */
bool xt_echo_right(const struct xt_ip_view *view);

/* Make the reply of a request that was found to be one, and right: addresses swapped, type changed,
 * TTL 64, ECN 0; DSCP, DF, identification, options, identifier, sequence and data kept. The bytes
 * behind view->len are left alone and are not part of the reply. */
void xt_echo_reflect(struct xt_ip_view *view);

/* All of the above at once. */
enum xt_reflection { XT_REFLECTION_ANSWERED, XT_REFLECTION_NOT_ECHO, XT_REFLECTION_MALFORMED };
enum xt_reflection xt_echo_answer(uint8_t *packet, uint32_t *len);

/* IPv4 options in [20, header): well-formed? Sets *source_route when one is there. */
bool xt_ip4_options(const struct xt_ip_view *view, bool *source_route);

#endif

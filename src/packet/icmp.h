/* SPDX-License-Identifier: MIT */
/* ICMP errors as a router sends them: "unreachable" and "packet too big", made from the offending
 * packet and sent to its source (RFC 792, 1122, 1812, 4443). */
#ifndef XT_PACKET_ICMP_H
#define XT_PACKET_ICMP_H

#include <xtunnel/batch.h>

#include "base/token_bucket.h"

#define XT_ICMP4_MAX 576u /* bytes of a whole error message */
#define XT_ICMP6_MAX 1280u

enum xt_icmp_kind {
	XT_ICMP_NO_ROUTE,    /* IPv4: network unreachable; IPv6: no route to destination */
	XT_ICMP_UNREACHABLE, /* IPv4: host unreachable; IPv6: address unreachable */
	XT_ICMP_TOO_BIG,     /* IPv4: fragmentation needed; IPv6: packet too big */
};

/* Write the error about packet to out (XT_ICMP6_MAX bytes, no overlap). Returns its length, or 0
 * when none may be sent: packet is no IP packet; an ICMP error, a redirect or unreadable ICMP; not
 * the first fragment; to or from a multicast, broadcast, loopback or unspecified address; or, for
 * XT_ICMP_TOO_BIG in IPv4, without DF.
 * mtu    for XT_ICMP_TOO_BIG: the size that would fit
 * local  the source of the error; NULL or another family: the packet's destination */
size_t xt_icmp_build(uint8_t *out, const uint8_t *packet, size_t len, enum xt_icmp_kind kind,
		     uint32_t mtu, const struct xt_ip *local);

/* Likewise "packet too big" about a packet of which only the first n bytes are left, all of its IP
 * header and 8 bytes more at least: its source is the packet's destination, which every filter of
 * the host takes (docs/decisions/0011). n: at most XT_ICMP_HEAD_MAX */
size_t xt_icmp_too_big(uint8_t *out, const uint8_t *head, size_t n, uint32_t mtu);
#define XT_ICMP_HEAD_MAX 80u /* IPv6, TCP, and room for options */

/* All errors of one tunnel share a token bucket. The counters may be read. */
struct xt_icmp {
	struct xt_token_rate rate;
	struct xt_token_bucket bucket;
	uint64_t sent, suppressed;
};

/* The bucket starts full. per_second and burst > 0; usual values: XT_ICMP_RATE, XT_ICMP_BURST. */
void xt_icmp_init(struct xt_icmp *icmp, uint64_t now, uint32_t per_second, uint32_t burst);
#define XT_ICMP_RATE  100
#define XT_ICMP_BURST 50

/* Build within the limit and append to out, to be written to the TUN. false: nothing appended. */
bool xt_icmp_answer(struct xt_icmp *icmp, uint64_t now, const struct xt_pkt *offender,
		    enum xt_icmp_kind kind, uint32_t mtu, const struct xt_ip *local,
		    struct xt_batch *out);

#endif

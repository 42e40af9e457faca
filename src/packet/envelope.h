/* SPDX-License-Identifier: MIT */
/* The headers of a UDP datagram, as a network would carry it: for captures, which see payloads. */
#ifndef XT_PACKET_ENVELOPE_H
#define XT_PACKET_ENVELOPE_H

#include <xtunnel/types.h>

#define XT_ENVELOPE_MAX 48 /* IPv6 and UDP */

/* Write IP and UDP header with correct checksums to out.
 * from, to        family 0 of from stands for the unspecified address
 * tos             the DS field, with ECN
 * dont_fragment   IPv4: DF
 * returns         bytes of the headers; 0: the families differ, to has none, or the payload is too
 *                 long for a packet */
size_t xt_envelope_put(uint8_t out[XT_ENVELOPE_MAX], const struct xt_endpoint *from,
		       const struct xt_endpoint *to, uint8_t tos, bool dont_fragment,
		       const uint8_t *payload, uint32_t len);

#endif

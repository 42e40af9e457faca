/* SPDX-License-Identifier: MIT */
/* Lowers the MSS that a TCP SYN or SYN-ACK announces to what a path can carry (RFC 9293 3.7.1). */
#ifndef XT_PACKET_MSS_H
#define XT_PACKET_MSS_H

#include "packet/ip.h"

/* Is this the first part of a TCP packet with SYN? The view says TCP already. */
bool xt_mss_is_syn(const struct xt_ip_view *ip);

/* Lower each MSS option to mtu without 40 bytes of headers, in IPv6 60 (RFC 6691: options count for
 * neither). The value never grows. Without the option, in a list of options that is malformed
 * before it, and under an IPv6 Authentication Header nothing changes.
 * ip       a SYN, see above; its bytes are writable
 * partial  the checksum covers the pseudo-header only and stays as it is; otherwise it is updated,
 *          and a wrong one stays wrong (RFC 1624)
 * returns  whether anything changed */
bool xt_mss_clamp(const struct xt_ip_view *ip, uint32_t mtu, bool partial);

#endif

/* SPDX-License-Identifier: MIT */
/* Packets that are larger than the path to their peer: what becomes of each, so that nothing larger
 * leaves. */
#ifndef XT_PACKET_FIT_H
#define XT_PACKET_FIT_H

#include <xtunnel/batch.h>

#include "packet/ip.h"

/* The least values that hosts accept in "packet too big": Linux locks a route to 552 when an IPv4
 * error names less, and ignores less than 1,280 in IPv6. */
#define XT_FIT_MIN4 552u
#define XT_FIT_MIN6 1280u

/* WHOLE     it fits
 * CUT       TCP: xt_split makes smaller segments of it
 * FRAGMENT  IPv4 that may be fragmented: xt_split makes fragments of it
 * EXCESS    it has to go on although it is larger: its sender cannot be asked for less
 * DROP      its sender is to be told xt_fit_mtu */
enum xt_fit { XT_FIT_WHOLE, XT_FIT_CUT, XT_FIT_FRAGMENT, XT_FIT_EXCESS, XT_FIT_DROP };

/* Judge pkt, plain or a super-packet, for a path that carries packets of mtu bytes, and prepare its
 * gso for xt_split. The segments of a cut packet are what its sender would have sent: see split.h.
 * A packet whose checksum is wrong is not cut, because the segments would have a correct one; nor
 * is a SYN or RST, or an IPv6 packet with an Authentication or Routing header.
 * ip  the parsed packet */
enum xt_fit xt_fit(struct xt_pkt *pkt, const struct xt_ip_view *ip, uint32_t mtu);

/* The MTU to name to the sender of that packet. 0: it takes none that is so small. */
uint32_t xt_fit_mtu(const struct xt_ip_view *ip, uint32_t mtu);

#endif

/* SPDX-License-Identifier: MIT */
/* The set of addresses that the echo responder answers for, per side. */
#ifndef XT_PACKET_ECHO_RULES_H
#define XT_PACKET_ECHO_RULES_H

#include <xtunnel/types.h>

/* host  requests that this host sends into the TUN
 * peer  requests that peers send through the tunnel
 * 1 << side is the bit of `Echo = host | peer | both`. */
enum xt_echo_side { XT_ECHO_SIDE_HOST = 0, XT_ECHO_SIDE_PEER = 1 };
#define XT_ECHO_SIDES 2

/* One local address: cidr with its host bits. peer.family != 0: a point-to-point pair, whose only
 * other address is peer. */
struct xt_echo_local {
	struct xt_cidr cidr;
	struct xt_ip peer;
};

/* local, addresses  borrowed
 * addresses       n_addresses > 0: exactly these networks are answered (EchoAddresses), host bits
 *                 ignored; 0: the defaults of the side
 * covered         does some AllowedIPs cover the address? NULL: no. Called for the defaults of the
 *                 host side */
struct xt_echo_rules {
	enum xt_echo_side side;
	const struct xt_echo_local *local;
	size_t n_local;
	const struct xt_cidr *addresses;
	size_t n_addresses;
	bool (*covered)(void *ctx, const struct xt_ip *ip);
	void *ctx;
};

/* Is a request to that destination answered? Defaults:
 *   host  every address of a local network, except local addresses, the IPv4 network and broadcast
 *         address (prefix <= 30), the IPv6 all-zero host, and what is covered
 *   peer  the local addresses */
bool xt_echo_rules_answers(const struct xt_echo_rules *rules, const struct xt_ip *dst);

/* Is ip the IPv4 broadcast address of a local network (prefix <= 30)? Invalid as a source. */
bool xt_echo_rules_broadcast(const struct xt_echo_rules *rules, const struct xt_ip *ip);

#endif

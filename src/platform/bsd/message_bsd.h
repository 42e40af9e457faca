/* SPDX-License-Identifier: MIT */
/* Bytes of the kernel interface, written and read by struct xt_abi: socket addresses, messages of
 * the routing socket, requests by ioctl. No function here makes a system call. */
#ifndef XT_PLATFORM_BSD_MESSAGE_H
#define XT_PLATFORM_BSD_MESSAGE_H

#include "platform/bsd/abi.h"
#include "platform/link.h"

/* --- routes --- */

#define XT_BSD_MESSAGE 512 /* bytes of the longest message that is written */

/* gateway  family 0: the network is on the link ifindex; one of IPv6 that is link-local is on it
 * mtu      0: that of the link */
struct xt_bsd_route {
	struct xt_cidr dst;
	struct xt_ip gateway;
	unsigned ifindex;
	uint32_t mtu;
};

/* A message that adds, deletes, changes or gets (type, rtm_*) that route; a change is of the MTU
 * alone, and a get asks for the route to dst and for the link that it leaves by. seq: to recognise
 * the answer. Returns the length. */
size_t xt_bsd_route_put(uint8_t out[XT_BSD_MESSAGE], uint32_t type, uint32_t seq,
			const struct xt_bsd_route *route);

/* What a message of the routing socket, or an entry of a list, says.
 * type     rtm_*; of another type only it, flags and addrs are read
 * error    errno of a failed request
 * mtu      of the route, or of the link
 * state    of the link's carrier, where the system has it
 * away     the link is gone
 * dst      with its prefix; family 0: none
 * gateway  family 0: it is the link gateway_link
 * local, mask, peer  of an address; mask: bits, or -1 */
struct xt_bsd_message {
	uint32_t type, index, flags, addrs;
	int pid, seq, error;
	uint32_t mtu, state;
	bool away;
	struct xt_cidr dst;
	struct xt_ip gateway;
	unsigned gateway_link, link;
	struct xt_ip local, peer;
	int mask;
};

/* Read the message at *at and move on behind it. false: what is left is none. */
bool xt_bsd_message_take(const uint8_t **at, size_t *left, struct xt_bsd_message *out);

/* --- requests by ioctl --- */

#define XT_BSD_REQUEST 320 /* bytes of the largest argument */

/* For the interface name: its flags, its MTU. */
void xt_bsd_flags_put(uint8_t out[XT_BSD_REQUEST], const char *name, uint32_t flags);
uint32_t xt_bsd_flags_get(const uint8_t request[XT_BSD_REQUEST]);
void xt_bsd_mtu_put(uint8_t out[XT_BSD_REQUEST], const char *name, uint32_t mtu);
uint32_t xt_bsd_mtu_get(const uint8_t request[XT_BSD_REQUEST]);

/* To add or remove an address. Returns the request's number. An IPv4 address without a peer is its
 * own, as ifconfig(8) has it for a point-to-point link. */
unsigned long xt_bsd_address_put(uint8_t out[XT_BSD_REQUEST], const char *name,
				 const struct xt_link_address *address, bool add);

#endif

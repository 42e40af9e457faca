/* SPDX-License-Identifier: MIT */
/* Builds echo requests and reads echo replies, for `xtunnel ping`. */
#ifndef XT_PACKET_PING_H
#define XT_PACKET_PING_H

#include <xtunnel/types.h>

#define XT_PING4_MAX 65507u /* the largest payload in IPv4 */
#define XT_PING6_MAX 65487u /* in an IPv6 packet of at most 65535 bytes */

/* Length of the request's packet, 0 when family is none or size too large. */
size_t xt_ping_len(uint8_t family, uint32_t size);

/* Write the request: out holds xt_ping_len bytes. The payload begins with the cookie, cut to size
 * when that is below 8; then bytes that count up. Returns the length, 0 when the families differ or
 * size is too large. */
size_t xt_ping_build(uint8_t *out, const struct xt_ip *src, const struct xt_ip *dst, uint16_t id,
		     uint16_t seq, uint64_t cookie, uint32_t size);

/* cookie: as far as the payload holds it, the rest zero. size: of the payload. */
struct xt_ping_reply {
	struct xt_ip from, to;
	uint16_t id, seq;
	uint64_t cookie;
	uint32_t size;
	uint8_t ttl;
};

/* Read a whole echo reply with correct checksums. false: any other packet. */
bool xt_ping_read(struct xt_ping_reply *out, const uint8_t *packet, size_t len);

/* Is it the answer to a request built with these values? */
bool xt_ping_matches(const struct xt_ping_reply *reply, const struct xt_ip *src,
		     const struct xt_ip *dst, uint16_t id, uint16_t seq, uint64_t cookie,
		     uint32_t size);

#endif

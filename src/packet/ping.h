/* The endpoint's own ping: an echo request made, an echo reply read. */
#ifndef XT_PACKET_PING_H
#define XT_PACKET_PING_H

#include <xtunnel/types.h>

#define XT_PING4_MAX 65507u /* payload that an IPv4 packet holds */
#define XT_PING6_MAX 65487u /* and an IPv6 packet of no more than 65535 bytes */

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

/* Read a whole echo reply whose checksums are right. false: it is something else. */
bool xt_ping_read(struct xt_ping_reply *out, const uint8_t *packet, size_t len);

/* Is it the answer to a request built with these values? */
bool xt_ping_matches(const struct xt_ping_reply *reply, const struct xt_ip *src,
		     const struct xt_ip *dst, uint16_t id, uint16_t seq, uint64_t cookie,
		     uint32_t size);

#endif

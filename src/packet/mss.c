/* SPDX-License-Identifier: MIT */
/* The MSS option. */
#include "packet/mss.h"

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/transport.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define MSS_LEN	   4 /* kind, length, value */

static uint16_t bytes_swap(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

bool xt_mss_is_syn(const struct xt_ip_view *ip)
{
	return ip->offset == 0 && !ip->broken && ip->len >= ip->upper + XT_TCP_HEADER &&
	       (ip->bytes[ip->upper + XT_TCP_FLAGS] & XT_TCP_SYN);
}

/* The MSS at tcp + at becomes max. At an odd place its two bytes belong to two words of the sum,
 * each in the other half: their sum changes as that of one word with its bytes swapped. */
static void value_lower(uint8_t *tcp, uint32_t at, uint16_t max, bool partial)
{
	uint16_t was = xt_be16_get(tcp + at), is = max, sum = xt_be16_get(tcp + XT_TCP_CHECKSUM);

	xt_be16_put(tcp + at, max);
	if (partial)
		return;
	if (at & 1) {
		was = bytes_swap(was);
		is = bytes_swap(is);
	}
	xt_be16_put(tcp + XT_TCP_CHECKSUM, xt_checksum_update(sum, was, is));
}

bool xt_mss_clamp(const struct xt_ip_view *ip, uint32_t mtu, bool partial)
{
	uint32_t headers = (ip->version == 4 ? XT_IP4_HEADER : XT_IP6_HEADER) + XT_TCP_HEADER;
	uint8_t *tcp = ip->bytes + ip->upper;
	uint32_t end = xt_tcp_header(tcp, ip->len - ip->upper), n;
	uint32_t max = XT_MIN(mtu, headers + UINT16_MAX) - headers;
	bool changed = false;

	if (mtu <= headers || ip->authenticated)
		return false;
	for (uint32_t at = XT_TCP_HEADER; at < end && tcp[at] != OPTION_END; at += n) {
		n = 1;
		if (tcp[at] == OPTION_NOP)
			continue;
		if (end - at < 2 || tcp[at + 1] < 2 || tcp[at + 1] > end - at)
			break;
		n = tcp[at + 1];
		if (tcp[at] != OPTION_MSS || n != MSS_LEN || xt_be16_get(tcp + at + 2) <= max)
			continue;
		value_lower(tcp, at + 2, (uint16_t)max, partial);
		changed = true;
	}
	return changed;
}

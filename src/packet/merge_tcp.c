/* SPDX-License-Identifier: MIT */
/* TCP segments that may be merged: same flags, options and acknowledgement, contiguous sequence. */
#include <string.h>

#include "base/bytes.h"
#include "packet/merge_lane.h"
#include "packet/transport.h"

#define LAST_ONLY (XT_TCP_FIN | XT_TCP_PSH)

bool xt_tcp_segment(struct xt_segment *seg)
{
	uint32_t header = xt_tcp_header(seg->bytes + seg->upper, seg->len - seg->upper);

	if (header == 0)
		return false;
	seg->headers = (uint16_t)(seg->upper + header);
	seg->payload = seg->len - seg->headers;
	return seg->payload > 0;
}

bool xt_tcp_follows(const struct xt_lane *lane, const struct xt_segment *seg)
{
	const uint8_t *a = lane->first.bytes + lane->first.upper, *b = seg->bytes + seg->upper;
	uint8_t differ = a[XT_TCP_FLAGS] ^ b[XT_TCP_FLAGS];

	/* CWR belongs to the first segment alone; what ended a lane is not in a. */
	if ((b[XT_TCP_FLAGS] & XT_TCP_CWR) || (differ & (uint8_t) ~(LAST_ONLY | XT_TCP_CWR)))
		return false;
	/* acknowledgement, data offset; window; urgent pointer and options */
	if (seg->headers != lane->first.headers || memcmp(a + 8, b + 8, 5) != 0 ||
	    memcmp(a + 14, b + 14, 2) != 0 ||
	    memcmp(a + 18, b + 18, (size_t)(seg->headers - seg->upper) - 18) != 0)
		return false;
	return xt_be32_get(b + 4) == xt_be32_get(a + 4) + lane->payload;
}

bool xt_tcp_ends(const struct xt_segment *seg)
{
	return seg->bytes[seg->upper + XT_TCP_FLAGS] &
	       (XT_TCP_URG | XT_TCP_PSH | XT_TCP_RST | XT_TCP_SYN | XT_TCP_FIN);
}

void xt_tcp_finalise_header(uint8_t *super, const struct xt_segment *last, struct xt_gso *gso)
{
	uint8_t *flags = super + last->upper + XT_TCP_FLAGS;

	*flags |= last->bytes[last->upper + XT_TCP_FLAGS] & LAST_ONLY;
	gso->kind = last->version == 4 ? XT_GSO_TCP4 : XT_GSO_TCP6;
	gso->csum_offset = XT_TCP_CHECKSUM;
	if (*flags & XT_TCP_CWR)
		gso->flags |= XT_GSO_ECN;
}

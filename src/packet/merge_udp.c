/* SPDX-License-Identifier: MIT */
/* UDP datagrams that may be merged: those of a flow with checksums, all of one size. */
#include "base/bytes.h"
#include "packet/merge_lane.h"
#include "packet/transport.h"

bool xt_udp_segment(struct xt_segment *seg)
{
	const uint8_t *udp = seg->bytes + seg->upper;

	if (seg->len - seg->upper <= XT_UDP_HEADER ||
	    xt_be16_get(udp + 4) != seg->len - seg->upper ||
	    xt_be16_get(udp + XT_UDP_CHECKSUM) ==
		0) /* a super-packet cannot express "no checksum" */
		return false;
	seg->headers = (uint16_t)(seg->upper + XT_UDP_HEADER);
	seg->payload = seg->len - seg->headers;
	return true;
}

bool xt_udp_follows(const struct xt_lane *lane, const struct xt_segment *seg)
{
	return seg->headers == lane->first.headers;
}

void xt_udp_finalise_header(uint8_t *super, const struct xt_segment *last, uint32_t len,
			    struct xt_gso *gso)
{
	xt_be16_put(super + last->upper + 4, (uint16_t)(len - last->upper));
	gso->kind = XT_GSO_UDP;
	gso->csum_offset = XT_UDP_CHECKSUM;
}

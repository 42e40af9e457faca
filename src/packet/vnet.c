/* SPDX-License-Identifier: MIT */
/* The virtio-net header: flags, kind of super-packet, lengths, and where the checksum stands. */
#include "packet/vnet.h"

#include <string.h>

#include "base/bytes.h"

enum { FLAG_NEEDS_CSUM = 1 }; /* DATA_VALID (2) is not relied on */
enum { TYPE_NONE = 0, TYPE_TCP4 = 1, TYPE_TCP6 = 4, TYPE_UDP = 5, TYPE_ECN = 0x80 };

static uint16_t le16_get(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void le16_put(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static bool type_decode(struct xt_gso *gso, uint8_t type)
{
	switch (type & ~TYPE_ECN) {
	case TYPE_NONE:
		break;
	case TYPE_TCP4:
		gso->kind = XT_GSO_TCP4;
		break;
	case TYPE_TCP6:
		gso->kind = XT_GSO_TCP6;
		break;
	case TYPE_UDP:
		gso->kind = XT_GSO_UDP;
		break;
	default: /* UFO is never requested */
		return false;
	}
	if (!(type & TYPE_ECN))
		return true;
	gso->flags |= XT_GSO_ECN;
	return gso->kind == XT_GSO_TCP4 || gso->kind == XT_GSO_TCP6;
}

static bool header_decode(struct xt_gso *gso, const uint8_t *header, size_t len)
{
	if (!type_decode(gso, header[1]))
		return false;
	if (gso->kind != XT_GSO_NONE) {
		gso->header_len = le16_get(header + 2);
		gso->size = le16_get(header + 4);
		if (gso->size == 0 || gso->header_len > len)
			return false;
	}
	if (header[0] & FLAG_NEEDS_CSUM) {
		gso->flags |= XT_GSO_NEEDS_CSUM;
		gso->csum_start = le16_get(header + 6);
		gso->csum_offset = le16_get(header + 8);
		return (size_t)gso->csum_start + gso->csum_offset + 2 <= len;
	}
	return true;
}

bool xt_vnet_decode(struct xt_gso *gso, const uint8_t header[XT_VNET_LEN], size_t len)
{
	memset(gso, 0, sizeof(*gso));
	if (header_decode(gso, header, len))
		return true;
	memset(gso, 0, sizeof(*gso));
	return false;
}

void xt_vnet_encode(uint8_t header[XT_VNET_LEN], const struct xt_gso *gso)
{
	static const uint8_t types[] = {[XT_GSO_NONE] = TYPE_NONE,
					[XT_GSO_TCP4] = TYPE_TCP4,
					[XT_GSO_TCP6] = TYPE_TCP6,
					[XT_GSO_UDP] = TYPE_UDP};

	memset(header, 0, XT_VNET_LEN);
	if (gso->kind != XT_GSO_NONE && gso->kind < XT_LEN(types)) {
		header[1] = types[gso->kind];
		if (gso->flags & XT_GSO_ECN)
			header[1] |= TYPE_ECN;
		le16_put(header + 2, gso->header_len);
		le16_put(header + 4, gso->size);
	}
	if (gso->flags & XT_GSO_NEEDS_CSUM) {
		header[0] = FLAG_NEEDS_CSUM;
		le16_put(header + 6, gso->csum_start);
		le16_put(header + 8, gso->csum_offset);
	}
}

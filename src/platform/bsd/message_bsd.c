/* SPDX-License-Identifier: MIT */
/* Socket addresses and messages of the routing socket as bytes. Integers are in the order of the
 * host. In lists the kernels write the interface of a link-local IPv6 address into its second pair
 * of bytes, which is taken out. */
#include "platform/bsd/message_bsd.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

enum {
	SA_LEN = 0,
	SA_FAMILY = 1,
	IN_ADDR = 4, /* struct sockaddr_in */
	IN_SIZE = 16,
	IN6_ADDR = 8, /* struct sockaddr_in6 */
	IN6_SIZE = 28,
	AF_IPV4 = 2, /* on every system */
	BITS = 32,   /* of the mask of addresses */
};

static void u16_put(uint8_t *at, uint32_t value)
{
	uint16_t v = (uint16_t)value;

	memcpy(at, &v, sizeof(v));
}

static void u32_put(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static uint32_t u16_get(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint32_t u32_get(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* A number as wide as the kernel's long or int. */
static void word_put(uint8_t *at, uint32_t width, uint32_t value)
{
	uint64_t wide = value;

	if (width == sizeof(wide))
		memcpy(at, &wide, sizeof(wide));
	else
		u32_put(at, value);
}

static uint32_t word_get(const uint8_t *at, uint32_t width)
{
	uint64_t wide;

	if (width != sizeof(wide))
		return u32_get(at);
	memcpy(&wide, at, sizeof(wide));
	return wide > UINT32_MAX ? UINT32_MAX : (uint32_t)wide;
}

/* --- socket addresses --- */

/* The interface of a link-local address, where the kernel looks for it. */
static void scope_put(uint8_t *sa, const struct xt_ip *ip, unsigned ifindex)
{
	if (!xt_ip_is_link_local(ip) || ip->family != 6)
		return;
	if (xt_abi.sin6_scope)
		u32_put(sa + xt_abi.sin6_scope, ifindex);
	else
		xt_be16_put(sa + IN6_ADDR + 2, (uint16_t)ifindex);
}

/* Returns the length; out is zeroed. */
static size_t ip_put(uint8_t *out, const struct xt_ip *ip)
{
	bool v4 = ip->family == 4;

	out[SA_LEN] = v4 ? IN_SIZE : IN6_SIZE;
	out[SA_FAMILY] = v4 ? AF_IPV4 : (uint8_t)xt_abi.af_inet6;
	memcpy(out + (v4 ? IN_ADDR : IN6_ADDR), ip->b, v4 ? 4 : 16);
	return out[SA_LEN];
}

static size_t mask_put(uint8_t *out, unsigned char family, unsigned bits)
{
	struct xt_ip mask = {.family = family};

	for (unsigned i = 0; i < bits; i++)
		mask.b[i / 8] |= (uint8_t)(0x80u >> i % 8);
	return ip_put(out, &mask);
}

/* index 0: an empty one, which asks for the link. */
static size_t link_put(uint8_t *out, unsigned index)
{
	out[SA_LEN] = (uint8_t)xt_abi.sdl_size;
	out[SA_FAMILY] = (uint8_t)xt_abi.af_link;
	u16_put(out + xt_abi.sdl_index, index);
	return xt_abi.sdl_size;
}

static struct xt_ip ip_get(const uint8_t *sa, size_t len)
{
	struct xt_ip ip = {0};

	if (len > IN_ADDR && sa[SA_FAMILY] == AF_IPV4) {
		ip.family = 4;
		memcpy(ip.b, sa + IN_ADDR, XT_MIN(len - IN_ADDR, 4u));
	} else if (len > IN6_ADDR && sa[SA_FAMILY] == xt_abi.af_inet6) {
		ip.family = 6;
		memcpy(ip.b, sa + IN6_ADDR, XT_MIN(len - IN6_ADDR, 16u));
		if (xt_ip_is_link_local(&ip))
			ip.b[2] = ip.b[3] = 0;
	}
	return ip;
}

/* The kernels cut a mask off behind its last byte, and leave its family out: it is that of the
 * address. An empty one is that of a default route. */
static int mask_get(const uint8_t *sa, size_t len, unsigned char family)
{
	size_t from = family == 6 ? IN6_ADDR : IN_ADDR, most = family == 6 ? 16 : 4;
	int bits = 0;

	for (size_t i = from; i < len && i < from + most; i++)
		for (unsigned byte = sa[i]; byte & 0x80; byte <<= 1)
			bits++;
	return bits;
}

static unsigned link_get(const uint8_t *sa, size_t len)
{
	if (len < xt_abi.sdl_index + 2 || sa[SA_FAMILY] != xt_abi.af_link)
		return 0;
	return u16_get(sa + xt_abi.sdl_index);
}

/* --- messages --- */

static size_t round_up(size_t len)
{
	return XT_ALIGN_UP(len, (size_t)xt_abi.round);
}

/* Appends the gateway at *len: an address, or the link. Returns the flags of the route. */
static uint32_t gateway_put(uint8_t *out, size_t *len, const struct xt_bsd_route *route)
{
	uint8_t *at = out + *len;

	if (route->gateway.family == 0) {
		*len += round_up(link_put(at, route->ifindex));
		return 0;
	}
	*len += round_up(ip_put(at, &route->gateway));
	scope_put(at, &route->gateway, route->ifindex);
	return xt_abi.rtf_gateway;
}

/* Without a gateway, a change that macOS applies to another route than the one that was meant gives
 * that an MTU, and leads nothing elsewhere. */
size_t xt_bsd_route_put(uint8_t out[XT_BSD_MESSAGE], uint32_t type, uint32_t seq,
			const struct xt_bsd_route *route)
{
	const struct xt_abi *abi = &xt_abi;
	bool host = route->dst.bits == xt_ip_bits(&route->dst.ip), get = type == abi->rtm_get;
	uint32_t flags = abi->rtf_up, addrs = abi->rta_dst;
	size_t len = abi->rt_size;

	memset(out, 0, XT_BSD_MESSAGE);
	len += round_up(ip_put(out + len, &route->dst.ip));
	if (get) {
		addrs |= abi->rta_ifp;
		len += round_up(link_put(out + len, 0));
	} else {
		flags |= abi->rtf_static;
		if (type != abi->rtm_change) {
			addrs |= abi->rta_gateway;
			flags |= gateway_put(out, &len, route);
		}
		if (!host) {
			addrs |= abi->rta_netmask;
			len += round_up(mask_put(out + len, route->dst.ip.family, route->dst.bits));
		}
	}
	if (host)
		flags |= abi->rtf_host;
	u16_put(out, (uint32_t)len);
	out[abi->rt_version] = (uint8_t)abi->rtm_version;
	out[abi->rt_type] = (uint8_t)type;
	if (abi->rt_hdrlen)
		u16_put(out + abi->rt_hdrlen, abi->rt_size);
	if (!get)
		u16_put(out + abi->rt_index, route->ifindex);
	u32_put(out + abi->rt_flags, flags);
	u32_put(out + abi->rt_addrs, addrs);
	u32_put(out + abi->rt_seq, seq);
	if (route->mtu != 0) {
		word_put(out + abi->rt_inits, abi->rt_word, abi->rtv_mtu);
		word_put(out + abi->rt_mtu, abi->rt_mtu_word, route->mtu);
	}
	return len;
}

/* Of one message: the length of its header, and what that says. 0: it is too short. */
static size_t head_get(const uint8_t *msg, size_t len, struct xt_bsd_message *out)
{
	const struct xt_abi *abi = &xt_abi;
	bool link = out->type == abi->rtm_ifinfo;
	bool address = out->type == abi->rtm_newaddr || out->type == abi->rtm_deladdr;
	size_t size = link ? abi->if_size : address ? abi->ifa_size : abi->rt_size;

	if (abi->rtm_ifannounce && out->type == abi->rtm_ifannounce) {
		if (len < XT_MAX(abi->ifan_index, abi->ifan_what) + 2u)
			return 0;
		out->index = u16_get(msg + abi->ifan_index);
		out->away = u16_get(msg + abi->ifan_what) == abi->ifan_departure;
		return len;
	}
	if (len < size)
		return 0;
	out->index = u16_get(msg + (link      ? abi->if_index
				    : address ? abi->ifa_index
					      : abi->rt_index));
	out->flags = u32_get(msg + (link      ? abi->if_flags
				    : address ? abi->ifa_flags
					      : abi->rt_flags));
	out->addrs = u32_get(msg + (link      ? abi->if_addrs
				    : address ? abi->ifa_addrs
					      : abi->rt_addrs));
	if (link) {
		out->mtu = u32_get(msg + abi->if_mtu);
		out->state = abi->if_state ? msg[abi->if_state] : 0;
	} else if (!address) {
		out->pid = (int)u32_get(msg + abi->rt_pid);
		out->seq = (int)u32_get(msg + abi->rt_seq);
		out->error = (int)u32_get(msg + abi->rt_errno);
		out->mtu = word_get(msg + abi->rt_mtu, abi->rt_mtu_word);
	}
	if (abi->rt_hdrlen)
		size = XT_MAX(size, u16_get(msg + abi->rt_hdrlen));
	return size > len ? 0 : size;
}

/* One socket address. A mask is kept until the family of the address is known. */
static void address_get(struct xt_bsd_message *out, uint32_t bit, const uint8_t *sa, size_t len,
			const uint8_t **mask, size_t *mask_len)
{
	const struct xt_abi *abi = &xt_abi;

	if (bit == abi->rta_dst) {
		out->dst.ip = ip_get(sa, len);
	} else if (bit == abi->rta_gateway) {
		out->gateway = ip_get(sa, len);
		out->gateway_link = link_get(sa, len);
	} else if (bit == abi->rta_netmask) {
		*mask = sa;
		*mask_len = len;
	} else if (bit == abi->rta_ifp) {
		out->link = link_get(sa, len);
	} else if (bit == abi->rta_ifa) {
		out->local = ip_get(sa, len);
	} else if (bit == abi->rta_brd) {
		out->peer = ip_get(sa, len);
	}
}

static void addresses_get(struct xt_bsd_message *out, const uint8_t *at, size_t left)
{
	const uint8_t *mask = NULL;
	size_t mask_len = 0;
	unsigned char family;

	for (unsigned i = 0; i < BITS && left > 0; i++) {
		uint32_t bit = out->addrs & 1u << i;
		size_t len;

		if (!bit)
			continue;
		len = at[SA_LEN];
		if (len > left)
			break;
		address_get(out, bit, at, len, &mask, &mask_len);
		len = len > 0 ? round_up(len) : xt_abi.round;
		len = XT_MIN(len, left);
		at += len;
		left -= len;
	}
	family = out->dst.ip.family ? out->dst.ip.family : out->local.family;
	if (mask && family)
		out->mask = mask_get(mask, mask_len, family);
	if (out->dst.ip.family)
		out->dst.bits = (uint8_t)(out->mask >= 0 && !(out->flags & xt_abi.rtf_host)
					      ? (unsigned)out->mask
					      : xt_ip_bits(&out->dst.ip));
}

bool xt_bsd_message_take(const uint8_t **at, size_t *left, struct xt_bsd_message *out)
{
	const uint8_t *msg = *at;
	size_t len, head;

	memset(out, 0, sizeof(*out));
	out->mask = -1;
	if (*left < 4)
		return false;
	len = u16_get(msg);
	if (len < 4 || len > *left)
		return false;
	*at += len;
	*left -= len;
	if (msg[xt_abi.rt_version] != xt_abi.rtm_version)
		return true;
	out->type = msg[xt_abi.rt_type];
	head = head_get(msg, len, out);
	if (head > 0)
		addresses_get(out, msg + head, len - head);
	return true;
}

/* --- requests --- */

static void name_put(uint8_t out[XT_BSD_REQUEST], const char *name)
{
	memset(out, 0, XT_BSD_REQUEST);
	memcpy(out, name, strnlen(name, 15));
}

void xt_bsd_flags_put(uint8_t out[XT_BSD_REQUEST], const char *name, uint32_t flags)
{
	name_put(out, name);
	u16_put(out + xt_abi.ifreq_flags, flags);
}

uint32_t xt_bsd_flags_get(const uint8_t request[XT_BSD_REQUEST])
{
	return u16_get(request + xt_abi.ifreq_flags);
}

void xt_bsd_mtu_put(uint8_t out[XT_BSD_REQUEST], const char *name, uint32_t mtu)
{
	name_put(out, name);
	u32_put(out + xt_abi.ifreq_mtu, mtu);
}

uint32_t xt_bsd_mtu_get(const uint8_t request[XT_BSD_REQUEST])
{
	return u32_get(request + xt_abi.ifreq_mtu);
}

/* The kernels take an IPv6 pair only with a whole prefix. */
static void alias6_put(uint8_t *out, const struct xt_link_address *address)
{
	unsigned bits = address->peer.family ? 128 : address->cidr.bits;

	ip_put(out + xt_abi.alias6_addr, &address->cidr.ip);
	if (address->peer.family)
		ip_put(out + xt_abi.alias6_peer, &address->peer);
	mask_put(out + xt_abi.alias6_mask, 6, bits);
	u32_put(out + xt_abi.alias6_flags, xt_abi.in6_nodad);
	u32_put(out + xt_abi.alias6_valid, UINT32_MAX); /* for ever */
	u32_put(out + xt_abi.alias6_preferred, UINT32_MAX);
}

static void alias_put(uint8_t *out, const struct xt_link_address *address)
{
	ip_put(out + xt_abi.alias_addr, &address->cidr.ip);
	ip_put(out + xt_abi.alias_peer, address->peer.family ? &address->peer : &address->cidr.ip);
	mask_put(out + xt_abi.alias_mask, 4, address->cidr.bits);
}

unsigned long xt_bsd_address_put(uint8_t out[XT_BSD_REQUEST], const char *name,
				 const struct xt_link_address *address, bool add)
{
	bool v6 = address->cidr.ip.family == 6;

	name_put(out, name);
	if (!add)
		ip_put(out + (v6 ? xt_abi.ifreq6_addr : xt_abi.ifreq_addr), &address->cidr.ip);
	else if (v6)
		alias6_put(out, address);
	else
		alias_put(out, address);
	if (!add)
		return v6 ? xt_abi.siocdifaddr_in6 : xt_abi.siocdifaddr;
	return v6 ? xt_abi.siocaifaddr_in6 : xt_abi.siocaifaddr;
}

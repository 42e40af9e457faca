/* SPDX-License-Identifier: MIT */
/* Addresses, networks and endpoints as text, and classes of addresses. */
#include "base/addr.h"

#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"

static bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool ip4_parse(uint8_t out[4], const char *text)
{
	for (int i = 0; i < 4; i++) {
		unsigned v = 0;
		int digits = 0;

		for (; char_is_digit(*text); text++, digits++) {
			if (digits == 3 || (digits && !v))
				return false;
			v = v * 10 + (unsigned)(*text - '0');
		}
		if (!digits || v > 255)
			return false;
		out[i] = (uint8_t)v;
		if (*text++ != (i < 3 ? '.' : '\0'))
			return false;
	}
	return true;
}

static int hex_digit(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group, up to its end: at most four digits. NULL: there is none. */
static const char *ip6_group_parse(uint8_t out[2], const char *text)
{
	const char *end = text;
	unsigned v = 0;

	for (; hex_digit(*end) >= 0; end++) {
		if (end - text == 4)
			return NULL;
		v = v << 4 | (unsigned)hex_digit(*end);
	}
	xt_be16_put(out, (uint16_t)v);
	return end > text ? end : NULL;
}

/* Groups up to the end of text, with IPv4's form for the last two, and at most one "::", which
 * stands for one group of zeros or more (RFC 4291 2.2). */
static bool ip6_parse(uint8_t out[16], const char *text)
{
	const size_t none = 16;
	size_t n = 0, gap = none;

	if (*text == ':' && *++text != ':')
		return false;
	for (;;) {
		const char *end;

		if (*text == ':') {
			if (gap != none || n == 16)
				return false;
			gap = n;
			if (!*++text)
				break;
		}
		if (n <= 12 && ip4_parse(out + n, text)) {
			n += 4;
			break;
		}
		end = n < 16 ? ip6_group_parse(out + n, text) : NULL;
		if (!end)
			return false;
		n += 2;
		if (!*end)
			break;
		if (*end != ':')
			return false;
		text = end + 1;
	}
	if (gap == none || n == 16)
		return gap == none && n == 16;
	memmove(out + 16 - (n - gap), out + gap, n - gap);
	memset(out + gap, 0, 16 - n);
	return true;
}

int xt_ip_parse(struct xt_ip *out, const char *text)
{
	struct xt_ip ip = {0};

	if (strchr(text, ':')) {
		ip.family = 6;
		if (!ip6_parse(ip.b, text))
			return XT_E_SYNTAX;
	} else {
		ip.family = 4;
		if (!ip4_parse(ip.b, text))
			return XT_E_SYNTAX;
	}
	*out = ip;
	return 0;
}

/* Parse the n bytes at text as an address. */
static int part_parse(struct xt_ip *out, const char *text, size_t n)
{
	char part[XT_IP_TEXT];

	if (n >= sizeof(part))
		return XT_E_SYNTAX;
	memcpy(part, text, n);
	part[n] = '\0';
	return xt_ip_parse(out, part);
}

/* 0, XT_E_SYNTAX when text is no number, XT_E_INVALID when it is one out of range. */
static int number_parse(uint64_t *out, const char *text, uint64_t min, uint64_t max)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || text[digits])
		return XT_E_SYNTAX;
	if (!xt_number(out, text, max, false) || *out < min)
		return XT_E_INVALID;
	return 0;
}

int xt_cidr_parse(struct xt_cidr *out, const char *text)
{
	const char *slash = strchr(text, '/');
	struct xt_cidr cidr = {0};
	uint64_t bits;
	int err = part_parse(&cidr.ip, text, slash ? (size_t)(slash - text) : strlen(text));

	if (err)
		return err;
	bits = xt_ip_bits(&cidr.ip);
	if (slash) {
		err = number_parse(&bits, slash + 1, 0, bits);
		if (err)
			return err;
	}
	cidr.bits = (uint8_t)bits;
	*out = cidr;
	return 0;
}

/* The inside of the brackets: address and, for a link-local one, its scope. */
static int bracketed_parse(struct xt_endpoint *ep, const char *text, size_t n)
{
	const char *percent = memchr(text, '%', n);
	char scope[16];
	uint64_t v;
	size_t len;
	int err = part_parse(&ep->ip, text, percent ? (size_t)(percent - text) : n);

	if (err)
		return err;
	if (ep->ip.family != 6)
		return XT_E_SYNTAX;
	if (!percent)
		return 0;
	len = n - (size_t)(percent + 1 - text);
	if (len >= sizeof(scope))
		return XT_E_SYNTAX;
	memcpy(scope, percent + 1, len);
	scope[len] = '\0';
	err = number_parse(&v, scope, 1, UINT32_MAX);
	if (err)
		return err;
	if (!xt_ip_is_link_local(&ep->ip))
		return XT_E_INVALID;
	ep->scope = (uint32_t)v;
	return 0;
}

int xt_endpoint_parse(struct xt_endpoint *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	struct xt_endpoint ep = {0};
	uint64_t port;
	int err;

	if (!colon || colon == text)
		return XT_E_SYNTAX;
	if (text[0] == '[') {
		if (colon[-1] != ']' || colon - text < 3)
			return XT_E_SYNTAX;
		err = bracketed_parse(&ep, text + 1, (size_t)(colon - text) - 2);
	} else {
		err = part_parse(&ep.ip, text, (size_t)(colon - text));
		if (!err && ep.ip.family != 4)
			err = XT_E_SYNTAX;
	}
	if (!err)
		err = number_parse(&port, colon + 1, 1, UINT16_MAX);
	if (err)
		return err;
	ep.port = (uint16_t)port;
	*out = ep;
	return 0;
}

/* First group and length of the longest run of zero groups, at least two of them (RFC 5952 4.2). */
static void zeros_find_longest(const uint8_t b[16], int *first, int *len)
{
	*first = -1;
	*len = 1;
	for (int i = 0; i < 8;) {
		int n = 0;

		while (i + n < 8 && !xt_be16_get(b + 2 * (i + n)))
			n++;
		if (n > *len) {
			*first = i;
			*len = n;
		}
		i += n ? n : 1;
	}
}

static void ip6_print(const uint8_t b[16], char *p)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	int first, len;

	if (!memcmp(b, mapped, sizeof(mapped))) {
		sprintf(p, "::ffff:%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
		return;
	}
	zeros_find_longest(b, &first, &len);
	for (int i = 0; i < 8;) {
		if (i == first) {
			p += sprintf(p, "::");
			i += len;
			continue;
		}
		p += sprintf(p, "%s%x", i && i != first + len ? ":" : "", xt_be16_get(b + 2 * i));
		i++;
	}
}

char *xt_ip_print(const struct xt_ip *ip, char *buf)
{
	if (ip->family == 4)
		sprintf(buf, "%u.%u.%u.%u", ip->b[0], ip->b[1], ip->b[2], ip->b[3]);
	else if (ip->family == 6)
		ip6_print(ip->b, buf);
	else
		strcpy(buf, "(none)");
	return buf;
}

char *xt_cidr_print(const struct xt_cidr *cidr, char *buf)
{
	xt_ip_print(&cidr->ip, buf);
	sprintf(buf + strlen(buf), "/%u", cidr->bits);
	return buf;
}

char *xt_endpoint_print(const struct xt_endpoint *ep, char *buf)
{
	char ip[XT_IP_TEXT];

	xt_ip_print(&ep->ip, ip);
	if (!ep->ip.family)
		strcpy(buf, ip);
	else if (ep->ip.family == 4)
		sprintf(buf, "%s:%u", ip, ep->port);
	else if (ep->scope)
		sprintf(buf, "[%s%%%u]:%u", ip, ep->scope, ep->port);
	else
		sprintf(buf, "[%s]:%u", ip, ep->port);
	return buf;
}

bool xt_ip_equal(const struct xt_ip *a, const struct xt_ip *b)
{
	uint64_t x[2], y[2];

	/* As two words: for memcmp the compiler may place a call, which shows in the cost of a
	 * packet. */
	_Static_assert(sizeof(x) == sizeof(a->b), "an address is two words");
	memcpy(x, a->b, sizeof(x));
	memcpy(y, b->b, sizeof(y));
	return a->family == b->family && ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

bool xt_endpoint_equal(const struct xt_endpoint *a, const struct xt_endpoint *b)
{
	return a->port == b->port && a->scope == b->scope && xt_ip_equal(&a->ip, &b->ip);
}

unsigned xt_ip_bits(const struct xt_ip *ip)
{
	return ip->family == 4 ? 32 : 128;
}

bool xt_cidr_contains(const struct xt_cidr *net, const struct xt_ip *ip)
{
	unsigned bytes = net->bits / 8, rest = net->bits % 8;

	if (!ip->family || net->ip.family != ip->family || memcmp(net->ip.b, ip->b, bytes) != 0)
		return false;
	return !rest || (net->ip.b[bytes] ^ ip->b[bytes]) >> (8 - rest) == 0;
}

bool xt_cidr_overlaps(const struct xt_cidr *a, const struct xt_cidr *b)
{
	return a->bits <= b->bits ? xt_cidr_contains(a, &b->ip) : xt_cidr_contains(b, &a->ip);
}

void xt_cidr_mask(struct xt_cidr *cidr)
{
	unsigned bytes = cidr->bits / 8, rest = cidr->bits % 8;

	if (rest) {
		cidr->ip.b[bytes] &= (uint8_t)(0xff00u >> rest);
		bytes++;
	}
	memset(cidr->ip.b + bytes, 0, sizeof(cidr->ip.b) - bytes);
}

bool xt_ip_is_loopback(const struct xt_ip *ip)
{
	static const uint8_t one[16] = {[15] = 1};

	return ip->family == 4 ? ip->b[0] == 127 : ip->family == 6 && !memcmp(ip->b, one, 16);
}

bool xt_ip_is_multicast(const struct xt_ip *ip)
{
	return ip->family == 4 ? ip->b[0] >> 4 == 14 : ip->family == 6 && ip->b[0] == 0xff;
}

bool xt_ip_is_unspecified(const struct xt_ip *ip)
{
	static const uint8_t zero[16];

	return ip->family && !memcmp(ip->b, zero, sizeof(zero));
}

bool xt_ip_is_limited_broadcast(const struct xt_ip *ip)
{
	return ip->family == 4 && xt_be32_get(ip->b) == UINT32_MAX;
}

bool xt_ip_is_link_local(const struct xt_ip *ip)
{
	if (ip->family == 4)
		return ip->b[0] == 169 && ip->b[1] == 254;
	return ip->family == 6 && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

/* SPDX-License-Identifier: MIT */
/* Values of a configuration file: networks, lists, point-to-point pairs. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "config/conf_value.h"

/* Of a netmask such as 255.255.255.0; -1: it is not one. */
static int mask_bits(const char *text)
{
	struct xt_ip mask;
	uint32_t m;
	int bits = 0;

	if (xt_ip_parse(&mask, text) < 0 || mask.family != 4)
		return -1;
	m = (uint32_t)mask.b[0] << 24 | (uint32_t)mask.b[1] << 16 | (uint32_t)mask.b[2] << 8 |
	    mask.b[3];
	for (; bits < 32 && m & 0x80000000u; bits++)
		m <<= 1;
	return m ? -1 : bits;
}

static const char wanted[] = "expected an address, such as 10.7.0.1/24 or fd07::1/64";

const char *xt_value_cidr(struct xt_cidr *out, const struct xt_span *v)
{
	static char sentence[64]; /* names the prefix, never the text */
	char text[80], *slash;
	int bits;

	if (!xt_span_squeeze(v, text, sizeof(text)))
		return wanted;
	if (xt_cidr_parse(out, text) == 0)
		return NULL;
	slash = strchr(text, '/');
	bits = slash ? mask_bits(slash + 1) : -1;
	if (bits < 0)
		return wanted;
	snprintf(sentence, sizeof(sentence), "write the netmask as a prefix: /%d", bits);
	return sentence;
}

static void span_advance(struct xt_span *span, size_t n)
{
	span->p += n;
	span->len -= n;
	span->column += (unsigned)n;
}

static void span_skip(struct xt_span *span, bool commas)
{
	while (span->len && (xt_lex_blank(span->p[0]) || (commas && span->p[0] == ',')))
		span_advance(span, 1);
}

bool xt_value_next(struct xt_span *rest, struct xt_span *entry, bool commas)
{
	size_t n = 0;

	if (!rest->p)
		return false;
	if (!commas)
		span_skip(rest, true);
	if (!commas && !rest->len)
		return false;
	while (n < rest->len && rest->p[n] != ',' && (commas || !xt_lex_blank(rest->p[n])))
		n++;
	*entry = (struct xt_span){rest->p, n, rest->column};
	xt_span_trim(entry);
	if (n < rest->len) {
		span_advance(rest, n + 1);
	} else {
		span_advance(rest, n);
		rest->p = NULL; /* a final comma is followed by one empty entry */
	}
	return true;
}

static struct xt_span span_take_word(struct xt_span *rest)
{
	size_t n = 0;

	while (n < rest->len && rest->p[n] != ',' && !xt_lex_blank(rest->p[n]) &&
	       !(rest->p[n] == '-' && n + 1 < rest->len && rest->p[n + 1] == '>'))
		n++;
	struct xt_span word = {rest->p, n, rest->column};
	span_advance(rest, n);
	return word;
}

static const char *pair_check(struct xt_link_address *out, const struct xt_span *local,
			      const struct xt_span *other, unsigned *column)
{
	struct xt_cidr peer;

	*column = other->column;
	if (xt_value_cidr(&peer, other) || peer.bits != xt_ip_bits(&peer.ip))
		return "expected the peer's address after '->', without a network";
	if (peer.ip.family != out->cidr.ip.family)
		return "both addresses of a pair must be of one family";
	if (xt_ip_equal(&peer.ip, &out->cidr.ip))
		return "both addresses of a pair are the same";
	*column = local->column;
	if (out->cidr.bits != xt_ip_bits(&out->cidr.ip))
		return "the local address of a pair has no network";
	out->peer = peer.ip;
	return NULL;
}

bool xt_value_address(struct xt_span *rest, struct xt_link_address *out, const char **error,
		      unsigned *column)
{
	*error = NULL;
	memset(out, 0, sizeof(*out));
	span_skip(rest, true);
	if (!rest->len)
		return false;
	struct xt_span local = span_take_word(rest);
	*column = local.column;
	span_skip(rest, false);
	bool is_pair = rest->len >= 2 && memcmp(rest->p, "->", 2) == 0;
	*error = xt_value_cidr(&out->cidr, &local);
	if (!*error && (xt_ip_is_unspecified(&out->cidr.ip) || xt_ip_is_multicast(&out->cidr.ip)))
		*error = "an interface cannot have this address";
	if (*error)
		return false;
	if (!is_pair)
		return true;
	span_advance(rest, 2);
	span_skip(rest, false);
	struct xt_span other = span_take_word(rest);
	*error = pair_check(out, &local, &other, column);
	return !*error;
}

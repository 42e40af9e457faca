/* SPDX-License-Identifier: MIT */
/* Parsers for the keys of [Peer]. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "config/conf_reader.h"
#include "config/conf_value.h"

void xt_key_public_key(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	unsigned column = line->value.column;
	const char *error = xt_value_key(r->peer->key.b, &line->value, &column);

	r->peer->key_line = line->line;
	xt_reader_judge(r, column, error);
}

void xt_key_preshared_key(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	unsigned column = line->value.column;
	const char *error = xt_value_key(r->peer->psk.b, &line->value, &column);

	r->peer->has_psk = xt_reader_judge(r, column, error);
	r->peer->psk_line = line->line;
}

void xt_key_keepalive(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	r->peer->has_keepalive = xt_reader_judge(
	    r, line->value.column, xt_value_keepalive(&r->peer->keepalive_s, &line->value));
}

void xt_key_name(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	const struct xt_span *v = &line->value;

	if (!v->len || v->len > XT_NAME_MAX) {
		xt_reader_judge(r, v->column, "expected a name of 1 to 63 bytes");
		return;
	}
	for (size_t i = 0; i < v->len; i++)
		if ((unsigned char)v->p[i] < ' ' || v->p[i] == 0x7f) {
			xt_reader_judge(r, v->column + (unsigned)i,
					"a name holds no control characters");
			return;
		}
	memcpy(r->peer->name, v->p, v->len);
	r->peer->name[v->len] = '\0';
}

void xt_key_critical(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	r->peer->has_critical =
	    xt_reader_judge(r, line->value.column, xt_value_yes(&r->peer->critical, &line->value));
}

void xt_key_probe_address(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_cidr cidr;
	const char *error = xt_value_cidr(&cidr, &line->value);

	if (!error && (cidr.bits != xt_ip_bits(&cidr.ip) || xt_ip_is_unspecified(&cidr.ip) ||
		       xt_ip_is_loopback(&cidr.ip) || xt_ip_is_limited_broadcast(&cidr.ip) ||
		       (cidr.ip.family == 4 && xt_ip_is_multicast(&cidr.ip))))
		error = "expected one address inside the tunnel";
	if (!xt_reader_judge(r, line->value.column, error))
		return;
	r->peer->probe_address = cidr.ip;
	r->peer->probe_line = line->line;
}

static void allowed_add(struct xt_conf_reader *r, const struct xt_cidr *cidr)
{
	struct xt_conf_peer *peer = r->peer;
	struct xt_cidr *v = xt_reader_grow(r, peer->allowed, peer->n_allowed, sizeof(*v));

	if (!v)
		return;
	peer->allowed = v;
	unsigned *lines = xt_reader_grow(r, peer->allowed_lines, peer->n_allowed, sizeof(*lines));
	if (!lines)
		return;
	peer->allowed_lines = lines;
	v[peer->n_allowed] = *cidr;
	lines[peer->n_allowed++] = r->line->line;
}

/* 10.7.0.0 without a length is one host, and looks like a network. The last of allowed is it. */
static void bare_note(struct xt_conf_peer *peer, const struct xt_span *entry)
{
	static const uint8_t zeros[8];
	const struct xt_ip *ip = peer->n_allowed ? &peer->allowed[peer->n_allowed - 1].ip : NULL;

	if (ip && !peer->bare && !memchr(entry->p, '/', entry->len) &&
	    (ip->family == 4 ? ip->b[3] == 0 : memcmp(ip->b + 8, zeros, 8) == 0))
		peer->bare = (unsigned)peer->n_allowed;
}

static void allowed_remove(struct xt_conf_peer *peer, const struct xt_cidr *cidr)
{
	size_t kept = 0;

	for (size_t i = 0; i < peer->n_allowed; i++) {
		if (peer->allowed[i].bits == cidr->bits &&
		    xt_ip_equal(&peer->allowed[i].ip, &cidr->ip))
			continue;
		peer->allowed[kept] = peer->allowed[i];
		peer->allowed_lines[kept++] = peer->allowed_lines[i];
	}
	peer->n_allowed = kept;
	peer->bare = 0;
}

void xt_key_allowed_ips(struct xt_conf_reader *r, const struct xt_lex_line *line)
{
	struct xt_span rest = line->value, entry;

	if (!rest.len)
		return;
	while (!r->failed && xt_value_next(&rest, &entry, true)) {
		struct xt_span bare = entry;
		struct xt_cidr cidr, masked;
		bool minus = entry.len && entry.p[0] == '-';

		if (entry.len && (minus || entry.p[0] == '+')) {
			bare.p++;
			bare.len--;
			bare.column++;
		}
		if (!xt_reader_judge(r, bare.column,
				     bare.len ? xt_value_cidr(&cidr, &bare)
					      : "there is one comma too many"))
			return;
		masked = cidr;
		xt_cidr_mask(&masked);
		if (!xt_ip_equal(&masked.ip, &cidr.ip)) {
			char text[XT_CIDR_TEXT];

			xt_reader_report(r, XT_LINT_HOST_BITS, bare.column,
					 "AllowedIPs: host bits are set; %s is used",
					 xt_cidr_print(&masked, text));
		}
		if (minus)
			allowed_remove(r->peer, &masked);
		else
			allowed_add(r, &masked);
		if (!minus)
			bare_note(r->peer, &bare);
	}
}

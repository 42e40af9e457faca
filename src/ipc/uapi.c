/* SPDX-License-Identifier: MIT */
/* UAPI requests. The whole of set=1 becomes one change before anything is applied, with the effect
 * of implementations that apply each line: later lines of a peer override earlier ones, lines after
 * remove=true have no effect. */
#include "ipc/uapi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "platform/link_name.h"

struct line {
	const char *key, *value; /* not terminated */
	size_t key_len, value_len;
};

struct reader {
	struct xt_change *change;
	struct xt_peer_change *peer; /* NULL: before the first public_key */
};

static bool line_is(const struct line *l, const char *key)
{
	return strlen(key) == l->key_len && memcmp(key, l->key, l->key_len) == 0;
}

/* Copy a value that is not a key; keys are parsed in place, so that no copy of them remains. */
static bool line_value(const struct line *l, char *buf, size_t cap)
{
	if (l->value_len >= cap || memchr(l->value, '\0', l->value_len))
		return false;
	memcpy(buf, l->value, l->value_len);
	buf[l->value_len] = '\0';
	return true;
}

static int line_number(const struct line *l, uint64_t max, uint64_t *out)
{
	char text[32];

	return line_value(l, text, sizeof(text)) && xt_number(out, text, max, false) ? 0 : -EINVAL;
}

static int line_key(const struct line *l, uint8_t out[32])
{
	return xt_key_from_hex(out, l->value, l->value_len) ? 0 : -EINVAL;
}

static int line_must_be(const struct line *l, const char *word)
{
	return l->value_len == strlen(word) && memcmp(l->value, word, l->value_len) == 0 ? 0
											 : -EINVAL;
}

static int change_set_flag(const struct line *l, uint32_t *set, uint32_t flag)
{
	int err = line_must_be(l, "true");

	if (!err)
		*set |= flag;
	return err;
}

static int device_line(struct reader *r, const struct line *l)
{
	struct xt_change *c = r->change;
	uint64_t n = 0;
	int err;

	if (line_is(l, "private_key")) {
		c->set |= XT_SET_PRIVATE_KEY;
		return line_key(l, c->private_key.b);
	}
	if (line_is(l, "listen_port")) {
		err = line_number(l, UINT16_MAX, &n);
		c->set |= XT_SET_LISTEN_PORT;
		c->listen_port = (uint16_t)n;
		return err;
	}
	if (line_is(l, "fwmark")) {
		err = l->value_len ? line_number(l, UINT32_MAX, &n) : 0;
		c->set |= XT_SET_FWMARK;
		c->fwmark = (uint32_t)n;
		return err;
	}
	if (line_is(l, "replace_peers"))
		return change_set_flag(l, &c->set, XT_SET_REPLACE_PEERS);
	return -EINVAL;
}

static int peer_allowed_line(struct xt_peer_change *peer, const struct line *l)
{
	char text[XT_CIDR_TEXT + 1];
	struct xt_cidr cidr;

	if (!line_value(l, text, sizeof(text)))
		return -EINVAL;
	bool minus = text[0] == '-', sign = minus || text[0] == '+';
	if (!strchr(text, '/') || xt_cidr_parse(&cidr, text + sign) < 0)
		return -EINVAL;
	xt_cidr_mask(&cidr);
	return xt_change_allowed(peer, &cidr, minus) < 0 ? -ENOMEM : 0;
}

/* wg(8) writes the scope of a link-local address as an interface name: replace it by the index. */
static void endpoint_number_scope(char text[XT_ENDPOINT_TEXT])
{
	char *percent = strchr(text, '%'), *end = percent ? strchr(percent, ']') : NULL;
	char rest[16], name[XT_LINK_NAME];
	size_t len = end ? (size_t)(end - percent - 1) : 0;
	unsigned index;

	if (!end || len == 0 || len >= sizeof(name) || strlen(end) >= sizeof(rest))
		return;
	memcpy(name, percent + 1, len);
	name[len] = '\0';
	strcpy(rest, end);
	index = xt_link_number(name);
	if (index)
		snprintf(percent, XT_ENDPOINT_TEXT - (size_t)(percent - text), "%%%u%s", index,
			 rest);
}

static int peer_endpoint_line(struct xt_peer_change *peer, const struct line *l)
{
	char text[XT_ENDPOINT_TEXT];

	if (!line_value(l, text, sizeof(text)))
		return -EINVAL;
	endpoint_number_scope(text);
	if (xt_endpoint_parse(&peer->endpoint, text) < 0)
		return -EINVAL;
	peer->set |= XT_PEER_ENDPOINT;
	return 0;
}

static int peer_line(struct reader *r, const struct line *l)
{
	struct xt_peer_change *peer = r->peer;
	uint64_t n = 0;
	int err;

	if (line_is(l, "update_only"))
		return change_set_flag(l, &peer->set, XT_PEER_UPDATE_ONLY);
	if (line_is(l, "remove"))
		return change_set_flag(l, &peer->set, XT_PEER_REMOVE);
	if (line_is(l, "preshared_key")) {
		peer->set |= XT_PEER_PSK;
		return line_key(l, peer->psk.b);
	}
	if (line_is(l, "endpoint"))
		return peer_endpoint_line(peer, l);
	if (line_is(l, "persistent_keepalive_interval")) {
		err = line_number(l, UINT16_MAX, &n);
		peer->set |= XT_PEER_KEEPALIVE;
		peer->keepalive_s = (uint16_t)n;
		return err;
	}
	if (line_is(l, "replace_allowed_ips")) {
		peer->n_allowed = 0; /* replaces those of earlier lines of this request as well */
		return change_set_flag(l, &peer->set, XT_PEER_REPLACE_ALLOWED);
	}
	if (line_is(l, "allowed_ip"))
		return peer_allowed_line(peer, l);
	if (line_is(l, "protocol_version"))
		return line_must_be(l, "1");
	return -EINVAL;
}

static int reader_set_line(struct reader *r, const struct line *l)
{
	struct xt_public public;

	if (!line_is(l, "public_key"))
		return r->peer ? peer_line(r, l) : device_line(r, l);
	if (line_key(l, public.b))
		return -EINVAL;
	r->peer = xt_change_peer(r->change, &public);
	return r->peer ? 0 : -ENOMEM;
}

static int change_set_lines(struct xt_change *change, const char *p, const char *end)
{
	struct reader r = {.change = change};

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		if (stop == p) /* the empty line: nothing may follow it */
			return stop + 1 >= end ? 0 : -EINVAL;
		const char *equals = memchr(p, '=', (size_t)(stop - p));
		if (!equals)
			return -EPROTO;
		struct line l = {p, equals + 1, (size_t)(equals - p), (size_t)(stop - equals - 1)};
		int err = reader_set_line(&r, &l);
		if (err)
			return err;
		p = newline ? newline + 1 : end;
	}
	return 0;
}

static bool text_begins(const char *text, size_t len, const char *line)
{
	size_t n = strlen(line);

	return len >= n && memcmp(text, line, n) == 0;
}

int xt_uapi_parse(const char *text, size_t len, enum xt_uapi_op *op, struct xt_change *change)
{
	static const char get[] = "get=1\n", set[] = "set=1\n";

	*op = XT_UAPI_NONE;
	if (text_begins(text, len, get)) {
		size_t rest = len - strlen(get);

		*op = XT_UAPI_GET;
		return rest == 0 || (rest == 1 && text[len - 1] == '\n') ? 0 : -EINVAL;
	}
	if (!text_begins(text, len, set))
		return 0;
	*op = XT_UAPI_SET;
	if (!change)
		return -EOPNOTSUPP;
	xt_change_init(change);
	int err = change_set_lines(change, text + strlen(set), text + len);
	if (err)
		xt_change_clear(change);
	return err;
}

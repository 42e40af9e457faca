/* UAPI: a report as the reply to get=1. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "ipc/uapi.h"

void xt_uapi_text_free(struct xt_uapi_text *text)
{
	if (text->p)
		xt_wipe(text->p, text->cap);
	free(text->p);
	memset(text, 0, sizeof(*text));
}

/* No realloc: it would leave keys in freed memory. */
static int reserve(struct xt_uapi_text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 1024;

	if (t->p && t->cap - t->len > more)
		return 0;
	while (cap - t->len <= more)
		cap *= 2;
	char *p = malloc(cap);
	if (!p)
		return XT_E_NOMEM;
	struct xt_uapi_text old = *t;
	if (old.len)
		memcpy(p, old.p, old.len);
	*t = (struct xt_uapi_text){p, old.len, cap};
	xt_uapi_text_free(&old);
	return 0;
}

/* A line of at most 160 bytes. */
static int put(struct xt_uapi_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int put(struct xt_uapi_text *t, const char *format, ...)
{
	va_list args;
	int err = reserve(t, 160);

	if (err)
		return err;
	va_start(args, format);
	int n = vsnprintf(t->p + t->len, t->cap - t->len, format, args);
	va_end(args);
	t->len += n > 0 ? (size_t)n : 0;
	return 0;
}

static int put_key(struct xt_uapi_text *t, const char *name, const uint8_t key[32])
{
	char hex[XT_KEY_HEX];

	xt_key_to_hex(hex, key);
	int err = put(t, "%s=%s\n", name, hex);
	xt_wipe(hex, sizeof(hex));
	return err;
}

static int put_peer(struct xt_uapi_text *t, const struct xt_report *report,
		    const struct xt_peer_report *peer)
{
	char text[XT_ENDPOINT_TEXT];
	int err = put_key(t, "public_key", peer->key.b);

	err = err ? err : put_key(t, "preshared_key", peer->psk.b);
	err = err ? err : put(t, "protocol_version=1\n");
	if (!err && peer->endpoint.ip.family)
		err = put(t, "endpoint=%s\n", xt_endpoint_print(&peer->endpoint, text));
	err =
	    err ? err
		: put(t,
		      "last_handshake_time_sec=%" PRIu64 "\nlast_handshake_time_nsec=%" PRIu64 "\n",
		      peer->last_handshake_wall_ns / 1000000000u,
		      peer->last_handshake_wall_ns % 1000000000u);
	err = err ? err
		  : put(t, "tx_bytes=%" PRIu64 "\nrx_bytes=%" PRIu64 "\n", peer->tx_bytes,
			peer->rx_bytes);
	err = err ? err : put(t, "persistent_keepalive_interval=%u\n", (unsigned)peer->keepalive_s);
	for (size_t i = 0; i < peer->n_allowed && !err; i++)
		err = put(t, "allowed_ip=%s\n",
			  xt_cidr_print(&report->allowed[peer->first_allowed + i], text));
	return err;
}

int xt_uapi_get(const struct xt_report *report, struct xt_uapi_text *out)
{
	int err = 0;

	memset(out, 0, sizeof(*out));
	if (report->has_key)
		err = put_key(out, "private_key", report->private_key.b);
	if (!err && report->listen_port)
		err = put(out, "listen_port=%u\n", (unsigned)report->listen_port);
	if (!err && report->fwmark)
		err = put(out, "fwmark=%u\n", (unsigned)report->fwmark);
	for (size_t i = 0; i < report->n_peers && !err; i++)
		err = put_peer(out, report, &report->peers[i]);
	err = err ? err : put(out, "errno=0\n\n");
	if (err)
		xt_uapi_text_free(out);
	return err;
}

static int system_error(int error)
{
	switch (error) {
	case XT_E_NOMEM:
		return ENOMEM;
	case XT_E_UNSUPPORTED:
		return EOPNOTSUPP;
	case XT_E_SYNTAX:
		return EPROTO;
	case XT_E_EXISTS:
		return EADDRINUSE;
	case XT_E_INVALID:
		return EINVAL;
	}
	return error < 0 && error >= -4095 ? -error : EIO;
}

size_t xt_uapi_errno(enum xt_uapi_op op, int error, char buf[32])
{
	int number = error ? system_error(error) : 0;

	return (size_t)snprintf(buf, 32, "errno=%d\n\n", op == XT_UAPI_SET ? -number : number);
}

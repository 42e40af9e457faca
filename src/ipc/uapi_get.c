/* SPDX-License-Identifier: MIT */
/* UAPI: a report as the reply to get=1. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/uapi.h"

static void reply_put_key(struct xt_secbuf *out, const char *name, const uint8_t key[32])
{
	char hex[XT_KEY_HEX];

	xt_key_to_hex(hex, key);
	xt_secbuf_printf(out, "%s=%s\n", name, hex);
	xt_wipe(hex, sizeof(hex));
}

static void reply_put_peer(struct xt_secbuf *out, const struct xt_report *report,
			   const struct xt_peer_report *peer)
{
	char text[XT_ENDPOINT_NAMED];

	reply_put_key(out, "public_key", peer->key.b);
	reply_put_key(out, "preshared_key", peer->psk.b);
	xt_secbuf_puts(out, "protocol_version=1\n");
	if (peer->endpoint.ip.family)
		xt_secbuf_printf(out, "endpoint=%s\n",
				 xt_endpoint_print_named(&peer->endpoint, text));
	xt_secbuf_printf(
	    out, "last_handshake_time_sec=%" PRIu64 "\nlast_handshake_time_nsec=%" PRIu64 "\n",
	    peer->last_handshake_wall_ns / 1000000000u, peer->last_handshake_wall_ns % 1000000000u);
	xt_secbuf_printf(out, "tx_bytes=%" PRIu64 "\nrx_bytes=%" PRIu64 "\n", peer->tx_bytes,
			 peer->rx_bytes);
	xt_secbuf_printf(out, "persistent_keepalive_interval=%u\n", (unsigned)peer->keepalive_s);
	for (size_t i = 0; i < peer->n_allowed; i++)
		xt_secbuf_printf(out, "allowed_ip=%s\n",
				 xt_cidr_print(&report->allowed[peer->first_allowed + i], text));
}

int xt_uapi_get(const struct xt_report *report, struct xt_secbuf *out)
{
	*out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	if (report->has_key)
		reply_put_key(out, "private_key", report->private_key.b);
	if (report->listen_port)
		xt_secbuf_printf(out, "listen_port=%u\n", (unsigned)report->listen_port);
	if (report->fwmark)
		xt_secbuf_printf(out, "fwmark=%u\n", (unsigned)report->fwmark);
	for (size_t i = 0; i < report->n_peers && !out->error; i++)
		reply_put_peer(out, report, &report->peers[i]);
	xt_secbuf_puts(out, "errno=0\n\n");
	int err = out->error;
	if (err)
		xt_secbuf_clear(out);
	return err;
}

static int error_to_errno(int error)
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
	int number = error ? error_to_errno(error) : 0;

	return (size_t)snprintf(buf, 32, "errno=%d\n\n", op == XT_UAPI_SET ? -number : number);
}

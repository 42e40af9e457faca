/* The state of an endpoint as JSON. */
#include "ipc/status.h"

#include <string.h>

#include "base/addr.h"
#include "base/text.h"

static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/* Take value into object; false: no memory. */
static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static bool put_text(json_t *object, const char *key, const char *text)
{
	return !text || put(object, key, json_string(text));
}

static json_t *key_json(const uint8_t key[32])
{
	char text[XT_KEY_BASE64];

	xt_key_to_base64(text, key);
	return json_string(text);
}

static json_t *allowed_json(const struct xt_report *report, const struct xt_peer_report *peer)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < peer->n_allowed; i++) {
		char text[XT_CIDR_TEXT];

		xt_cidr_print(&report->allowed[peer->first_allowed + i], text);
		if (json_array_append_new(list, json_string(text)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static bool has_psk(const struct xt_peer_report *peer)
{
	uint8_t any = 0;

	for (size_t i = 0; i < sizeof(peer->psk.b); i++)
		any |= peer->psk.b[i];
	return any != 0;
}

static json_t *peer_json(const struct xt_report *report, const struct xt_peer_report *peer)
{
	json_t *o = json_object();
	char text[XT_ENDPOINT_TEXT];
	bool ok = o && put(o, "public_key", key_json(peer->key.b));

	if (ok && peer->name[0])
		ok = put_text(o, "name", peer->name);
	ok = ok && put(o, "preshared_key", json_boolean(has_psk(peer)));
	if (ok && peer->endpoint.ip.family)
		ok = put_text(o, "endpoint", xt_endpoint_print(&peer->endpoint, text));
	if (ok && peer->local.family)
		ok = put_text(o, "local", xt_ip_print(&peer->local, text));
	ok = ok && put(o, "allowed_ips", allowed_json(report, peer));
	ok = ok && put(o, "latest_handshake", number(peer->last_handshake_wall_ns / 1000000000u));
	ok = ok && put(o, "rx_bytes", number(peer->rx_bytes));
	ok = ok && put(o, "tx_bytes", number(peer->tx_bytes));
	ok = ok && put(o, "persistent_keepalive", number(peer->keepalive_s));
	ok = ok && put(o, "session", json_boolean(peer->session));
	ok = ok && put(o, "handshaking", json_boolean(peer->handshaking));
	ok = ok && put(o, "handshake_attempts", number(peer->handshake_attempts));
	ok = ok && put(o, "staged", number(peer->staged));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *peers_json(const struct xt_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < report->n_peers; i++)
		if (json_array_append_new(list, peer_json(report, &report->peers[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *counters_json(const struct xt_report *report)
{
	json_t *o = json_object();

	for (unsigned i = 0; o && i < XT_VERDICTS; i++)
		if (!put(o, xt_verdict_label((enum xt_verdict)i), number(report->verdicts[i]))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static bool put_status(json_t *o, const struct xt_status *status)
{
	return put_text(o, "name", status->name) && put_text(o, "version", status->version) &&
	       put_text(o, "config", status->path) && put(o, "pid", json_integer(status->pid)) &&
	       put(o, "uptime_s", number(status->uptime_s)) &&
	       put(o, "ifindex", number(status->ifindex)) && put(o, "mtu", number(status->mtu)) &&
	       put_text(o, "aead", status->aead) &&
	       put_text(o, "aead_reason", status->aead_reason) &&
	       put_text(o, "offload", status->offload) &&
	       put(o, "offload_fallbacks", number(status->fallbacks)) &&
	       put(o, "threads", number(status->threads)) &&
	       put(o, "udp",
		   json_pack("{s:I,s:o,s:o}", "port", (json_int_t)status->udp_port, "refused",
			     number(status->udp_refused), "overruns",
			     number(status->udp_overruns))) &&
	       put(o, "echo",
		   json_pack("{s:s,s:o,s:o}", "mode", status->echo ? status->echo : "off",
			     "answered_host", number(status->echo_host), "answered_peer",
			     number(status->echo_peer)));
}

json_t *xt_status_json(const struct xt_status *status, const struct xt_report *report)
{
	json_t *o = json_object();
	bool ok = o && put_status(o, status);

	if (ok && report->has_key)
		ok = put(o, "public_key", key_json(report->public_key.b));
	ok = ok && put(o, "listen_port", number(report->listen_port));
	ok = ok && put(o, "fwmark", number(report->fwmark));
	ok = ok && put(o, "under_load", json_boolean(report->under_load));
	ok = ok && put(o, "peers", peers_json(report));
	ok = ok && put(o, "counters", counters_json(report));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/* The state of an instance as JSON: each row of status.def becomes a key. */
#include "ipc/status.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/status_endpoints.h"
#include "ipc/why.h"

/* The allowed IPs of one peer. */
struct networks {
	const struct xt_report *report;
	const struct xt_peer_report *peer;
};

/* The endpoints of one peer. */
struct endpoints {
	const struct xt_report *report;
	const struct xt_peer_report *peer;
	const struct xt_status *status;
};

/* What is wrong with one peer. */
struct why_text {
	enum xt_why code;
	char sentence[XT_WHY_SENTENCE];
};

/* Those of report from one index to before another. */
struct peers {
	const struct xt_report *report;
	const struct xt_status *status;
	size_t from, end;
};

/* json_put_TYPE: set key of object; false: no memory. Keys are literals, and what this program
 * prints of bytes is ASCII: neither is checked to be UTF-8, for each of many peers. */

static bool json_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new_nocheck(object, key, value) == 0;
}

static bool json_put_NUMBER(json_t *object, const char *key, uint64_t n)
{
	return json_put(object, key, json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n));
}

static bool json_put_FLAG(json_t *object, const char *key, bool flag)
{
	return json_put(object, key, json_boolean(flag));
}

static bool json_put_TEXT(json_t *object, const char *key, const char *text)
{
	return !text || json_put(object, key, json_string(text));
}

static bool json_put_KEY(json_t *object, const char *key, const uint8_t *bytes)
{
	char text[XT_KEY_BASE64];

	if (!bytes)
		return true;
	xt_key_to_base64(text, bytes);
	return json_put(object, key, json_stringn_nocheck(text, sizeof(text) - 1));
}

static bool json_put_ENDPOINT(json_t *object, const char *key, const struct xt_endpoint *endpoint)
{
	char text[XT_ENDPOINT_NAMED];

	return json_put_TEXT(object, key,
			     endpoint ? xt_endpoint_print_named(endpoint, text) : NULL);
}

static bool json_put_ADDRESS(json_t *object, const char *key, const struct xt_ip *ip)
{
	char text[XT_IP_TEXT];

	return json_put_TEXT(object, key, ip ? xt_ip_print(ip, text) : NULL);
}

static bool json_put_NETWORKS(json_t *object, const char *key, const struct networks *networks)
{
	const struct xt_cidr *allowed = networks->report->allowed;
	const struct xt_peer_report *peer = networks->peer;
	json_t *list = json_array();
	char text[XT_CIDR_TEXT];
	bool ok = json_put(object, key, list);

	for (size_t i = 0; ok && i < peer->n_allowed; i++) {
		xt_cidr_print(&allowed[peer->first_allowed + i], text);
		ok = json_array_append_new(list, json_string_nocheck(text)) == 0;
	}
	return ok;
}

static bool json_put_ENDPOINTS(json_t *object, const char *key, const struct endpoints *endpoints)
{
	return json_put(object, key,
			xt_status_endpoints(endpoints->status, endpoints->report, endpoints->peer));
}

static bool json_put_LOCKS(json_t *object, const char *key, const struct xt_status_lock *lock)
{
	json_t *locks = json_object();
	bool ok = json_put(object, key, locks);

	for (; ok && lock && lock->name; lock++)
		ok = json_put_TEXT(locks, lock->name, lock->text);
	return ok;
}

static bool json_put_COUNTERS(json_t *object, const char *key, const struct xt_report *r)
{
	json_t *counters = json_object();
	bool ok = json_put(object, key, counters);

	for (unsigned i = 0; ok && i < XT_VERDICTS; i++)
		ok =
		    json_put_NUMBER(counters, xt_verdict_label((enum xt_verdict)i), r->verdicts[i]);
	return ok;
}

/* Most peers have dropped nothing: without a count the key is left out. */
static bool json_put_VERDICTS(json_t *object, const char *key, const struct xt_peer_report *p)
{
	static const enum xt_verdict verdicts[] = {
#define X(verdict) [XT_PEER_##verdict] = verdict,
	    XT_PEER_VERDICTS(X)
#undef X
	};
	json_t *counters = NULL;
	bool ok = true;

	for (unsigned i = 0; ok && i < XT_PEER_VERDICT_COUNT; i++) {
		if (!p->facts.verdicts[i])
			continue;
		if (!counters)
			ok = json_put(object, key, counters = json_object());
		ok = ok &&
		     json_put_NUMBER(counters, xt_verdict_label(verdicts[i]), p->facts.verdicts[i]);
	}
	return ok;
}

/* received counts messages that were late, too. */
static bool json_put_LOSS(json_t *object, const char *key, const struct xt_peer_report *p)
{
	uint64_t expected = p->facts.expected, received = XT_MIN(p->facts.received, expected);

	double ppm = expected ? (double)(expected - received) * 1e6 / (double)expected : 0;

	return !expected || json_put_NUMBER(object, key, (uint64_t)ppm);
}

/* NULL: left out. */
static const char *path_mtu_source(const struct xt_peer_report *p)
{
	static const char *const words[] = {
	    [XT_PATH_MTU_PROBED] = "probes", [XT_PATH_MTU_SILENT] = "silent"};

	return words[p->path_mtu_source];
}

/* What metrics need of a peer, without what is 0 or false: of many peers most are idle. Inlined
 * with a literal key, all comparisons are made by the compiler. */
static inline __attribute__((always_inline)) bool key_is_metric(const char *key,
								const struct xt_peer_report *p)
{
#define NUMBER_IS(name, number)                                                                    \
	if (strcmp(key, name) == 0)                                                                \
		return (number) != 0;
	NUMBER_IS("critical", p->critical)
	NUMBER_IS("rtt_us", p->facts.rtt_ns)
	NUMBER_IS("path_mtu", p->path_mtu)
	NUMBER_IS("latest_handshake", p->last_handshake_wall_ns)
	NUMBER_IS("rx_bytes", p->rx_bytes)
	NUMBER_IS("tx_bytes", p->tx_bytes)
	NUMBER_IS("handshake_attempts", p->handshake_attempts)
	NUMBER_IS("staged", p->staged)
#undef NUMBER_IS
	return strcmp(key, "public_key") == 0 || strcmp(key, "name") == 0 ||
	       strcmp(key, "endpoint") == 0 || strcmp(key, "allowed_ips") == 0 ||
	       strcmp(key, "loss_ppm") == 0 || strcmp(key, "counters") == 0 ||
	       strcmp(key, "code") == 0 || strcmp(key, "sentence") == 0;
}

static bool json_put_peer(json_t *o, const struct peers *peers, const struct xt_peer_report *p)
{
	const struct xt_report *r = peers->report;
	const struct xt_status *s = peers->status;
	struct xt_status_name name = {{0}, {0}}, *n = &name;
	struct why_text why, *w = &why;
	bool ok = true;

	why.code = xt_why_judge(s, r, p);
	if (!xt_why_is_fine(why.code)) /* of many peers most are: their sentence is not shown */
		xt_why_sentence(s, r, p, why.sentence);
	if (!s->brief && s->endpoint_name && !s->endpoint_name(s->ctx, &p->key, n))
		name.name[0] = name.state[0] = '\0';

#define TOP_ROW(key, type, value)
#define UDP_ROW(key, type, value)
#define ECHO_ROW(key, type, value)
#define SANDBOX_ROW(key, type, value)
#define PEER_ROW(key, type, value)                                                                 \
	ok = ok && ((s->brief && !key_is_metric(key, p)) || json_put_##type(o, key, value));
#define GIVEN(object, key, type, field, ...)
#define REPORT(object, key, type, value, ...) object##_ROW(key, type, value)
#include "ipc/status.def"
#undef TOP_ROW
#undef UDP_ROW
#undef ECHO_ROW
#undef SANDBOX_ROW
#undef PEER_ROW
#undef GIVEN
#undef REPORT
	return ok;
}

static bool json_put_PEERS(json_t *object, const char *key, const struct peers *peers)
{
	const struct xt_report *r = peers->report;
	json_t *list = json_array();
	bool ok = json_put(object, key, list);

	for (size_t i = peers->from; ok && i < peers->end; i++) {
		json_t *peer = json_object();

		ok = json_array_append_new(list, peer) == 0 &&
		     json_put_peer(peer, peers, &r->peers[i]);
	}
	return ok;
}

static bool json_put_status(json_t *o, json_t *udp, json_t *echo, json_t *sandbox,
			    const struct xt_status *s, const struct xt_report *r,
			    const struct peers *peers)
{
	bool ok = true;

#define TOP_ROW(key, type, value)     ok = ok && json_put_##type(o, key, value);
#define UDP_ROW(key, type, value)     ok = ok && json_put_##type(udp, key, value);
#define ECHO_ROW(key, type, value)    ok = ok && json_put_##type(echo, key, value);
#define SANDBOX_ROW(key, type, value) ok = ok && json_put_##type(sandbox, key, value);
#define PEER_ROW(key, type, value)
#define GIVEN(object, key, type, field, ...)  object##_ROW(key, type, s->field)
#define REPORT(object, key, type, value, ...) object##_ROW(key, type, value)
#include "ipc/status.def"
	return ok;
}

static json_t *status_json(const struct xt_status *status, const struct peers *peers)
{
	json_t *o = json_object(), *udp = json_object(), *echo = json_object(),
	       *sandbox = json_object();
	bool ok = json_put(o, "udp", udp);

	ok = json_put(o, "echo", echo) && ok;
	ok = json_put(o, "sandbox", sandbox) && ok;
	ok = ok && json_put_status(o, udp, echo, sandbox, status, peers->report, peers);
	if (status->brief)
		ok = ok && json_put(o, "brief", json_true());
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

json_t *xt_status_json(const struct xt_status *status, const struct xt_report *report)
{
	return status_json(status, &(struct peers){report, status, 0, report->n_peers});
}

json_t *xt_status_json_part(const struct xt_status *status, const struct xt_report *report,
			    size_t from, size_t n)
{
	const struct peers peers = {report, status, from, from + XT_MIN(n, report->n_peers - from)};
	json_t *o;

	if (from == 0)
		return status_json(status, &peers);
	o = json_object();
	if (json_put_PEERS(o, "peers", &peers))
		return o;
	json_decref(o);
	return NULL;
}

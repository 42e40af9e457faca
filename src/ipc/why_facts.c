/* SPDX-License-Identifier: MIT */
/* The facts of a peer as JSON. An age is left out while its event has not happened. */
#include <stddef.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/why_impl.h"
#include "platform/link_name.h"

static bool json_put(json_t *o, const char *key, json_t *value)
{
	return json_object_set_new(o, key, value) == 0;
}

static bool number_put(json_t *o, const char *key, uint64_t n)
{
	return json_put(o, key, json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n));
}

static bool address_put(json_t *o, const char *key, const struct xt_ip *ip)
{
	char text[XT_IP_TEXT];

	return !ip->family || json_put(o, key, json_string(xt_ip_print(ip, text)));
}

static bool endpoint_put(json_t *o, const char *key, const struct xt_endpoint *endpoint)
{
	char text[XT_ENDPOINT_NAMED];

	return !endpoint->ip.family ||
	       json_put(o, key, json_string(xt_endpoint_print_named(endpoint, text)));
}

/* COUNT: a number; AGE: nanoseconds, printed in seconds; NEVER is left out. */
static const struct {
	const char *key;
	size_t offset;
	bool age;
} numbers[] = {
#define COUNT(key, field)                                                                          \
	{                                                                                          \
		key, offsetof(struct xt_peer_facts, field), false                                  \
	}
#define AGE(key, field)                                                                            \
	{                                                                                          \
		key, offsetof(struct xt_peer_facts, field), true                                   \
	}
    COUNT("initiations", initiations),
    AGE("first_initiation_age_s", first_initiation),
    AGE("last_initiation_age_s", last_initiation),
    AGE("gave_up_age_s", gave_up),
    COUNT("bad_responses", response_bad),
    AGE("bad_response_age_s", response_bad_age),
    COUNT("cookies", cookies),
    AGE("cookie_age_s", cookie_age),
    COUNT("answered_initiations", answered),
    AGE("answered_initiation_age_s", answered_age),
    COUNT("old_initiations", old),
    AGE("old_initiation_age_s", old_age),
    AGE("heard_age_s", heard),
    AGE("data_sent_age_s", data_sent),
    AGE("data_received_age_s", data_received),
    COUNT("unknown_sessions", unknown_sessions),
    AGE("unknown_session_age_s", unknown_age),
    COUNT("sources_refused", source_refused),
    AGE("source_refused_age_s", source_age),
    COUNT("unanswered_requests", requests),
    AGE("first_unanswered_request_age_s", requests_age),
    COUNT("too_large_packets", too_large),
    AGE("too_large_packet_age_s", too_large_age),
    COUNT("received_messages", received),
    COUNT("expected_messages", expected),
    COUNT("icmp_errors", icmp_count),
    AGE("icmp_error_age_s", icmp_age),
    COUNT("send_errors", send_error_count),
    AGE("send_error_age_s", send_error_age),
#undef COUNT
#undef AGE
};

static bool numbers_put(json_t *o, const struct xt_peer_facts *f)
{
	bool ok = true;

	for (size_t i = 0; ok && i < XT_LEN(numbers); i++) {
		uint64_t n;

		memcpy(&n, (const char *)f + numbers[i].offset, sizeof(n));
		if (!numbers[i].age)
			ok = number_put(o, numbers[i].key, n);
		else if (n != XT_NEVER)
			ok = number_put(o, numbers[i].key, n / XT_WHY_SECOND);
	}
	return ok;
}

json_t *xt_why_traffic(const struct xt_traffic *t)
{
	json_t *o = json_object();

	if (number_put(o, "sent_10s_packets", t->sent_10s) &&
	    number_put(o, "received_10s_packets", t->received_10s) &&
	    number_put(o, "sent_60s_packets", t->sent_60s) &&
	    number_put(o, "received_60s_packets", t->received_60s))
		return o;
	json_decref(o);
	return NULL;
}

/* Those that are not 0: most are. */
static json_t *verdicts_json(const struct xt_peer_facts *f)
{
	static const enum xt_verdict verdicts[] = {
#define X(verdict) verdict,
	    XT_PEER_VERDICTS(X)
#undef X
	};
	json_t *o = json_object();
	bool ok = o != NULL;

	for (size_t i = 0; ok && i < XT_LEN(verdicts); i++)
		ok =
		    !f->verdicts[i] || number_put(o, xt_verdict_label(verdicts[i]), f->verdicts[i]);
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

/* The peer, and the way to it. */
static bool peer_put(json_t *o, const struct xt_status *status, const struct xt_peer_report *p)
{
	uint64_t then = p->last_handshake_wall_ns / XT_WHY_SECOND;
	char link[XT_LINK_NAME];
	bool ok = json_put(o, "session", json_boolean(p->session)) &&
		  endpoint_put(o, "endpoint", &p->endpoint) &&
		  address_put(o, "local_address", &p->local) &&
		  number_put(o, "persistent_keepalive_s", p->keepalive_s) &&
		  number_put(o, "staged_packets", p->staged);

	if (ok && p->ifindex && xt_link_name(p->ifindex, link))
		ok = json_put(o, "link", json_string(link));
	if (ok && status->now_s && then && then <= status->now_s)
		ok = number_put(o, "handshake_age_s", status->now_s - then);
	if (ok && p->path_mtu_source == XT_PATH_MTU_PROBED)
		ok = number_put(o, "path_mtu_bytes", p->path_mtu);
	return ok;
}

static bool texts_put(json_t *o, const struct xt_peer_facts *f)
{
	static const char *const kinds[] = {
	    [XT_UNREACHABLE_NETWORK] = "network",    [XT_UNREACHABLE_HOST] = "host",
	    [XT_UNREACHABLE_PORT] = "port",	     [XT_UNREACHABLE_ADMIN] = "prohibited",
	    [XT_UNREACHABLE_HOPS] = "time_exceeded", [XT_UNREACHABLE_OTHER] = "other"};
	unsigned kind = f->icmp_kind;
	bool ok = true;

	if (f->answered)
		ok = endpoint_put(o, "answered_initiation_from", &f->answered_from);
	if (f->old)
		ok = ok && number_put(o, "old_initiation_back_ms", f->old_back_ns / 1000000);
	if (f->has_clock)
		ok = ok && json_put(o, "clock_offset_ms", json_integer(f->clock_ns / 1000000));
	if (f->rtt_ns)
		ok = ok && number_put(o, "round_trip_us", f->rtt_ns / 1000);
	if (f->source_refused)
		ok = ok && address_put(o, "source_refused", &f->source);
	if (f->too_large)
		ok = ok && number_put(o, "too_large_packet_bytes", f->too_large_len);
	if (f->icmp_count)
		ok = ok && address_put(o, "icmp_error_from", &f->icmp_from) &&
		     json_put(o, "icmp_error",
			      json_string(kind < XT_LEN(kinds) ? kinds[kind] : "other"));
	if (f->send_error)
		ok = ok &&
		     json_put(o, "send_error", json_string(xt_why_errno(f->send_error)->word)) &&
		     number_put(o, "send_errno", (uint64_t)f->send_error);
	return ok;
}

json_t *xt_why_facts(const struct xt_status *status, const struct xt_peer_report *peer)
{
	const struct xt_peer_facts *f = &peer->facts;
	json_t *o = json_object();

	if (o && peer_put(o, status, peer) && numbers_put(o, f) && texts_put(o, f) &&
	    json_put(o, "traffic", xt_why_traffic(&f->traffic)) &&
	    json_put(o, "verdicts", verdicts_json(f)))
		return o;
	json_decref(o);
	return NULL;
}

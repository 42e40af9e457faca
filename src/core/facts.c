/* SPDX-License-Identifier: MIT */
/* What was seen of the link to a peer. */
#include "core/facts.h"

#include <string.h>

#include "core/peer.h"
#include "core/tai64n.h"
#include "packet/transport.h"

#define PORT_DNS      53u
#define ECHO_REQUEST4 8u
#define ECHO_REQUEST6 128u

static void count_one(uint32_t *n)
{
	*n += *n != UINT32_MAX;
}

void xt_facts_init(struct xt_facts_state *f, struct xt_traffic_state *t)
{
	*f = (struct xt_facts_state){.first_initiation = XT_NEVER,
				     .gave_up = XT_NEVER,
				     .response_bad_at = XT_NEVER,
				     .cookie_at = XT_NEVER,
				     .answered_at = XT_NEVER,
				     .old_at = XT_NEVER,
				     .unknown_at = XT_NEVER,
				     .source_at = XT_NEVER,
				     .request_at = XT_NEVER,
				     .too_large_at = XT_NEVER,
				     .icmp_at = XT_NEVER,
				     .send_error_at = XT_NEVER};
	*t = (struct xt_traffic_state){
	    .data_sent = XT_NEVER, .data_received = XT_NEVER, .heard = XT_NEVER};
}

void xt_facts_count_n(struct xt_facts_state *f, enum xt_verdict verdict, uint64_t n)
{
	/* One more than the place in verdicts; 0: not counted. */
	static const uint8_t places[XT_VERDICTS] = {
#define X(verdict) [verdict] = XT_PEER_##verdict + 1,
	    XT_PEER_VERDICTS(X)
#undef X
	};
	uint8_t place = places[verdict];

	if (place)
		f->verdicts[place - 1] +=
		    (uint32_t)XT_MIN(n, (uint64_t)(UINT32_MAX - f->verdicts[place - 1]));
}

enum xt_verdict xt_facts_count(struct xt_facts_state *f, enum xt_verdict verdict)
{
	xt_facts_count_n(f, verdict, 1);
	return verdict;
}

/* The attempt before was given up, and now there is something to send again. */
void xt_facts_initiated(struct xt_facts_state *f, const struct xt_traffic_state *t, uint64_t now)
{
	if (f->gave_up != XT_NEVER && f->initiations && f->gave_up >= f->first_initiation) {
		f->initiations = f->initiations_heard = 0;
		f->unanswered = false;
	}
	if (!f->initiations)
		f->first_initiation = now;
	else if (t->heard != XT_NEVER && t->heard > f->first_initiation)
		count_one(&f->initiations_heard);
	count_one(&f->initiations);
}

bool xt_facts_unanswered(struct xt_facts_state *f)
{
	bool first = !f->unanswered && f->initiations;

	f->unanswered |= first;
	return first;
}

void xt_facts_gave_up(struct xt_facts_state *f, uint64_t now)
{
	f->gave_up = now;
}

void xt_facts_response_bad(struct xt_facts_state *f, uint64_t now)
{
	count_one(&f->response_bad);
	f->response_bad_at = now;
}

void xt_facts_cookie(struct xt_facts_state *f, uint64_t now)
{
	count_one(&f->cookies);
	f->cookie_at = now;
}

void xt_facts_forget_attempt(struct xt_facts_state *f)
{
	f->initiations = f->initiations_heard = f->response_bad = 0;
	f->first_initiation = f->gave_up = f->response_bad_at = XT_NEVER;
	f->unanswered = false;
}

static int64_t time_difference(uint64_t a, uint64_t b)
{
	if (a >= b)
		return (int64_t)XT_MIN(a - b, (uint64_t)INT64_MAX);
	return -(int64_t)XT_MIN(b - a, (uint64_t)INT64_MAX);
}

void xt_facts_initiation(struct xt_facts_state *f, struct xt_time now,
			 const uint8_t timestamp[XT_TIMESTAMP_LEN])
{
	f->clock = time_difference(xt_tai64n_decode(timestamp), now.wall);
	f->has_clock = true;
}

void xt_facts_initiation_old(struct xt_facts_state *f, struct xt_time now,
			     const uint8_t timestamp[XT_TIMESTAMP_LEN],
			     const uint8_t greatest[XT_TIMESTAMP_LEN])
{
	if (xt_tai64n_compare(timestamp, greatest) >= 0)
		return;
	xt_facts_initiation(f, now, timestamp);
	count_one(&f->old);
	f->old_at = now.mono;
	f->old_back = xt_tai64n_decode(greatest) - xt_tai64n_decode(timestamp);
}

void xt_facts_answered(struct xt_facts_state *f, uint64_t now, const struct xt_endpoint *from)
{
	count_one(&f->answered);
	f->answered_at = now;
	f->answered_from = *from;
}

void xt_facts_session(struct xt_facts_state *f)
{
	xt_facts_forget_attempt(f);
	f->cookies = f->answered = f->old = f->unknown = 0;
	f->cookie_at = f->answered_at = f->old_at = f->unknown_at = XT_NEVER;
	memset(&f->answered_from, 0, sizeof(f->answered_from));
	f->old_back = 0;
}

void xt_facts_forget_network(struct xt_facts_state *f, struct xt_traffic_state *t)
{
	t->network = false;
	f->icmp = f->send_errors = 0;
	f->send_error = 0;
	f->icmp_at = f->send_error_at = XT_NEVER;
	f->icmp_kind = 0;
	memset(&f->icmp_from, 0, sizeof(f->icmp_from));
}

static bool packet_is_request(const struct xt_ip_view *ip)
{
	const uint8_t *upper = ip->bytes + ip->upper;
	uint32_t len = ip->len - ip->upper;

	if (ip->offset || ip->broken)
		return false;
	switch (ip->protocol) {
	case XT_PROTO_UDP:
		return len >= XT_UDP_HEADER && xt_be16_get(upper + 2) == PORT_DNS;
	case XT_PROTO_TCP:
		return len >= XT_TCP_HEADER &&
		       (upper[XT_TCP_FLAGS] & (XT_TCP_SYN | XT_TCP_ACK)) == XT_TCP_SYN;
	case XT_PROTO_ICMP:
		return ip->version == 4 && len >= 8 && upper[0] == ECHO_REQUEST4;
	case XT_PROTO_ICMP6:
		return ip->version == 6 && len >= 8 && upper[0] == ECHO_REQUEST6;
	default:
		return false;
	}
}

void xt_facts_request(struct xt_facts_state *f, struct xt_traffic_state *t, uint64_t now,
		      const struct xt_ip_view *ip)
{
	t->request_next = now + XT_REQUEST_INTERVAL;
	if (!packet_is_request(ip))
		return;
	if (!t->requests)
		f->request_at = now;
	count_one(&t->requests);
}

void xt_facts_unknown_session(struct xt_facts_state *f, uint64_t now)
{
	count_one(&f->unknown);
	f->unknown_at = now;
}

void xt_facts_source_refused(struct xt_facts_state *f, uint64_t now, const struct xt_ip_view *ip)
{
	xt_facts_count(f, XT_DROP_SOURCE);
	count_one(&f->source_refused);
	f->source_at = now;
	xt_ip_source(ip, &f->source);
}

void xt_facts_too_large(struct xt_facts_state *f, uint64_t now, uint32_t len, uint32_t n)
{
	f->too_large += XT_MIN(n, UINT32_MAX - f->too_large);
	f->too_large_at = now;
	f->too_large_len = (uint16_t)XT_MIN(len, (uint32_t)UINT16_MAX);
}

void xt_facts_forget_too_large(struct xt_facts_state *f)
{
	f->too_large = 0;
	f->too_large_len = 0;
	f->too_large_at = XT_NEVER;
}

void xt_facts_icmp(struct xt_facts_state *f, uint64_t now, enum xt_unreachable kind,
		   const struct xt_ip *from)
{
	count_one(&f->icmp);
	f->icmp_at = now;
	f->icmp_kind = (uint8_t)kind;
	f->icmp_from = *from;
}

void xt_facts_send_error(struct xt_facts_state *f, uint64_t now, int error)
{
	count_one(&f->send_errors);
	f->send_error_at = now;
	f->send_error = error;
}

static uint32_t span_number(uint64_t now)
{
	return (uint32_t)(now / XT_TRAFFIC_SPAN);
}

void xt_traffic_rotate(struct xt_traffic_state *t, uint64_t now)
{
	uint32_t span = span_number(now);
	uint32_t passed = XT_MIN(span - t->span, (uint32_t)XT_TRAFFIC_SPANS);

	for (uint32_t i = 0; i < passed; i++) {
		uint32_t at = (span - i) % XT_TRAFFIC_SPANS;

		t->sent_before[at] = (uint32_t)t->sent;
		t->received_before[at] = (uint32_t)t->received;
	}
	t->span = span;
}

/* Packets since the span began that is n before the present one. Modulo 2^32: more do not pass in a
 * minute. */
static void traffic_since(const struct xt_traffic_state *t, uint64_t now, uint32_t n,
			  uint64_t *sent, uint64_t *received)
{
	uint32_t span = span_number(now) - n, at = span % XT_TRAFFIC_SPANS;

	*sent = *received = 0;
	if ((int32_t)(span - t->span) > 0) /* nothing since */
		return;
	*sent = (uint32_t)t->sent - t->sent_before[at];
	*received = (uint32_t)t->received - t->received_before[at];
}

static uint64_t age_of(uint64_t at, uint64_t now)
{
	if (at == XT_NEVER)
		return XT_NEVER;
	return now > at ? now - at : 0;
}

/* Sockets report no success: it shows by what was sent later, without an error. */
static bool send_error_is_over(const struct xt_facts_state *f, const struct xt_peer *peer)
{
	const uint64_t initiation = peer->timers.last_initiation, data = peer->traffic.data_sent;
	const uint64_t over = f->send_error_at + 2 * XT_SECOND;

	return (initiation != XT_NEVER && initiation > over) || (data != XT_NEVER && data > over);
}

static void network_report(const struct xt_peer *peer, uint64_t now, struct xt_peer_facts *out)
{
	const struct xt_facts_state *f = &peer->facts;

	out->icmp_kind = (enum xt_unreachable)f->icmp_kind;
	out->icmp_from = f->icmp_from;
	out->icmp_count = f->icmp;
	out->icmp_age = age_of(f->icmp_at, now);
	out->send_error_age = XT_NEVER;
	if (!f->send_error || send_error_is_over(f, peer))
		return;
	out->send_error = f->send_error;
	out->send_error_count = f->send_errors;
	out->send_error_age = age_of(f->send_error_at, now);
}

static void handshakes_report(const struct xt_peer *peer, uint64_t now, struct xt_peer_facts *out)
{
	const struct xt_facts_state *f = &peer->facts;

	out->initiations = f->initiations;
	out->initiations_heard = f->initiations_heard;
	out->first_initiation = age_of(f->initiations ? f->first_initiation : XT_NEVER, now);
	out->last_initiation =
	    age_of(f->initiations ? peer->timers.last_initiation : XT_NEVER, now);
	out->gave_up = age_of(f->gave_up, now);
	out->response_bad = f->response_bad;
	out->response_bad_age = age_of(f->response_bad_at, now);
	out->cookies = f->cookies;
	out->cookie_age = age_of(f->cookie_at, now);
	out->rtt_ns = f->rtt;
	out->answered = f->answered;
	out->answered_age = age_of(f->answered_at, now);
	out->answered_from = f->answered_from;
	out->old = f->old;
	out->old_age = age_of(f->old_at, now);
	out->old_back_ns = f->old_back;
	out->clock_ns = f->clock;
	out->has_clock = f->has_clock;
}

void xt_facts_report(const struct xt_peer *peer, uint64_t now, bool current,
		     struct xt_peer_facts *out)
{
	const struct xt_facts_state *f = &peer->facts;
	const struct xt_traffic_state *t = &peer->traffic;
	const struct xt_keypair *kp = current ? peer->keypairs.current : NULL;

	handshakes_report(peer, now, out);
	network_report(peer, now, out);
	out->heard = age_of(t->heard, now);
	out->data_sent = age_of(t->data_sent, now);
	out->data_received = age_of(t->data_received, now);
	out->unknown_sessions = f->unknown;
	out->unknown_age = age_of(f->unknown_at, now);
	out->source_refused = f->source_refused;
	out->source_age = age_of(f->source_at, now);
	out->source = f->source;
	out->requests = t->requests;
	out->requests_age = age_of(t->requests ? f->request_at : XT_NEVER, now);
	out->too_large = f->too_large;
	out->too_large_age = age_of(f->too_large_at, now);
	out->too_large_len = f->too_large_len;
	out->received = kp ? kp->received : 0;
	out->expected = kp ? kp->replay.next : 0;
	traffic_since(t, now, 1, &out->traffic.sent_10s, &out->traffic.received_10s);
	traffic_since(t, now, XT_TRAFFIC_SPANS - 1, &out->traffic.sent_60s,
		      &out->traffic.received_60s);
	for (size_t i = 0; i < XT_PEER_VERDICT_COUNT; i++)
		out->verdicts[i] = f->verdicts[i];
}

/* SPDX-License-Identifier: MIT */
/* From facts to a code. Each code has one function; the order of why.def is the precedence.
 *
 * A link that works is never accused: facts that are older than the peer's latest message, or that
 * one lost datagram explains, do not count while there is a session. */
#include <stddef.h>

#include "base/bytes.h"
#include "ipc/why_impl.h"

/* Without a session an initiation is answered within a round trip. */
#define ANSWER_NS (1 * XT_WHY_SECOND)
/* REKEY_TIMEOUT: then it is repeated. */
#define REPEAT_NS (5 * XT_WHY_SECOND)
/* KEEPALIVE_TIMEOUT: by then a peer that is alive has answered data, if only by a keepalive. */
#define KEEPALIVE_NS (12 * XT_WHY_SECOND)
/* KEEPALIVE_TIMEOUT + REKEY_TIMEOUT: after that silence a device begins a handshake. Timers may be
 * a little early. */
#define DEAD_NS	  (14 * XT_WHY_SECOND)
#define REKEY_NS  (119 * XT_WHY_SECOND) /* REKEY_AFTER_TIME, likewise */
#define LATELY_NS (180 * XT_WHY_SECOND)
/* A datagram of a session of before speaks for so long: the usual PersistentKeepalive is 25 s. */
#define STALE_NS (30 * XT_WHY_SECOND)
/* So much later than the present attempt's latest datagram, an old ICMP error is not its answer. */
#define ICMP_NS	 (6 * XT_WHY_SECOND)
#define REQUESTS 3

struct facts {
	const struct xt_status *status;
	const struct xt_report *report;
	const struct xt_peer_report *p;
	const struct xt_peer_facts *f;
};

/* --- sessions --- */

/* Did the first initiation come at the age at which sessions are renewed? true: not known. */
static bool rekey_is_due(const struct xt_status *status, const struct xt_peer_report *p)
{
	uint64_t wall = status->now_s * XT_WHY_SECOND, age = 0;

	if (!status->now_s || !p->last_handshake_wall_ns)
		return true;
	if (wall > p->last_handshake_wall_ns)
		age = wall - p->last_handshake_wall_ns;
	return age >= REKEY_NS + p->facts.first_initiation;
}

/* The session is there, and the peer has gone: a handshake began because of its silence, or
 * because the user asked for one, and is not answered. One or two lost initiations of a renewal are
 * not enough. */
static bool session_is_dead(const struct xt_status *status, const struct xt_peer_report *p)
{
	const struct xt_peer_facts *f = &p->facts;

	if (!f->initiations || f->first_initiation < REPEAT_NS || f->heard < f->first_initiation)
		return false;
	if (f->initiations >= 3 && f->first_initiation >= DEAD_NS)
		return true;
	return f->heard - f->first_initiation >= DEAD_NS &&
	       (f->initiations >= 3 || !rekey_is_due(status, p));
}

bool xt_why_session_works(const struct xt_status *status, const struct xt_peer_report *p)
{
	return p->session && !session_is_dead(status, p);
}

static bool works(const struct facts *v)
{
	return xt_why_session_works(v->status, v->p);
}

bool xt_why_attempt_has(const struct xt_peer_facts *f, uint64_t age)
{
	return !f->initiations || age <= f->first_initiation;
}

/* --- before a session --- */

bool xt_why_unresolved(const struct xt_status *s, const struct xt_peer_report *p,
		       struct xt_status_name *out)
{
	if (p->endpoint.ip.family)
		return false;
	*out = (struct xt_status_name){{0}, {0}};
	if (s->endpoint_name && s->endpoint_name(s->ctx, &p->key, out) && *out->name)
		return true;
	for (size_t i = 0; !p->endpoint_set && s->endpoint_entry; i++) {
		if (!s->endpoint_entry(s->ctx, &p->key, i, out))
			return false;
		if (*out->name)
			return true;
	}
	return false;
}

static bool name_holds(const struct facts *v)
{
	struct xt_status_name name;

	return xt_why_unresolved(v->status, v->p, &name);
}

static bool no_endpoint_holds(const struct facts *v)
{
	return !v->p->endpoint.ip.family && v->f->heard == XT_NEVER;
}

/* The mark stays until the next session: traffic in both directions says that it is over. */
static bool loop_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	return v->p->loop && !(works(v) && !f->requests && f->data_received < KEEPALIVE_NS &&
			       f->data_sent < KEEPALIVE_NS);
}

/* A peer that was heard since would have been answered within 10 s. */
static bool send_error_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	return f->send_error && (f->send_error_age <= f->heard || f->send_error_age <= DEAD_NS);
}

static bool icmp_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (!f->icmp_count || f->icmp_age >= f->heard)
		return false;
	if (works(v)) /* forged, unless packets remain unanswered */
		return f->data_sent < f->heard && f->heard >= 2 * XT_WHY_SECOND &&
		       (f->heard >= KEEPALIVE_NS ||
			(f->requests && f->requests_age >= 2 * XT_WHY_SECOND));
	if (f->initiations) /* unless something there has answered since */
		return f->icmp_age <= f->last_initiation + ICMP_NS &&
		       f->icmp_age <= f->response_bad_age && f->icmp_age <= f->cookie_age;
	return f->answered && f->icmp_age <= f->answered_age + ICMP_NS;
}

static bool psk_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (!f->response_bad || !xt_why_attempt_has(f, f->response_bad_age))
		return false;
	return !works(v) ||
	       (f->response_bad >= 2 && f->initiations >= 2 && f->first_initiation >= REPEAT_NS);
}

/* One that overtook another on the way looks the same, once. */
static bool clock_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	return f->old && f->old_age < f->heard && xt_why_attempt_has(f, f->old_age) &&
	       (f->old >= 2 || !v->p->session);
}

static bool load_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (works(v))
		return false;
	if (f->cookies && f->initiations && xt_why_attempt_has(f, f->cookie_age))
		return true;
	return v->report->under_load && f->initiations && f->first_initiation >= ANSWER_NS;
}

/* Initiations of the peer that were answered without effect. The initiator confirms a session
 * within a round trip. A message after the latest initiation came through another session, as after
 * handshakes at the same time. Both sides may call: between two initiations of the peer this
 * device's attempt may begin. */
static bool half_answering(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (!f->answered ||
	    (f->initiations && f->answered_age > f->first_initiation + 2 * REPEAT_NS))
		return false;
	if (works(v)) /* a link that has just healed waits for the next initiation */
		return f->answered >= 6;
	return f->answered >= 2 || (f->answered_age >= ANSWER_NS && f->heard >= f->answered_age);
}

/* This device's initiations are not answered, but the peer was heard after the first of them. */
static bool half_calling(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (!f->initiations || f->heard == XT_NEVER ||
	    f->heard + XT_WHY_SECOND >= f->first_initiation)
		return false;
	if (v->p->session) /* as above: some of them were sent while the peer was heard */
		return f->initiations_heard >= 3 && f->first_initiation >= DEAD_NS;
	return f->first_initiation >= REPEAT_NS;
}

static bool half_holds(const struct facts *v)
{
	return half_answering(v) || half_calling(v);
}

bool xt_why_half_answering(const struct xt_status *status, const struct xt_report *report,
			   const struct xt_peer_report *peer)
{
	return half_answering(&(struct facts){status, report, peer, &peer->facts});
}

static bool restarted_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	return !v->p->session && f->unknown_sessions && f->unknown_age <= LATELY_NS &&
	       f->unknown_age <= f->heard;
}

/* The peer is not silent while it uses a session of before, unless a caller there has, or means,
 * another key. */
static bool session_is_stale(const struct facts *v)
{
	return restarted_holds(v) && v->f->unknown_age <= STALE_NS &&
	       !xt_why_stranger_of(v->report, v->p);
}

static bool silent_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (v->p->session)
		return session_is_dead(v->status, v->p);
	if (session_is_stale(v))
		return false;
	/* The first of an attempt is not news after one that was given up. */
	return f->initiations && (f->first_initiation >= ANSWER_NS ||
				  (f->gave_up != XT_NEVER && f->heard >= f->gave_up));
}

/* --- inside a session --- */

static bool allowed_ips_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	if (!works(v) || !f->source_refused || f->source_age > LATELY_NS)
		return false;
	/* Accepted since: it has been mended, or something else goes on beside it. */
	if (f->data_received < f->source_age && f->source_age > KEEPALIVE_NS)
		return false;
	return xt_why_source_missing(v->report, v->p);
}

static bool mtu_holds(const struct facts *v)
{
	const struct xt_peer_report *p = v->p;

	return works(v) && p->path_mtu_source == XT_PATH_MTU_PROBED && p->path_mtu &&
	       p->path_mtu < v->status->mtu && v->f->too_large && v->f->too_large_age <= LATELY_NS;
}

static bool one_way_holds(const struct facts *v)
{
	const struct xt_peer_facts *f = v->f;

	return works(v) && f->requests >= REQUESTS && f->requests_age >= REPEAT_NS &&
	       f->data_received >= f->requests_age && f->data_sent <= LATELY_NS;
}

static bool up_holds(const struct facts *v)
{
	return works(v);
}

static bool idle_holds(const struct facts *v)
{
	(void)v;
	return true;
}

static bool (*const holds[])(const struct facts *) = {
    [XT_WHY_NAME] = name_holds,
    [XT_WHY_NO_ENDPOINT] = no_endpoint_holds,
    [XT_WHY_LOOP] = loop_holds,
    [XT_WHY_SEND_ERROR] = send_error_holds,
    [XT_WHY_ICMP] = icmp_holds,
    [XT_WHY_PSK] = psk_holds,
    [XT_WHY_CLOCK] = clock_holds,
    [XT_WHY_LOAD] = load_holds,
    [XT_WHY_HALF] = half_holds,
    [XT_WHY_SILENT] = silent_holds,
    [XT_WHY_ALLOWED_IPS] = allowed_ips_holds,
    [XT_WHY_MTU] = mtu_holds,
    [XT_WHY_ONE_WAY] = one_way_holds,
    [XT_WHY_RESTARTED] = restarted_holds,
    [XT_WHY_UP] = up_holds,
    [XT_WHY_IDLE] = idle_holds,
};

enum xt_why xt_why_judge(const struct xt_status *status, const struct xt_report *report,
			 const struct xt_peer_report *peer)
{
	const struct facts v = {status, report, peer, &peer->facts};
	size_t i = 0;

	while (i + 1 < XT_LEN(holds) && !holds[i](&v))
		i++;
	return (enum xt_why)i;
}

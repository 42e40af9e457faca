/* SPDX-License-Identifier: MIT */
/* Pings sent by the instance: a session for each client, a timer for each session. */
#include "daemon/pinger_uv.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "daemon/ping_target.h"
#include "platform/clock.h"

#define WINDOW	   1024 /* requests that may be open at once */
#define COUNT_MAX  1000000000
#define SIZE_MAX_B 65507
#define PEERS_MANY 256u			/* the target is looked for on a worker thread */
#define SILENCE_NS UINT64_C(5000000000) /* after it the client learns why */

struct slot {
	uint64_t sent_ns; /* 0: nothing open here */
	uint32_t number;
	bool answered;
};

/* The search for the target of a session: a report, then a look through it. */
struct search {
	char *word;
	bool local4, local6;
	struct xt_report *report;
	struct xt_ip address;
	const char *why;	    /* there is none */
	bool no_endpoint;	    /* of peer: that is why */
	struct xt_peer_report peer; /* of it */
	uv_work_t work;
};

/* request  NULL: its client has gone, and the session ends with the search
 * timer    open in SESSION_PINGING
 * silent_ns  since this time a request is open and no reply came; 0: none is open
 * explains  the client wants to know why; explained: it does, for this silence */
struct session {
	struct session *next;
	struct xt_pinger *pinger;
	struct xt_control_request *request;
	enum { SESSION_SEARCHING, SESSION_PINGING } state;
	struct search search;
	uv_timer_t timer;
	struct xt_public peer;
	struct xt_ip address;
	uint64_t cookie;
	uint16_t id;
	uint32_t count, size;
	uint64_t interval_ns, timeout_ns, next_ns;
	uint32_t sent, settled; /* requests 1..settled are answered or lost */
	uint64_t silent_ns;
	bool explains, explained, answered;
	struct slot slots[WINDOW];
};

struct xt_pinger {
	uv_loop_t *uv;
	struct xt_tunnel *tunnel;
	struct xt_loop *loop;
	xt_pinger_report *report;
	xt_pinger_why *why;
	void *ctx;
	struct session *sessions;
	unsigned closing;
	bool stopping;
};

int xt_pinger_new(struct xt_pinger **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  struct xt_loop *loop, xt_pinger_report *report, xt_pinger_why *why, void *ctx)
{
	struct xt_pinger *pinger = calloc(1, sizeof(*pinger));

	if (!pinger)
		return XT_E_NOMEM;
	pinger->uv = uv;
	pinger->tunnel = tunnel;
	pinger->loop = loop;
	pinger->report = report;
	pinger->why = why;
	pinger->ctx = ctx;
	*out = pinger;
	return 0;
}

static void pinger_free(struct xt_pinger *pinger)
{
	if (pinger->stopping && pinger->closing == 0 && !pinger->sessions)
		free(pinger);
}

static void on_closed(uv_handle_t *handle)
{
	struct session *session = handle->data;
	struct xt_pinger *pinger = session->pinger;

	free(session);
	pinger->closing--;
	pinger_free(pinger);
}

static void session_unlink(struct session *session)
{
	struct session **at = &session->pinger->sessions;

	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
}

static void session_close(struct session *session)
{
	session_unlink(session);
	session->pinger->closing++;
	uv_timer_stop(&session->timer);
	uv_close((uv_handle_t *)&session->timer, on_closed);
}

static struct slot *slot_find(struct session *session, uint32_t number)
{
	return &session->slots[number % WINDOW];
}

/* Report requests that were open for too long as lost, in order. */
static void losses_report(struct session *session, uint64_t now)
{
	while (session->settled < session->sent) {
		uint32_t number = session->settled + 1;
		struct slot *slot = slot_find(session, number);

		if (!slot->answered && now < slot->sent_ns + session->timeout_ns)
			break;
		if (!slot->answered)
			xt_control_reply(
			    session->request,
			    json_pack("{s:I,s:b}", "seq", (json_int_t)number, "lost", 1), false);
		session->settled = number;
	}
}

static void request_send(struct session *session, uint64_t now)
{
	uint32_t number = session->sent + 1;
	int rc = xt_tunnel_ping(session->pinger->tunnel, &session->peer, &session->address,
				session->id, (uint16_t)number, session->cookie, session->size);

	if (rc == XT_E_AGAIN) { /* the socket is full: retry in 10 ms */
		session->next_ns = now + 10000000;
		return;
	}
	*slot_find(session, number) = (struct slot){.sent_ns = now, .number = number};
	session->sent = number;
	if (!session->silent_ns)
		session->silent_ns = now;
	session->next_ns += session->interval_ns;
	if (session->next_ns < now) /* the loop was late: no burst to catch up */
		session->next_ns = now + session->interval_ns;
}

static void session_explain(struct session *session)
{
	struct xt_pinger *pinger = session->pinger;
	json_t *why = pinger->why(pinger->ctx, &session->peer);

	session->explained = true;
	if (why)
		xt_control_reply(session->request, why, false);
}

/* When the client is to learn why it is silent. */
static uint64_t session_explain_at(const struct session *session)
{
	if (!session->explains || session->explained || !session->silent_ns)
		return UINT64_MAX;
	return session->silent_ns + SILENCE_NS;
}

static bool session_may_send(const struct session *session)
{
	return (session->count == 0 || session->sent < session->count) &&
	       session->sent - session->settled < WINDOW;
}

static void on_timer(uv_timer_t *timer);

/* Until the next request or the next loss, whichever comes first. */
static void session_arm(struct session *session, uint64_t now)
{
	uint64_t at = session_explain_at(session);

	if (session_may_send(session))
		at = XT_MIN(at, session->next_ns);
	if (session->settled < session->sent) {
		const struct slot *oldest = slot_find(session, session->settled + 1);
		uint64_t lost = oldest->answered ? now : oldest->sent_ns + session->timeout_ns;
		at = lost < at ? lost : at;
	}
	uv_update_time(session->pinger->uv);
	uv_timer_start(&session->timer, on_timer, at > now ? (at - now + 999999) / 1000000 : 0, 0);
}

static void session_run(struct session *session)
{
	uint64_t now = xt_clock_now().mono;

	losses_report(session, now);
	if (session_may_send(session) && now >= session->next_ns)
		request_send(session, now);
	if (now >= session_explain_at(session))
		session_explain(session);
	if (session->count != 0 && session->settled == session->count) {
		if (session->explains && !session->answered)
			session_explain(session);
		xt_control_reply(session->request, json_pack("{s:b}", "end", 1), true);
		session_close(session);
	} else {
		session_arm(session, now);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct session *session = timer->data;
	struct xt_loop *loop = session->pinger->loop;

	session_run(session);
	xt_loop_wake(loop);
}

bool xt_pinger_pong(struct xt_pinger *pinger, const struct xt_pong *pong)
{
	uint64_t now = xt_clock_now().mono;

	for (struct session *session = pinger->sessions; session; session = session->next) {
		struct slot *slot;

		if (session->state != SESSION_PINGING || session->cookie != pong->cookie ||
		    session->id != pong->id ||
		    memcmp(session->peer.b, pong->peer->b, sizeof(pong->peer->b)) != 0)
			continue;
		for (slot = session->slots; slot < session->slots + WINDOW; slot++) {
			if (slot->sent_ns && (uint16_t)slot->number == pong->seq)
				break;
		}
		if (slot == session->slots + WINDOW)
			return true;
		json_t *reply = json_pack("{s:I,s:I,s:I}", "seq", (json_int_t)slot->number,
					  "rtt_us", (json_int_t)((now - slot->sent_ns) / 1000),
					  "size", (json_int_t)pong->size);
		if (slot->answered || slot->number <= session->settled)
			json_object_set_new(reply, "duplicate", json_true());
		slot->answered = session->answered = true;
		session->silent_ns = 0;
		session->explained = false;
		xt_control_reply(session->request, reply, false);
		if (session->count != 0 && session->sent == session->count)
			uv_timer_start(&session->timer, on_timer, 0, 0); /* perhaps the last one */
		return true;
	}
	return false;
}

static uint64_t json_number(const json_t *msg, const char *key, uint64_t fallback, uint64_t max)
{
	const json_t *value = json_object_get(msg, key);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0)
		return fallback;
	return (uint64_t)number > max ? max : (uint64_t)number;
}

/* Replies longer than the link's MTU come in fragments, which the host reassembles, not the
 * instance. */
static const char *size_fits(const struct session *session, const struct xt_ip *to)
{
	static char text[96];
	uint32_t mtu = xt_tunnel_tun(session->pinger->tunnel)->mtu;
	uint32_t head = (to->family == 4 ? 20 : 40) + 8;

	if (session->size + head <= mtu)
		return NULL;
	snprintf(text, sizeof(text), "at most %u bytes of payload fit the link's MTU of %u",
		 mtu > head ? mtu - head : 0, mtu);
	return text;
}

static void search_clear(struct search *search)
{
	free(search->word);
	xt_report_free(search->report);
	xt_wipe(search, sizeof(*search)); /* the report of a peer holds keys */
}

/* error: of its request, unless its client has gone. */
static void session_fail(struct session *session, int error, const char *why)
{
	struct xt_pinger *pinger = session->pinger;

	session_unlink(session);
	if (session->request)
		xt_control_error(session->request, error, why);
	search_clear(&session->search);
	free(session);
	pinger_free(pinger);
}

/* The target was found. */
static void session_begin(struct session *session)
{
	const struct xt_peer_report *peer = &session->search.peer;
	char address[XT_IP_TEXT], key[XT_KEY_BASE64];
	json_t *hello;

	session->peer = peer->key;
	session->address = session->search.address;
	xt_key_to_base64(key, peer->key.b);
	hello =
	    json_pack("{s:s,s:s,s:I}", "peer", *peer->name ? peer->name : key, "address",
		      xt_ip_print(&session->address, address), "size", (json_int_t)session->size);
	search_clear(&session->search);
	randombytes_buf(&session->cookie, sizeof(session->cookie));
	/* A small reply returns only as much of the cookie as fits. */
	if (session->size < sizeof(session->cookie))
		session->cookie &= session->size ? UINT64_MAX << (64 - 8 * session->size) : 0;
	session->id = (uint16_t)randombytes_random();
	session->state = SESSION_PINGING;
	uv_timer_init(session->pinger->uv, &session->timer);
	session->timer.data = session;
	session->next_ns = xt_clock_now().mono;
	xt_control_reply(session->request, hello, false);
	uv_timer_start(&session->timer, on_timer, 0, 0);
}

static void search_end(struct session *session)
{
	const struct xt_pinger *pinger = session->pinger;
	const char *why = session->search.why, *sentence;
	json_t *known = NULL;

	if (session->request && session->search.no_endpoint && session->explains)
		known = pinger->why(pinger->ctx, &session->search.peer.key);
	sentence = json_string_value(json_object_get(known, "sentence"));
	if (!session->request)
		session_fail(session, XT_E_AGAIN, NULL);
	else if (sentence)
		session_fail(session, XT_E_NOPEER, sentence);
	else if (why)
		session_fail(session, XT_E_NOPEER, why);
	else if ((why = size_fits(session, &session->search.address)))
		session_fail(session, XT_E_INVALID, why);
	else
		session_begin(session);
	json_decref(known);
}

static void target_find(uv_work_t *work)
{
	struct search *search = work->data;
	struct xt_ping_target target;

	search->why =
	    xt_ping_target(&target, search->report, search->word, search->local4, search->local6);
	search->address = target.address;
	if (target.peer)
		search->peer = *target.peer;
	search->no_endpoint = search->why && target.peer && !target.peer->endpoint.ip.family;
	xt_report_free(search->report);
	search->report = NULL;
}

static void on_found(uv_work_t *work, int status)
{
	(void)status;
	search_end(XT_CONTAINER(work->data, struct session, search));
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct session *session = ctx;
	struct search *search = &session->search;

	if (error) {
		session_fail(session, error, NULL);
		return;
	}
	search->report = report;
	search->work.data = search;
	if (report->n_peers > PEERS_MANY &&
	    uv_queue_work(session->pinger->uv, &search->work, target_find, on_found) == 0)
		return;
	target_find(&search->work);
	search_end(session);
}

int xt_pinger_start(struct xt_pinger *pinger, struct xt_control_request *request, const json_t *msg)
{
	const char *word = json_string_value(json_object_get(msg, "peer"));
	struct session *session = calloc(1, sizeof(*session));

	if (!session || (word && !(session->search.word = strdup(word)))) {
		free(session);
		return XT_E_NOMEM;
	}
	session->pinger = pinger;
	session->request = request;
	session->count = (uint32_t)json_number(msg, "count", 0, COUNT_MAX);
	session->size = (uint32_t)json_number(msg, "size", 56, SIZE_MAX_B);
	session->interval_ns = json_number(msg, "interval_ms", 1000, 86400000) * 1000000;
	session->timeout_ns = json_number(msg, "timeout_ms", 5000, 86400000) * 1000000;
	if (session->interval_ns == 0)
		session->interval_ns = 1000000;
	session->explains = json_is_true(json_object_get(msg, "why"));
	session->search.local4 = xt_tunnel_has_local(pinger->tunnel, 4);
	session->search.local6 = xt_tunnel_has_local(pinger->tunnel, 6);
	session->next = pinger->sessions;
	pinger->sessions = session;
	if (word)
		pinger->report(pinger->ctx, on_report, session);
	else
		session_fail(session, XT_E_NOPEER, "no peer was named");
	return 0;
}

void xt_pinger_cancel(struct xt_pinger *pinger, struct xt_control_request *request)
{
	for (struct session *session = pinger->sessions; session; session = session->next) {
		if (session->request != request)
			continue;
		if (session->state == SESSION_PINGING)
			session_close(session);
		else
			session->request = NULL;
		return;
	}
}

void xt_pinger_stop(struct xt_pinger *pinger)
{
	struct session *next;

	if (!pinger)
		return;
	pinger->stopping = true;
	for (struct session *session = pinger->sessions; session; session = next) {
		next = session->next;
		if (session->request)
			xt_control_error(session->request, XT_E_AGAIN, "the instance ends");
		session->request = NULL;
		if (session->state == SESSION_PINGING)
			session_close(session);
	}
	pinger_free(pinger);
}

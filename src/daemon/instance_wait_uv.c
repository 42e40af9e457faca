/* SPDX-License-Identifier: MIT */
/* Clients that wait for a handshake with peers: `wait`, `up --wait` and `why --probe`. Peers are
 * looked at in slices, after an event of the tunnel or a second. */
#include "daemon/instance_uv.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
#include "daemon/ping_target.h"
#include "platform/clock.h"
#include "platform/malloc.h"

#define SLICE	       64u /* peers between two passes of packets */
#define STARTS	       16u /* handshakes of a slice, and then a rest: 1,000 in a second */
#define REST_MS	       16u
#define EVENT_MS       10u   /* from an event to the next scan */
#define SCAN_MS	       1000u /* an endpoint may have come without an event */
#define PEERS_MANY     256u  /* the peers are found on a worker thread */
#define PEERS_LISTED   64u   /* in an answer */
#define TIMEOUT_MAX_MS 86400000u
#define MS	       UINT64_C(1000000)

/* handshake  its latest one when the client came: 0, there was none */
struct waited {
	struct xt_public key;
	uint64_t handshake;
	enum { WAITED_PENDING, WAITED_UP, WAITED_GONE } state;
};

/* request    NULL: its client has gone, and the wait ends with the search
 * timer      open in WAIT_RUNNING
 * reachable  only peers that have an endpoint, or a name for one; a session they have is enough
 * at         the next peer of this scan; scanning: one is under way */
struct xt_instance_wait {
	struct xt_instance_wait *prev, *next;
	struct xt_instance *instance;
	struct xt_control_request *request;
	enum { WAIT_SEARCHING, WAIT_RUNNING } state;
	char *word;
	bool reachable, probe, scanning;
	uint64_t timeout_ms, until_ns;
	struct xt_report *report;
	const char *refused;
	uv_work_t work;
	uv_timer_t timer;
	struct waited *peers;
	size_t n, at, pending;
};

static void wait_free(struct xt_instance_wait *wait)
{
	free(wait->word);
	free(wait->peers);
	free(wait);
}

static void on_closed(uv_handle_t *handle)
{
	wait_free(handle->data);
}

static void wait_close(struct xt_instance_wait *wait)
{
	DL_DELETE(wait->instance->waits, wait);
	uv_close((uv_handle_t *)&wait->timer, on_closed);
}

/* The search ended without a peer to wait for. */
static void wait_fail(struct xt_instance_wait *wait, int error, const char *sentence)
{
	DL_DELETE(wait->instance->waits, wait);
	if (wait->request)
		xt_control_error(wait->request, error, sentence);
	wait_free(wait);
}

/* --- the end --- */

/* Up to PEERS_LISTED of those in that state. */
static void peers_list(const struct xt_instance_wait *wait, json_t *list, bool up)
{
	for (size_t i = 0; i < wait->n && json_array_size(list) < PEERS_LISTED; i++) {
		const struct waited *peer = &wait->peers[i];
		json_t *o;

		if ((peer->state == WAITED_UP) != up || peer->state == WAITED_GONE)
			continue;
		o = xt_instance_why_json(wait->instance, &peer->key);
		if (o)
			json_object_set_new(o, "connected", json_boolean(up));
		json_array_append_new(list, o);
	}
}

static void wait_end(struct xt_instance_wait *wait)
{
	struct xt_control_request *request = wait->request;
	json_t *list = json_array();
	json_t *answer;
	size_t gone = 0;

	for (size_t i = 0; i < wait->n; i++)
		gone += wait->peers[i].state == WAITED_GONE;
	peers_list(wait, list, false);
	peers_list(wait, list, true);
	answer = json_pack("{s:I,s:I,s:I,s:o}", "waiting", (json_int_t)wait->pending, "connected",
			   (json_int_t)(wait->n - wait->pending - gone), "gone", (json_int_t)gone,
			   "peers", list);
	wait_close(wait);
	xt_control_reply(request, answer, true);
}

/* --- the scan --- */

/* It has what the client waits for. */
static bool peer_is_up(const struct xt_instance_wait *wait, const struct waited *peer,
		       const struct xt_peer_report *report)
{
	if (!report->session || report->last_handshake_wall_ns == 0)
		return false;
	return wait->reachable || report->last_handshake_wall_ns != peer->handshake;
}

/* true: a handshake begins. */
static bool peer_check(struct xt_instance_wait *wait, struct waited *peer)
{
	struct xt_tunnel *tunnel = wait->instance->tunnel;
	struct xt_report *report;
	int rc = xt_tunnel_report_peer(tunnel, &peer->key, &report);
	bool starts = false;

	if (rc == XT_E_NOMEM)
		return false;
	if (rc < 0) {
		peer->state = WAITED_GONE;
	} else if (peer_is_up(wait, peer, &report->peers[0])) {
		peer->state = WAITED_UP;
		if (wait->probe)
			xt_tunnel_ask_mtu(tunnel, &report->peers[0].endpoint);
	} else if (!report->peers[0].handshaking) {
		starts = xt_tunnel_start_handshake(tunnel, &peer->key) == 0;
	}
	if (rc == 0)
		xt_report_free(report);
	wait->pending -= peer->state != WAITED_PENDING;
	return starts;
}

static void on_timer(uv_timer_t *timer);

static void timer_arm(struct xt_instance_wait *wait, uint64_t ms)
{
	uint64_t now = xt_clock_now().mono;
	uint64_t left = wait->until_ns > now ? (wait->until_ns - now) / MS + 1 : 0;

	uv_update_time(&wait->instance->uv);
	uv_timer_start(&wait->timer, on_timer, XT_MIN(ms, left), 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_instance_wait *wait = timer->data;
	struct xt_loop *loop = wait->instance->loop;
	unsigned starts = 0;

	if (!wait->scanning)
		wait->at = 0;
	for (unsigned i = 0; i < SLICE && starts < STARTS && wait->at < wait->n; wait->at++) {
		if (wait->peers[wait->at].state != WAITED_PENDING)
			continue;
		starts += peer_check(wait, &wait->peers[wait->at]);
		i++;
	}
	wait->scanning = wait->at < wait->n;
	xt_control_progress(wait->request, wait->n - wait->pending, wait->n);
	if (wait->pending == 0 || xt_clock_now().mono >= wait->until_ns)
		wait_end(wait);
	else
		timer_arm(wait, !wait->scanning ? SCAN_MS : starts < STARTS ? 0 : REST_MS);
	xt_loop_wake(loop); /* handshakes have begun */
}

void xt_instance_wait_event(struct xt_instance *instance, const struct xt_public *peer)
{
	struct xt_instance_wait *wait;

	if (!peer)
		return;
	DL_FOREACH(instance->waits, wait)
	{
		if (wait->state == WAIT_RUNNING && !wait->scanning &&
		    uv_timer_get_due_in(&wait->timer) > EVENT_MS)
			timer_arm(wait, EVENT_MS);
	}
}

/* --- the search --- */

static bool peer_is_reachable(const struct xt_instance *instance, const struct xt_peer_report *peer)
{
	struct xt_status_name name;

	return peer->endpoint.ip.family != 0 || xt_instance_name_state(instance, &peer->key, &name);
}

static void peers_find(uv_work_t *work)
{
	struct xt_instance_wait *wait = work->data;
	const struct xt_report *report = wait->report;
	const struct xt_peer_report *only = NULL, *peer;

	if (wait->word)
		wait->refused = xt_ping_peer(&only, report, wait->word);
	wait->peers = calloc(report->n_peers + 1, sizeof(*wait->peers));
	for (size_t i = 0; wait->peers && !wait->refused && i < report->n_peers; i++) {
		peer = &report->peers[i];
		if ((only && peer != only) ||
		    (wait->reachable && !peer_is_reachable(wait->instance, peer)))
			continue;
		wait->peers[wait->n].key = peer->key;
		wait->peers[wait->n++].handshake = peer->last_handshake_wall_ns;
	}
	xt_report_free(wait->report);
	wait->report = NULL;
	free(xt_memory_mark());
}

static void wait_begin(struct xt_instance_wait *wait)
{
	struct xt_instance *instance = wait->instance;

	if (!wait->request || !xt_instance_answers(instance)) {
		wait_fail(wait, XT_E_AGAIN, NULL);
	} else if (wait->refused) {
		wait_fail(wait, XT_E_NOPEER, wait->refused);
	} else if (!wait->peers) {
		wait_fail(wait, XT_E_NOMEM, NULL);
	} else {
		wait->state = WAIT_RUNNING;
		wait->pending = wait->n;
		wait->until_ns = xt_clock_now().mono + wait->timeout_ms * MS;
		uv_timer_init(&instance->uv, &wait->timer);
		wait->timer.data = wait;
		timer_arm(wait, 0);
	}
}

static void on_found(uv_work_t *work, int status)
{
	(void)status;
	wait_begin(work->data);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance_wait *wait = ctx;

	if (error) {
		wait_fail(wait, error, NULL);
		return;
	}
	wait->report = report;
	wait->work.data = wait;
	if (report->n_peers > PEERS_MANY &&
	    uv_queue_work(&wait->instance->uv, &wait->work, peers_find, on_found) == 0)
		return;
	peers_find(&wait->work);
	wait_begin(wait);
}

int xt_instance_wait(struct xt_instance *instance, struct xt_control_request *request,
		     const json_t *msg)
{
	const char *word = json_string_value(json_object_get(msg, "peer"));
	json_int_t timeout = json_integer_value(json_object_get(msg, "timeout_ms"));
	struct xt_instance_wait *wait = calloc(1, sizeof(*wait));

	if (!wait || (word && !(wait->word = strdup(word)))) {
		free(wait);
		return XT_E_NOMEM;
	}
	wait->instance = instance;
	wait->request = request;
	wait->reachable = json_is_true(json_object_get(msg, "reachable"));
	wait->probe = json_is_true(json_object_get(msg, "probe"));
	wait->timeout_ms = timeout < 0 ? 0 : XT_MIN((uint64_t)timeout, TIMEOUT_MAX_MS);
	DL_APPEND(instance->waits, wait);
	xt_instance_report(instance, on_report, wait);
	return 0;
}

bool xt_instance_wait_cancel(struct xt_instance *instance, struct xt_control_request *request)
{
	struct xt_instance_wait *wait;

	DL_FOREACH(instance->waits, wait)
	{
		if (wait->request != request)
			continue;
		wait->request = NULL;
		if (wait->state == WAIT_RUNNING)
			wait_close(wait);
		return true;
	}
	return false;
}

void xt_instance_wait_stop(struct xt_instance *instance)
{
	struct xt_instance_wait *wait, *next;

	DL_FOREACH_SAFE(instance->waits, wait, next)
	{
		if (wait->request)
			xt_control_error(wait->request, XT_E_AGAIN, "the instance ends");
		wait->request = NULL;
		if (wait->state == WAIT_RUNNING)
			wait_close(wait);
	}
}

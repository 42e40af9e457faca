/* SPDX-License-Identifier: MIT */
/* Complete tunnels in memory; see node.h. */
#include "sim/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "core/device_impl.h"
#include "core/limits.h"
#include "core/snapshot.h"
#include "platform/mem/mem.h"
#include "sim/flow.h"
#include "sim/net.h"
#include "sim/watch.h"
#include "tunnel/worker_pool.h"

#define QUEUE 4096

static void timer_schedule(struct sim_node *node);
static void node_pass(struct sim_node *node, bool timer);

static void random_fill(void *ctx, void *buf, size_t n)
{
	struct sim_node *node = ctx;
	uint8_t *at = buf;

	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)sim_random_next(&node->rng);
}

static void on_event(void *ctx, enum xt_event event, const struct xt_public *peer,
		     const struct xt_endpoint *endpoint)
{
	struct sim_node *node = ctx;

	(void)peer;
	(void)endpoint;
	node->events[event]++;
	node->last_event[event] = node->sim->now;
	if (event != XT_EVENT_INITIATION_SENT && event != XT_EVENT_INITIATION_RECEIVED)
		sim_trace_note(node->sim, "%s: %s", node->name, xt_event_text(event));
}

static void on_writable(struct sim *sim, void *ctx, uint64_t arg)
{
	struct sim_node *node = ctx;

	(void)sim;
	(void)arg;
	node->socket_full = false;
	if (!node->dev || node->asleep)
		return;
	node->in_pass = true;
	xt_scheduler_on_udp_writable(node->scheduler, sim_time(node));
	node->in_pass = false;
	node_pass(node, false);
}

static bool socket_is_full(struct sim_node *node)
{
	if (!node->socket_full && sim_random_chance(node->sim, node->full)) {
		node->socket_full = true;
		sim_event_add(node->sim, node->sim->now + SIM_MS, on_writable, node, 0);
	}
	return node->socket_full;
}

static int on_send(void *ctx, const struct xt_path *path, uint8_t tos, const uint8_t *bytes,
		   size_t len)
{
	struct sim_node *node = ctx;
	const struct xt_ip *local = path->remote.ip.family == 6 ? &node->outer6 : &node->outer4;

	if (!node->in_pass)
		SIM_FAIL(node->sim, "%s sends outside of a pass", node->name);
	if (path->local.family && !xt_ip_equal(&path->local, local))
		return -EADDRNOTAVAIL;
	if (socket_is_full(node))
		return -EAGAIN;
	sim_net_send(node->sim, node, path, tos & 3, bytes, len);
	return 0;
}

struct xt_time sim_time(const struct sim_node *node)
{
	uint64_t wall = SIM_WALL + node->sim->now - SIM_START;

	return (struct xt_time){node->sim->now, wall + (uint64_t)node->wall_shift};
}

/* Device ------------------------------------------------------------------------------------- */

static int peer_describe(const struct sim_peer *peer, struct xt_change *change, uint32_t set)
{
	struct xt_peer_change *p = xt_change_peer(change, &peer->other->public);
	struct xt_cidr four = {peer->other->inner4, 32}, six = {peer->other->inner6, 128};

	p->set = set;
	p->psk = peer->psk;
	p->endpoint = peer->endpoint;
	p->keepalive_s = peer->keepalive_s;
	if (set & XT_PEER_UPDATE_ONLY)
		return 0;
	return xt_change_allowed(p, &four, false) | xt_change_allowed(p, &six, false);
}

static void change_apply(struct sim_node *node, struct xt_change *change)
{
	int rc = xt_device_apply(node->dev, sim_time(node), change);

	xt_change_clear(change);
	if (rc)
		SIM_FAIL(node->sim, "apply says %d", rc);
	timer_schedule(node);
}

static void peer_apply(struct sim_node *node, const struct sim_peer *peer, uint32_t set)
{
	struct xt_change change;

	if (!node->dev)
		return;
	xt_change_init(&change);
	peer_describe(peer, &change, set);
	change_apply(node, &change);
}

static uint32_t peer_fields(const struct sim_peer *peer)
{
	return XT_PEER_PSK | XT_PEER_KEEPALIVE | (peer->endpoint.port ? XT_PEER_ENDPOINT : 0);
}

/* WG_THREADS of the environment, as the program takes it. */
static int pool_new(struct sim_node *node)
{
	const char *text = getenv("WG_THREADS");
	unsigned threads = text ? (unsigned)strtoul(text, NULL, 10) : 1;

	return threads > 1 ? xt_worker_pool_new(&node->workers, node->aead, threads) : 0;
}

static void scheduler_new(struct sim_node *node)
{
	struct xt_data_path_config config = {.dev = node->dev,
					     .tun = node->tun,
					     .udp = node->udp,
					     .aead = node->aead,
					     .workers = node->workers,
					     .local4 = node->inner4,
					     .local6 = node->inner6};
	int rc = xt_scheduler_new(&node->scheduler, &config);

	if (rc)
		SIM_FAIL(node->sim, "%s does not start: %d", node->name, rc);
}

void sim_node_on(struct sim_node *node)
{
	struct xt_udp_mem_host host = {node, on_send};
	struct xt_env env = {.ctx = node, .random = random_fill, .event = on_event};
	struct xt_change change;
	int rc = 0;

	rc |= xt_device_new(&node->dev, &env);
	rc |= xt_tun_mem_new(&node->tun, QUEUE, 1420);
	rc |= xt_udp_mem_new(&node->udp, node->port, QUEUE, &host);
	rc |= xt_aead_new(&node->aead, NULL);
	rc |= pool_new(node);
	if (rc)
		SIM_FAIL(node->sim, "%s does not start: %d", node->name, rc);
	scheduler_new(node);
	node->timer_at = XT_NEVER;
	sim_watch_restart(node->sim->watch, node);
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	change.private_key = node->key;
	for (size_t i = 0; i < node->n_peers; i++)
		peer_describe(&node->peers[i], &change, peer_fields(&node->peers[i]));
	change_apply(node, &change);
	sim_trace_note(node->sim, "%s is on", node->name);
}

void sim_node_upgrade(struct sim_node *node)
{
	struct xt_env env = {.ctx = node, .random = random_fill, .event = on_event};
	struct xt_secbuf buf = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_device *dev;
	int rc = xt_snapshot_encode(node->dev, sim_time(node), &buf);

	if (rc == 0)
		rc = xt_snapshot_decode(&dev, &env, sim_time(node), buf.p, buf.len, NULL);
	if (rc)
		SIM_FAIL(node->sim, "%s's snapshot: %d", node->name, rc);
	xt_secbuf_clear(&buf);
	xt_scheduler_free(node->scheduler);
	xt_device_free(node->dev);
	node->dev = dev;
	scheduler_new(node);
	sim_trace_note(node->sim, "%s is upgraded", node->name);
	timer_schedule(node);
}

void sim_node_off(struct sim_node *node)
{
	if (!node->dev)
		return;
	xt_scheduler_free(node->scheduler);
	node->tun->ops->close(node->tun);
	node->udp->ops->close(node->udp);
	xt_worker_pool_free(node->workers);
	xt_aead_free(node->aead);
	xt_device_free(node->dev);
	node->workers = NULL;
	node->dev = NULL;
	node->scheduler = NULL;
	sim_trace_note(node->sim, "%s is off", node->name);
}

struct sim_node *sim_node_new(struct sim *sim, const char *name)
{
	struct sim_node *node = calloc(1, sizeof(*node));
	unsigned id = sim->n_nodes + 1;
	uint8_t high = (uint8_t)(id >> 8), low = (uint8_t)id;

	node->sim = sim;
	node->id = id;
	snprintf(node->name, sizeof(node->name), "%s", name);
	node->rng = sim_random(sim);
	node->inner4 = (struct xt_ip){4, {10, 7, high, low}};
	node->inner6 = (struct xt_ip){6, {0xfd, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low}};
	node->outer4 = (struct xt_ip){4, {198, 18, high, low}};
	node->outer6 = (struct xt_ip){6, {0x20, 1, 0xd, 0xb8, 0, 0x18}};
	node->outer6.b[14] = high;
	node->outer6.b[15] = low;
	node->port = 51820;
	node->timer_at = XT_NEVER;
	random_fill(node, node->key.b, 32);
	node->key.b[0] &= 248;
	node->key.b[31] = (node->key.b[31] & 127) | 64;
	crypto_scalarmult_base(node->public.b, node->key.b);
	if (sim->n_nodes == sim->cap_nodes) {
		sim->cap_nodes = sim->cap_nodes ? 2 * sim->cap_nodes : 8;
		sim->nodes = realloc(sim->nodes, sim->cap_nodes * sizeof(struct sim_node *));
	}
	sim->nodes[sim->n_nodes++] = node;
	sim_node_on(node);
	return node;
}

void sim_node_free(struct sim_node *node)
{
	sim_node_off(node);
	free(node->peers);
	free(node);
}

/* Configuration ------------------------------------------------------------------------------ */

struct xt_endpoint sim_node_endpoint(const struct sim_node *node, bool v6)
{
	return (struct xt_endpoint){.ip = v6 ? node->outer6 : node->outer4, .port = node->port};
}

struct sim_peer *sim_peer_find(struct sim_node *a, const struct sim_node *b)
{
	for (size_t i = 0; i < a->n_peers; i++)
		if (a->peers[i].other == b)
			return &a->peers[i];
	SIM_FAIL(a->sim, "%s has no peer %s", a->name, b->name);
}

struct sim_peer *sim_peer_add(struct sim_node *a, struct sim_node *b, unsigned how)
{
	struct sim_peer *peer;

	a->peers = realloc(a->peers, (a->n_peers + 1) * sizeof(*a->peers));
	peer = &a->peers[a->n_peers++];
	memset(peer, 0, sizeof(*peer));
	peer->other = b;
	if (how & SIM_KNOWS)
		peer->endpoint = sim_node_endpoint(b, how & SIM_OVER6);
	peer_apply(a, peer, peer_fields(peer));
	return peer;
}

void sim_pair_link(struct sim_node *a, struct sim_node *b)
{
	unsigned how = SIM_KNOWS | (sim_random_chance(a->sim, 500) ? SIM_OVER6 : 0);

	sim_peer_add(a, b, how);
	sim_peer_add(b, a, how);
}

void sim_pair_new(struct sim *sim, struct sim_node **a, struct sim_node **b)
{
	*a = sim_node_new(sim, "alice");
	*b = sim_node_new(sim, "bob");
	sim_pair_link(*a, *b);
}

void sim_pair_exchange(struct sim *sim, struct sim_node *a, struct sim_node *b)
{
	sim_packet_await(sim, sim_packet_send(sim, a, b, 0), 100 * SIM_MS);
	sim_packet_await(sim, sim_packet_send(sim, b, a, 0), 100 * SIM_MS);
}

void sim_session_new(struct sim *sim, struct sim_node **alice, struct sim_node **bob)
{
	sim_pair_new(sim, alice, bob);
	sim_pair_exchange(sim, *alice, *bob);
}

void sim_peer_set_psk(struct sim_node *a, struct sim_node *b, uint8_t value)
{
	struct sim_peer *peer = sim_peer_find(a, b);

	memset(peer->psk.b, value, 32);
	peer_apply(a, peer, XT_PEER_UPDATE_ONLY | XT_PEER_PSK);
}

void sim_peer_set_keepalive(struct sim_node *a, struct sim_node *b, uint16_t seconds)
{
	struct sim_peer *peer = sim_peer_find(a, b);

	peer->keepalive_s = seconds;
	peer_apply(a, peer, XT_PEER_UPDATE_ONLY | XT_PEER_KEEPALIVE);
}

void sim_peer_set_endpoint(struct sim_node *a, struct sim_node *b,
			   const struct xt_endpoint *endpoint)
{
	struct sim_peer *peer = sim_peer_find(a, b);

	peer->endpoint = *endpoint;
	peer_apply(a, peer, XT_PEER_UPDATE_ONLY | XT_PEER_ENDPOINT);
}

void sim_peer_set_list(struct sim_node *a, struct sim_node *b, const struct xt_candidate *v,
		       size_t n, bool configured)
{
	struct xt_candidate_list list = {
	    .v = v, .n = n, .hold_ns = 300 * SIM_S, .configured = configured, .changes = true};
	int rc = xt_device_set_endpoints(a->dev, sim_time(a), &b->public, &list);

	if (rc)
		SIM_FAIL(a->sim, "set_endpoints says %d", rc);
	timer_schedule(a);
}

void sim_peer_remove(struct sim_node *a, struct sim_node *b)
{
	struct sim_peer *peer = sim_peer_find(a, b);

	peer_apply(a, peer, XT_PEER_REMOVE | XT_PEER_UPDATE_ONLY);
	*peer = a->peers[--a->n_peers];
	sim_trace_note(a->sim, "%s removes %s", a->name, b->name);
}

void sim_node_move(struct sim_node *node)
{
	node->outer4.b[1] = 19;
	node->outer4.b[2]++;
	node->outer6.b[5] = 0x19;
	node->outer6.b[12]++;
	sim_trace_note(node->sim, "%s moves", node->name);
}

/* Passes ------------------------------------------------------------------------------------- */

static void keypair_check(struct sim_node *node, const struct xt_keypair *kp, uint32_t *live)
{
	if (!kp)
		return;
	++*live;
	if (kp->pins)
		SIM_FAIL(node->sim, "%s keeps %u pins after its pass", node->name, kp->pins);
}

/* Between passes no keypair is pinned or outside of its slot. */
static void device_check(struct sim_node *node)
{
	uint32_t live = 0;

	for (struct xt_peer *p = node->dev->peers; p; p = p->next) {
		keypair_check(node, p->keypairs.current, &live);
		keypair_check(node, p->keypairs.previous, &live);
		keypair_check(node, p->keypairs.next, &live);
	}
	if (live != node->dev->keypairs.live)
		SIM_FAIL(node->sim, "%s has %u live keypairs, %u in slots", node->name,
			 node->dev->keypairs.live, live);
}

static void tun_drain(struct sim_node *node)
{
	static uint8_t buf[XT_PACKET_MAX];
	size_t len;

	while ((len = xt_tun_mem_take(node->tun, buf, sizeof(buf))) > 0)
		sim_flow_check(node->sim->flow, node, buf, len);
}

/* The deadline is in the past, so the loop would call again at once. */
static void spin_check(struct sim_node *node)
{
	if (node->sim->now - node->spin_at > SIM_S) {
		node->spin_at = node->sim->now;
		node->spins = 0;
	}
	if (++node->spins > 20000)
		SIM_FAIL(node->sim, "%s has a past deadline again and again", node->name);
}

static uint64_t way_find(void *ctx, const struct xt_path *path)
{
	const struct sim_node *node = ctx;
	const struct xt_ip *own = path->remote.ip.family == 6 ? &node->outer6 : &node->outer4;

	return node->cut_off ? XT_WAY_NONE : XT_WAY_NONE + 1u + own->b[2] + own->b[12];
}

static void node_pass(struct sim_node *node, bool timer)
{
	struct xt_ways ways = {node, way_find};
	struct xt_time now = sim_time(node);
	int more;

	node->in_pass = true;
	if (timer)
		xt_scheduler_tick(node->scheduler, now);
	do {
		more = xt_scheduler_on_tun_readable(node->scheduler, now);
		more |= xt_scheduler_on_udp_readable(node->scheduler, now);
		if (more < 0)
			SIM_FAIL(node->sim, "%s's scheduler returned %d", node->name, more);
		tun_drain(node);
	} while (more > 0);
	node->in_pass = false;
	while (xt_device_note_ways(node->dev, 8, &ways))
		;
	device_check(node);
	timer_schedule(node);
}

static void on_pass(struct sim *sim, void *ctx, uint64_t arg)
{
	struct sim_node *node = ctx;

	(void)sim;
	(void)arg;
	node->pass_planned = false;
	if (node->dev && !node->asleep)
		node_pass(node, false);
}

static void pass_schedule(struct sim_node *node)
{
	if (node->pass_planned)
		return;
	node->pass_planned = true;
	sim_event_add(node->sim, node->sim->now + sim_random_below(node->sim, 100) * SIM_US,
		      on_pass, node, 0);
}

static void on_timer(struct sim *sim, void *ctx, uint64_t at)
{
	struct sim_node *node = ctx;

	if (at != node->timer_at)
		return; /* superseded */
	node->timer_at = XT_NEVER;
	if (!node->dev || node->asleep)
		return;
	if (xt_scheduler_deadline(node->scheduler) > sim->now) {
		timer_schedule(node);
		return;
	}
	node->wakes++;
	node_pass(node, true);
}

static void timer_schedule(struct sim_node *node)
{
	uint64_t at = xt_scheduler_deadline(node->scheduler);

	if (at == XT_NEVER)
		return;
	if (at <= node->sim->now) {
		spin_check(node);
		at = node->sim->now + 10 * SIM_US;
	} else {
		at += sim_random_below(node->sim, node->sim->timer_late);
	}
	if (node->timer_at <= at)
		return;
	node->timer_at = at;
	sim_event_add(node->sim, at, on_timer, node, at);
}

void sim_node_suspend(struct sim_node *node)
{
	node->asleep = true;
	node->timer_at = XT_NEVER;
	sim_trace_note(node->sim, "%s is suspended", node->name);
}

void sim_node_wake(struct sim_node *node, bool timer_first)
{
	node->asleep = false;
	sim_trace_note(node->sim, "%s wakes", node->name);
	if (timer_first)
		node_pass(node, true);
}

void sim_node_network(struct sim_node *node, bool suspended)
{
	struct xt_ways ways = {node, way_find};
	size_t reached = 0;

	sim_trace_note(node->sim, "%s's network changes", node->name);
	xt_device_network_changed(node->dev, suspended);
	while (xt_device_review(node->dev, sim_time(node), 8, &ways, &reached))
		;
	node_pass(node, true);
}

void sim_node_inject(struct sim_node *node, const uint8_t *data, size_t len)
{
	if (!node->dev || node->asleep)
		return;
	if (xt_tun_mem_inject(node->tun, data, len) == 0)
		pass_schedule(node);
}

void sim_node_deliver(struct sim_node *node, const struct xt_path *from, uint8_t ecn,
		      const uint8_t *data, size_t len)
{
	if (xt_udp_mem_deliver(node->udp, from, ecn, data, len) == 0)
		pass_schedule(node);
}

/* Reports ------------------------------------------------------------------------------------ */

struct xt_report *sim_node_report(const struct sim_node *node)
{
	struct xt_report *report = NULL;

	if (xt_device_report(node->dev, sim_time(node), &report))
		SIM_FAIL(node->sim, "%s returns no report", node->name);
	return report;
}

uint64_t sim_node_verdict(const struct sim_node *node, enum xt_verdict verdict)
{
	struct xt_report *report = sim_node_report(node);
	uint64_t n = report->verdicts[verdict];

	xt_report_free(report);
	return n;
}

struct xt_peer_report sim_peer_state(const struct sim_node *a, const struct sim_node *b)
{
	struct xt_report *report = sim_node_report(a);
	struct xt_peer_report about = {0};
	bool found = false;

	for (size_t i = 0; i < report->n_peers && !found; i++) {
		found = memcmp(&report->peers[i].key, &b->public, sizeof(b->public)) == 0;
		if (found)
			about = report->peers[i];
	}
	xt_report_free(report);
	if (!found)
		SIM_FAIL(a->sim, "%s reports no peer %s", a->name, b->name);
	return about;
}

uint32_t sim_node_keypairs(const struct sim_node *node)
{
	return node->dev->keypairs.live;
}

/* SPDX-License-Identifier: MIT */
/* The network of the simulation; see net.h. */
#include "sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "sim/node.h"
#include "sim/watch.h"

struct sim_pair {
	const struct sim_node *a, *b;
	struct sim_link *link;
};

struct sim_rule {
	const struct sim_node *a, *b;
	enum sim_type type;
	uint32_t k, n, seen;
	enum sim_action action;
};

struct mapping {
	struct sim_node *node;
	struct xt_endpoint inside, remote;
	uint16_t port;
	uint64_t used;
};

struct sim_nat {
	struct xt_ip outer4, outer6;
	uint64_t idle;
	uint16_t next_port;
	struct mapping *mappings;
	size_t n;
};

struct sim_net *sim_net_new(struct sim *sim)
{
	struct sim_net *net = calloc(1, sizeof(*net));

	net->sim = sim;
	net->all.delay = 5 * SIM_MS;
	return net;
}

void sim_net_free(struct sim_net *net)
{
	for (size_t i = 0; i < net->n_pairs; i++)
		free(net->pairs[i].link);
	for (size_t i = 0; i < net->n_held; i++)
		free(net->held[i]);
	for (size_t i = 0; i < net->n_nats; i++) {
		free(net->nats[i]->mappings);
		free(net->nats[i]);
	}
	free(net->sending);
	free(net->pairs);
	free(net->rules);
	free(net->held);
	free(net->nats);
	free(net);
}

static struct sim_link *link_find(struct sim_net *net, const struct sim_node *a,
				  const struct sim_node *b)
{
	for (size_t i = 0; i < net->n_pairs; i++)
		if (net->pairs[i].a == a && net->pairs[i].b == b)
			return net->pairs[i].link;
	return NULL;
}

struct sim_link *sim_link_get(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	struct sim_net *net = sim->net;
	struct sim_link *link = link_find(net, a, b);

	if (link)
		return link;
	link = malloc(sizeof(*link));
	*link = net->all;
	net->pairs = realloc(net->pairs, (net->n_pairs + 1) * sizeof(*net->pairs));
	net->pairs[net->n_pairs++] = (struct sim_pair){a, b, link};
	return link;
}

void sim_link_cut(struct sim *sim, struct sim_node *a, struct sim_node *b, bool cut)
{
	sim_link_get(sim, a, b)->cut = cut;
	sim_link_get(sim, b, a)->cut = cut;
	sim_trace_note(sim, "link %s - %s is %s", a->name, b->name, cut ? "cut" : "restored");
}

void sim_rule_add(struct sim *sim, const struct sim_node *a, const struct sim_node *b,
		  enum sim_type type, uint32_t k, uint32_t n, enum sim_action action)
{
	struct sim_net *net = sim->net;

	net->rules = realloc(net->rules, (net->n_rules + 1) * sizeof(*net->rules));
	net->rules[net->n_rules++] = (struct sim_rule){a, b, type, k, n, 0, action};
}

void sim_rule_clear(struct sim *sim)
{
	sim->net->n_rules = 0;
}

static enum sim_action rule_apply(struct sim_net *net, const struct sim_dgram *d)
{
	enum sim_action action = SIM_PASS;

	for (size_t i = 0; i < net->n_rules; i++) {
		struct sim_rule *r = &net->rules[i];
		uint32_t at;

		if ((r->a && r->a != d->from) || (r->b && r->b != d->to) ||
		    (r->type && r->type != d->data[0]))
			continue;
		at = r->seen++;
		if (action == SIM_PASS && at >= r->k && (!r->n || at - r->k < r->n))
			action = r->action;
	}
	return action;
}

struct sim_nat *sim_nat_new(struct sim *sim, uint64_t idle)
{
	struct sim_net *net = sim->net;
	struct sim_nat *nat = calloc(1, sizeof(*nat));

	net->nats = realloc(net->nats, (net->n_nats + 1) * sizeof(*net->nats));
	net->nats[net->n_nats++] = nat;
	nat->idle = idle;
	nat->next_port = 20000;
	nat->outer4 = (struct xt_ip){4, {198, 19, 255, (uint8_t)net->n_nats}};
	nat->outer6 = (struct xt_ip){6, {0x20, 1, 0xd, 0xb8, 0x19, 0xff}};
	nat->outer6.b[15] = (uint8_t)net->n_nats;
	return nat;
}

void sim_nat_rebind(struct sim *sim, struct sim_nat *nat)
{
	for (size_t i = 0; i < nat->n; i++)
		nat->mappings[i].port = nat->next_port++;
	sim_trace_note(sim, "the NAT changes its ports");
}

/* Finds or creates the mapping of an outgoing datagram and rewrites its source. */
static void nat_translate(struct sim *sim, struct sim_nat *nat, struct sim_dgram *d)
{
	struct mapping *m = NULL;

	for (size_t i = 0; i < nat->n && !m; i++)
		if (xt_endpoint_equal(&nat->mappings[i].inside, &d->src) &&
		    xt_endpoint_equal(&nat->mappings[i].remote, &d->dst))
			m = &nat->mappings[i];
	if (!m) {
		nat->mappings = realloc(nat->mappings, (nat->n + 1) * sizeof(*m));
		m = &nat->mappings[nat->n++];
		*m = (struct mapping){d->from, d->src, d->dst, nat->next_port++, sim->now};
	} else if (sim->now - m->used > nat->idle) {
		m->port = nat->next_port++;
	}
	m->used = sim->now;
	d->src.ip = d->src.ip.family == 6 ? nat->outer6 : nat->outer4;
	d->src.port = m->port;
}

/* The node that receives a datagram for dst now; *at: the local address that its socket reports. */
static struct sim_node *node_find(struct sim *sim, const struct xt_endpoint *src,
				  const struct xt_endpoint *dst, struct xt_ip *at)
{
	bool v6 = dst->ip.family == 6;

	*at = dst->ip;
	for (unsigned i = 0; i < sim->n_nodes; i++) {
		struct sim_node *node = sim->nodes[i];

		if (!node->nat && node->port == dst->port &&
		    xt_ip_equal(v6 ? &node->outer6 : &node->outer4, &dst->ip))
			return node;
	}
	for (size_t i = 0; i < sim->net->n_nats; i++) {
		struct sim_nat *nat = sim->net->nats[i];

		if (!xt_ip_equal(v6 ? &nat->outer6 : &nat->outer4, &dst->ip))
			continue;
		for (size_t j = 0; j < nat->n; j++) {
			struct mapping *m = &nat->mappings[j];

			if (m->port != dst->port || !xt_endpoint_equal(&m->remote, src) ||
			    sim->now - m->used > nat->idle)
				continue;
			m->used = sim->now;
			*at = m->inside.ip;
			return m->node;
		}
	}
	return NULL;
}

static void trace_dgram(struct sim *sim, const struct sim_dgram *d, const char *note)
{
	struct sim_entry *entry = sim_trace_entry(sim, d->data[0] == SIM_DATA);

	entry->from = d->from;
	entry->to = d->to;
	entry->len = d->len;
	entry->type = d->data[0] ? d->data[0] : 255;
	if (d->len >= 16) {
		const uint8_t *p = d->data;
		xt_le32 a = {{p[4], p[5], p[6], p[7]}}, b = {{p[8], p[9], p[10], p[11]}};
		xt_le64 c = {{p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15]}};

		entry->sender = xt_le32_load(a);
		entry->receiver = entry->type == SIM_RESPONSE ? xt_le32_load(b) : entry->sender;
		entry->counter = xt_le64_load(c);
	}
	snprintf(entry->note, sizeof(entry->note), "%s%s%s", d->foreign ? "(foreign) " : "",
		 d->altered ? "(altered) " : "", note);
}

static void dgram_arrive(struct sim *sim, void *ctx, uint64_t arg)
{
	struct sim_dgram *d = ctx;
	struct xt_path from = {.remote = d->src, .ifindex = 1};
	struct sim_node *node = node_find(sim, &d->src, &d->dst, &from.local);

	(void)arg;
	if (node && !node->asleep && node->dev) {
		if (!d->foreign)
			sim_watch_delivered(sim->watch, node, d);
		sim->net->delivered++;
		sim_node_deliver(node, &from, d->ecn, d->data, d->len);
	} else {
		trace_dgram(sim, d, "no receiver");
	}
	free(d);
}

static struct sim_dgram *dgram_new(struct sim_node *from, const struct xt_endpoint *src,
				   const struct xt_endpoint *dst, const void *data, size_t len)
{
	struct sim_dgram *d = calloc(1, sizeof(*d) + len + 1);

	d->from = from;
	d->src = *src;
	d->dst = *dst;
	d->len = (uint32_t)len;
	memcpy(d->data, data, len);
	return d;
}

static struct sim_dgram *dgram_copy(const struct sim_dgram *d)
{
	struct sim_dgram *copy = malloc(sizeof(*copy) + d->len + 1);

	memcpy(copy, d, sizeof(*copy) + d->len + 1);
	return copy;
}

static void dgram_hold(struct sim_net *net, const struct sim_dgram *d)
{
	net->held = realloc(net->held, (net->n_held + 1) * sizeof(*net->held));
	net->held[net->n_held++] = dgram_copy(d);
}

static void dgram_corrupt(struct sim *sim, struct sim_dgram *d)
{
	/* mac2 of a handshake message is checked under load only: do not alter it. */
	bool macs = d->data[0] == SIM_INITIATION || d->data[0] == SIM_RESPONSE;

	d->data[sim_random_below(sim, macs ? d->len - 16 : d->len)] ^=
	    (uint8_t)(1u << sim_random_below(sim, 8));
	d->altered = true;
}

static void dgram_schedule(struct sim *sim, const struct sim_link *link, struct sim_dgram *d)
{
	uint64_t delay = link->delay + sim_random_below(sim, link->jitter);

	if (sim_random_chance(sim, link->reorder))
		delay += sim_random_below(sim, 3 * link->delay + SIM_MS);
	if (sim_random_chance(sim, link->ce) && d->ecn)
		d->ecn = 3;
	sim_event_add_owned(sim, sim->now + delay, dgram_arrive, d, 0, free);
}

/* Applies the link to d and takes ownership of it. */
static void link_carry(struct sim *sim, struct sim_dgram *d)
{
	struct sim_net *net = sim->net;
	const struct sim_link *link = link_find(net, d->from, d->to);
	uint32_t outer = d->len + 8 + (d->dst.ip.family == 6 ? 40 : 20);

	if (!link)
		link = &net->all;
	if (link->cut || (link->mtu && outer > link->mtu) || sim_random_chance(sim, link->loss)) {
		net->lost++;
		trace_dgram(sim, d, link->cut ? "cut" : "lost");
		free(d);
		return;
	}
	if (d->len && sim_random_chance(sim, link->corrupt))
		dgram_corrupt(sim, d);
	trace_dgram(sim, d, "");
	if (sim_random_chance(sim, link->duplicate))
		dgram_schedule(sim, link, dgram_copy(d));
	dgram_schedule(sim, link, d);
}

static void net_enter(struct sim *sim, struct sim_dgram *d)
{
	static const char *const notes[] = {"", "dropped by rule", "held", "", "altered by rule"};
	enum sim_action action = rule_apply(sim->net, d);

	sim->net->sent++;
	if (action == SIM_HOLD || action == SIM_COPY)
		dgram_hold(sim->net, d);
	if (action == SIM_DROP || action == SIM_HOLD) {
		trace_dgram(sim, d, notes[action]);
		free(d);
		return;
	}
	if (action == SIM_ALTER)
		dgram_corrupt(sim, d);
	link_carry(sim, d);
}

void sim_net_send(struct sim *sim, struct sim_node *node, const struct xt_path *path, uint8_t ecn,
		  const uint8_t *data, size_t len)
{
	bool v6 = path->remote.ip.family == 6;
	struct xt_endpoint src = {.ip = v6 ? node->outer6 : node->outer4, .port = node->port};
	struct xt_ip at;
	struct sim_dgram *d = dgram_new(node, &src, &path->remote, data, len);

	d->ecn = ecn;
	if (node->nat)
		nat_translate(sim, node->nat, d);
	d->to = node_find(sim, &d->src, &d->dst, &at);
	sim->net->sending = d;
	sim_watch_sent(sim->watch, node, d);
	sim->net->sending = NULL;
	net_enter(sim, d);
}

void sim_net_forge(struct sim *sim, const struct xt_endpoint *src, const struct xt_endpoint *dst,
		   const void *data, size_t len)
{
	struct xt_ip at;
	struct sim_dgram *d = dgram_new(NULL, src, dst, data, len);

	d->foreign = true;
	d->to = node_find(sim, src, dst, &at);
	link_carry(sim, d);
}

void sim_held_resend(struct sim *sim, size_t i)
{
	sim_held_resend_from(sim, i, &sim->net->held[i]->src);
}

void sim_held_resend_from(struct sim *sim, size_t i, const struct xt_endpoint *src)
{
	struct sim_dgram *d = dgram_copy(sim->net->held[i]);

	d->src = *src;
	link_carry(sim, d);
}

void sim_held_clear(struct sim *sim)
{
	for (size_t i = 0; i < sim->net->n_held; i++)
		free(sim->net->held[i]);
	sim->net->n_held = 0;
}

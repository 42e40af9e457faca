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
	for (size_t i = 0; i < net->n_bag; i++)
		free(net->bag[i]);
	for (size_t i = 0; i < net->n_nats; i++) {
		free(net->nats[i]->mappings);
		free(net->nats[i]);
	}
	free(net->sending);
	free(net->pairs);
	free(net->rules);
	free(net->bag);
	free(net->nats);
	free(net);
}

static struct sim_link *find_link(struct sim_net *net, const struct sim_node *a,
				  const struct sim_node *b)
{
	for (size_t i = 0; i < net->n_pairs; i++)
		if (net->pairs[i].a == a && net->pairs[i].b == b)
			return net->pairs[i].link;
	return NULL;
}

struct sim_link *sim_link_of(struct sim *sim, const struct sim_node *a, const struct sim_node *b)
{
	struct sim_net *net = sim->net;
	struct sim_link *link = find_link(net, a, b);

	if (link)
		return link;
	link = malloc(sizeof(*link));
	*link = net->all;
	net->pairs = realloc(net->pairs, (net->n_pairs + 1) * sizeof(*net->pairs));
	net->pairs[net->n_pairs++] = (struct sim_pair){a, b, link};
	return link;
}

void sim_cut(struct sim *sim, struct sim_node *a, struct sim_node *b, bool cut)
{
	sim_link_of(sim, a, b)->cut = cut;
	sim_link_of(sim, b, a)->cut = cut;
	sim_note(sim, "cable %s - %s is %s", a->name, b->name, cut ? "cut" : "whole again");
}

void sim_rule(struct sim *sim, const struct sim_node *a, const struct sim_node *b,
	      enum sim_type type, uint32_t k, uint32_t n, enum sim_action action)
{
	struct sim_net *net = sim->net;

	net->rules = realloc(net->rules, (net->n_rules + 1) * sizeof(*net->rules));
	net->rules[net->n_rules++] = (struct sim_rule){a, b, type, k, n, 0, action};
}

void sim_rules_clear(struct sim *sim)
{
	sim->net->n_rules = 0;
}

static enum sim_action judge(struct sim_net *net, const struct sim_dgram *d)
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

struct sim_nat *sim_nat(struct sim *sim, uint64_t idle)
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
	sim_note(sim, "the NAT changes its ports");
}

/* The datagram leaves through the NAT: a mapping is found or made, the source is rewritten. */
static void translate(struct sim *sim, struct sim_nat *nat, struct sim_dgram *d)
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

/* Who gets a datagram for dst now; *at is what its socket sees as own address. */
static struct sim_node *resident(struct sim *sim, const struct xt_endpoint *src,
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

static void draw(struct sim *sim, const struct sim_dgram *d, const char *note)
{
	struct sim_rung *rung = sim_rung(sim, d->data[0] == SIM_DATA);

	rung->from = d->from;
	rung->to = d->to;
	rung->len = d->len;
	rung->type = d->data[0] ? d->data[0] : 255;
	if (d->len >= 16) {
		const uint8_t *p = d->data;
		xt_le32 a = {{p[4], p[5], p[6], p[7]}}, b = {{p[8], p[9], p[10], p[11]}};
		xt_le64 c = {{p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15]}};

		rung->sender = xt_le32_load(a);
		rung->receiver = rung->type == SIM_RESPONSE ? xt_le32_load(b) : rung->sender;
		rung->counter = xt_le64_load(c);
	}
	snprintf(rung->note, sizeof(rung->note), "%s%s%s", d->foreign ? "(foreign) " : "",
		 d->altered ? "(altered) " : "", note);
}

static void arrive(struct sim *sim, void *ctx, uint64_t arg)
{
	struct sim_dgram *d = ctx;
	struct xt_path from = {.remote = d->src, .ifindex = 1};
	struct sim_node *node = resident(sim, &d->src, &d->dst, &from.local);

	(void)arg;
	if (node && !node->asleep && node->dev) {
		if (!d->foreign)
			sim_watch_delivered(sim->watch, node, d);
		sim->net->delivered++;
		sim_node_udp(node, &from, d->ecn, d->data, d->len);
	} else {
		draw(sim, d, "finds nobody");
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

static void keep(struct sim_net *net, const struct sim_dgram *d)
{
	net->bag = realloc(net->bag, (net->n_bag + 1) * sizeof(*net->bag));
	net->bag[net->n_bag++] = dgram_copy(d);
}

static void flip(struct sim *sim, struct sim_dgram *d)
{
	/* mac2 of a handshake message counts under load only: spare it */
	bool macs = d->data[0] == SIM_INITIATION || d->data[0] == SIM_RESPONSE;

	d->data[sim_below(sim, macs ? d->len - 16 : d->len)] ^= (uint8_t)(1u << sim_below(sim, 8));
	d->altered = true;
}

static void schedule(struct sim *sim, const struct sim_link *link, struct sim_dgram *d)
{
	uint64_t delay = link->delay + sim_below(sim, link->jitter);

	if (sim_chance(sim, link->reorder))
		delay += sim_below(sim, 3 * link->delay + SIM_MS);
	if (sim_chance(sim, link->ce) && d->ecn)
		d->ecn = 3;
	sim_at_or(sim, sim->now + delay, arrive, d, 0, free);
}

/* What the link does to it. Takes d. */
static void carry(struct sim *sim, struct sim_dgram *d)
{
	struct sim_net *net = sim->net;
	const struct sim_link *link = find_link(net, d->from, d->to);
	uint32_t outer = d->len + 8 + (d->dst.ip.family == 6 ? 40 : 20);

	if (!link)
		link = &net->all;
	if (link->cut || (link->mtu && outer > link->mtu) || sim_chance(sim, link->loss)) {
		net->lost++;
		draw(sim, d, link->cut ? "cut" : "lost");
		free(d);
		return;
	}
	if (d->len && sim_chance(sim, link->corrupt))
		flip(sim, d);
	draw(sim, d, "");
	if (sim_chance(sim, link->duplicate))
		schedule(sim, link, dgram_copy(d));
	schedule(sim, link, d);
}

static void enter(struct sim *sim, struct sim_dgram *d)
{
	static const char *const notes[] = {"", "dropped by rule", "held", "", "altered by rule"};
	enum sim_action action = judge(sim->net, d);

	sim->net->sent++;
	if (action == SIM_HOLD || action == SIM_COPY)
		keep(sim->net, d);
	if (action == SIM_DROP || action == SIM_HOLD) {
		draw(sim, d, notes[action]);
		free(d);
		return;
	}
	if (action == SIM_ALTER)
		flip(sim, d);
	carry(sim, d);
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
		translate(sim, node->nat, d);
	d->to = resident(sim, &d->src, &d->dst, &at);
	sim->net->sending = d;
	sim_watch_sent(sim->watch, node, d);
	sim->net->sending = NULL;
	enter(sim, d);
}

void sim_net_forge(struct sim *sim, const struct xt_endpoint *src, const struct xt_endpoint *dst,
		   const void *data, size_t len)
{
	struct xt_ip at;
	struct sim_dgram *d = dgram_new(NULL, src, dst, data, len);

	d->foreign = true;
	d->to = resident(sim, src, dst, &at);
	carry(sim, d);
}

void sim_again(struct sim *sim, size_t i)
{
	sim_again_from(sim, i, &sim->net->bag[i]->src);
}

void sim_again_from(struct sim *sim, size_t i, const struct xt_endpoint *src)
{
	struct sim_dgram *d = dgram_copy(sim->net->bag[i]);

	d->src = *src;
	carry(sim, d);
}

void sim_bag_clear(struct sim *sim)
{
	for (size_t i = 0; i < sim->net->n_bag; i++)
		free(sim->net->bag[i]);
	sim->net->n_bag = 0;
}

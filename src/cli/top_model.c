/* SPDX-License-Identifier: MIT */
/* Rates come from the difference of two counters. A counter that fell belongs to an instance that
 * was started again: it has no rate in that tick. */
#include "cli/top_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <utlist.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/size.h"

const char *const xt_top_orders[XT_TOP_ORDERS] = {
    [XT_TOP_BY_NAME] = "name", [XT_TOP_BY_STATE] = "state", [XT_TOP_BY_RX] = "rx",
    [XT_TOP_BY_TX] = "tx",     [XT_TOP_BY_RTT] = "rtt",	    [XT_TOP_BY_LOSS] = "loss",
    [XT_TOP_BY_AGE] = "age",
};

/* id  name of the instance, a slash, public key */
struct peer {
	struct xt_top_peer seen;
	char id[128];
	unsigned tick;
	UT_hash_handle hh;
};

struct instance {
	struct xt_top_instance seen;
	uint64_t cpu_ns;
	unsigned tick;
	UT_hash_handle hh;
};

/* tick  counts from 1 */
struct xt_top {
	struct instance *instances;
	struct peer *peers;
	const struct xt_top_instance **shown_instances;
	const struct xt_top_peer **shown_peers;
	uint64_t now_ns, before_ns;
	int64_t wall_s;
	unsigned tick;
	int error;
};

int xt_top_new(struct xt_top **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : XT_E_NOMEM;
}

static void peer_drop(struct xt_top *top, struct peer *peer)
{
	HASH_DEL(top->peers, peer);
	free(peer);
}

static void instance_drop(struct xt_top *top, struct instance *instance)
{
	HASH_DEL(top->instances, instance);
	free(instance);
}

void xt_top_free(struct xt_top *top)
{
	struct peer *peer, *next_peer;
	struct instance *instance, *next;

	if (!top)
		return;
	HASH_ITER(hh, top->peers, peer, next_peer)
	peer_drop(top, peer);
	HASH_ITER(hh, top->instances, instance, next)
	instance_drop(top, instance);
	free(top->shown_instances);
	free(top->shown_peers);
	free(top);
}

void xt_top_begin(struct xt_top *top, uint64_t now_ns, int64_t wall_s)
{
	top->before_ns = top->now_ns;
	top->now_ns = now_ns;
	top->wall_s = wall_s;
	top->tick++;
	top->error = 0;
}

/* --- values --- */

static void text_take(char *out, size_t cap, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(out, cap, "%s", text ? text : "");
}

static uint64_t count_of(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

/* known: there was a tick before. */
static double rate_of(const struct xt_top *top, bool known, uint64_t before, uint64_t now)
{
	double seconds = (double)(top->now_ns - top->before_ns) / 1e9;

	return known && top->before_ns && seconds > 0 && now >= before
		   ? (double)(now - before) / seconds
		   : 0;
}

static bool is_drop(const char *key)
{
	return strncmp(key, "drop_", 5) == 0;
}

static uint64_t drops_sum(const json_t *counters)
{
	const char *key;
	json_t *value;
	uint64_t sum = 0;

	json_object_foreach((json_t *)(uintptr_t)counters, key, value) if (is_drop(key)) sum +=
	    json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
	return sum;
}

/* --- instances --- */

static struct instance *instance_get(struct xt_top *top, const char *name)
{
	struct instance *instance;

	HASH_FIND_STR(top->instances, name, instance);
	if (instance)
		return instance;
	instance = calloc(1, sizeof(*instance));
	if (!instance) {
		top->error = XT_E_NOMEM;
		return NULL;
	}
	snprintf(instance->seen.name, sizeof(instance->seen.name), "%s", name);
	instance->seen.cpu = -1;
	HASH_ADD_STR(top->instances, seen.name, instance);
	return instance;
}

static int drop_order(const void *a, const void *b)
{
	const struct xt_top_drop *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate > y->rate ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void drops_take(struct xt_top *top, struct xt_top_instance *seen, bool known,
		       const json_t *counters)
{
	struct xt_top_drop before[XT_TOP_DROPS];
	size_t n_before = seen->n_drops;
	const char *key;
	json_t *value;

	memcpy(before, seen->drops, sizeof(before));
	seen->n_drops = 0;
	seen->drop_rate = 0;
	json_object_foreach((json_t *)(uintptr_t)counters, key, value)
	{
		struct xt_top_drop *drop = &seen->drops[seen->n_drops];
		uint64_t was = 0;

		if (!is_drop(key) || json_integer_value(value) <= 0 ||
		    seen->n_drops == XT_TOP_DROPS)
			continue;
		snprintf(drop->name, sizeof(drop->name), "%s", key + 5);
		drop->n = (uint64_t)json_integer_value(value);
		for (size_t i = 0; i < n_before; i++)
			if (strcmp(before[i].name, drop->name) == 0)
				was = before[i].n;
		drop->rate = rate_of(top, known, was, drop->n);
		seen->drop_rate += drop->rate;
		seen->n_drops++;
	}
	qsort(seen->drops, seen->n_drops, sizeof(seen->drops[0]), drop_order);
}

static void cpu_take(const struct xt_top *top, struct instance *instance, bool known, uint64_t ns)
{
	uint64_t before = instance->cpu_ns;

	instance->cpu_ns = ns;
	instance->seen.cpu = ns && before && known ? rate_of(top, true, before, ns) / 1e7 : -1;
}

void xt_top_failed(struct xt_top *top, const char *name, const char *error)
{
	struct instance *instance = instance_get(top, name);

	if (!instance)
		return;
	instance->tick = top->tick;
	snprintf(instance->seen.error, sizeof(instance->seen.error), "%s", error);
}

/* --- peers --- */

static struct peer *peer_get(struct xt_top *top, const char *instance, const char *key, bool *known)
{
	char id[sizeof(((struct peer *)0)->id)];
	struct peer *peer;

	snprintf(id, sizeof(id), "%s/%s", instance, key);
	HASH_FIND_STR(top->peers, id, peer);
	*known = peer && peer->tick + 1 == top->tick;
	if (peer)
		return peer;
	peer = calloc(1, sizeof(*peer));
	if (!peer) {
		top->error = XT_E_NOMEM;
		return NULL;
	}
	strcpy(peer->id, id);
	snprintf(peer->seen.instance, sizeof(peer->seen.instance), "%s", instance);
	HASH_ADD_STR(top->peers, id, peer);
	return peer;
}

static void trend_add(struct xt_top_peer *seen, double rate)
{
	if (seen->n_trend == XT_TOP_HISTORY)
		memmove(seen->trend, seen->trend + 1, --seen->n_trend * sizeof(seen->trend[0]));
	seen->trend[seen->n_trend++] = rate;
}

static void traffic_take(const struct xt_top *top, struct xt_top_peer *seen, bool known,
			 const json_t *show)
{
	uint64_t rx = count_of(show, "rx_bytes"), tx = count_of(show, "tx_bytes");
	uint64_t drops = drops_sum(json_object_get(show, "counters"));

	seen->rx_rate = rate_of(top, known, seen->rx, rx);
	seen->tx_rate = rate_of(top, known, seen->tx, tx);
	seen->drop_rate = rate_of(top, known, seen->drops, drops);
	seen->rx = rx;
	seen->tx = tx;
	seen->drops = drops;
	if (known)
		trend_add(seen, seen->rx_rate + seen->tx_rate);
}

/* Of the answer to `why`, if it has that peer. */
static void facts_take(struct xt_top_peer *seen, const json_t *why)
{
	const json_t *facts = json_object_get(why, "facts");
	const json_t *rtt = json_object_get(facts, "round_trip_us");
	uint64_t expected = count_of(facts, "expected_messages");
	uint64_t received = count_of(facts, "received_messages");

	seen->rtt_us = json_is_integer(rtt) ? (int64_t)json_integer_value(rtt) : -1;
	seen->loss = expected > 0 && received <= expected
			 ? 100.0 * (double)(expected - received) / (double)expected
			 : -1;
	text_take(seen->link, sizeof(seen->link), facts, "link");
	text_take(seen->sentence, sizeof(seen->sentence), why, "sentence");
	if (json_object_get(why, "code"))
		text_take(seen->code, sizeof(seen->code), why, "code");
}

static void peer_put(struct xt_top *top, const char *instance, const json_t *show,
		     const json_t *why)
{
	const char *key = json_string_value(json_object_get(show, "public_key"));
	const char *name = json_string_value(json_object_get(show, "name"));
	int64_t handshake = (int64_t)json_integer_value(json_object_get(show, "latest_handshake"));
	struct xt_top_peer *seen;
	struct peer *peer;
	bool known;

	peer = key ? peer_get(top, instance, key, &known) : NULL;
	if (!peer)
		return;
	peer->tick = top->tick;
	seen = &peer->seen;
	snprintf(seen->name, sizeof(seen->name), "%s", name ? name : key);
	traffic_take(top, seen, known, show);
	text_take(seen->endpoint, sizeof(seen->endpoint), show, "endpoint");
	text_take(seen->code, sizeof(seen->code), show, "code");
	seen->mtu = (uint32_t)count_of(show, "path_mtu");
	seen->age_s = handshake > 0 && handshake <= top->wall_s ? top->wall_s - handshake : -1;
	seen->rtt_us = -1;
	seen->loss = -1;
	*seen->link = *seen->sentence = '\0';
	if (why)
		facts_take(seen, why);
	seen->up = strcmp(seen->code, "up") == 0 || strcmp(seen->code, "idle") == 0;
}

/* Both answers have the peers in the same order, unless one came between. */
static const json_t *why_find(const json_t *peers, size_t i, const json_t *show)
{
	const char *key = json_string_value(json_object_get(show, "public_key"));
	const json_t *at = json_array_get(peers, i);
	const char *other = json_string_value(json_object_get(at, "public_key"));
	size_t k;
	json_t *peer;

	if (key && other && strcmp(key, other) == 0)
		return at;
	json_array_foreach((json_t *)(uintptr_t)peers, k, peer)
	{
		other = json_string_value(json_object_get(peer, "public_key"));
		if (key && other && strcmp(key, other) == 0)
			return peer;
	}
	return NULL;
}

void xt_top_put(struct xt_top *top, const json_t *show, const json_t *why, uint64_t cpu_ns)
{
	const char *name = json_string_value(json_object_get(show, "name"));
	const json_t *facts = json_object_get(why, "peers");
	struct instance *instance = name ? instance_get(top, name) : NULL;
	bool known;
	size_t i;
	json_t *peer;

	if (!instance)
		return;
	known = instance->tick + 1 == top->tick;
	instance->tick = top->tick;
	*instance->seen.error = '\0';
	cpu_take(top, instance, known, cpu_ns);
	drops_take(top, &instance->seen, known, json_object_get(show, "counters"));
	json_array_foreach(json_object_get(show, "peers"), i, peer)
	    peer_put(top, name, peer, facts ? why_find(facts, i, peer) : NULL);
}

static void instance_sum(struct xt_top *top, const struct peer *peer)
{
	struct instance *instance;

	HASH_FIND_STR(top->instances, peer->seen.instance, instance);
	if (!instance)
		return;
	instance->seen.n_peers++;
	instance->seen.n_up += peer->seen.up;
	instance->seen.rx_rate += peer->seen.rx_rate;
	instance->seen.tx_rate += peer->seen.tx_rate;
}

int xt_top_end(struct xt_top *top)
{
	struct peer *peer, *next_peer;
	struct instance *instance, *next;

	HASH_ITER(hh, top->instances, instance, next)
	{
		instance->seen.n_peers = instance->seen.n_up = 0;
		instance->seen.rx_rate = instance->seen.tx_rate = 0;
		if (instance->tick != top->tick)
			instance_drop(top, instance);
	}
	HASH_ITER(hh, top->peers, peer, next_peer)
	{
		HASH_FIND_STR(top->instances, peer->seen.instance, instance);
		if (peer->tick == top->tick)
			instance_sum(top, peer);
		else if (!instance || !*instance->seen.error)
			peer_drop(top, peer);
	}
	return top->error;
}

/* --- what is shown --- */

int64_t xt_top_time(const struct xt_top *top)
{
	return top->wall_s;
}

static int instance_order(const void *a, const void *b)
{
	const struct xt_top_instance *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

size_t xt_top_instances(struct xt_top *top, const struct xt_top_instance *const **out)
{
	size_t n = HASH_COUNT(top->instances), i = 0;
	const struct xt_top_instance **v = xt_items_resize(top->shown_instances, n + 1, sizeof(*v));
	struct instance *instance;

	*out = v;
	if (!v)
		return 0;
	top->shown_instances = v;
	for (instance = top->instances; instance; instance = instance->hh.next)
		v[i++] = &instance->seen;
	qsort(v, n, sizeof(*v), instance_order);
	return n;
}

static int number_order(double a, double b)
{
	return (a > b) - (a < b);
}

/* The greatest first, but names. */
static int values_order(const struct xt_top_peer *x, const struct xt_top_peer *y,
			enum xt_top_order order)
{
	switch (order) {
	case XT_TOP_BY_STATE:
		return (int)x->up - (int)y->up;
	case XT_TOP_BY_RX:
		return number_order(y->rx_rate, x->rx_rate);
	case XT_TOP_BY_TX:
		return number_order(y->tx_rate, x->tx_rate);
	case XT_TOP_BY_RTT:
		return number_order((double)y->rtt_us, (double)x->rtt_us);
	case XT_TOP_BY_LOSS:
		return number_order(y->loss, x->loss);
	case XT_TOP_BY_AGE:
		return number_order((double)y->age_s, (double)x->age_s);
	case XT_TOP_BY_NAME:
	case XT_TOP_ORDERS:
		break;
	}
	return 0;
}

static enum xt_top_order sorting;
static bool reversing;

static int peer_order(const void *a, const void *b)
{
	const struct xt_top_peer *x = *(const struct xt_top_peer *const *)a;
	const struct xt_top_peer *y = *(const struct xt_top_peer *const *)b;
	int order = values_order(x, y, sorting);

	if (order == 0)
		order = strcmp(x->instance, y->instance);
	if (order == 0)
		order = strcmp(x->name, y->name);
	return reversing ? -order : order;
}

static bool peer_matches(const struct xt_top_peer *peer, const char *filter)
{
	return !*filter || strstr(peer->name, filter) || strstr(peer->instance, filter) ||
	       strstr(peer->endpoint, filter) || strstr(peer->code, filter);
}

size_t xt_top_peers(struct xt_top *top, enum xt_top_order order, bool reverse, const char *filter,
		    const struct xt_top_peer *const **out)
{
	size_t n = 0;
	const struct xt_top_peer **v =
	    xt_items_resize(top->shown_peers, HASH_COUNT(top->peers) + 1, sizeof(*v));

	*out = v;
	if (!v)
		return 0;
	top->shown_peers = v;
	for (struct peer *peer = top->peers; peer; peer = peer->hh.next)
		if (peer_matches(&peer->seen, filter))
			v[n++] = &peer->seen;
	sorting = order;
	reversing = reverse;
	qsort(v, n, sizeof(*v), peer_order);
	return n;
}

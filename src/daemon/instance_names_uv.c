/* SPDX-License-Identifier: MIT */
/* Names of endpoints: when they are looked up, and what their answers change.
 *
 *   start    each name at once. Nothing waits for it but the line that reports what was not found,
 *            and that for GRACE_MS
 *   failure  a name without any address: again after 2, 4, 8 ... up to 128 s
 *   silence  a peer does not answer: its names, each at most once in REPEAT_S. A look-up at the
 *            start counts, unless the peer was reached after it
 *   network  all names, at once
 *
 * A name that is not found any more keeps its addresses: the session with the peer may live. The
 * device chooses among the addresses (core/endpoints.c). */
#include "daemon/instance_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/message.h"
#include "daemon/endpoint_table.h"

#define SECOND UINT64_C(1000000000)

#define GRACE_MS      100 /* a file of the host answers within it */
#define REPEAT_S      30u
#define AGAIN_FIRST_S 2u
#define AGAIN_LAST_S  128u
/* An entry behind a name waits for so long for its first answer, to be the second one. */
#define DEFER (1 * SECOND)

/* generation  of the table: an answer to a question of an earlier one is dropped
 * due         not later than the earliest next_ns of a name
 * defer_until entries behind a name that was never answered are left out; 0: no more */
struct xt_names {
	struct xt_endpoint_table *table;
	uint8_t generation;
	uint64_t due, defer_until;
	uint32_t next_list; /* of the peers of the table: its list is not with the device yet */
	uint32_t awaited;   /* names that were never answered, by XT_STATE_NAMES */
	uv_timer_t timer;
};

#define GENERATION_SHIFT 24
#define LISTS		 128u /* that go to the device at once */

static void on_timer(uv_timer_t *timer);

static void timer_update(struct xt_names *names)
{
	uint64_t due = names->due, now = uv_hrtime();

	if (names->defer_until && names->defer_until < due)
		due = names->defer_until;
	if (names->next_list < names->table->n_peers)
		due = now;
	if (due == XT_NEVER)
		uv_timer_stop(&names->timer);
	else
		uv_timer_start(&names->timer, on_timer,
			       due > now ? (due - now + 999999) / 1000000 : 0, 0);
}

/* ANSWER: a name has other addresses. FILE: the file was read; a list that it has not changed only
 * replaces an endpoint that was set. */
enum reason { REASON_ANSWER, REASON_FILE };

static void peer_apply(struct xt_instance *instance, const struct xt_endpoint_peer *peer,
		       enum reason reason)
{
	const struct xt_names *names = instance->names;
	struct xt_candidate v[XT_CANDIDATES_MAX];
	struct xt_candidate_list list = {.v = v,
					 .hold_ns = peer->hold_s * SECOND,
					 .configured = reason == REASON_FILE && peer->fresh,
					 .restores = reason == REASON_FILE,
					 .changes = peer->named};
	int rc;

	list.n = xt_endpoint_table_list(names->table, peer, names->defer_until != 0, v);
	rc = xt_tunnel_set_endpoints(instance->tunnel, &peer->key, &list);
	if (rc < 0)
		xt_log_warning("%s: the endpoints of a peer: %s", instance->conf->name,
			       xt_strerror(rc));
	else if (reason == REASON_ANSWER)
		xt_instance_follow_endpoints(instance);
}

/* The file's lists, up to max of those that the device has not got yet. */
static void lists_apply(struct xt_instance *instance, uint32_t max)
{
	struct xt_names *names = instance->names;

	for (; max > 0 && names->next_list < names->table->n_peers; max--)
		peer_apply(instance, &names->table->peers[names->next_list++], REASON_FILE);
	xt_loop_wake(instance->loop);
}

/* --- questions --- */

static void on_resolved(void *ctx, const struct xt_reply *reply);

static void name_query(struct xt_instance *instance, struct xt_endpoint_name *name)
{
	const struct xt_names *names = instance->names;
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_request request = {
	    .kind = XT_REQUEST_RESOLVE,
	    .resolve = {.id = (uint32_t)(name - names->table->names) | (uint32_t)names->generation
									   << GENERATION_SHIFT,
			.name = name->host,
			.families = (udp->fd[0] >= 0 ? 1u : 0) | (udp->fd[1] >= 0 ? 2u : 0),
			.beside = instance->policy.table != 0 || instance->conf->n_dns != 0,
			.mark = instance->mark}};

	if (name->open) {
		name->again = true;
		return;
	}
	name->open = true;
	name->again = false;
	uv_mutex_lock(&instance->names_lock);
	name->next_ns = XT_NEVER;
	uv_mutex_unlock(&instance->names_lock);
	xt_request(instance->requests, &request, on_resolved, instance);
}

static void name_retry(struct xt_instance *instance, struct xt_endpoint_name *name)
{
	struct xt_names *names = instance->names;

	name->again_s = name->again_s ? 2 * name->again_s : AGAIN_FIRST_S;
	if (name->again_s > AGAIN_LAST_S)
		name->again_s = AGAIN_LAST_S;
	uv_mutex_lock(&instance->names_lock);
	name->next_ns = uv_hrtime() + name->again_s * SECOND;
	uv_mutex_unlock(&instance->names_lock);
	if (name->next_ns < names->due)
		names->due = name->next_ns;
	timer_update(names);
}

/* NULL: that entry is an address. */
static struct xt_endpoint_name *entry_name(const struct xt_instance *instance,
					   const struct xt_endpoint_peer *peer, uint32_t i)
{
	const struct xt_endpoint_table *table = instance->names->table;
	uint32_t at = table->entries[peer->first + i].name;

	return at == XT_NO_NAME ? NULL : &table->names[at];
}

void xt_instance_names_unanswered(struct xt_instance *instance, const struct xt_public *key)
{
	struct xt_endpoint_peer *peer;
	uint64_t now = uv_hrtime();

	if (!instance->names || !xt_instance_answers(instance))
		return;
	peer = xt_endpoint_table_find(instance->names->table, key);
	for (uint32_t i = 0; peer && peer->named && i < peer->n; i++) {
		struct xt_endpoint_name *name = entry_name(instance, peer, i);

		if (!name || name->open || now < name->limit_ns || now < name->start_limit_ns)
			continue;
		name->limit_ns = now + REPEAT_S * SECOND;
		name_query(instance, name);
	}
}

void xt_instance_names_reached(struct xt_instance *instance, const struct xt_public *key)
{
	struct xt_endpoint_peer *peer;

	if (!instance->names)
		return;
	peer = xt_endpoint_table_find(instance->names->table, key);
	for (uint32_t i = 0; peer && peer->named && i < peer->n; i++) {
		struct xt_endpoint_name *name = entry_name(instance, peer, i);

		if (name)
			name->start_limit_ns = 0;
	}
}

void xt_instance_names_refresh(struct xt_instance *instance)
{
	struct xt_endpoint_table *table = instance->names ? instance->names->table : NULL;

	if (!xt_instance_answers(instance))
		return;
	for (uint32_t i = 0; table && i < table->n_names; i++) {
		table->names[i].again_s = 0;
		name_query(instance, &table->names[i]);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;
	struct xt_names *names = instance->names;
	struct xt_endpoint_table *table = names->table;
	uint64_t now = uv_hrtime();

	if (!xt_instance_answers(instance))
		return;
	lists_apply(instance, LISTS);
	if (names->defer_until && names->defer_until <= now) {
		names->defer_until = 0;
		for (uint32_t i = 0; i < table->n_peers; i++)
			if (table->peers[i].named && table->peers[i].n > 1)
				peer_apply(instance, &table->peers[i], REASON_ANSWER);
		xt_loop_wake(instance->loop);
	}
	names->due = XT_NEVER;
	for (uint32_t i = 0; i < table->n_names; i++) {
		if (table->names[i].next_ns <= now)
			name_query(instance, &table->names[i]);
		else if (table->names[i].next_ns < names->due)
			names->due = table->names[i].next_ns;
	}
	timer_update(names);
}

/* --- answers --- */

static void name_report_failure(struct xt_instance *instance, const struct xt_endpoint_name *name)
{
	if (instance->state < XT_STATE_RUN) /* xt_instance_tell_names will */
		return;
	if (name->state == XT_NAME_FOUND)
		xt_instance_emit(instance, XT_CODE_NAME_FAILED, NULL, NULL, false,
				 "%s: %s; its last addresses stay in use", name->host, name->why);
	else
		xt_instance_emit(instance, XT_CODE_NAME_FAILED, NULL, NULL, false,
				 "%s: %s; asking again in %u s", name->host, name->why,
				 name->again_s);
}

static void wait_close(struct xt_instance *instance)
{
	uv_close((uv_handle_t *)&instance->names_limit, NULL);
}

static void wait_over(struct xt_instance *instance)
{
	wait_close(instance);
	instance->post(instance, XT_INSTANCE_DONE);
}

static void name_answered(struct xt_instance *instance, struct xt_endpoint_name *name,
			  const struct xt_reply *reply)
{
	struct xt_names *names = instance->names;
	bool first = name->state == XT_NAME_ASKING, changed;

	uv_mutex_lock(&instance->names_lock);
	changed = xt_endpoint_name_answer(name, reply->error < 0 ? reply->text : NULL,
					  reply->resolved.v, reply->resolved.n);
	uv_mutex_unlock(&instance->names_lock);
	if (reply->error == 0) {
		name->again_s = 0;
	} else {
		if (name->state != XT_NAME_FOUND)
			name_retry(instance, name);
		name_report_failure(instance, name);
	}
	if (changed && reply->error == 0)
		xt_instance_emit(instance, XT_CODE_NAME, NULL, NULL, !first,
				 first ? "%s has an address" : "%s has another address now",
				 name->host);
	for (uint32_t i = 0; changed && i < name->n_uses; i++) {
		uint32_t entry = names->table->uses[name->first_use + i];

		peer_apply(instance, &names->table->peers[names->table->entries[entry].peer],
			   REASON_ANSWER);
	}
	if (changed)
		xt_loop_wake(instance->loop);
	if (first && !name->useless && --names->awaited == 0 && instance->state == XT_STATE_NAMES)
		wait_over(instance);
}

static void on_resolved(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_names *names = instance->names;
	uint32_t at = reply->resolved.id & ((1u << GENERATION_SHIFT) - 1);
	struct xt_endpoint_name *name;

	if (!names || !xt_instance_answers(instance) ||
	    reply->resolved.id >> GENERATION_SHIFT != names->generation)
		return;
	name = &names->table->names[at];
	name->open = false;
	if (reply->error < 0 && !reply->text) { /* for want of memory or descriptors */
		xt_log_warning("%s: an Endpoint's name cannot be looked up: %s",
			       instance->conf->name, xt_strerror(reply->error));
		name_retry(instance, name);
		return;
	}
	name_answered(instance, name, reply);
	if (name->again)
		name_query(instance, name);
}

/* --- start, reload, end --- */

int xt_instance_names_prepare(void **out, const struct xt_conf *conf)
{
	struct xt_endpoint_table *table;
	int rc = xt_endpoint_table_new(&table, conf);

	*out = rc == 0 ? table : NULL;
	return rc;
}

void xt_instance_names_drop(void *table)
{
	xt_endpoint_table_free(table);
}

static void names_start(struct xt_instance *instance)
{
	struct xt_names *names = instance->names;
	struct xt_endpoint_table *table = names->table;

	names->awaited = 0;
	names->defer_until = 0;
	names->due = XT_NEVER;
	for (uint32_t i = 0; i < table->n_names; i++) {
		bool fresh = table->names[i].state == XT_NAME_ASKING;

		names->awaited += fresh && !table->names[i].useless;
		if (fresh)
			names->defer_until = uv_hrtime() + DEFER;
		if (table->names[i].next_ns < names->due)
			names->due = table->names[i].next_ns;
	}
	timer_update(names);
}

static void names_query_fresh(struct xt_instance *instance)
{
	struct xt_endpoint_table *table = instance->names->table;

	for (uint32_t i = 0; i < table->n_names; i++)
		if (table->names[i].state == XT_NAME_ASKING || table->names[i].again) {
			table->names[i].start_limit_ns = uv_hrtime() + REPEAT_S * SECOND;
			name_query(instance, &table->names[i]);
		}
}

void xt_instance_names_commit(struct xt_instance *instance, void *prepared)
{
	struct xt_names *names = instance->names;
	struct xt_endpoint_table *table = prepared;
	const struct xt_candidate_list none = {.hold_ns = SECOND};
	const struct xt_endpoint_peer *peer;

	/* Peers that have no Endpoint any more keep the address at which they are. */
	for (uint32_t i = 0, at = 0; (peer = xt_endpoint_table_lost(names->table, &i, table, &at));)
		(void)xt_tunnel_set_endpoints(instance->tunnel, &peer->key, &none);
	uv_mutex_lock(&instance->names_lock);
	xt_endpoint_table_adopt(table, names->table);
	xt_endpoint_table_free(names->table);
	names->table = table;
	uv_mutex_unlock(&instance->names_lock);
	names->generation++;
	names->next_list = 0;
	lists_apply(instance, LISTS);
	names_start(instance);
	names_query_fresh(instance);
}

int xt_instance_resolve(struct xt_instance *instance)
{
	struct xt_endpoint_table *table;
	struct xt_names *names;
	int rc = xt_endpoint_table_new(&table, instance->conf);

	if (rc < 0)
		return rc;
	names = calloc(1, sizeof(*names));
	if (!names) {
		xt_endpoint_table_free(table);
		return XT_E_NOMEM;
	}
	names->table = table;
	uv_timer_init(&instance->uv, &names->timer);
	names->timer.data = instance;
	instance->names = names;
	names_start(instance);
	if (instance->options.adoption)
		names->next_list = table->n_peers;
	lists_apply(instance, table->n_peers);
	names_query_fresh(instance);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_names *names = (void *)((char *)handle - offsetof(struct xt_names, timer));

	xt_endpoint_table_free(names->table);
	free(names);
}

void xt_instance_names_close(struct xt_instance *instance)
{
	struct xt_names *names = instance->names;

	uv_mutex_lock(&instance->names_lock); /* no thread reads them after that */
	instance->names = NULL;
	uv_mutex_unlock(&instance->names_lock);
	if (names)
		uv_close((uv_handle_t *)&names->timer, on_closed);
}

static void on_names_limit(uv_timer_t *timer)
{
	wait_over(timer->data);
}

void xt_instance_await_names(struct xt_instance *instance)
{
	if (instance->names->awaited == 0) {
		instance->post(instance, XT_INSTANCE_DONE);
		return;
	}
	uv_timer_init(&instance->uv, &instance->names_limit);
	instance->names_limit.data = instance;
	uv_timer_start(&instance->names_limit, on_names_limit, GRACE_MS, 0);
}

void xt_instance_cancel_names(struct xt_instance *instance)
{
	wait_close(instance);
}

/* --- what is shown --- */

void xt_instance_tell_names(struct xt_instance *instance)
{
	const struct xt_endpoint_name *first;
	size_t missing = xt_endpoint_table_missing(instance->names->table, &first);
	char state[128];

	if (missing == 0)
		return;
	xt_endpoint_name_text(first, uv_hrtime(), state, sizeof(state));
	if (missing == 1)
		xt_message("%s: Endpoint %s: %s", instance->conf->name, first->host, state);
	else
		xt_message("%s: Endpoint %s: %s; and %zu more, see xtunnel show %s",
			   instance->conf->name, first->host, state, missing - 1,
			   instance->conf->name);
}

/* On any thread. named: the first entry that is a name, otherwise entry i. */
static bool entry_state(const void *ctx, const struct xt_public *key, size_t i, bool named,
			struct xt_status_name *out)
{
	struct xt_instance *instance = (struct xt_instance *)(uintptr_t)ctx;
	const struct xt_endpoint_table *table;
	const struct xt_endpoint_entry *entry;

	memset(out, 0, sizeof(*out));
	uv_mutex_lock(&instance->names_lock);
	table = instance->names ? instance->names->table : NULL;
	entry = xt_endpoint_table_entry(table, key, i, named);
	if (entry && entry->name != XT_NO_NAME) {
		snprintf(out->name, sizeof(out->name), "%s:%u", table->names[entry->name].host,
			 (unsigned)entry->endpoint.port);
		xt_endpoint_name_text(&table->names[entry->name], uv_hrtime(), out->state,
				      sizeof(out->state));
	}
	uv_mutex_unlock(&instance->names_lock);
	return entry != NULL;
}

bool xt_instance_name_state(const void *ctx, const struct xt_public *key,
			    struct xt_status_name *out)
{
	return entry_state(ctx, key, 0, true, out);
}

bool xt_instance_entry_state(const void *ctx, const struct xt_public *key, size_t i,
			     struct xt_status_name *out)
{
	return entry_state(ctx, key, i, false, out);
}

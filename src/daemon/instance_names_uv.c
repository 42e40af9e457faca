/* SPDX-License-Identifier: MIT */
/* Host names of endpoints: resolved beside the traffic, and waited for while the host's own route
 * to a name server stands, or to say at the start what was not found. */
#include "daemon/instance_uv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/message.h"

/* FIRST is for an answer of any kind; NEEDED for an address: name servers and default route are
 * about to lead into the tunnel. */
#define NAMES_FIRST_S  2u
#define NAMES_NEEDED_S 30u

static bool names_needed(const struct xt_instance *instance)
{
	return instance->policy.table != 0 || instance->conf->n_dns != 0;
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

static void name_answered(struct xt_instance *instance, struct xt_instance_name *name)
{
	if (!name->awaited)
		return;
	name->awaited = false;
	if (--instance->names_awaited == 0 && instance->state == XT_STATE_NAMES)
		wait_over(instance);
}

static int name_compare(const void *a, const void *b)
{
	const struct xt_instance_name *x = a, *y = b;

	return memcmp(x->peer->key.b, y->peer->key.b, sizeof(x->peer->key.b));
}

/* NULL: the peer's Endpoint is no name. */
static struct xt_instance_name *name_find(const struct xt_instance *instance,
					  const struct xt_public *peer)
{
	struct xt_conf_peer like;
	struct xt_instance_name key = {.peer = &like};

	if (instance->n_names == 0)
		return NULL;
	like.key = *peer;
	return bsearch(&key, instance->names, instance->n_names, sizeof(key), name_compare);
}

/* "resolving, next try in 8 s: no such host"; "": it was found. */
static void state_print(const struct xt_instance_name *name, char *buf, size_t len)
{
	uint64_t now = uv_hrtime();

	if (name->state == XT_NAME_FOUND)
		snprintf(buf, len, "%s", "");
	else if (name->state == XT_NAME_ASKING)
		snprintf(buf, len, "resolving");
	else if (name->next_ns <= now)
		snprintf(buf, len, "resolving: %s", name->why);
	else
		snprintf(buf, len, "resolving, next try in %" PRIu64 " s: %s",
			 (name->next_ns - now + 999999999u) / 1000000000u, name->why);
}

void xt_instance_tell_names(struct xt_instance *instance)
{
	const struct xt_instance_name *first = NULL;
	size_t missing = 0;
	char state[128];

	for (size_t i = 0; i < instance->n_names; i++) {
		const struct xt_instance_name *name = &instance->names[i];

		if (name->state == XT_NAME_FOUND)
			continue;
		if (!first || (first->state == XT_NAME_ASKING && name->state == XT_NAME_NOT_FOUND))
			first = name;
		missing++;
	}
	if (missing == 0 || instance->names_reported)
		return;
	instance->names_reported = true;
	state_print(first, state, sizeof(state));
	if (missing == 1)
		xt_message("%s: Endpoint %s: %s", instance->conf->name, first->peer->endpoint_host,
			   state);
	else
		xt_message("%s: Endpoint %s: %s; and %zu more, see xtunnel show %s",
			   instance->conf->name, first->peer->endpoint_host, state, missing - 1,
			   instance->conf->name);
}

static void name_not_found(struct xt_instance *instance, struct xt_instance_name *name,
			   const struct xt_reply *reply)
{
	uv_mutex_lock(&instance->names_lock);
	name->state = XT_NAME_NOT_FOUND;
	name->next_ns = uv_hrtime() + reply->resolved.again_s * UINT64_C(1000000000);
	snprintf(name->why, sizeof(name->why), "%s", reply->text);
	uv_mutex_unlock(&instance->names_lock);
	if (instance->state >= XT_STATE_RUN)
		xt_log_warning("%s: %s: %s; asking again in %u s", instance->conf->name,
			       reply->resolved.name, reply->text, reply->resolved.again_s);
	if (!names_needed(instance))
		name_answered(instance, name);
	else if (instance->state <= XT_STATE_NAMES && name->awaited)
		xt_instance_tell_names(instance); /* now: the wait for it is long */
}

static void on_resolved(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_name *name = name_find(instance, &reply->resolved.id);

	if (reply->error < 0 && name && reply->resolved.name) {
		name_not_found(instance, name, reply);
	} else if (reply->error < 0) { /* for want of memory: it is waited for up to the limit */
		xt_log_warning("%s: an Endpoint's name cannot be looked up: %s",
			       instance->conf->name, xt_strerror(reply->error));
	} else if (instance->tunnel && instance->loop && name) {
		uv_mutex_lock(&instance->names_lock);
		name->state = XT_NAME_FOUND;
		uv_mutex_unlock(&instance->names_lock);
		xt_tunnel_set_endpoint(instance->tunnel, &reply->resolved.id,
				       &reply->resolved.endpoint);
		xt_loop_wake(instance->loop);
		name_answered(instance, name);
	}
}

static void name_ask(struct xt_instance *instance, const struct xt_instance_name *name)
{
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_request request = {
	    .kind = XT_REQUEST_RESOLVE,
	    .resolve = {.id = name->peer->key,
			.name = name->peer->endpoint_host,
			.port = name->peer->endpoint_port,
			.families = (udp->fd[0] >= 0 ? 1u : 0) | (udp->fd[1] >= 0 ? 2u : 0)}};

	xt_request(instance->requests, &request, on_resolved, instance);
}

int xt_instance_resolve(struct xt_instance *instance, const struct xt_change *change)
{
	const struct xt_conf *conf = instance->conf;
	size_t n = 0;

	/* The change has one entry for each peer, in the same order. */
	for (size_t i = 0; i < conf->n_peers; i++)
		n += conf->peers[i].endpoint_host && !(change->peers[i].set & XT_PEER_ENDPOINT);
	if (n == 0)
		return 0;
	instance->names = calloc(n, sizeof(*instance->names));
	if (!instance->names)
		return XT_E_NOMEM;
	for (size_t i = 0; i < conf->n_peers; i++)
		if (conf->peers[i].endpoint_host && !(change->peers[i].set & XT_PEER_ENDPOINT))
			instance->names[instance->n_names++].peer = &conf->peers[i];
	qsort(instance->names, n, sizeof(*instance->names), name_compare);
	for (size_t i = 0; i < n; i++) {
		struct xt_instance_name *name = &instance->names[i];

		/* One that is no name gets no address, however long it is waited for. */
		name->awaited = xt_conf_word(name->peer->endpoint_host) != XT_WORD_OTHER;
		instance->names_awaited += name->awaited;
	}
	for (size_t i = 0; i < n; i++)
		name_ask(instance, &instance->names[i]);
	return 0;
}

static void on_names_limit(uv_timer_t *timer)
{
	wait_over(timer->data);
}

void xt_instance_await_names(struct xt_instance *instance)
{
	uint64_t limit_s = names_needed(instance) ? NAMES_NEEDED_S : NAMES_FIRST_S;

	if (instance->names_awaited == 0) {
		instance->post(instance, XT_INSTANCE_DONE);
		return;
	}
	uv_timer_init(&instance->uv, &instance->names_limit);
	instance->names_limit.data = instance;
	uv_timer_start(&instance->names_limit, on_names_limit, limit_s * 1000, 0);
}

void xt_instance_cancel_names(struct xt_instance *instance)
{
	wait_close(instance);
}

void xt_instance_free_names(struct xt_instance *instance)
{
	uv_mutex_lock(&instance->names_lock);
	free(instance->names);
	instance->names = NULL;
	instance->n_names = 0;
	uv_mutex_unlock(&instance->names_lock);
}

bool xt_instance_name_state(const void *ctx, const struct xt_public *peer,
			    struct xt_status_name *out)
{
	struct xt_instance *instance = (struct xt_instance *)(uintptr_t)ctx;
	const struct xt_instance_name *name;

	uv_mutex_lock(&instance->names_lock);
	name = name_find(instance, peer);
	if (name) {
		snprintf(out->name, sizeof(out->name), "%s:%u", name->peer->endpoint_host,
			 (unsigned)name->peer->endpoint_port);
		state_print(name, out->state, sizeof(out->state));
	}
	uv_mutex_unlock(&instance->names_lock);
	return name != NULL;
}

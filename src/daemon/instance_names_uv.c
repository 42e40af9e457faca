/* SPDX-License-Identifier: MIT */
/* Host names of endpoints: resolved beside the traffic, and waited for where the tunnel is about to
 * take over the route to the name server. */
#include "daemon/instance_uv.h"

#include <string.h>

#include "base/log.h"
#include "base/message.h"

#define NAMES_LIMIT_S 30u

static void wait_close(struct xt_instance *instance)
{
	uv_close((uv_handle_t *)&instance->names_limit, NULL);
}

static void wait_over(struct xt_instance *instance)
{
	wait_close(instance);
	instance->post(instance, XT_INSTANCE_DONE);
}

static void name_settled(struct xt_instance *instance)
{
	if (instance->names > 0 && --instance->names == 0 && instance->state == XT_STATE_NAMES)
		wait_over(instance);
}

static void on_resolved(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error < 0 && reply->resolved.name) {
		xt_log_warning("%s: %s: %s; asking again in %u s", instance->conf->name,
			       reply->resolved.name, reply->text, reply->resolved.again_s);
	} else if (reply->error < 0) {
		xt_log_warning("%s: an Endpoint's name cannot be looked up: %s",
			       instance->conf->name, xt_strerror(reply->error));
		name_settled(instance);
	} else if (instance->tunnel && instance->loop) {
		(void)xt_tunnel_set_endpoint(instance->tunnel, &reply->resolved.id,
					     &reply->resolved.endpoint);
		xt_loop_wake(instance->loop);
		name_settled(instance);
	}
}

/* The change holds this peer's endpoint as an address. The change was made of the configuration, in
 * its order: entry i is peer i. */
static bool endpoint_is_address(const struct xt_change *change, size_t i)
{
	return i < change->n_peers && (change->peers[i].set & XT_PEER_ENDPOINT);
}

void xt_instance_resolve(struct xt_instance *instance, const struct xt_change *change)
{
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	unsigned families = (udp->fd[0] >= 0 ? 1u : 0) | (udp->fd[1] >= 0 ? 2u : 0);

	for (size_t i = 0; i < instance->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &instance->conf->peers[i];
		struct xt_request request = {.kind = XT_REQUEST_RESOLVE,
					     .resolve = {.id = peer->key,
							 .name = peer->endpoint_host,
							 .port = peer->endpoint_port,
							 .families = families}};

		if (!peer->endpoint_host || endpoint_is_address(change, i))
			continue;
		instance->names++;
		xt_request(instance->requests, &request, on_resolved, instance);
	}
}

static void on_names_limit(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;

	xt_message("%s: not every Endpoint's name was found within %u s; going on without",
		   instance->conf->name, NAMES_LIMIT_S);
	wait_over(instance);
}

/* Name servers and default route are about to lead into the tunnel: the names that the tunnel
 * itself needs are resolved before that. */
void xt_instance_await_names(struct xt_instance *instance)
{
	if (instance->names == 0 || (instance->policy.table == 0 && instance->conf->n_dns == 0)) {
		instance->post(instance, XT_INSTANCE_DONE);
		return;
	}
	uv_timer_init(&instance->uv, &instance->names_limit);
	instance->names_limit.data = instance;
	uv_timer_start(&instance->names_limit, on_names_limit, NAMES_LIMIT_S * UINT64_C(1000), 0);
}

void xt_instance_cancel_names(struct xt_instance *instance)
{
	wait_close(instance);
}

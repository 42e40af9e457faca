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

static void on_found(void *ctx, const struct xt_public *peer, const struct xt_endpoint *endpoint)
{
	struct xt_instance *instance = ctx;

	if (!instance->tunnel || !instance->loop)
		return;
	(void)xt_tunnel_set_endpoint(instance->tunnel, peer, endpoint);
	xt_loop_wake(instance->loop);
	if (instance->names > 0 && --instance->names == 0 && instance->state == XT_STATE_NAMES)
		wait_over(instance);
}

static void on_not_found(void *ctx, const char *host, const char *why, unsigned again_s)
{
	struct xt_instance *instance = ctx;

	xt_log_warning("%s: %s: %s; asking again in %u s", instance->conf->name, host, why,
		       again_s);
}

static void on_resolver_closed(void *ctx)
{
	struct xt_instance *instance = ctx;

	instance->resolver = NULL;
}

/* The change holds this peer's endpoint as an address. */
static bool endpoint_is_address(const struct xt_change *change, const struct xt_public *peer)
{
	for (size_t i = 0; i < change->n_peers; i++) {
		if (memcmp(change->peers[i].key.b, peer->b, sizeof(peer->b)) == 0)
			return change->peers[i].set & XT_PEER_ENDPOINT;
	}
	return false;
}

int xt_instance_start_resolver(struct xt_instance *instance, const struct xt_change *change)
{
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_resolver_callbacks callbacks = {instance, on_found, on_not_found,
						  on_resolver_closed};
	unsigned families = (udp->fd[0] >= 0 ? 1u : 0) | (udp->fd[1] >= 0 ? 2u : 0);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < instance->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &instance->conf->peers[i];

		if (!peer->endpoint_host || endpoint_is_address(change, &peer->key))
			continue;
		if (!instance->resolver)
			rc = xt_resolver_new(&instance->resolver, &instance->uv, families,
					     &callbacks);
		if (rc == 0)
			rc = xt_resolver_add(instance->resolver, &peer->key, peer->endpoint_host,
					     peer->endpoint_port);
		instance->names += rc == 0;
	}
	return rc;
}

static void on_names_limit(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;

	xt_message("%s: not every Endpoint's name was found within %u s; going on without",
		   instance->conf->name, NAMES_LIMIT_S);
	wait_over(instance);
}

/* Name servers and default route are about to lead into the tunnel: the names that the tunnel itself
 * needs are resolved before that. */
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

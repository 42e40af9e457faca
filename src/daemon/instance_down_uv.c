/* Steps of the way down and of the way back from half way up: host, loop, tunnel, sockets. */
#include "daemon/instance_uv.h"

#include <unistd.h>

#include "packet/echo_responder.h"

static void post_done(void *ctx)
{
	struct xt_instance *instance = ctx;

	instance->post(instance, XT_INSTANCE_DONE);
}

void xt_instance_undo_host(struct xt_instance *instance)
{
	if (instance->host)
		xt_host_down(instance->host, post_done, instance);
	else
		post_done(instance);
}

void xt_instance_loop_closed(void *ctx)
{
	struct xt_instance *instance = ctx;

	instance->loop = NULL;
	/* A loop that failed to start closes by itself, earlier. */
	if (instance->state == XT_STATE_STOP || instance->state == XT_STATE_ROLLBACK_STOP)
		post_done(instance);
}

void xt_instance_stop_loop(struct xt_instance *instance)
{
	xt_pinger_stop(instance->pinger);
	instance->pinger = NULL;
	if (instance->resolver)
		xt_resolver_stop(instance->resolver);
	if (instance->loop)
		xt_loop_stop(instance->loop);
	else
		post_done(instance);
}

static bool tun_is_removed(const struct xt_instance *instance)
{
	return instance->disposition == XT_TUN_MADE || instance->disposition == XT_TUN_REMOVED;
}

void xt_instance_close_tunnel(struct xt_instance *instance)
{
	if (instance->link && instance->disposition == XT_TUN_KEPT)
		xt_link_forget(instance->link);
	else if (instance->link)
		xt_link_undo(instance->link);
	instance->link = NULL;
	xt_host_free(instance->host);
	instance->host = NULL;
	xt_tunnel_close(instance->tunnel);
	instance->tunnel = NULL;
	xt_echo_free(instance->echo);
	instance->echo = NULL;
	if (tun_is_removed(instance) && xt_tun_remove(instance->conf->name) == 0)
		xt_rundir_unmark(instance->conf->name);
	post_done(instance);
}

static void on_signal_closed(uv_handle_t *handle)
{
	struct xt_instance *instance = handle->data;

	instance->signals_open--;
}

void xt_instance_close_sockets(struct xt_instance *instance)
{
	xt_instance_sockets_close(instance);
	for (int i = 0; i < XT_SIGNALS; i++)
		uv_close((uv_handle_t *)&instance->signals[i], on_signal_closed);
	if (instance->options.ready >= 0)
		close(instance->options.ready);
}

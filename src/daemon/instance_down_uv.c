/* SPDX-License-Identifier: MIT */
/* Steps of the way down and of the way back from half way up: host, loop, tunnel, sockets. */
#include "daemon/instance_uv.h"

#include <stdlib.h>
#include <unistd.h>

#include "packet/echo_responder.h"

static void post_done(struct xt_instance *instance)
{
	instance->post(instance, XT_INSTANCE_DONE);
}

static void on_undone(void *ctx, const struct xt_reply *reply)
{
	(void)reply;
	post_done(ctx);
}

void xt_instance_undo_host(struct xt_instance *instance)
{
	if (instance->requests)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_UNDO},
			   on_undone, instance);
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
	xt_instance_mtu_close(instance);
	xt_instance_losses_close(instance);
	xt_instance_work_end(instance);
	xt_instance_wait_stop(instance);
	xt_instance_capture_stop(instance);
	xt_pinger_stop(instance->pinger);
	instance->pinger = NULL;
	if (instance->requests)
		xt_request_cancel(instance->requests, XT_REQUEST_RESOLVE);
	if (instance->loop)
		xt_loop_stop(instance->loop);
	else
		post_done(instance);
}

static void descriptors_close(struct xt_instance *instance)
{
	if (instance->keylog >= 0)
		close(instance->keylog);
	instance->keylog = -1;
	xt_udp_sockets_close(&instance->sockets);
	xt_udp_sockets_close(&instance->old_sockets);
	for (int i = 0; i < XT_SOCKETS; i++) {
		if (instance->listen_fd[i] >= 0)
			close(instance->listen_fd[i]);
		instance->listen_fd[i] = -1;
	}
	xt_instance_adopt_forget(instance);
}

static void on_link_undone(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	bool remove =
	    (instance->disposition == XT_TUN_MADE || instance->disposition == XT_TUN_REMOVED) &&
	    !xt_instance_released(instance);

	(void)reply;
	if (instance->tunnel && xt_instance_released(instance))
		xt_tunnel_release(instance->tunnel);
	xt_tunnel_close(instance->tunnel);
	instance->tunnel = NULL;
	descriptors_close(instance);
	xt_echo_free(instance->former_echo);
	instance->former_echo = NULL;
	xt_echo_free(instance->echo);
	instance->echo = NULL;
	if (remove)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_TUN_REMOVE},
			   on_undone, instance);
	else
		post_done(instance);
}

void xt_instance_close_tunnel(struct xt_instance *instance)
{
	struct xt_request request = {.kind = XT_REQUEST_LINK_UNDO,
				     .keep = instance->disposition == XT_TUN_KEPT};

	if (instance->requests && xt_instance_released(instance))
		on_link_undone(instance, NULL);
	else if (instance->requests)
		xt_request(instance->requests, &request, on_link_undone, instance);
	else
		post_done(instance);
}

static void on_signal_closed(uv_handle_t *handle)
{
	struct xt_instance *instance = handle->data;

	instance->signals_open--;
}

void xt_instance_close_sockets(struct xt_instance *instance)
{
	xt_instance_events_close(instance);
	if (instance->down)
		xt_control_reply(instance->down, json_pack("{s:b}", "end", 1), true);
	instance->down = NULL;
	xt_instance_drop_reloads(instance);
	xt_instance_drop_answers(instance);
	xt_instance_upgrade_resume(instance); /* its client has been dropped */
	if (instance->control)
		xt_control_close(instance->control);
	xt_uapi_close(instance->uapi);
	instance->control = NULL;
	instance->uapi = NULL;
	xt_instance_names_close(instance);
	for (int i = 0; i < XT_SIGNALS && !instance->link; i++)
		uv_close((uv_handle_t *)&instance->signals[i], on_signal_closed);
}

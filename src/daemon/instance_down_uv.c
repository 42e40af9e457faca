/* The way down: PreDown, link, device, TUN, PostDown, sockets. Also the way back from half way up,
 * which runs no hook. */
#include "daemon/instance_uv.h"

#include <unistd.h>

#include "base/log.h"
#include "base/message.h"
#include "packet/echo_responder.h"

static void on_signal_closed(uv_handle_t *handle)
{
	struct xt_instance *instance = handle->data;

	instance->signals_open--;
}

static void end(struct xt_instance *instance)
{
	instance->phase = XT_PHASE_END;
	xt_instance_sockets_close(instance);
	for (int i = 0; i < XT_SIGNALS; i++)
		uv_close((uv_handle_t *)&instance->signals[i], on_signal_closed);
	if (instance->wish.ready >= 0)
		close(instance->wish.ready);
}

static void on_post_down(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_instance *instance = ctx;
	char text[160];

	instance->hooks = NULL;
	if (result->error) {
		xt_hooks_text(result, "PostDown", text, sizeof(text));
		xt_message("%s: %s", instance->conf->name, text);
	}
	end(instance);
}

/* A persistent interface keeps its addresses: its owner starts again without any right. */
static void close_parts(struct xt_instance *instance)
{
	bool keep = instance->persist && instance->was_up && !instance->remove;
	bool remove =
	    instance->persist && (instance->remove || (!instance->was_up && !instance->existed));

	if (instance->link && keep)
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
	if (remove && xt_tun_remove(instance->conf->name) == 0)
		xt_rundir_unmark(instance->conf->name);
}

static void closed(struct xt_instance *instance)
{
	close_parts(instance);
	instance->phase = XT_PHASE_POST_DOWN;
	if (!instance->was_up ||
	    xt_hooks_start(&instance->hooks, &instance->uv, &instance->conf->post_down,
			   instance->conf->name, on_post_down, instance) < 0)
		end(instance);
}

void xt_instance_loop_closed(void *ctx)
{
	struct xt_instance *instance = ctx;

	instance->loop = NULL;
	closed(instance);
}

static void stop_parts(void *ctx)
{
	struct xt_instance *instance = ctx;

	xt_pinger_stop(instance->pinger);
	instance->pinger = NULL;
	if (instance->resolver)
		xt_resolver_stop(instance->resolver);
	if (instance->loop)
		xt_loop_stop(instance->loop);
	else
		closed(instance);
}

static void stop(struct xt_instance *instance)
{
	xt_instance_names_over(instance);
	instance->phase = XT_PHASE_CLOSING;
	if (instance->host)
		xt_host_down(instance->host, stop_parts, instance);
	else
		stop_parts(instance);
}

void xt_instance_rollback(struct xt_instance *instance, int status)
{
	instance->status = status;
	stop(instance);
}

static void on_pre_down(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_instance *instance = ctx;
	char text[160];

	instance->hooks = NULL;
	if (result->error) {
		xt_hooks_text(result, "PreDown", text, sizeof(text));
		xt_message("%s: %s", instance->conf->name, text);
	}
	if (instance->conf->save_config)
		(void)xt_instance_save(instance, true);
	stop(instance);
}

void xt_instance_end(struct xt_instance *instance)
{
	switch (instance->phase) {
	case XT_PHASE_PRE_UP:
	case XT_PHASE_POST_UP:
		instance->ending = true;
		if (instance->hooks)
			xt_hooks_cancel(instance->hooks);
		break;
	case XT_PHASE_NAMES:
	case XT_PHASE_HOST:
		xt_instance_rollback(instance, instance->status);
		break;
	case XT_PHASE_READY:
		instance->was_up = true;
		instance->phase = XT_PHASE_PRE_DOWN;
		xt_instance_tell_end(instance);
		if (xt_hooks_start(&instance->hooks, &instance->uv, &instance->conf->pre_down,
				   instance->conf->name, on_pre_down, instance) < 0)
			stop(instance);
		break;
	case XT_PHASE_PRE_DOWN:
	case XT_PHASE_POST_DOWN:
		if (instance->hooks) /* asked again: a hook that hangs does not hold the end up */
			xt_hooks_cancel(instance->hooks);
		break;
	case XT_PHASE_CLOSING:
	case XT_PHASE_END:
		break;
	}
}

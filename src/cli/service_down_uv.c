/* The way down: PreDown, link, device, TUN, PostDown, sockets. Also the way back from half way up,
 * which runs no hook. */
#include "cli/service_uv.h"

#include <unistd.h>

#include "base/log.h"
#include "cli/term.h"
#include "packet/echo_turn.h"

static void on_signal_closed(uv_handle_t *handle)
{
	struct xt_service *service = handle->data;

	service->signals_open--;
}

static void end(struct xt_service *service)
{
	service->phase = XT_PHASE_END;
	xt_service_sockets_close(service);
	for (int i = 0; i < XT_SIGNALS; i++)
		uv_close((uv_handle_t *)&service->signals[i], on_signal_closed);
	if (service->wish.ready >= 0)
		close(service->wish.ready);
}

static void on_post_down(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_service *service = ctx;
	char text[160];

	service->hooks = NULL;
	if (result->error) {
		xt_hooks_text(result, "PostDown", text, sizeof(text));
		xt_say("%s: %s", service->conf->name, text);
	}
	end(service);
}

/* A persistent interface keeps its addresses: its owner starts again without any right. */
static void close_parts(struct xt_service *service)
{
	bool keep = service->persist && service->was_up && !service->remove;
	bool remove =
	    service->persist && (service->remove || (!service->was_up && !service->existed));

	if (service->link && keep)
		xt_link_forget(service->link);
	else if (service->link)
		xt_link_undo(service->link);
	service->link = NULL;
	xt_host_free(service->host);
	service->host = NULL;
	xt_tunnel_close(service->tunnel);
	service->tunnel = NULL;
	xt_echo_free(service->echo);
	service->echo = NULL;
	if (remove && xt_tun_remove(service->conf->name) == 0)
		xt_rundir_unmark(service->conf->name);
}

static void closed(struct xt_service *service)
{
	close_parts(service);
	service->phase = XT_PHASE_POST_DOWN;
	if (!service->was_up ||
	    xt_hooks_start(&service->hooks, &service->uv, &service->conf->post_down,
			   service->conf->name, on_post_down, service) < 0)
		end(service);
}

void xt_service_loop_closed(void *ctx)
{
	struct xt_service *service = ctx;

	service->loop = NULL;
	closed(service);
}

static void stop_parts(void *ctx)
{
	struct xt_service *service = ctx;

	xt_pinger_stop(service->pinger);
	service->pinger = NULL;
	if (service->resolver)
		xt_resolver_stop(service->resolver);
	if (service->loop)
		xt_loop_stop(service->loop);
	else
		closed(service);
}

static void stop(struct xt_service *service)
{
	xt_service_names_over(service);
	service->phase = XT_PHASE_CLOSING;
	if (service->host)
		xt_host_down(service->host, stop_parts, service);
	else
		stop_parts(service);
}

void xt_service_rollback(struct xt_service *service, int status)
{
	service->status = status;
	stop(service);
}

static void on_pre_down(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_service *service = ctx;
	char text[160];

	service->hooks = NULL;
	if (result->error) {
		xt_hooks_text(result, "PreDown", text, sizeof(text));
		xt_say("%s: %s", service->conf->name, text);
	}
	if (service->conf->save_config)
		(void)xt_service_save(service, true);
	stop(service);
}

void xt_service_end(struct xt_service *service)
{
	switch (service->phase) {
	case XT_PHASE_PRE_UP:
	case XT_PHASE_POST_UP:
		service->ending = true;
		if (service->hooks)
			xt_hooks_cancel(service->hooks);
		break;
	case XT_PHASE_NAMES:
	case XT_PHASE_HOST:
		xt_service_rollback(service, service->status);
		break;
	case XT_PHASE_READY:
		service->was_up = true;
		service->phase = XT_PHASE_PRE_DOWN;
		xt_service_tell_end(service);
		if (xt_hooks_start(&service->hooks, &service->uv, &service->conf->pre_down,
				   service->conf->name, on_pre_down, service) < 0)
			stop(service);
		break;
	case XT_PHASE_PRE_DOWN:
	case XT_PHASE_POST_DOWN:
		if (service->hooks) /* asked again: a hook that hangs does not hold the end up */
			xt_hooks_cancel(service->hooks);
		break;
	case XT_PHASE_CLOSING:
	case XT_PHASE_END:
		break;
	}
}

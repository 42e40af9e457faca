/* SPDX-License-Identifier: MIT */
/* The socket for wg(8) and controllers, as the instance answers it. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/explain.h"

static int on_report(void *ctx, struct xt_report **out)
{
	struct xt_instance *instance = ctx;

	return xt_instance_answers(instance) ? xt_tunnel_report(instance->tunnel, out) : -EIO;
}

/* A change on its way: its new sockets, if any, come first.
 * error  what is answered */
struct apply {
	struct xt_instance *instance;
	struct xt_change change; /* what it points to stays the client's */
	uint32_t old_mark;
	int error;
};

static bool mark_changes(const struct apply *apply)
{
	return (apply->change.set & XT_SET_FWMARK) && apply->change.fwmark != apply->old_mark;
}

static void mark_request(const struct apply *apply, uint32_t mark, uint32_t old,
			 xt_request_done *done)
{
	const struct xt_udp *udp = xt_tunnel_udp(apply->instance->tunnel);
	struct xt_request request = {
	    .kind = XT_REQUEST_UDP_MARK,
	    .mark = {.fd = {udp->fd[0], udp->fd[1]}, .mark = mark, .old = old}};

	xt_request(apply->instance->requests, &request, done, (void *)(uintptr_t)apply);
}

static void apply_with(struct apply *apply, const struct xt_udp_sockets *sockets)
{
	struct xt_instance *instance = apply->instance;

	apply->error = xt_loop_apply(instance->loop, &apply->change, sockets);
	if (apply->error == 0 && (apply->change.set & XT_SET_FWMARK))
		instance->mark = apply->change.fwmark;
}

static void on_udp(void *ctx, const struct xt_reply *reply)
{
	struct apply *apply = ctx;
	struct xt_udp_sockets sockets = reply->udp;

	apply->error = reply->error;
	if (reply->error < 0)
		return;
	apply_with(apply, &sockets);
	if (apply->error < 0)
		xt_udp_sockets_close(&sockets);
}

static void on_mark(void *ctx, const struct xt_reply *reply)
{
	struct apply *apply = ctx;

	apply->error = reply->error;
	if (reply->error < 0)
		return;
	apply_with(apply, NULL);
	if (apply->error < 0)
		mark_request(apply, apply->old_mark, apply->change.fwmark, NULL);
}

static void apply_start(struct apply *apply)
{
	struct xt_instance *instance = apply->instance;
	const struct xt_change *change = &apply->change;
	struct xt_request request = {
	    .kind = XT_REQUEST_UDP_OPEN,
	    .udp = {.port = change->listen_port,
		    .mark = mark_changes(apply) ? change->fwmark : apply->old_mark}};

	if ((change->set & XT_SET_LISTEN_PORT) &&
	    change->listen_port != xt_tunnel_udp(instance->tunnel)->port)
		xt_request(instance->requests, &request, on_udp, apply);
	else if (mark_changes(apply))
		mark_request(apply, change->fwmark, apply->old_mark, on_mark);
	else
		apply_with(apply, NULL);
}

/* The UAPI wants the result at once, and today's requests for sockets are answered at once. */
static int on_apply(void *ctx, const struct xt_change *change)
{
	struct xt_instance *instance = ctx;
	struct apply apply = {
	    .instance = instance, .change = *change, .old_mark = instance->mark, .error = -EIO};

	/* `wg syncconf` sends a mark of 0 where the file has none: without one the tunnel's own
	 * datagrams would go into the tunnel */
	if ((change->set & XT_SET_FWMARK) && change->fwmark == 0)
		apply.change.fwmark = instance->policy.table;
	if (xt_instance_answers(instance))
		apply_start(&apply);
	xt_wipe(&apply.change.private_key, sizeof(apply.change.private_key));
	if (apply.error < 0)
		xt_log_warning("%s: a change was refused: %s", instance->conf->name,
			       xt_strerror(apply.error));
	else
		xt_instance_notify_change(instance);
	return apply.error;
}

static void on_deleted(void *ctx)
{
	struct xt_instance *instance = ctx;

	xt_log_notice("%s: its socket was removed", instance->conf->name);
	instance->post(instance, XT_INSTANCE_END);
}

/* For up and run the socket is a convenience: another program's may be there, or the directory not
 * writable. */
static void open_failed(struct xt_instance *instance, int error)
{
	if (instance->options.dropin) {
		xt_explain_socket(instance->uapi_path, error);
		instance->post(instance, XT_INSTANCE_FAILED);
		return;
	}
	xt_log_warning("%s: %s; wg(8) will not see %s", instance->uapi_path, xt_strerror(error),
		       instance->conf->name);
	instance->post(instance, XT_INSTANCE_DONE);
}

static void on_listen_again(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	int rc = reply->error;

	if (rc == 0 && !instance->uapi)
		close(reply->fd);
	else if (rc == 0)
		rc = xt_uapi_listen_again(instance->uapi, reply->fd);
	if (rc < 0)
		xt_log_debug("%s: %s", instance->uapi_path, xt_strerror(rc));
	else
		xt_log_notice("%s: the socket for wg(8) is there again", instance->conf->name);
}

static void on_lost(void *ctx, unsigned attempt)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_LISTEN, .path = instance->uapi_path};

	if (attempt == 0)
		return;
	if (attempt <= 2)
		xt_log_warning("%s: %s was removed by another process; making it again%s",
			       instance->conf->name, instance->uapi_path,
			       attempt == 1 ? "" : " every few seconds");
	xt_request(instance->requests, &request, on_listen_again, instance);
}

static void socket_serve(struct xt_instance *instance, int fd)
{
	struct xt_uapi_options options = {.path = instance->uapi_path,
					  .listen_fd = fd,
					  .report = on_report,
					  .apply = on_apply,
					  .deleted = instance->options.dropin ? on_deleted : NULL,
					  .lost = on_lost,
					  .ctx = instance};
	int rc = xt_uapi_open(&instance->uapi, &instance->uv, &options);

	if (rc < 0)
		open_failed(instance, rc);
	else
		instance->post(instance, XT_INSTANCE_DONE);
}

static void on_listen(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error < 0)
		open_failed(instance, reply->error);
	else
		socket_serve(instance, reply->fd);
}

void xt_instance_open_uapi(struct xt_instance *instance)
{
	struct xt_request request = {.kind = XT_REQUEST_LISTEN, .path = instance->uapi_path};

	if (!instance->options.dropin && geteuid() != 0) {
		xt_log_notice("%s: no socket for wg(8): that takes root", instance->conf->name);
		instance->post(instance, XT_INSTANCE_DONE);
	} else if (!xt_rundir_socket(instance->uapi_path, XT_UAPI_DIR, instance->conf->name)) {
		open_failed(instance, -ENAMETOOLONG);
	} else if (instance->options.uapi_fd > 0) {
		socket_serve(instance, instance->options.uapi_fd);
	} else {
		xt_request(instance->requests, &request, on_listen, instance);
	}
}

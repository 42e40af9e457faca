/* SPDX-License-Identifier: MIT */
/* The socket for wg(8) and controllers, as the instance answers it. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/explain.h"

static void on_report(void *ctx, xt_uapi_reported *done, void *done_ctx)
{
	xt_instance_report(ctx, done, done_ctx);
}

/* A change on its way: its new sockets, if any, come first.
 * error  what is answered
 * requested  of the host were sockets or a mark. waits: it has not answered; over: nor is its
 *            answer wanted any more
 * moves_routes  the routes follow */
struct apply {
	struct xt_instance *instance;
	struct xt_change change; /* what it points to stays the client's */
	struct xt_udp_sockets sockets;
	bool has_sockets, marked, moves_routes;
	bool requested, waits, over;
	uint32_t old_mark;
	int error;
	xt_uapi_applied *done;
	void *ctx;
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

/* The host has answered, perhaps from within the question. */
static void host_answered(struct apply *apply)
{
	apply->waits = false;
	if (!apply->over) {
		xt_instance_work_resume(apply->instance);
		return;
	}
	if (apply->has_sockets)
		xt_udp_sockets_close(&apply->sockets);
	free(apply);
}

static void on_udp(void *ctx, const struct xt_reply *reply)
{
	struct apply *apply = ctx;

	apply->error = reply->error;
	apply->sockets = reply->udp;
	apply->has_sockets = reply->error == 0;
	host_answered(apply);
}

static void on_mark(void *ctx, const struct xt_reply *reply)
{
	struct apply *apply = ctx;

	apply->error = reply->error;
	apply->marked = reply->error == 0;
	host_answered(apply);
}

static void on_kept_marked(void *ctx, const struct xt_reply *reply)
{
	struct apply *apply = ctx;

	apply->error = reply->error;
	host_answered(apply);
}

/* A port that was left a short while ago is still open for its peers. */
static void port_open(struct apply *apply, uint32_t mark)
{
	struct xt_instance *instance = apply->instance;
	uint16_t port = apply->change.listen_port;
	struct xt_request open = {.kind = XT_REQUEST_UDP_OPEN, .udp = {.port = port, .mark = mark}};
	struct xt_request kept = {.kind = XT_REQUEST_UDP_MARK,
				  .mark = {.mark = mark, .old = apply->old_mark}};

	if (!xt_udp_kept(xt_tunnel_udp(instance->tunnel), port, &apply->sockets)) {
		xt_request(instance->requests, &open, on_udp, apply);
		return;
	}
	apply->has_sockets = true;
	memcpy(kept.mark.fd, apply->sockets.fd, sizeof(kept.mark.fd));
	xt_request(instance->requests, &kept, on_kept_marked, apply);
}

static void sockets_request(struct apply *apply)
{
	struct xt_instance *instance = apply->instance;
	struct xt_change *change = &apply->change;
	bool moves;

	apply->requested = true;
	apply->old_mark = instance->mark;
	/* `wg syncconf` sends a mark of 0 where the file has none: without one the tunnel's own
	 * datagrams would go into the tunnel */
	if ((change->set & XT_SET_FWMARK) && change->fwmark == 0)
		change->fwmark = instance->policy.table;
	moves = (change->set & XT_SET_LISTEN_PORT) &&
		change->listen_port != xt_tunnel_udp(instance->tunnel)->port;
	apply->waits = moves || mark_changes(apply);
	if (moves)
		port_open(apply, mark_changes(apply) ? change->fwmark : apply->old_mark);
	else if (mark_changes(apply))
		mark_request(apply, change->fwmark, apply->old_mark, on_mark);
}

static int on_prepare(void *ctx, const struct xt_change **out,
		      const struct xt_udp_sockets **sockets)
{
	struct apply *apply = ctx;

	if (!apply->requested)
		sockets_request(apply);
	if (apply->waits)
		return XT_INSTANCE_WAITS;
	*out = &apply->change;
	*sockets = apply->has_sockets ? &apply->sockets : NULL;
	return apply->error;
}

static void on_applied(void *ctx, int error)
{
	struct apply *apply = ctx;
	struct xt_instance *instance = apply->instance;
	xt_uapi_applied *done = apply->done;
	void *done_ctx = apply->ctx;
	bool moves_routes = apply->moves_routes;

	if (error == 0 && (apply->change.set & XT_SET_FWMARK))
		instance->mark = apply->change.fwmark;
	if (error < 0 && apply->has_sockets && !apply->waits)
		xt_udp_sockets_close(&apply->sockets);
	if (error < 0 && apply->marked)
		mark_request(apply, apply->old_mark, apply->change.fwmark, NULL);
	if (error < 0)
		xt_log_warning("%s: a change was refused: %s", instance->conf->name,
			       xt_strerror(error));
	else
		xt_instance_notify_change(instance);
	xt_wipe(&apply->change.private_key, sizeof(apply->change.private_key));
	apply->over = true;
	if (!apply->waits)
		free(apply);
	if (error == 0 && moves_routes)
		xt_instance_follow_routes(instance, done, done_ctx);
	else
		done(done_ctx, error);
}

static void on_apply(void *ctx, const struct xt_change *change, xt_uapi_applied *done,
		     void *done_ctx)
{
	struct apply *apply = calloc(1, sizeof(*apply));

	if (!apply) {
		done(done_ctx, XT_E_NOMEM);
		return;
	}
	*apply = (struct apply){.instance = ctx, .change = *change, .done = done, .ctx = done_ctx};
	apply->moves_routes = xt_instance_change_moves_routes(change);
	xt_instance_apply(ctx, on_prepare, on_applied, apply);
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

/* Some controllers end a drop-in by removing its socket. */
void xt_instance_uapi_lost(struct xt_instance *instance, unsigned attempt)
{
	if (!instance->uapi)
		return;
	if (instance->options.dropin) {
		xt_log_notice("%s: its socket was removed", instance->conf->name);
		instance->post(instance, XT_INSTANCE_END);
		return;
	}
	if (attempt <= 2)
		xt_log_warning("%s: %s was removed by another process; making it again%s",
			       instance->conf->name, instance->uapi_path,
			       attempt == 1 ? "" : " every few seconds");
	xt_instance_listen(instance, XT_SOCKET_UAPI, 0, false, on_listen_again);
}

static void on_remove(void *ctx)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_SOCKET_REMOVE,
				     .listen = {.which = XT_SOCKET_UAPI}};

	xt_request(instance->requests, &request, NULL, NULL);
}

static void socket_serve(struct xt_instance *instance, int fd)
{
	struct xt_uapi_options options = {.listen_fd = fd,
					  .report = on_report,
					  .apply = on_apply,
					  .remove = on_remove,
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
	int listen_fd = instance->options.uapi_fd;

	if (!instance->options.dropin && instance->owner != 0) {
		xt_log_verbose("%s: no socket for wg(8): that takes root", instance->conf->name);
		instance->post(instance, XT_INSTANCE_DONE);
	} else if (!xt_rundir_socket(instance->uapi_path, XT_UAPI_DIR, instance->conf->name)) {
		open_failed(instance, -ENAMETOOLONG);
	} else {
		if (instance->listen_fd[XT_SOCKET_UAPI] >= 0)
			listen_fd = instance->listen_fd[XT_SOCKET_UAPI];
		instance->listen_fd[XT_SOCKET_UAPI] = -1;
		xt_instance_listen(instance, XT_SOCKET_UAPI, listen_fd, instance->options.dropin,
				   on_listen);
	}
}

/* SPDX-License-Identifier: MIT */
/* XT_STATE_RELOAD: read the file again and apply what it changes, all or nothing, while packets
 * move. First what can fail, in an order in which no datagram is lost, each step with its inverse:
 *
 *   REPORT    what is in force in the device
 *   READ      the file and the difference, on a worker thread
 *   GEAR      cipher, threads, echo responder: made, not used yet
 *   SOCKETS   of a new port, and the mark
 *   FIREWALL, LINK, DNS, RETIRE   the host, see host/reload.h
 *   DEVICE    peers and keys, all or nothing, in slices
 * then what cannot fail: COMMIT. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/message.h"
#include "daemon/reload_json.h"
#include "packet/echo_responder.h"

enum step {
	STEP_REPORT,
	STEP_READ,
	STEP_GEAR,
	STEP_SOCKETS, /* last before DEVICE when a default route leaves the tunnel: see LATE */
	STEP_FIREWALL,
	STEP_LINK,
	STEP_DNS,
	STEP_RETIRE,
	STEP_SOCKETS_LATE,
	STEP_DEVICE,
	STEP_COMMIT,
	STEP_OVER,
};

/* answer    NULL: asked for by SIGHUP
 * data      the host's, from READ on
 * sockets   of the new port, until the tunnel has them
 * marked    the tunnel's sockets have the new mark */
struct xt_instance_reload {
	struct xt_instance_reload *prev, *next;
	struct xt_instance *instance;
	struct xt_instance_answer *answer;
	bool dry_run;
	enum step step;
	struct xt_reload *data;
	struct xt_instance_gear gear;
	struct xt_udp_sockets sockets;
	bool has_sockets, marked;
	uint16_t old_port;
	char error[400];
};

static void step_start(struct xt_instance_reload *reload, enum step step);

/* --- the answer --- */

static void notes_put(const struct xt_instance_reload *reload, json_t *answer)
{
	const struct xt_tun *tun = xt_tunnel_tun(reload->instance->tunnel);

	xt_reload_json_notes(answer, reload->data, xt_tun_has_offload(tun));
	if (reload->has_sockets)
		xt_reload_json_note(answer,
				    "UDP port %u is read until the peers follow to %u, 180 s at "
				    "most",
				    (unsigned)reload->old_port, (unsigned)reload->sockets.port);
}

static void answer_send(struct xt_instance_reload *reload, json_t *answer)
{
	struct xt_control_request *request = reload->answer ? reload->answer->request : NULL;

	if (!answer)
		return;
	if (*reload->error)
		json_object_set_new(answer, "reason", json_string(reload->error));
	if (!reload->answer)
		xt_reload_json_log(answer);
	else if (request)
		xt_control_reply(request, json_incref(answer), true);
	json_decref(answer);
}

static void reload_free(struct xt_instance_reload *reload)
{
	DL_DELETE(reload->instance->reloads, reload);
	if (reload->answer)
		xt_instance_answer_free(reload->answer);
	free(reload);
}

/* The state ends with it. */
static void reload_finish(struct xt_instance_reload *reload, const char *result)
{
	struct xt_instance *instance = reload->instance;
	bool changed = strcmp(result, "applied") == 0 ||
		       (strcmp(result, "dry_run") == 0 && reload->data->diff.n > 0);
	json_t *answer =
	    xt_reload_json(reload->data, instance->conf->name, reload->dry_run, result);

	if (answer && reload->data && reload->data->diff.n > 0)
		notes_put(reload, answer);
	if (answer && changed)
		json_object_set_new(answer, "changed", json_true());
	if (!reload->dry_run) {
		xt_instance_emit_reload(instance, result, reload->error);
		xt_instance_notify_reload(instance, false);
	}
	answer_send(reload, answer);
	xt_instance_gear_close(&reload->gear);
	if (reload->data)
		xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_RELOAD_END},
			   NULL, NULL);
	reload_free(reload);
	instance->post(instance, XT_INSTANCE_DONE);
}

static void error_set(struct xt_instance_reload *reload, const char *what, const char *text,
		      int error)
{
	snprintf(reload->error, sizeof(reload->error), "%s%s%s", what, *what ? ": " : "",
		 text && *text ? text : xt_strerror(error));
}

/* --- back --- */

static void sockets_undo(struct xt_instance_reload *reload)
{
	struct xt_instance *instance = reload->instance;
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_request request = {.kind = XT_REQUEST_UDP_MARK,
				     .mark = {.fd = {udp->fd[0], udp->fd[1]},
					      .mark = instance->mark,
					      .old = reload->data->mark}};

	if (reload->has_sockets)
		xt_udp_sockets_close(&reload->sockets);
	reload->has_sockets = false;
	if (reload->marked)
		xt_request(instance->requests, &request, NULL, NULL);
	reload->marked = false;
}

static bool sockets_late(const struct xt_instance_reload *reload)
{
	return reload->instance->policy.table != 0 && reload->data->policy.table == 0;
}

static void on_host_undone(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_reload *reload = ctx;
	size_t len = strlen(reload->error);

	if (reply->error < 0)
		snprintf(reload->error + len, sizeof(reload->error) - len,
			 "; taking it back failed too: %s",
			 reply->text ? reply->text : xt_strerror(reply->error));
	sockets_undo(reload);
	reload_finish(reload, reply->error < 0 ? "failed" : "rolled_back");
}

/* In reverse: a mark that was set late goes first, one that was set early last. */
static void reload_undo(struct xt_instance_reload *reload)
{
	if (sockets_late(reload))
		sockets_undo(reload);
	xt_request(reload->instance->requests, &(struct xt_request){.kind = XT_REQUEST_RELOAD_UNDO},
		   on_host_undone, reload);
}

static void step_done(struct xt_instance_reload *reload, int error, const char *what,
		      const char *text)
{
	if (error < 0) {
		error_set(reload, what, text, error);
		reload_undo(reload);
	} else {
		step_start(reload, reload->step + 1);
	}
}

/* --- reading --- */

static void file_judge(struct xt_instance_reload *reload)
{
	const struct xt_difference *refused = xt_conf_diff_refused(&reload->data->diff);

	if (refused) {
		snprintf(reload->error, sizeof(reload->error),
			 "%s cannot change while the interface exists: `xtunnel down %s`, then up",
			 xt_conf_keys[refused->key].key, reload->instance->conf->name);
		reload_finish(reload, "refused");
	} else if (reload->dry_run) {
		reload_finish(reload, reload->data->diff.n ? "dry_run" : "unchanged");
	} else if (reload->data->diff.n == 0) {
		reload_finish(reload, "unchanged");
	} else {
		step_start(reload, STEP_GEAR);
	}
}

static void on_read(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_reload *reload = ctx;

	reload->data = reply->reload;
	if (reply->error == 0) {
		file_judge(reload);
		return;
	}
	if (!reload->data || reload->data->accepted) {
		error_set(reload, "policy routing", reply->text, reply->error);
		reload_finish(reload, "rolled_back");
		return;
	}
	if (!reload->data->findings)
		error_set(reload, reload->instance->conf->path, reply->text, reply->error);
	reload_finish(reload, reply->error == XT_E_NOMEM ? "failed" : "file");
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct xt_instance_reload *reload = ctx;
	struct xt_request request = {.kind = XT_REQUEST_RELOAD_READ, .report = report};

	if (error < 0) {
		error_set(reload, "", NULL, error);
		reload_finish(reload, "failed");
		return;
	}
	reload->step = STEP_READ;
	xt_request(reload->instance->requests, &request, on_read, reload);
}

/* --- sockets --- */

/* The port that the file asks for and that is not in use; 0: none. */
static uint16_t port_wanted(const struct xt_instance_reload *reload)
{
	const struct xt_conf *file = &reload->data->file;
	uint16_t port = file->has_port ? file->listen_port : 0;

	return port == xt_tunnel_udp(reload->instance->tunnel)->port ? 0 : port;
}

static void on_udp(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_reload *reload = ctx;
	char what[64];

	if (reply->error == 0) {
		reload->sockets = reply->udp;
		reload->has_sockets = true;
	}
	snprintf(what, sizeof(what), "UDP port %u", (unsigned)reload->data->file.listen_port);
	step_done(reload, reply->error, what,
		  reply->error == -EADDRINUSE ? "in use by another program" : NULL);
}

/* A port that was left less than 180 s ago is still there. */
static void port_open(struct xt_instance_reload *reload)
{
	struct xt_instance *instance = reload->instance;
	struct xt_request open = {.kind = XT_REQUEST_UDP_OPEN,
				  .udp = {.port = port_wanted(reload), .mark = reload->data->mark}};
	struct xt_request mark = {.kind = XT_REQUEST_UDP_MARK};

	reload->old_port = xt_tunnel_udp(instance->tunnel)->port;
	if (!open.udp.port) {
		step_done(reload, 0, "", NULL);
	} else if (xt_udp_kept(xt_tunnel_udp(instance->tunnel), open.udp.port, &reload->sockets)) {
		reload->has_sockets = true;
		memcpy(mark.mark.fd, reload->sockets.fd, sizeof(mark.mark.fd));
		mark.mark.mark = reload->data->mark;
		mark.mark.old = instance->mark;
		xt_request(instance->requests, &mark, NULL, NULL);
		step_done(reload, 0, "", NULL);
	} else {
		xt_request(instance->requests, &open, on_udp, reload);
	}
}

static void on_mark(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_reload *reload = ctx;

	reload->marked = reply->error == 0;
	if (reply->error < 0)
		step_done(reload, reply->error, "FwMark", reply->text);
	else
		port_open(reload);
}

static void sockets_set(struct xt_instance_reload *reload)
{
	struct xt_instance *instance = reload->instance;
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_request request = {.kind = XT_REQUEST_UDP_MARK,
				     .mark = {.fd = {udp->fd[0], udp->fd[1]},
					      .mark = reload->data->mark,
					      .old = instance->mark}};

	if (reload->data->mark != instance->mark)
		xt_request(instance->requests, &request, on_mark, reload);
	else
		port_open(reload);
}

/* --- host --- */

static void on_host(void *ctx, const struct xt_reply *reply)
{
	step_done(ctx, reply->error, "", reply->text);
}

static void host_change(struct xt_instance_reload *reload, enum xt_reload_step step)
{
	struct xt_request request = {.kind = XT_REQUEST_RELOAD_STEP, .reload.step = step};

	xt_reload_hints_set(&request.reload.hints, &reload->data->diff);
	xt_request(reload->instance->requests, &request, on_host, reload);
}

/* --- device --- */

static int on_prepare(void *ctx, const struct xt_change **change,
		      const struct xt_udp_sockets **sockets)
{
	struct xt_instance_reload *reload = ctx;
	struct xt_change *out = &reload->data->diff.change;

	if (reload->data->mark != reload->instance->mark) {
		out->set |= XT_SET_FWMARK;
		out->fwmark = reload->data->mark;
	}
	*change = out;
	*sockets = reload->has_sockets ? &reload->sockets : NULL;
	return 0;
}

static void on_applied(void *ctx, int error)
{
	step_done(ctx, error, "device", NULL);
}

static void on_committed(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_reload *reload = ctx;
	struct xt_instance *instance = reload->instance;

	if (reload->data->diff.keys[XT_KEY_MTU] && reply->mtu) {
		if (reply->mtu != xt_tunnel_tun(instance->tunnel)->mtu) /* else it was reported */
			xt_instance_emit_mtu(instance, reply->mtu);
		xt_tunnel_set_mtu(instance->tunnel, reply->mtu);
		if (instance->echo)
			xt_echo_set_mtu(instance->echo, reply->mtu);
	}
	if (reload->data->diff.keys[XT_KEY_MTU] || reload->data->diff.keys[XT_KEY_ADDRESS])
		xt_instance_mtu_search(instance, &reload->data->file);
	xt_loop_wake(instance->loop);
	reload_finish(reload, "applied");
}

static void commit(struct xt_instance_reload *reload)
{
	struct xt_instance *instance = reload->instance;

	instance->policy = reload->data->policy;
	instance->mark = reload->data->mark;
	xt_instance_gear_use(&reload->gear, instance, reload->data);
	xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_RELOAD_COMMIT},
		   on_committed, reload);
}

/* --- the machine --- */

static void gear_open(struct xt_instance_reload *reload)
{
	const char *what;
	int rc = xt_instance_gear_open(&reload->gear, reload->instance, reload->data, &what);

	step_done(reload, rc, what, NULL);
}

static void step_start(struct xt_instance_reload *reload, enum step step)
{
	static const enum xt_reload_step host_steps[] = {[STEP_FIREWALL] = XT_RELOAD_FIREWALL,
							 [STEP_LINK] = XT_RELOAD_LINK,
							 [STEP_DNS] = XT_RELOAD_DNS,
							 [STEP_RETIRE] = XT_RELOAD_RETIRE};
	bool late = reload->data && sockets_late(reload);

	reload->step = step;
	switch (step) {
	case STEP_REPORT:
		xt_instance_report(reload->instance, on_report, reload);
		break;
	case STEP_GEAR:
		gear_open(reload);
		break;
	case STEP_SOCKETS:
	case STEP_SOCKETS_LATE:
		if (late == (step == STEP_SOCKETS_LATE))
			sockets_set(reload);
		else
			step_start(reload, step + 1);
		break;
	case STEP_FIREWALL:
	case STEP_LINK:
	case STEP_DNS:
	case STEP_RETIRE:
		host_change(reload, host_steps[step]);
		break;
	case STEP_DEVICE:
		xt_instance_apply(reload->instance, on_prepare, on_applied, reload);
		break;
	case STEP_COMMIT:
		commit(reload);
		break;
	case STEP_READ: /* begun by on_report */
	case STEP_OVER:
		break;
	}
}

void xt_instance_reload(struct xt_instance *instance)
{
	if (instance->routes_due)
		xt_instance_routes(instance);
	else if (!instance->reloads)
		instance->post(instance, XT_INSTANCE_DONE);
	else {
		if (!instance->reloads->dry_run)
			xt_instance_notify_reload(instance, true);
		step_start(instance->reloads, STEP_REPORT);
	}
}

static bool signal_waits(const struct xt_instance *instance)
{
	const struct xt_instance_reload *reload, *begun = instance->reloads;

	DL_FOREACH(begun, reload)
	if (!reload->answer && !(reload == begun && instance->state == XT_STATE_RELOAD))
		return true;
	return false;
}

int xt_instance_queue_reload(struct xt_instance *instance, struct xt_control_request *request,
			     bool dry_run)
{
	struct xt_instance_reload *reload;

	if (instance->options.dropin || !instance->conf->path)
		return XT_E_UNSUPPORTED;
	if (!request && instance->state > XT_STATE_RELOAD) {
		xt_message("%s: going down: not reloaded", instance->conf->name);
		return XT_E_AGAIN;
	}
	if (instance->state > XT_STATE_RELOAD || (request && instance->state < XT_STATE_RUN))
		return XT_E_AGAIN;
	if (!request && signal_waits(instance))
		return 0;
	reload = calloc(1, sizeof(*reload));
	if (reload && request)
		reload->answer = xt_instance_answer_new(instance, request);
	if (!reload || (request && !reload->answer)) {
		free(reload);
		return XT_E_NOMEM;
	}
	reload->instance = instance;
	reload->dry_run = dry_run;
	DL_APPEND(instance->reloads, reload);
	instance->post(instance, XT_INSTANCE_RELOAD);
	return 0;
}

void xt_instance_drop_reloads(struct xt_instance *instance)
{
	struct xt_instance_reload *reload;

	xt_instance_drop_routes(instance);
	while ((reload = instance->reloads)) {
		if (reload->answer && reload->answer->request)
			xt_control_error(reload->answer->request, XT_E_AGAIN,
					 "the instance ends: not reloaded");
		reload_free(reload);
	}
}

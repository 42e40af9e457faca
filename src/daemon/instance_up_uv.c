/* SPDX-License-Identifier: MIT */
/* Steps of the way up: TUN, sockets, tunnel, firewall, link, DNS, ready. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/exit.h"
#include "daemon/explain.h"
#include "daemon/plan.h"
#include "ipc/client.h"
#include "platform/link_name.h"
#include "packet/echo_responder.h"
#include "platform/watch.h"

/* rc < 0: the step failed, and that was reported to the user. */
static void step_post(struct xt_instance *instance, int rc)
{
	instance->post(instance, rc < 0 ? XT_INSTANCE_FAILED : XT_INSTANCE_DONE);
}

static void step_request(struct xt_instance *instance, enum xt_request_kind kind,
			 xt_request_done *done)
{
	xt_request(instance->requests, &(struct xt_request){.kind = kind}, done, instance);
}

/* --- TUN --- */

static bool name_in_use(const char *name)
{
	char path[XT_RUNSOCK_MAX];
	struct xt_client *client;

	int rc = xt_rundir_find(path, name) ? xt_client_open(&client, path) : -ENOENT;

	if (rc == 0)
		xt_client_close(client);
	return rc == 0 || rc == -ETIMEDOUT; /* it listens, but is stopped */
}

static void on_state(void *ctx, const struct xt_reply *reply)
{
	step_post(ctx, reply->error);
}

static void tun_explain(const struct xt_instance *instance, const struct xt_reply *reply)
{
	const char *name = instance->conf->name;

	if (reply->text)
		xt_message("%s", reply->text);
	else if (reply->error == -EBUSY && name_in_use(name))
		xt_explain_running(name);
	else
		xt_explain_tun(name, reply->error);
}

static void on_tun(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_tun *tun = reply->tun.v;
	struct xt_tunnel_callbacks callbacks;
	int rc = reply->error;

	if (reply->tun.persistent)
		instance->disposition = reply->tun.existed ? XT_TUN_FOUND : XT_TUN_MADE;
	if (rc < 0) {
		tun_explain(instance, reply);
		step_post(instance, rc);
		return;
	}
	xt_instance_tunnel_callbacks(instance, &callbacks);
	rc = xt_tunnel_new(&instance->tunnel, tun, &callbacks);
	if (rc < 0) {
		tun->ops->close(tun);
		step_post(instance, rc);
		return;
	}
	/* A descriptor that was handed over may belong to another interface than was named. */
	if (instance->options.dropin)
		memcpy(instance->conf->name, tun->name, sizeof(instance->conf->name));
	step_request(instance, XT_REQUEST_STATE, on_state);
}

/* An instance does without the directory until its control socket is made. */
static void on_run_directory(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_TUN_OPEN,
				     .tun = {.fd = instance->options.tun_fd,
					     .offload = !xt_plan_offload_off(instance->conf),
					     .default_mtu = instance->options.dropin}};

	if (!reply->text || instance->options.dropin) {
		xt_request(instance->requests, &request, on_tun, instance);
		return;
	}
	xt_explain_directory(reply->text, reply->remedy);
	step_post(instance, reply->error);
}

void xt_instance_open_tun(struct xt_instance *instance)
{
	struct xt_conf *conf = instance->conf;
	char why[96];

	instance->since_ns = uv_hrtime();
	if (!instance->options.adoption && name_in_use(conf->name)) {
		xt_explain_running(conf->name);
		step_post(instance, -EBUSY);
	} else if (!xt_plan_environment(why, sizeof(why))) {
		xt_message("%s", why);
		step_post(instance, XT_E_INVALID);
	} else if (xt_instance_requests_open(instance) < 0) {
		step_post(instance, XT_E_NOMEM);
	} else {
		(void)xt_rundir_path(instance->run_directory);
		step_request(instance, XT_REQUEST_RUN_DIRECTORY, on_run_directory);
	}
}

/* --- tunnel --- */

static void on_policy(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	const char *name = instance->conf->name;

	if (reply->error == -ERANGE)
		xt_message("%s: no routing table or no rule priority is free for the default route",
			   name);
	else if (reply->error < 0)
		xt_explain_step(name, "policy routing", reply->error);
	else
		instance->policy = reply->policy;
	if (!instance->options.adoption)
		instance->mark =
		    instance->policy.table ? instance->policy.table : instance->conf->fwmark;
	step_post(instance, reply->error);
}

void xt_instance_choose_policy(struct xt_instance *instance)
{
	step_request(instance, XT_REQUEST_POLICY, on_policy);
}

static void on_keylog(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->text)
		xt_message("%s", reply->text);
	else if (reply->error < 0)
		xt_explain_step(instance->conf->name, "key log", reply->error);
	else
		instance->keylog = reply->fd;
	instance->has_keylog = instance->keylog >= 0;
	step_post(instance, reply->error);
}

void xt_instance_open_keylog(struct xt_instance *instance)
{
	step_request(instance, XT_REQUEST_KEYLOG, on_keylog);
}

static void on_udp(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error < 0)
		xt_explain_udp(instance->conf, reply->error);
	else
		instance->sockets = reply->udp;
	step_post(instance, reply->error);
}

void xt_instance_open_udp(struct xt_instance *instance)
{
	const struct xt_conf *conf = instance->conf;
	struct xt_request request = {
	    .kind = XT_REQUEST_UDP_OPEN,
	    .udp = {.port = conf->has_port ? conf->listen_port : 0, .mark = instance->mark}};

	if (instance->options.adoption)
		xt_instance_adopt_sockets(instance);
	else
		xt_request(instance->requests, &request, on_udp, instance);
}

static void start_explain(const struct xt_instance *instance, enum xt_tunnel_step step, int error)
{
	const char *reason = xt_tunnel_cipher(instance->tunnel)->reason;

	if (step == XT_TUNNEL_CIPHER && *reason)
		xt_message("Aead: %s", reason);
	else
		xt_explain_step(instance->conf->name, xt_tunnel_step_text(step), error);
}

static int tunnel_start(struct xt_instance *instance, const struct xt_change *change)
{
	struct xt_conf *conf = instance->conf;
	struct xt_tunnel_start start = {
	    .change = change,
	    .sockets = &instance->sockets,
	    .local4 = xt_plan_local_address(conf, 4),
	    .local6 = xt_plan_local_address(conf, 6),
	    .aead = conf->aead,
	    .threads = xt_plan_threads(conf),
	    .offload_off = xt_plan_offload_off(conf),
	    .keylog = instance->keylog,
	};
	enum xt_tunnel_step step = XT_TUNNEL_UDP;
	struct xt_cidr nets[XT_PLAN_NETS];
	int rc = xt_plan_echo(&instance->echo, conf, conf, xt_tunnel_tun(instance->tunnel)->mtu);

	if (rc < 0) {
		xt_explain_step(conf->name, "echo responder", rc);
		return rc;
	}
	start.echo = instance->echo;
	if (instance->options.adoption) {
		start.fetch = xt_instance_adopt_fetch;
		start.fetch_ctx = instance;
		start.old_sockets = instance->old_sockets.port ? &instance->old_sockets : NULL;
	}
	start.local_nets = nets;
	start.n_local_nets = instance->options.dropin ? 0 : xt_plan_local_nets(conf, nets);
	instance->keylog = -1;
	rc = xt_tunnel_start(instance->tunnel, &start, &step);
	xt_instance_adopt_forget(instance);
	if (rc == 0 || step > XT_TUNNEL_UDP)
		instance->sockets = instance->old_sockets = XT_NO_SOCKETS;
	if (rc < 0)
		start_explain(instance, step, rc);
	return rc;
}

static void on_gone(void *ctx, int error)
{
	struct xt_instance *instance = ctx;
	const char *name = instance->conf->name;

	if (instance->state == XT_STATE_POST_UP)
		xt_message("%s: the interface was deleted while PostUp ran; all is rolled back",
			   name);
	else if (instance->state < XT_STATE_RUN)
		xt_message("%s: the interface was deleted; all is rolled back", name);
	else
		xt_log_notice("%s: the interface is gone (%s)", name, xt_strerror(error));
	/* A service manager restarts what failed. A drop-in is usually ended by the deletion. */
	if (instance->state < XT_STATE_RUN || !instance->options.dropin)
		instance->status = XT_EXIT_FAILURE;
	instance->post(instance, XT_INSTANCE_END);
}

static void on_mtu(void *ctx, uint32_t mtu)
{
	struct xt_instance *instance = ctx;

	if (instance->echo)
		xt_echo_set_mtu(instance->echo, mtu);
	xt_instance_emit_mtu(instance, mtu);
	if (mtu > XT_LINK_MTU_MAX)
		xt_log_warning(
		    "%s: an MTU of %u is too large: packets of more than %u bytes fit no "
		    "datagram and are dropped",
		    instance->conf->name, (unsigned)mtu, (unsigned)XT_LINK_MTU_MAX);
}

static void on_link_restored(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error < 0)
		xt_log_warning("%s: the interface is up again, but not all of its addresses, "
			       "routes and rules: %s",
			       instance->conf->name, xt_strerror(reply->error));
	else
		xt_log_debug("%s: the interface is up again, with its addresses, routes and rules",
			     instance->conf->name);
	if (instance->routes_missed) {
		instance->routes_due = true;
		instance->post(instance, XT_INSTANCE_RELOAD);
	}
}

/* The kernel drops routes and IPv6 addresses of an interface that goes down. For a drop-in the
 * controlling program made them. */
static void on_link_up(void *ctx)
{
	struct xt_instance *instance = ctx;

	if (instance->state == XT_STATE_RUN && !instance->options.dropin)
		xt_request(instance->requests,
			   &(struct xt_request){.kind = XT_REQUEST_LINK_RESTORE}, on_link_restored,
			   instance);
}

static void pinger_report(void *ctx, xt_pinger_reported *done, void *done_ctx)
{
	xt_instance_report(ctx, done, done_ctx);
}

/* Names may have other addresses in another network. */
static void on_network(void *ctx)
{
	struct xt_instance *instance = ctx;

	xt_instance_names_refresh(instance);
	xt_instance_follow_endpoints(instance);
	xt_instance_emit(instance, XT_CODE_NETWORK, NULL, NULL, false, NULL);
}

static void on_watch(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;
	struct xt_watch watch = {
	    .fd = reply->watch.fd, .ifindex = reply->watch.ifindex, .nsid = reply->watch.nsid};
	struct xt_link_state state = {
	    .exists = true, .up = reply->watch.up, .mtu = reply->watch.mtu};

	if (reply->error == 0)
		memcpy(state.name, reply->watch.name, sizeof(state.name));
	instance->watch_pending = false;
	if (instance->loop)
		xt_loop_watch(instance->loop, reply->error, &watch, &state);
	else if (reply->error == 0)
		close(watch.fd);
}

/* Once more while the answer is awaited: it tells the state of that time, or a later one. */
static void on_moved(void *ctx)
{
	struct xt_instance *instance = ctx;

	if (instance->watch_pending)
		return;
	instance->watch_pending = true;
	step_request(instance, XT_REQUEST_WATCH, on_watch);
}

static int loop_start(struct xt_instance *instance)
{
	struct xt_loop_callbacks callbacks = {.ctx = instance,
					      .gone = on_gone,
					      .mtu = on_mtu,
					      .link_up = on_link_up,
					      .network = on_network,
					      .moved = on_moved,
					      .parked = xt_instance_parked,
					      .closed = xt_instance_loop_closed,
					      .watch = instance->options.adoption ? &instance->watch
										  : NULL};
	int rc = xt_loop_start(&instance->loop, &instance->uv, instance->tunnel, &callbacks);

	if (rc == 0) {
		xt_instance_mtu_open(instance);
		xt_instance_losses_open(instance);
	}
	if (rc == 0)
		rc = xt_pinger_new(&instance->pinger, &instance->uv, instance->tunnel,
				   instance->loop, pinger_report, xt_instance_why_json, instance);
	if (rc < 0)
		xt_explain_step(instance->conf->name, "event loop", rc);
	return rc;
}

/* After xt_tunnel_start; the snapshot of an adoption has all keys. */
static int tunnel_serve(struct xt_instance *instance)
{
	int rc = loop_start(instance);

	return rc < 0 ? rc : xt_instance_resolve(instance);
}

static void tunnel_adopt(struct xt_instance *instance)
{
	int rc = tunnel_start(instance, NULL);

	if (rc == 0)
		rc = tunnel_serve(instance);
	if (rc == 0)
		rc = xt_instance_adopt_confirm(instance);
	if (rc < 0)
		step_post(instance, rc);
}

void xt_instance_start_tunnel(struct xt_instance *instance)
{
	struct xt_change change;
	int rc;

	xt_link_name_open();
	if (instance->options.adoption) {
		tunnel_adopt(instance);
		return;
	}
	rc = xt_conf_change(instance->conf, &change);
	if (rc < 0) {
		xt_explain_step(instance->conf->name, "configuration", rc);
		step_post(instance, rc);
		return;
	}
	change.fwmark = instance->mark;
	rc = tunnel_start(instance, &change);
	xt_conf_wipe_keys(instance->conf); /* the device holds them now */
	if (rc == 0)
		rc = tunnel_serve(instance);
	xt_change_clear(&change);
	if (rc == 0)
		rc = xt_instance_lock(instance);
	step_post(instance, rc);
}

/* --- host --- */

static void on_changed(void *ctx, const struct xt_reply *reply)
{
	step_post(ctx, reply->error);
}

void xt_instance_set_firewall(struct xt_instance *instance)
{
	step_request(instance, XT_REQUEST_FIREWALL, on_changed);
}

static void on_link(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error < 0) {
		xt_explain_link(instance->conf->name,
				reply->text ? reply->text : xt_strerror(reply->error),
				reply->error);
	} else {
		xt_tunnel_set_mtu(instance->tunnel, reply->mtu);
		if (instance->echo)
			xt_echo_set_mtu(instance->echo, reply->mtu);
	}
	step_post(instance, reply->error);
}

/* For a drop-in the controlling program sets the link. */
void xt_instance_set_link(struct xt_instance *instance)
{
	if (instance->options.dropin)
		step_post(instance, 0);
	else
		step_request(instance, XT_REQUEST_LINK, on_link);
}

void xt_instance_set_dns(struct xt_instance *instance)
{
	step_request(instance, XT_REQUEST_DNS, on_changed);
}

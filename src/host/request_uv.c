/* SPDX-License-Identifier: MIT */
/* Requests as a function call: each is carried out here, by the process that asks. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/handover.h"
#include "host/keylog_file.h"
#include "host/link_plan.h"
#include "host/request_impl_uv.h"
#include "host/run_directory.h"
#include "host/runner_client_uv.h"
#include "host/save_uv.h"
#include "host/startup_end.h"
#include "platform/watch.h"

#define NAME_WAIT_MS 20
#define NAME_WAITS   50

/* --- TUN --- */

/* The kernel removes the interface of an instance that was killed a moment after its end; that of
 * another program stays. */
static int tun_make(struct xt_reply *reply, const struct xt_tun_options *options)
{
	int rc;

	for (unsigned i = 0;; i++) {
		reply->tun.existed = if_nametoindex(options->name) != 0;
		rc = xt_tun_open(&reply->tun.v, options);
		if (rc != -EBUSY || i == NAME_WAITS)
			return rc;
		uv_sleep(NAME_WAIT_MS);
	}
}

static int tun_open(struct xt_requests *requests, const struct xt_request *request,
		    struct xt_reply *reply)
{
	const struct xt_conf *conf = requests->conf;
	struct xt_tun_options options = {.name = conf->name,
					 .persist = conf->owner_user,
					 .offload = request->tun.offload,
					 .idle = requests->options.update != NULL,
					 .fd = request->tun.fd};
	int rc = xt_tun_owner(conf, &options.owner_uid, &options.owner_gid);

	if (rc < 0) {
		snprintf(requests->text, sizeof(requests->text), "Owner: there is no user %s%s%s",
			 conf->owner_user, conf->owner_group ? " or no group " : "",
			 conf->owner_group ? conf->owner_group : "");
		reply->text = requests->text;
		return rc;
	}
	if (conf->owner_user && xt_tun_words.owner) {
		snprintf(requests->text, sizeof(requests->text), "Owner: %s", xt_tun_words.owner);
		reply->text = requests->text;
		return -EOPNOTSUPP;
	}
	reply->tun.persistent = options.persist;
	rc = tun_make(reply, &options);
	if (rc < 0)
		return rc;
	if (requests->options.adoption)
		requests->options.adoption->tun = -1;
	xt_tun_hand_over(reply->tun.v, requests->options.adoption != NULL);
	xt_runner_name(requests->options.runner, reply->tun.v->name);
	requests->tun_fd = fcntl(xt_tun_fd(reply->tun.v), F_DUPFD_CLOEXEC, 0);
	requests->owner_uid = options.owner_uid;
	requests->marked = options.persist && geteuid() == 0;
	if (requests->marked)
		xt_run_directory_mark(xt_request_directory(requests), conf->name,
				      options.owner_uid);
	if (request->tun.default_mtu && !reply->tun.existed && options.fd <= 0 &&
	    xt_link_mtu_set(reply->tun.v->ifindex, XT_LINK_MTU_DEFAULT) == 0)
		reply->tun.v->mtu = XT_LINK_MTU_DEFAULT;
	return 0;
}

/* The interface goes with the last descriptor. */
static void tun_drop(struct xt_requests *requests)
{
	if (requests->tun_fd >= 0)
		close(requests->tun_fd);
	requests->tun_fd = -1;
}

static int tun_remove(struct xt_requests *requests, const struct xt_request *request,
		      struct xt_reply *reply)
{
	int rc = xt_tun_remove(requests->conf->name);

	(void)request;
	(void)reply;
	requests->marked &= rc < 0;
	if (rc == 0)
		xt_run_directory_unmark(xt_request_directory(requests), requests->conf->name);
	return rc;
}

/* --- firewall and DNS --- */

static void on_state(void *ctx)
{
	const struct xt_reply reply = {0};

	request_answer(ctx, XT_REQUEST_STATE, &reply);
}

static int state_open(struct xt_requests *requests, const struct xt_request *request,
		      struct xt_reply *reply)
{
	const struct xt_host_options options = {.conf = requests->conf,
						.run_dir = xt_request_directory(requests),
						.runner = requests->options.runner};
	struct xt_adoption *adoption = requests->options.adoption;
	int rc, state_file = adoption ? adoption->state_file : -1;

	(void)request;
	(void)reply;
	if (adoption) {
		adoption->state_file = -1;
		return xt_host_adopt(&requests->host, requests->loop, &options, &adoption->host,
				     state_file);
	}
	rc = xt_host_new(&requests->host, requests->loop, &options, on_state, requests);
	return rc < 0 ? rc : LATER;
}

static int policy_choose(struct xt_requests *requests, const struct xt_request *request,
			 struct xt_reply *reply)
{
	int rc = 0;

	(void)request;
	if (requests->options.adoption)
		requests->policy = requests->options.adoption->host.state.policy;
	else
		rc = xt_host_policy(requests->host, &requests->policy);
	reply->policy = requests->policy;
	return rc;
}

static void on_host_done(void *ctx)
{
	struct xt_requests *requests = ctx;
	struct xt_reply reply = {0};

	request_answer(requests, requests->host_kind, &reply);
}

static int host_change(struct xt_requests *requests, const struct xt_request *request,
		       struct xt_reply *reply)
{
	(void)reply;
	if (!requests->host)
		return 0;
	requests->host_kind = request->kind;
	if (request->kind == XT_REQUEST_FIREWALL)
		xt_host_guard(requests->host, on_host_done, requests);
	else if (request->kind == XT_REQUEST_DNS)
		xt_host_names(requests->host, on_host_done, requests);
	else
		xt_host_down(requests->host, on_host_done, requests);
	return LATER;
}

/* --- link --- */

static int link_adopt(struct xt_requests *requests, const struct xt_link_plan *plan)
{
	uint32_t mtu = 0;
	int rc = xt_link_mtu_get(if_nametoindex(plan->name), &mtu);

	return rc < 0 ? rc : xt_link_adopt(&requests->link, plan, mtu);
}

static int link_set(struct xt_requests *requests, const struct xt_request *request,
		    struct xt_reply *reply)
{
	struct xt_conf_link link;
	int rc = xt_conf_link(&link, requests->conf);

	(void)request;
	if (rc < 0)
		return rc;
	link.plan.policy = requests->policy;
	if (xt_host_without_ipv6(requests->host))
		xt_conf_link_drop_ipv6(&link);
	if (requests->options.adoption)
		rc = link_adopt(requests, &link.plan);
	else
		rc = xt_link_set(&requests->link, &link.plan, requests->text,
				 sizeof(requests->text));
	xt_startup_end();
	xt_conf_link_clear(&link);
	if (rc < 0 && *requests->text)
		reply->text = requests->text;
	if (rc == 0)
		reply->mtu = xt_link_mtu(requests->link);
	return rc;
}

static int link_restore(struct xt_requests *requests, const struct xt_request *request,
			struct xt_reply *reply)
{
	(void)request;
	(void)reply;
	return requests->link ? xt_link_restore(requests->link) : 0;
}

/* A reload, and routes that follow the device, change the same routes on a worker thread. */
static int route_mtu(struct xt_requests *requests, const struct xt_request *request,
		     struct xt_reply *reply)
{
	(void)reply;
	if (requests->reload || requests->routing)
		return -EAGAIN;
	return requests->link ? xt_link_route_mtu(requests->link, request->path_mtu.networks,
						  request->path_mtu.n, request->path_mtu.mtu)
			      : 0;
}

static int link_undo(struct xt_requests *requests, const struct xt_request *request,
		     struct xt_reply *reply)
{
	(void)reply;
	if (requests->link && request->keep)
		xt_link_forget(requests->link);
	else if (requests->link)
		xt_link_undo(requests->link);
	requests->link = NULL;
	tun_drop(requests);
	xt_host_free(requests->host);
	requests->host = NULL;
	return 0;
}

static int watch_follow(struct xt_requests *requests, const struct xt_request *request,
			struct xt_reply *reply)
{
	struct xt_link_state state;
	struct xt_watch watch;
	int rc = requests->tun_fd < 0 ? -ENODEV : xt_watch_follow(&watch, requests->tun_fd, &state);

	(void)request;
	if (rc < 0)
		return rc;
	reply->watch.fd = watch.fd;
	reply->watch.nsid = watch.nsid;
	reply->watch.ifindex = watch.ifindex;
	reply->watch.up = state.up;
	reply->watch.mtu = state.mtu;
	memcpy(reply->watch.name, state.name, sizeof(reply->watch.name));
	return 0;
}

static int addresses_read(struct xt_requests *requests, const struct xt_request *request,
			  struct xt_reply *reply)
{
	(void)request;
	return xt_link_addresses(requests->conf->name, &reply->addresses.v, &reply->addresses.n);
}

/* --- sockets --- */

static int udp_open(struct xt_requests *requests, const struct xt_request *request,
		    struct xt_reply *reply)
{
	(void)requests;
	return xt_udp_sockets_open(&reply->udp, request->udp.port, request->udp.mark);
}

static int udp_mark(struct xt_requests *requests, const struct xt_request *request,
		    struct xt_reply *reply)
{
	(void)requests;
	(void)reply;
	return xt_udp_sockets_mark(request->mark.fd, request->mark.mark, request->mark.old);
}

/* --- files --- */

static void on_saved(void *ctx, int error)
{
	struct xt_reply reply = {.error = error};

	request_answer(ctx, XT_REQUEST_CONF_SAVE, &reply);
}

static int conf_save(struct xt_requests *requests, const struct xt_request *request,
		     struct xt_reply *reply)
{
	const char *path = requests->conf->path;
	struct xt_save save = request->save;
	int rc;

	(void)reply;
	if (!path)
		path = "";
	save.command_key = requests->conf->command_key;
	rc = xt_save_start(requests->loop, path, requests->conf->name, &save, on_saved, requests);
	return rc < 0 ? rc : LATER;
}

static int keylog_open(struct xt_requests *requests, const struct xt_request *request,
		       struct xt_reply *reply)
{
	const char *path = xt_keylog_path();

	(void)request;
	reply->fd = path ? xt_keylog_open(path) : -1;
	if (!path || reply->fd >= 0)
		return 0;
	if (reply->fd == -EPERM) {
		snprintf(
		    requests->text, sizeof(requests->text),
		    "WG_KEYLOGFILE=%s is refused: only a plain file of yours with mode 0600 is "
		    "taken",
		    path);
		reply->text = requests->text;
	}
	return reply->fd;
}

/* --- names --- */

static void on_answered(void *ctx, const struct xt_resolver_answer *answer)
{
	struct xt_reply reply = {.error = answer->why ? -ENOENT : 0,
				 .text = answer->why,
				 .resolved = {.id = answer->id, .v = answer->v, .n = answer->n}};

	request_answer(ctx, XT_REQUEST_RESOLVE, &reply);
}

static void on_resolver_closed(void *ctx)
{
	struct xt_requests *requests = ctx;

	requests->resolver = NULL;
}

static int name_resolve(struct xt_requests *requests, const struct xt_request *request,
			struct xt_reply *reply)
{
	struct xt_resolver_callbacks callbacks = {.ctx = requests,
						  .process = requests->options.resolver,
						  .answered = on_answered,
						  .closed = on_resolver_closed};
	struct xt_resolver_question question = {.id = request->resolve.id,
						.host = request->resolve.name,
						.families = request->resolve.families,
						.mark = request->resolve.mark};
	int rc = 0;

	reply->resolved.id = question.id;
	if (!requests->resolver && request->resolve.beside)
		xt_dns_servers_read(&requests->servers);
	question.servers = request->resolve.beside ? &requests->servers : NULL;
	if (!requests->resolver)
		rc = xt_resolver_new(&requests->resolver, requests->loop, &callbacks);
	if (rc == 0)
		rc = xt_resolver_ask(requests->resolver, &question);
	return rc < 0 ? rc : LATER;
}

/* --- all of them --- */

static xt_request_handler *const handlers[XT_REQUESTS] = {
    [XT_REQUEST_RUN_DIRECTORY] = xt_request_directory_make,
    [XT_REQUEST_SOCKET_REMOVE] = xt_request_socket_remove,
    [XT_REQUEST_TUN_OPEN] = tun_open,
    [XT_REQUEST_TUN_REMOVE] = tun_remove,
    [XT_REQUEST_STATE] = state_open,
    [XT_REQUEST_POLICY] = policy_choose,
    [XT_REQUEST_KEYLOG] = keylog_open,
    [XT_REQUEST_UDP_OPEN] = udp_open,
    [XT_REQUEST_UDP_MARK] = udp_mark,
    [XT_REQUEST_LISTEN] = xt_request_listen,
    [XT_REQUEST_FIREWALL] = host_change,
    [XT_REQUEST_LINK] = link_set,
    [XT_REQUEST_DNS] = host_change,
    [XT_REQUEST_UNDO] = host_change,
    [XT_REQUEST_LINK_RESTORE] = link_restore,
    [XT_REQUEST_LINK_UNDO] = link_undo,
    [XT_REQUEST_WATCH] = watch_follow,
    [XT_REQUEST_ADDRESSES] = addresses_read,
    [XT_REQUEST_HOOKS] = xt_request_hooks,
    [XT_REQUEST_CONF_SAVE] = conf_save,
    [XT_REQUEST_DETACH] = xt_request_detach,
    [XT_REQUEST_NAME_FILE] = xt_request_name_file,
    [XT_REQUEST_NOTIFY] = xt_request_notify,
    [XT_REQUEST_BOUND_READ] = xt_request_bound_read,
    [XT_REQUEST_BOUND_WRITE] = xt_request_bound_write,
    [XT_REQUEST_PEERS_WRITE] = xt_request_peers_write,
    [XT_REQUEST_UPGRADE] = xt_request_upgrade,
    [XT_REQUEST_UPGRADE_END] = xt_request_upgrade_end,
    [XT_REQUEST_TAKE_OVER] = xt_request_take_over,
    [XT_REQUEST_RESOLVE] = name_resolve,
    [XT_REQUEST_ROUTE_MTU] = route_mtu,
    [XT_REQUEST_ROUTES] = xt_request_routes,
    [XT_REQUEST_RELOAD_READ] = xt_request_reload_read,
    [XT_REQUEST_RELOAD_STEP] = xt_request_reload_go,
    [XT_REQUEST_RELOAD_UNDO] = xt_request_reload_go,
    [XT_REQUEST_RELOAD_COMMIT] = xt_request_reload_go,
    [XT_REQUEST_RELOAD_END] = xt_request_reload_end,
};

void xt_request(struct xt_requests *requests, const struct xt_request *request,
		xt_request_done *done, void *ctx)
{
	struct xt_reply reply = {0};
	int rc = XT_E_UNSUPPORTED;

	if (requests->carrier) {
		requests->carrier->ask(requests->carrier_ctx, request, done, ctx);
		return;
	}
	requests->pending[request->kind] = (struct pending){done, ctx};
	*requests->text = '\0';
	if (handlers[request->kind])
		rc = handlers[request->kind](requests, request, &reply);
	if (rc == LATER)
		return;
	reply.error = rc;
	request_answer(requests, request->kind, &reply);
}

void xt_request_cancel(struct xt_requests *requests, enum xt_request_kind kind)
{
	if (requests->carrier) {
		requests->carrier->cancel(requests->carrier_ctx, kind);
		return;
	}
	if (kind == XT_REQUEST_HOOKS && requests->hooks)
		xt_hooks_cancel(requests->hooks);
	if (kind == XT_REQUEST_RESOLVE && requests->resolver) {
		requests->pending[kind].done = NULL;
		xt_resolver_stop(requests->resolver);
	}
}

int xt_requests_open(struct xt_requests **out, uv_loop_t *loop,
		     const struct xt_requests_options *options)
{
	struct xt_requests *requests = calloc(1, sizeof(*requests));

	if (!requests)
		return XT_E_NOMEM;
	requests->loop = loop;
	requests->conf = options->conf;
	requests->options = *options;
	requests->tun_fd = -1;
	*out = requests;
	return 0;
}

bool xt_requests_close(struct xt_requests *requests)
{
	if (!requests)
		return true;
	if (requests->carrier)
		requests->carrier->close(requests->carrier_ctx);
	xt_identity_close(requests->identity); /* what is not written yet outlives an _exit too */
	requests->identity = NULL;
	xt_request_sockets_close(requests);
	xt_request_upgrade_close(requests);
	free(requests->bound_waits);
	requests->bound_waits = NULL;
	tun_drop(requests);
	if (requests->options.ready >= 0)
		close(requests->options.ready);
	requests->options.ready = -1;
	if (requests->resolver)
		return false;
	free(requests);
	return true;
}

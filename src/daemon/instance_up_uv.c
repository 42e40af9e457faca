/* The way up: TUN, PreUp, device, link, sockets, PostUp, ready. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/exit.h"
#include "daemon/explain.h"
#include "daemon/plan.h"
#include "base/message.h"
#include "ipc/client.h"
#include "packet/echo_responder.h"
#include "tunnel/timestamp.h"

#define NAMES_LIMIT_S 30u

static void fail(struct xt_instance *instance)
{
	xt_instance_rollback(instance, XT_EXIT_FAILURE);
}

static void to_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

static void say_ready(const struct xt_instance *instance)
{
	const struct xt_conf *conf = instance->conf;

	if (instance->wish.dropin) { /* as quiet as those it stands in for */
		xt_log_notice("%s is ready", conf->name);
		return;
	}

	xt_message("%s is ready: UDP port %u, MTU %u, %zu peer%s", conf->name,
		   (unsigned)xt_tunnel_udp(instance->tunnel)->port,
		   (unsigned)xt_tunnel_tun(instance->tunnel)->mtu, conf->n_peers,
		   conf->n_peers == 1 ? "" : "s");
}

/* A short queue loses datagrams while the endpoint is busy with the other direction. */
static void say_queue(const struct xt_instance *instance)
{
	uint32_t queue = xt_tunnel_udp(instance->tunnel)->queue;

	if (queue < XT_UDP_QUEUE)
		xt_log_warning("%s: the UDP queue holds %u KiB and not %u: net.core.rmem_max and "
			       "no CAP_NET_ADMIN to pass it",
			       instance->conf->name, (unsigned)queue >> 10,
			       (unsigned)XT_UDP_QUEUE >> 10);
}

static void ready(struct xt_instance *instance)
{
	bool heard = true;

	instance->phase = XT_PHASE_READY;
	say_queue(instance);
	xt_instance_tell_ready(instance);
	if (instance->wish.ready >= 0) {
		heard = write(instance->wish.ready, "R", 1) == 1;
		close(instance->wish.ready);
		instance->wish.ready = -1;
	} else {
		say_ready(instance);
	}
	if (instance->wish.quiet)
		to_null();
	if (!heard) {
		instance->status = XT_EXIT_FAILURE;
		xt_instance_end(instance);
	}
}

static void on_post_up(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_instance *instance = ctx;
	char text[160];

	instance->hooks = NULL;
	if (instance->ending) {
		xt_instance_rollback(instance, instance->status);
	} else if (result->error) {
		xt_hooks_text(result, "PostUp", text, sizeof(text));
		xt_message("%s: %s; all is rolled back", instance->conf->name, text);
		fail(instance);
	} else {
		ready(instance);
	}
}

static void on_gone(void *ctx, int error)
{
	struct xt_instance *instance = ctx;

	xt_log_notice("%s: the interface is gone (%s)", instance->conf->name, xt_strerror(error));
	if (instance->phase < XT_PHASE_READY)
		instance->status = XT_EXIT_FAILURE;
	xt_instance_end(instance);
}

static void on_mtu(void *ctx, uint32_t mtu)
{
	struct xt_instance *instance = ctx;

	if (instance->echo)
		xt_echo_set_mtu(instance->echo, mtu);
	xt_log_notice("%s: MTU is %u now", instance->conf->name, (unsigned)mtu);
	if (mtu > XT_LINK_MTU_MAX)
		xt_log_warning(
		    "%s: an MTU of %u is too large: packets of more than %u bytes fit no "
		    "datagram and are dropped",
		    instance->conf->name, (unsigned)mtu, (unsigned)XT_LINK_MTU_MAX);
}

static void names_found(struct xt_instance *instance);

static void on_found(void *ctx, const struct xt_public *peer, const struct xt_endpoint *endpoint)
{
	struct xt_instance *instance = ctx;

	if (!instance->tunnel || !instance->loop)
		return;
	(void)xt_tunnel_set_endpoint(instance->tunnel, peer, endpoint);
	xt_loop_wake(instance->loop);
	if (instance->names > 0 && --instance->names == 0 && instance->phase == XT_PHASE_NAMES)
		names_found(instance);
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

/* Ask for the names among endpoints. */
static int start_resolver(struct xt_instance *instance, const struct xt_change *change)
{
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_resolver_callbacks calls = {instance, on_found, on_not_found, on_resolver_closed};
	unsigned families = (udp->fd[0] >= 0 ? 1u : 0) | (udp->fd[1] >= 0 ? 2u : 0);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < instance->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &instance->conf->peers[i];
		bool literal = false;

		if (!peer->endpoint_host)
			continue;
		for (size_t k = 0; k < change->n_peers; k++) {
			if (memcmp(change->peers[k].key.b, peer->key.b, sizeof(peer->key.b)) == 0)
				literal = change->peers[k].set & XT_PEER_ENDPOINT;
		}
		if (literal)
			continue;
		if (!instance->resolver)
			rc = xt_resolver_new(&instance->resolver, &instance->uv, families, &calls);
		if (rc == 0)
			rc = xt_resolver_add(instance->resolver, &peer->key, peer->endpoint_host,
					     peer->endpoint_port);
		instance->names += rc == 0;
	}
	return rc;
}

/* The device has them now. */
static void wipe_conf_keys(struct xt_conf *conf)
{
	xt_wipe(&conf->private_key, sizeof(conf->private_key));
	for (size_t i = 0; i < conf->n_peers; i++)
		xt_wipe(&conf->peers[i].psk, sizeof(conf->peers[i].psk));
}

static int start_device(struct xt_instance *instance, const struct xt_change *change)
{
	struct xt_conf *conf = instance->conf;
	char state_dir[PATH_MAX];
	struct xt_tunnel_start start = {
	    .change = change,
	    .local4 = xt_plan_local_address(conf, 4),
	    .local6 = xt_plan_local_address(conf, 6),
	    .aead = conf->aead,
	    .threads = xt_plan_threads(conf),
	    .offload_off = xt_plan_offload_off(conf),
	};
	const char *step = "echo endpoint";
	int rc = xt_plan_echo(&instance->echo, conf, xt_tunnel_tun(instance->tunnel)->mtu);

	start.echo = instance->echo;
	start.keylog = getenv("WG_KEYLOGFILE");
	if (start.keylog && !*start.keylog)
		start.keylog = NULL;
	if (xt_timestamp_dir(state_dir, sizeof(state_dir)) == 0)
		start.state_dir = state_dir;
	if (rc == 0)
		rc = xt_tunnel_start(instance->tunnel, &start, &step);
	if (rc < 0 && strcmp(step, "UDP port") == 0)
		xt_explain_udp(conf, rc);
	else if (rc == -EPERM && strcmp(step, "key log") == 0)
		xt_message(
		    "WG_KEYLOGFILE=%s is refused: only a plain file of yours with mode 0600 is taken",
		    start.keylog);
	else if (rc < 0 && strcmp(step, "cryptography") == 0 &&
		 *xt_tunnel_cipher(instance->tunnel)->reason)
		xt_message("Aead: %s", xt_tunnel_cipher(instance->tunnel)->reason);
	else if (rc < 0)
		xt_explain_step(conf->name, step, rc);
	return rc;
}

static int start_loop(struct xt_instance *instance)
{
	struct xt_loop_callbacks calls = {instance, on_gone, on_mtu, xt_instance_loop_closed};
	int rc = xt_loop_start(&instance->loop, &instance->uv, instance->tunnel, &calls);

	if (rc == 0)
		rc = xt_pinger_new(&instance->pinger, &instance->uv, instance->tunnel,
				   instance->loop);
	if (rc < 0)
		xt_explain_step(instance->conf->name, "event loop", rc);
	return rc;
}

static void drop_ipv6(struct xt_link_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_networks; i++)
		if (plan->networks[i].ip.family != 6)
			plan->networks[n++] = plan->networks[i];
	plan->n_networks = n;
}

static int set_link(struct xt_instance *instance)
{
	struct xt_plan_link plan;
	char error[256] = "";
	int rc = xt_plan_link(&plan, instance->conf);

	plan.plan.policy = instance->policy;
	if (rc == 0 && xt_host_without_ipv6(instance->host))
		drop_ipv6(&plan.plan);
	if (rc == 0)
		rc = xt_link_set(&instance->link, &plan.plan, error, sizeof(error));
	xt_plan_link_clear(&plan);
	if (rc < 0) {
		xt_explain_link(instance->conf->name, *error ? error : xt_strerror(rc), rc);
		return rc;
	}
	xt_tunnel_set_mtu(instance->tunnel, xt_link_mtu(instance->link));
	if (instance->echo)
		xt_echo_set_mtu(instance->echo, xt_link_mtu(instance->link));
	return 0;
}

static int choose_policy(struct xt_instance *instance, struct xt_change *change)
{
	const char *name = instance->conf->name;
	int rc = xt_host_policy(instance->host, &instance->policy);

	if (rc == -ERANGE)
		xt_message("%s: no routing table or no rule priority is free for the default route",
			   name);
	else if (rc < 0)
		xt_explain_step(name, "policy routing", rc);
	if (rc == 0 && instance->policy.table != 0)
		change->fwmark = instance->policy.table;
	return rc;
}

static int start_parts(struct xt_instance *instance)
{
	struct xt_change change;
	int rc = xt_conf_change(instance->conf, &change);

	if (rc < 0) {
		xt_explain_step(instance->conf->name, "configuration", rc);
		return rc;
	}
	rc = choose_policy(instance, &change);
	if (rc == 0)
		rc = start_device(instance, &change);
	wipe_conf_keys(instance->conf);
	if (rc == 0)
		rc = start_loop(instance);
	if (rc == 0)
		rc = start_resolver(instance, &change);
	xt_change_clear(&change);
	return rc;
}

static void on_names_set(void *ctx)
{
	struct xt_instance *instance = ctx;

	instance->phase = XT_PHASE_POST_UP;
	if (xt_hooks_start(&instance->hooks, &instance->uv, &instance->conf->post_up,
			   instance->conf->name, on_post_up, instance) < 0)
		fail(instance);
}

static void on_guarded(void *ctx)
{
	struct xt_instance *instance = ctx;
	int rc = instance->wish.dropin ? 0 : set_link(instance);

	if (rc == 0)
		rc = xt_instance_sockets_open(instance);
	if (rc < 0)
		fail(instance);
	else
		xt_host_names(instance->host, on_names_set, instance);
}

static void join_host(struct xt_instance *instance)
{
	instance->phase = XT_PHASE_HOST;
	xt_host_guard(instance->host, on_guarded, instance);
}

void xt_instance_names_over(struct xt_instance *instance)
{
	if (instance->phase == XT_PHASE_NAMES)
		uv_close((uv_handle_t *)&instance->names_limit, NULL);
}

static void names_found(struct xt_instance *instance)
{
	xt_instance_names_over(instance);
	join_host(instance);
}

static void on_names_limit(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;

	xt_message("%s: not every Endpoint's name was found within %u s; going on without",
		   instance->conf->name, NAMES_LIMIT_S);
	names_found(instance);
}

/* Name servers and default route are about to lead into the tunnel: the names that it needs itself
 * are looked up before that. */
static void bring_up(struct xt_instance *instance)
{
	if (start_parts(instance) < 0) {
		fail(instance);
		return;
	}
	if (instance->names == 0 || (instance->policy.table == 0 && instance->conf->n_dns == 0)) {
		join_host(instance);
		return;
	}
	instance->phase = XT_PHASE_NAMES;
	uv_timer_init(&instance->uv, &instance->names_limit);
	instance->names_limit.data = instance;
	uv_timer_start(&instance->names_limit, on_names_limit, NAMES_LIMIT_S * UINT64_C(1000), 0);
}

static void on_pre_up(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_instance *instance = ctx;
	char text[160];

	instance->hooks = NULL;
	if (instance->ending) {
		xt_instance_rollback(instance, instance->status);
		return;
	}
	if (result->error) {
		xt_hooks_text(result, "PreUp", text, sizeof(text));
		xt_message("%s: %s; all is rolled back", instance->conf->name, text);
		fail(instance);
		return;
	}
	bring_up(instance);
}

static bool runs_already(const char *name)
{
	char path[XT_RUNSOCK_MAX];
	struct xt_client *client;

	if (!xt_rundir_find(path, name) || xt_client_open(&client, path) < 0)
		return false;
	xt_client_close(client);
	return true;
}

/* A descriptor that was handed over may be of another interface than was called. A fresh interface
 * gets the MTU that every implementation begins with. */
static void take_name(struct xt_instance *instance)
{
	const struct xt_tun *tun = xt_tunnel_tun(instance->tunnel);

	memcpy(instance->conf->name, tun->name, sizeof(instance->conf->name));
	if (!instance->existed && instance->wish.tun_fd <= 0 &&
	    xt_link_mtu_set(tun->ifindex, XT_LINK_MTU_DEFAULT) == 0)
		xt_tunnel_set_mtu(instance->tunnel, XT_LINK_MTU_DEFAULT);
}

static int open_tun(struct xt_instance *instance)
{
	struct xt_conf *conf = instance->conf;
	struct xt_tun_options options = {.name = conf->name,
					 .persist = conf->owner_user,
					 .offload = !xt_plan_offload_off(conf),
					 .fd = instance->wish.tun_fd};
	struct xt_tunnel_callbacks calls;
	int rc = xt_plan_owner(conf, &options.owner_uid, &options.owner_gid);

	if (rc < 0) {
		xt_message("Owner: there is no user %s%s%s", conf->owner_user,
			   conf->owner_group ? " or no group " : "",
			   conf->owner_group ? conf->owner_group : "");
		return rc;
	}
	instance->existed = if_nametoindex(conf->name) != 0;
	instance->persist = options.persist;
	xt_instance_tunnel_callbacks(instance, &calls);
	rc = xt_tunnel_open(&instance->tunnel, &options, &calls);
	if (rc == -EBUSY && runs_already(conf->name))
		xt_explain_running(conf->name);
	else if (rc < 0)
		xt_explain_tun(conf->name, rc);
	else if (options.persist && geteuid() == 0)
		xt_rundir_mark(conf->name, options.owner_uid);
	if (rc == 0 && instance->wish.dropin)
		take_name(instance);
	return rc;
}

void xt_instance_begin(struct xt_instance *instance)
{
	struct xt_conf *conf = instance->conf;
	char why[96], run_dir[XT_RUNDIR_MAX];

	instance->phase = XT_PHASE_PRE_UP;
	instance->since_ns = uv_hrtime();
	if (runs_already(conf->name)) {
		xt_explain_running(conf->name);
		fail(instance);
	} else if (!xt_plan_environment(why, sizeof(why))) {
		xt_message("%s", why);
		fail(instance);
	} else if (open_tun(instance) < 0 ||
		   xt_host_new(&instance->host, &instance->uv, conf,
			       xt_rundir_path(run_dir, true) == 0 ? run_dir : NULL) < 0) {
		fail(instance);
	} else if (xt_hooks_start(&instance->hooks, &instance->uv, &conf->pre_up, conf->name,
				  on_pre_up, instance) < 0) {
		fail(instance);
	}
}

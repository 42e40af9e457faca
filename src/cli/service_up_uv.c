/* The way up: TUN, PreUp, device, link, sockets, PostUp, ready. */
#include "cli/service_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/explain.h"
#include "cli/plan.h"
#include "cli/term.h"
#include "control/client.h"
#include "packet/echo_turn.h"
#include "tunnel/stamp.h"

#define NAMES_LIMIT_S 30u

static void fail(struct xt_service *service)
{
	xt_service_rollback(service, XT_EXIT_FAILURE);
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

static void say_ready(const struct xt_service *service)
{
	const struct xt_conf *conf = service->conf;

	if (service->wish.dropin) { /* as quiet as those it stands in for */
		xt_log_notice("%s is ready", conf->name);
		return;
	}

	xt_say("%s is ready: UDP port %u, MTU %u, %zu peer%s", conf->name,
	       (unsigned)xt_tunnel_udp(service->tunnel)->port,
	       (unsigned)xt_tunnel_tun(service->tunnel)->mtu, conf->n_peers,
	       conf->n_peers == 1 ? "" : "s");
}

/* A short queue loses datagrams while the endpoint is busy with the other direction. */
static void say_queue(const struct xt_service *service)
{
	uint32_t queue = xt_tunnel_udp(service->tunnel)->queue;

	if (queue < XT_UDP_QUEUE)
		xt_log_warning("%s: the UDP queue holds %u KiB and not %u: net.core.rmem_max and "
			       "no CAP_NET_ADMIN to pass it",
			       service->conf->name, (unsigned)queue >> 10,
			       (unsigned)XT_UDP_QUEUE >> 10);
}

static void ready(struct xt_service *service)
{
	bool heard = true;

	service->phase = XT_PHASE_READY;
	say_queue(service);
	xt_service_tell_ready(service);
	if (service->wish.ready >= 0) {
		heard = write(service->wish.ready, "R", 1) == 1;
		close(service->wish.ready);
		service->wish.ready = -1;
	} else {
		say_ready(service);
	}
	if (service->wish.quiet)
		to_null();
	if (!heard) {
		service->status = XT_EXIT_FAILURE;
		xt_service_end(service);
	}
}

static void on_post_up(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_service *service = ctx;
	char text[160];

	service->hooks = NULL;
	if (service->ending) {
		xt_service_rollback(service, service->status);
	} else if (result->error) {
		xt_hooks_text(result, "PostUp", text, sizeof(text));
		xt_say("%s: %s; all is rolled back", service->conf->name, text);
		fail(service);
	} else {
		ready(service);
	}
}

static void on_gone(void *ctx, int error)
{
	struct xt_service *service = ctx;

	xt_log_notice("%s: the interface is gone (%s)", service->conf->name, xt_strerror(error));
	if (service->phase < XT_PHASE_READY)
		service->status = XT_EXIT_FAILURE;
	xt_service_end(service);
}

static void on_mtu(void *ctx, uint32_t mtu)
{
	struct xt_service *service = ctx;

	if (service->echo)
		xt_echo_set_mtu(service->echo, mtu);
	xt_log_notice("%s: MTU is %u now", service->conf->name, (unsigned)mtu);
	if (mtu > XT_LINK_MTU_MAX)
		xt_log_warning(
		    "%s: an MTU of %u is too large: packets of more than %u bytes fit no "
		    "datagram and are dropped",
		    service->conf->name, (unsigned)mtu, (unsigned)XT_LINK_MTU_MAX);
}

static void names_found(struct xt_service *service);

static void on_found(void *ctx, const struct xt_public *peer, const struct xt_endpoint *endpoint)
{
	struct xt_service *service = ctx;

	if (!service->tunnel || !service->loop)
		return;
	(void)xt_tunnel_set_endpoint(service->tunnel, peer, endpoint);
	xt_loop_wake(service->loop);
	if (service->names > 0 && --service->names == 0 && service->phase == XT_PHASE_NAMES)
		names_found(service);
}

static void on_not_found(void *ctx, const char *host, const char *why, unsigned again_s)
{
	struct xt_service *service = ctx;

	xt_log_warning("%s: %s: %s; asking again in %u s", service->conf->name, host, why, again_s);
}

static void on_resolver_closed(void *ctx)
{
	struct xt_service *service = ctx;

	service->resolver = NULL;
}

/* Ask for the names among endpoints. */
static int start_resolver(struct xt_service *service, const struct xt_change *change)
{
	const struct xt_udp *udp = xt_tunnel_udp(service->tunnel);
	struct xt_resolver_calls calls = {service, on_found, on_not_found, on_resolver_closed};
	unsigned families = (udp->fd[0] >= 0 ? 1u : 0) | (udp->fd[1] >= 0 ? 2u : 0);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < service->conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &service->conf->peers[i];
		bool literal = false;

		if (!peer->endpoint_host)
			continue;
		for (size_t k = 0; k < change->n_peers; k++) {
			if (memcmp(change->peers[k].key.b, peer->key.b, sizeof(peer->key.b)) == 0)
				literal = change->peers[k].set & XT_PEER_ENDPOINT;
		}
		if (literal)
			continue;
		if (!service->resolver)
			rc = xt_resolver_new(&service->resolver, &service->uv, families, &calls);
		if (rc == 0)
			rc = xt_resolver_add(service->resolver, &peer->key, peer->endpoint_host,
					     peer->endpoint_port);
		service->names += rc == 0;
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

static int start_device(struct xt_service *service, const struct xt_change *change)
{
	struct xt_conf *conf = service->conf;
	char state_dir[PATH_MAX];
	struct xt_tunnel_start start = {
	    .change = change,
	    .own4 = xt_plan_own(conf, 4),
	    .own6 = xt_plan_own(conf, 6),
	    .aead = conf->aead,
	    .threads = xt_plan_threads(conf),
	    .offload_off = xt_plan_offload_off(conf),
	};
	const char *step = "echo endpoint";
	int rc = xt_plan_echo(&service->echo, conf, xt_tunnel_tun(service->tunnel)->mtu);

	start.echo = service->echo;
	start.keylog = getenv("WG_KEYLOGFILE");
	if (start.keylog && !*start.keylog)
		start.keylog = NULL;
	if (xt_stamp_dir(state_dir, sizeof(state_dir)) == 0)
		start.state_dir = state_dir;
	if (rc == 0)
		rc = xt_tunnel_start(service->tunnel, &start, &step);
	if (rc < 0 && strcmp(step, "UDP port") == 0)
		xt_explain_udp(conf, rc);
	else if (rc == -EPERM && strcmp(step, "key log") == 0)
		xt_say(
		    "WG_KEYLOGFILE=%s is refused: only a plain file of yours with mode 0600 is taken",
		    start.keylog);
	else if (rc < 0 && strcmp(step, "cryptography") == 0 &&
		 *xt_tunnel_cipher(service->tunnel)->reason)
		xt_say("Aead: %s", xt_tunnel_cipher(service->tunnel)->reason);
	else if (rc < 0)
		xt_explain_step(conf->name, step, rc);
	return rc;
}

static int start_loop(struct xt_service *service)
{
	struct xt_loop_calls calls = {service, on_gone, on_mtu, xt_service_loop_closed};
	int rc = xt_loop_start(&service->loop, &service->uv, service->tunnel, &calls);

	if (rc == 0)
		rc = xt_pinger_new(&service->pinger, &service->uv, service->tunnel, service->loop);
	if (rc < 0)
		xt_explain_step(service->conf->name, "event loop", rc);
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

static int set_link(struct xt_service *service)
{
	struct xt_plan_link plan;
	char error[256] = "";
	int rc = xt_plan_link(&plan, service->conf);

	plan.plan.policy = service->policy;
	if (rc == 0 && xt_host_without_ipv6(service->host))
		drop_ipv6(&plan.plan);
	if (rc == 0)
		rc = xt_link_set(&service->link, &plan.plan, error, sizeof(error));
	xt_plan_link_clear(&plan);
	if (rc < 0) {
		xt_explain_link(service->conf->name, *error ? error : xt_strerror(rc), rc);
		return rc;
	}
	xt_tunnel_set_mtu(service->tunnel, xt_link_mtu(service->link));
	if (service->echo)
		xt_echo_set_mtu(service->echo, xt_link_mtu(service->link));
	return 0;
}

static int choose_policy(struct xt_service *service, struct xt_change *change)
{
	const char *name = service->conf->name;
	int rc = xt_host_policy(service->host, &service->policy);

	if (rc == -ERANGE)
		xt_say("%s: no routing table or no rule priority is free for the default route",
		       name);
	else if (rc < 0)
		xt_explain_step(name, "policy routing", rc);
	if (rc == 0 && service->policy.table != 0)
		change->fwmark = service->policy.table;
	return rc;
}

static int start_parts(struct xt_service *service)
{
	struct xt_change change;
	int rc = xt_conf_change(service->conf, &change);

	if (rc < 0) {
		xt_explain_step(service->conf->name, "configuration", rc);
		return rc;
	}
	rc = choose_policy(service, &change);
	if (rc == 0)
		rc = start_device(service, &change);
	wipe_conf_keys(service->conf);
	if (rc == 0)
		rc = start_loop(service);
	if (rc == 0)
		rc = start_resolver(service, &change);
	xt_change_clear(&change);
	return rc;
}

static void on_names_set(void *ctx)
{
	struct xt_service *service = ctx;

	service->phase = XT_PHASE_POST_UP;
	if (xt_hooks_start(&service->hooks, &service->uv, &service->conf->post_up,
			   service->conf->name, on_post_up, service) < 0)
		fail(service);
}

static void on_guarded(void *ctx)
{
	struct xt_service *service = ctx;
	int rc = service->wish.dropin ? 0 : set_link(service);

	if (rc == 0)
		rc = xt_service_sockets_open(service);
	if (rc < 0)
		fail(service);
	else
		xt_host_names(service->host, on_names_set, service);
}

static void join_host(struct xt_service *service)
{
	service->phase = XT_PHASE_HOST;
	xt_host_guard(service->host, on_guarded, service);
}

void xt_service_names_over(struct xt_service *service)
{
	if (service->phase == XT_PHASE_NAMES)
		uv_close((uv_handle_t *)&service->names_limit, NULL);
}

static void names_found(struct xt_service *service)
{
	xt_service_names_over(service);
	join_host(service);
}

static void on_names_limit(uv_timer_t *timer)
{
	struct xt_service *service = timer->data;

	xt_say("%s: not every Endpoint's name was found within %u s; going on without",
	       service->conf->name, NAMES_LIMIT_S);
	names_found(service);
}

/* Name servers and default route are about to lead into the tunnel: the names that it needs itself
 * are looked up before that. */
static void bring_up(struct xt_service *service)
{
	if (start_parts(service) < 0) {
		fail(service);
		return;
	}
	if (service->names == 0 || (service->policy.table == 0 && service->conf->n_dns == 0)) {
		join_host(service);
		return;
	}
	service->phase = XT_PHASE_NAMES;
	uv_timer_init(&service->uv, &service->names_limit);
	service->names_limit.data = service;
	uv_timer_start(&service->names_limit, on_names_limit, NAMES_LIMIT_S * UINT64_C(1000), 0);
}

static void on_pre_up(void *ctx, const struct xt_hooks_result *result)
{
	struct xt_service *service = ctx;
	char text[160];

	service->hooks = NULL;
	if (service->ending) {
		xt_service_rollback(service, service->status);
		return;
	}
	if (result->error) {
		xt_hooks_text(result, "PreUp", text, sizeof(text));
		xt_say("%s: %s; all is rolled back", service->conf->name, text);
		fail(service);
		return;
	}
	bring_up(service);
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
static void take_name(struct xt_service *service)
{
	const struct xt_tun *tun = xt_tunnel_tun(service->tunnel);

	memcpy(service->conf->name, tun->name, sizeof(service->conf->name));
	if (!service->existed && service->wish.tun_fd <= 0 &&
	    xt_link_mtu_set(tun->ifindex, XT_LINK_MTU_DEFAULT) == 0)
		xt_tunnel_set_mtu(service->tunnel, XT_LINK_MTU_DEFAULT);
}

static int open_tun(struct xt_service *service)
{
	struct xt_conf *conf = service->conf;
	struct xt_tun_options options = {.name = conf->name,
					 .persist = conf->owner_user,
					 .offload = !xt_plan_offload_off(conf),
					 .fd = service->wish.tun_fd};
	struct xt_tunnel_calls calls;
	int rc = xt_plan_owner(conf, &options.owner_uid, &options.owner_gid);

	if (rc < 0) {
		xt_say("Owner: there is no user %s%s%s", conf->owner_user,
		       conf->owner_group ? " or no group " : "",
		       conf->owner_group ? conf->owner_group : "");
		return rc;
	}
	service->existed = if_nametoindex(conf->name) != 0;
	service->persist = options.persist;
	xt_service_tunnel_calls(service, &calls);
	rc = xt_tunnel_open(&service->tunnel, &options, &calls);
	if (rc == -EBUSY && runs_already(conf->name))
		xt_explain_running(conf->name);
	else if (rc < 0)
		xt_explain_tun(conf->name, rc);
	else if (options.persist && geteuid() == 0)
		xt_rundir_mark(conf->name, options.owner_uid);
	if (rc == 0 && service->wish.dropin)
		take_name(service);
	return rc;
}

void xt_service_begin(struct xt_service *service)
{
	struct xt_conf *conf = service->conf;
	char why[96];

	service->phase = XT_PHASE_PRE_UP;
	service->since_ns = uv_hrtime();
	if (runs_already(conf->name)) {
		xt_explain_running(conf->name);
		fail(service);
	} else if (!xt_plan_environment(why, sizeof(why))) {
		xt_say("%s", why);
		fail(service);
	} else if (open_tun(service) < 0 || xt_host_new(&service->host, &service->uv, conf) < 0) {
		fail(service);
	} else if (xt_hooks_start(&service->hooks, &service->uv, &conf->pre_up, conf->name,
				  on_pre_up, service) < 0) {
		fail(service);
	}
}

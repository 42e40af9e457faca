/* Steps of the way up: TUN, tunnel, firewall, link, DNS, ready. */
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

/* rc < 0: the step failed, and the user was told. */
static void post(struct xt_instance *instance, int rc)
{
	instance->post(instance, rc < 0 ? XT_INSTANCE_FAILED : XT_INSTANCE_DONE);
}

static void output_close(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

static void ready_print(const struct xt_instance *instance)
{
	const struct xt_conf *conf = instance->conf;

	if (instance->options.dropin) { /* as quiet as the programs it replaces */
		xt_log_notice("%s is ready", conf->name);
		return;
	}

	xt_message("%s is ready: UDP port %u, MTU %u, %zu peer%s", conf->name,
		   (unsigned)xt_tunnel_udp(instance->tunnel)->port,
		   (unsigned)xt_tunnel_tun(instance->tunnel)->mtu, conf->n_peers,
		   conf->n_peers == 1 ? "" : "s");
}

/* A short queue loses datagrams while the loop is busy with the other direction. */
static void queue_warn(const struct xt_instance *instance)
{
	uint32_t queue = xt_tunnel_udp(instance->tunnel)->queue;

	if (queue < XT_UDP_QUEUE)
		xt_log_warning("%s: the UDP queue holds %u KiB and not %u: net.core.rmem_max and "
			       "no CAP_NET_ADMIN to pass it",
			       instance->conf->name, (unsigned)queue >> 10,
			       (unsigned)XT_UDP_QUEUE >> 10);
}

/* When the byte cannot be delivered, the process that wanted the instance has ended. */
static bool ready_signal(struct xt_instance *instance)
{
	bool delivered = write(instance->options.ready, "R", 1) == 1;

	close(instance->options.ready);
	instance->options.ready = -1;
	return delivered;
}

void xt_instance_ready(struct xt_instance *instance)
{
	bool wanted = true;

	if (instance->disposition == XT_TUN_FOUND || instance->disposition == XT_TUN_MADE)
		instance->disposition = XT_TUN_KEPT;
	queue_warn(instance);
	xt_instance_notify_ready(instance);
	if (instance->options.ready >= 0)
		wanted = ready_signal(instance);
	else
		ready_print(instance);
	if (instance->options.quiet)
		output_close();
	if (!wanted) {
		instance->status = XT_EXIT_FAILURE;
		instance->post(instance, XT_INSTANCE_END);
	}
}

static void on_gone(void *ctx, int error)
{
	struct xt_instance *instance = ctx;

	xt_log_notice("%s: the interface is gone (%s)", instance->conf->name, xt_strerror(error));
	if (instance->state < XT_STATE_RUN || instance->state == XT_STATE_CANCEL)
		instance->status = XT_EXIT_FAILURE;
	instance->post(instance, XT_INSTANCE_END);
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

/* The device has them now. */
static void wipe_conf_keys(struct xt_conf *conf)
{
	xt_wipe(&conf->private_key, sizeof(conf->private_key));
	for (size_t i = 0; i < conf->n_peers; i++)
		xt_wipe(&conf->peers[i].psk, sizeof(conf->peers[i].psk));
}

static void explain_start(const struct xt_instance *instance, const struct xt_tunnel_start *start,
			  enum xt_tunnel_step step, int error)
{
	const struct xt_conf *conf = instance->conf;
	const char *reason = xt_tunnel_cipher(instance->tunnel)->reason;

	if (step == XT_TUNNEL_UDP)
		xt_explain_udp(conf, error);
	else if (step == XT_TUNNEL_KEYLOG && error == -EPERM)
		xt_message(
		    "WG_KEYLOGFILE=%s is refused: only a plain file of yours with mode 0600 is taken",
		    start->keylog);
	else if (step == XT_TUNNEL_CIPHER && *reason)
		xt_message("Aead: %s", reason);
	else
		xt_explain_step(conf->name, xt_tunnel_step_text(step), error);
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
	enum xt_tunnel_step step;
	int rc = xt_plan_echo(&instance->echo, conf, xt_tunnel_tun(instance->tunnel)->mtu);

	if (rc < 0) {
		xt_explain_step(conf->name, "echo responder", rc);
		return rc;
	}
	start.echo = instance->echo;
	start.keylog = getenv("WG_KEYLOGFILE");
	if (start.keylog && !*start.keylog)
		start.keylog = NULL;
	if (xt_timestamp_dir(state_dir, sizeof(state_dir)) == 0)
		start.state_dir = state_dir;
	rc = xt_tunnel_start(instance->tunnel, &start, &step);
	if (rc < 0)
		explain_start(instance, &start, step, rc);
	return rc;
}

static int start_loop(struct xt_instance *instance)
{
	struct xt_loop_callbacks callbacks = {instance, on_gone, on_mtu, xt_instance_loop_closed};
	int rc = xt_loop_start(&instance->loop, &instance->uv, instance->tunnel, &callbacks);

	if (rc == 0)
		rc = xt_pinger_new(&instance->pinger, &instance->uv, instance->tunnel,
				   instance->loop);
	if (rc < 0)
		xt_explain_step(instance->conf->name, "event loop", rc);
	return rc;
}

static void plan_drop_ipv6(struct xt_link_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_networks; i++)
		if (plan->networks[i].ip.family != 6)
			plan->networks[n++] = plan->networks[i];
	plan->n_networks = n;
}

static int link_set(struct xt_instance *instance)
{
	struct xt_plan_link plan;
	char error[256] = "";
	int rc = xt_plan_link(&plan, instance->conf);

	plan.plan.policy = instance->policy;
	if (rc == 0 && xt_host_without_ipv6(instance->host))
		plan_drop_ipv6(&plan.plan);
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

static int policy_choose(struct xt_instance *instance, struct xt_change *change)
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

static int start_all(struct xt_instance *instance, struct xt_change *change)
{
	int rc = policy_choose(instance, change);

	if (rc == 0)
		rc = start_device(instance, change);
	wipe_conf_keys(instance->conf);
	if (rc == 0)
		rc = start_loop(instance);
	if (rc == 0)
		rc = xt_instance_start_resolver(instance, change);
	return rc;
}

void xt_instance_start_tunnel(struct xt_instance *instance)
{
	struct xt_change change;
	int rc = xt_conf_change(instance->conf, &change);

	if (rc < 0) {
		xt_explain_step(instance->conf->name, "configuration", rc);
	} else {
		rc = start_all(instance, &change);
		xt_change_clear(&change);
	}
	post(instance, rc);
}

static void on_host_done(void *ctx)
{
	struct xt_instance *instance = ctx;

	instance->post(instance, XT_INSTANCE_DONE);
}

void xt_instance_set_firewall(struct xt_instance *instance)
{
	xt_host_guard(instance->host, on_host_done, instance);
}

void xt_instance_set_link(struct xt_instance *instance)
{
	int rc = instance->options.dropin ? 0 : link_set(instance);

	if (rc == 0)
		rc = xt_instance_sockets_open(instance);
	post(instance, rc);
}

void xt_instance_set_dns(struct xt_instance *instance)
{
	xt_host_names(instance->host, on_host_done, instance);
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

/* A descriptor that was handed over may be of another interface than was named. A fresh interface
 * gets the MTU that every implementation begins with. */
static void dropin_adjust(struct xt_instance *instance, bool fresh)
{
	const struct xt_tun *tun = xt_tunnel_tun(instance->tunnel);

	memcpy(instance->conf->name, tun->name, sizeof(instance->conf->name));
	if (fresh && xt_link_mtu_set(tun->ifindex, XT_LINK_MTU_DEFAULT) == 0)
		xt_tunnel_set_mtu(instance->tunnel, XT_LINK_MTU_DEFAULT);
}

static int tun_open(struct xt_instance *instance)
{
	struct xt_conf *conf = instance->conf;
	bool existed = if_nametoindex(conf->name) != 0;
	struct xt_tun_options options = {.name = conf->name,
					 .persist = conf->owner_user,
					 .offload = !xt_plan_offload_off(conf),
					 .fd = instance->options.tun_fd};
	struct xt_tunnel_callbacks callbacks;
	int rc = xt_plan_owner(conf, &options.owner_uid, &options.owner_gid);

	if (rc < 0) {
		xt_message("Owner: there is no user %s%s%s", conf->owner_user,
			   conf->owner_group ? " or no group " : "",
			   conf->owner_group ? conf->owner_group : "");
		return rc;
	}
	if (options.persist)
		instance->disposition = existed ? XT_TUN_FOUND : XT_TUN_MADE;
	xt_instance_tunnel_callbacks(instance, &callbacks);
	rc = xt_tunnel_open(&instance->tunnel, &options, &callbacks);
	if (rc == -EBUSY && runs_already(conf->name))
		xt_explain_running(conf->name);
	else if (rc < 0)
		xt_explain_tun(conf->name, rc);
	else if (options.persist && geteuid() == 0)
		xt_rundir_mark(conf->name, options.owner_uid);
	if (rc == 0 && instance->options.dropin)
		dropin_adjust(instance, !existed && options.fd <= 0);
	return rc;
}

static int host_open(struct xt_instance *instance)
{
	char run_dir[XT_RUNDIR_MAX];
	const char *dir = xt_rundir_path(run_dir, true) == 0 ? run_dir : NULL;

	return xt_host_new(&instance->host, &instance->uv, instance->conf, dir);
}

void xt_instance_open_tun(struct xt_instance *instance)
{
	struct xt_conf *conf = instance->conf;
	int rc = XT_E_INVALID;
	char why[96];

	instance->since_ns = uv_hrtime();
	if (runs_already(conf->name))
		xt_explain_running(conf->name);
	else if (!xt_plan_environment(why, sizeof(why)))
		xt_message("%s", why);
	else
		rc = tun_open(instance);
	if (rc == 0)
		rc = host_open(instance);
	post(instance, rc);
}

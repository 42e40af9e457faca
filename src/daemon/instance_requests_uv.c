/* What others ask of the service: requests at the control socket, `get` at the UAPI socket, and the
 * tunnel's events. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/xtunnel.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/explain.h"
#include "ipc/status.h"
#include "packet/echo_responder.h"
#include "packet/merge.h"

static const char *echo_word(enum xt_echo_mode mode)
{
	static const char *const words[] = {"off", "host", "peer", "both"};

	return words[mode & 3];
}

/* Both roads, those that are in use now: TCP and UDP super-packets of the TUN, segmentation and
 * coalescing of the sockets. */
static const char *offload_words(const struct xt_tun *tun, const struct xt_udp *udp, char buf[32])
{
	snprintf(buf, 32, "%s%s%s%s", tun->tx_offloads & XT_MERGE_TCP ? " tso" : "",
		 tun->tx_offloads & XT_MERGE_UDP ? " uso" : "", udp->gso ? " gso" : "",
		 udp->gro ? " gro" : "");
	return *buf ? buf + 1 : "off";
}

/* The caller's reference, or NULL. */
static json_t *status_json(struct xt_instance *instance)
{
	const struct xt_tun *tun = xt_tunnel_tun(instance->tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_echo_counters echo = {0};
	struct xt_report *report;
	char words[32];
	json_t *json;

	if (xt_tunnel_report(instance->tunnel, &report) < 0)
		return NULL;
	if (instance->echo)
		xt_echo_count(instance->echo, &echo);
	struct xt_status status = {
	    .name = instance->conf->name,
	    .ifindex = tun->ifindex,
	    .mtu = tun->mtu,
	    .pid = getpid(),
	    .version = XT_VERSION,
	    .uptime_s = (uv_hrtime() - instance->since_ns) / 1000000000u,
	    .aead = xt_tunnel_aead(instance->tunnel),
	    .aead_reason = xt_tunnel_cipher(instance->tunnel)->reason,
	    .offload = offload_words(tun, udp, words),
	    .threads = xt_tunnel_threads(instance->tunnel),
	    .fallbacks = tun->fallbacks + udp->fallbacks,
	    .udp_port = udp->port,
	    .udp_refused = udp->refused,
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .echo = echo_word(instance->conf->echo),
	    .echo_host = echo.answered[XT_ECHO_SIDE_HOST],
	    .echo_peer = echo.answered[XT_ECHO_SIDE_PEER],
	    .path = instance->conf->path,
	};
	json = xt_status_json(&status, report);
	xt_report_free(report);
	return json;
}

void xt_instance_log_status(struct xt_instance *instance)
{
	struct xt_status_style style = {.colour = false, .now_s = (uint64_t)time(NULL)};
	json_t *json = instance->tunnel && instance->loop ? status_json(instance) : NULL;

	if (json)
		xt_status_print(stderr, json, &style);
	json_decref(json);
}

static void answer_down(struct xt_instance *instance, struct xt_control_request *request,
			const json_t *msg)
{
	instance->remove = json_is_true(json_object_get(msg, "remove"));
	xt_control_reply(request, json_pack("{s:i}", "pid", (int)getpid()), true);
	xt_instance_end(instance);
}

static int on_request(void *ctx, struct xt_control_request *request, const json_t *msg)
{
	struct xt_instance *instance = ctx;
	const char *verb = json_string_value(json_object_get(msg, "do"));

	if (!verb)
		return XT_E_INVALID;
	if (strcmp(verb, "down") == 0) {
		answer_down(instance, request, msg);
		return 0;
	}
	if (!instance->loop || instance->phase >= XT_PHASE_CLOSING)
		return XT_E_AGAIN;
	if (strcmp(verb, "show") == 0) {
		xt_control_reply(request, status_json(instance), true);
		return 0;
	}
	if (strcmp(verb, "save") == 0) {
		int rc = xt_instance_save(instance, false);

		if (rc == 0)
			xt_control_reply(request, json_pack("{s:s}", "path", instance->conf->path),
					 true);
		return rc;
	}
	if (strcmp(verb, "ping") == 0)
		return xt_pinger_start(instance->pinger, request, msg);
	return XT_E_UNSUPPORTED;
}

static void on_cancelled(void *ctx, struct xt_control_request *request)
{
	struct xt_instance *instance = ctx;

	if (instance->pinger)
		xt_pinger_cancel(instance->pinger, request);
}

static int open_control(struct xt_instance *instance)
{
	char dir[XT_RUNDIR_MAX];
	struct xt_control_options options = {.path = instance->control_path,
					     .handle = on_request,
					     .cancelled = on_cancelled,
					     .ctx = instance};
	int rc = xt_rundir_path(dir, true);

	if (rc < 0) {
		xt_explain_socket(dir, rc);
		return rc;
	}
	if (!xt_rundir_socket(instance->control_path, dir, instance->conf->name))
		return -ENAMETOOLONG;
	rc = xt_control_open(&instance->control, &instance->uv, &options);
	if (rc == -EADDRINUSE)
		xt_explain_running(instance->conf->name);
	else if (rc < 0)
		xt_explain_socket(instance->control_path, rc);
	return rc;
}

/* Whoever takes another program's place must serve the common socket; its own is a help. */
int xt_instance_sockets_open(struct xt_instance *instance)
{
	int rc = open_control(instance);

	if (rc < 0 && (!instance->wish.dropin || rc == -EADDRINUSE))
		return rc;
	return xt_instance_uapi_open(instance);
}

void xt_instance_sockets_close(struct xt_instance *instance)
{
	if (instance->control)
		xt_control_close(instance->control);
	xt_uapi_close(instance->uapi);
	instance->control = NULL;
	instance->uapi = NULL;
}

/* The peer's Name, else the beginning of its key. */
static const char *peer_label(const struct xt_instance *instance, const struct xt_public *peer,
			      char buf[64])
{
	char key[XT_KEY_BASE64];

	for (size_t i = 0; i < instance->conf->n_peers; i++) {
		const struct xt_conf_peer *entry = &instance->conf->peers[i];

		if (*entry->name && memcmp(entry->key.b, peer->b, sizeof(peer->b)) == 0)
			return entry->name;
	}
	xt_key_to_base64(key, peer->b);
	snprintf(buf, 64, "%.8s...", key);
	return buf;
}

static void on_event(void *ctx, enum xt_event event, const struct xt_public *peer,
		     const struct xt_endpoint *endpoint)
{
	struct xt_instance *instance = ctx;
	char label[64], address[XT_ENDPOINT_TEXT] = "";

	if (event == XT_EVENT_SESSION_NEW || event == XT_EVENT_KEYS_ERASED)
		xt_instance_tell_change(instance);
	if (!xt_log_enabled(XT_LOG_NOTICE))
		return;
	if (endpoint && endpoint->ip.family)
		xt_endpoint_print(endpoint, address);
	xt_log_notice("%s: %s%s%s%s%s", instance->conf->name,
		      peer ? peer_label(instance, peer, label) : "", peer ? ": " : "",
		      xt_event_text(event), *address ? ", " : "", address);
}

static bool on_pong(void *ctx, const struct xt_pong *pong)
{
	struct xt_instance *instance = ctx;

	return instance->pinger && xt_pinger_pong(instance->pinger, pong);
}

static void on_note(void *ctx, const char *text)
{
	struct xt_instance *instance = ctx;

	xt_log_warning("%s: %s", instance->conf->name, text);
}

void xt_instance_tunnel_callbacks(struct xt_instance *instance, struct xt_tunnel_callbacks *calls)
{
	*calls = (struct xt_tunnel_callbacks){instance, on_event, on_pong, on_note};
}

/* What others ask of the service: requests at the control socket, `get` at the UAPI socket, and the
 * tunnel's events. */
#include "cli/service_uv.h"

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
#include "cli/explain.h"
#include "control/status.h"
#include "packet/echo_turn.h"
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
	snprintf(buf, 32, "%s%s%s%s", tun->takes & XT_MERGE_TCP ? " tso" : "",
		 tun->takes & XT_MERGE_UDP ? " uso" : "", udp->gso ? " gso" : "",
		 udp->gro ? " gro" : "");
	return *buf ? buf + 1 : "off";
}

/* The caller's reference, or NULL. */
static json_t *status_json(struct xt_service *service)
{
	const struct xt_tun *tun = xt_tunnel_tun(service->tunnel);
	const struct xt_udp *udp = xt_tunnel_udp(service->tunnel);
	struct xt_echo_counters echo = {0};
	struct xt_report *report;
	char words[32];
	json_t *json;

	if (xt_tunnel_report(service->tunnel, &report) < 0)
		return NULL;
	if (service->echo)
		xt_echo_count(service->echo, &echo);
	struct xt_status status = {
	    .name = service->conf->name,
	    .ifindex = tun->ifindex,
	    .mtu = tun->mtu,
	    .pid = getpid(),
	    .version = XT_VERSION,
	    .uptime_s = (uv_hrtime() - service->since_ns) / 1000000000u,
	    .aead = xt_tunnel_aead(service->tunnel),
	    .aead_reason = xt_tunnel_cipher(service->tunnel)->reason,
	    .offload = offload_words(tun, udp, words),
	    .threads = xt_tunnel_threads(service->tunnel),
	    .fallbacks = tun->fallbacks + udp->fallbacks,
	    .udp_port = udp->port,
	    .udp_refused = udp->refused,
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .echo = echo_word(service->conf->echo),
	    .echo_host = echo.answered[XT_ECHO_SIDE_HOST],
	    .echo_peer = echo.answered[XT_ECHO_SIDE_PEER],
	    .path = service->conf->path,
	};
	json = xt_status_json(&status, report);
	xt_report_free(report);
	return json;
}

void xt_service_log_status(struct xt_service *service)
{
	struct xt_status_style style = {.colour = false, .now_s = (uint64_t)time(NULL)};
	json_t *json = service->tunnel && service->loop ? status_json(service) : NULL;

	if (json)
		xt_status_print(stderr, json, &style);
	json_decref(json);
}

static void answer_down(struct xt_service *service, struct xt_control_request *request,
			const json_t *msg)
{
	service->remove = json_is_true(json_object_get(msg, "remove"));
	xt_control_reply(request, json_pack("{s:i}", "pid", (int)getpid()), true);
	xt_service_end(service);
}

static int on_request(void *ctx, struct xt_control_request *request, const json_t *msg)
{
	struct xt_service *service = ctx;
	const char *verb = json_string_value(json_object_get(msg, "do"));

	if (!verb)
		return XT_E_INVALID;
	if (strcmp(verb, "down") == 0) {
		answer_down(service, request, msg);
		return 0;
	}
	if (!service->loop || service->phase >= XT_PHASE_CLOSING)
		return XT_E_AGAIN;
	if (strcmp(verb, "show") == 0) {
		xt_control_reply(request, status_json(service), true);
		return 0;
	}
	if (strcmp(verb, "save") == 0) {
		int rc = xt_service_save(service, false);

		if (rc == 0)
			xt_control_reply(request, json_pack("{s:s}", "path", service->conf->path),
					 true);
		return rc;
	}
	if (strcmp(verb, "ping") == 0)
		return xt_pinger_start(service->pinger, request, msg);
	return XT_E_UNSUPPORTED;
}

static void on_cancelled(void *ctx, struct xt_control_request *request)
{
	struct xt_service *service = ctx;

	if (service->pinger)
		xt_pinger_cancel(service->pinger, request);
}

static int open_control(struct xt_service *service)
{
	char dir[XT_RUNDIR_MAX];
	struct xt_control_options options = {.path = service->control_path,
					     .handle = on_request,
					     .cancelled = on_cancelled,
					     .ctx = service};
	int rc = xt_rundir_own(dir, true);

	if (rc < 0) {
		xt_explain_socket(dir, rc);
		return rc;
	}
	if (!xt_rundir_socket(service->control_path, dir, service->conf->name))
		return -ENAMETOOLONG;
	rc = xt_control_open(&service->control, &service->uv, &options);
	if (rc == -EADDRINUSE)
		xt_explain_running(service->conf->name);
	else if (rc < 0)
		xt_explain_socket(service->control_path, rc);
	return rc;
}

/* Whoever takes another program's place must serve the common socket; its own is a help. */
int xt_service_sockets_open(struct xt_service *service)
{
	int rc = open_control(service);

	if (rc < 0 && (!service->wish.dropin || rc == -EADDRINUSE))
		return rc;
	return xt_service_uapi_open(service);
}

void xt_service_sockets_close(struct xt_service *service)
{
	if (service->control)
		xt_control_close(service->control);
	xt_uapi_close(service->uapi);
	service->control = NULL;
	service->uapi = NULL;
}

/* The peer's Name, else the beginning of its key. */
static const char *peer_label(const struct xt_service *service, const struct xt_public *peer,
			      char buf[64])
{
	char key[XT_KEY_BASE64];

	for (size_t i = 0; i < service->conf->n_peers; i++) {
		const struct xt_conf_peer *entry = &service->conf->peers[i];

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
	struct xt_service *service = ctx;
	char label[64], address[XT_ENDPOINT_TEXT] = "";

	if (event == XT_EVENT_SESSION_NEW || event == XT_EVENT_KEYS_ERASED)
		xt_service_tell_change(service);
	if (!xt_log_enabled(XT_LOG_NOTICE))
		return;
	if (endpoint && endpoint->ip.family)
		xt_endpoint_print(endpoint, address);
	xt_log_notice("%s: %s%s%s%s%s", service->conf->name,
		      peer ? peer_label(service, peer, label) : "", peer ? ": " : "",
		      xt_event_text(event), *address ? ", " : "", address);
}

static bool on_pong(void *ctx, const struct xt_pong *pong)
{
	struct xt_service *service = ctx;

	return service->pinger && xt_pinger_pong(service->pinger, pong);
}

static void on_note(void *ctx, const char *text)
{
	struct xt_service *service = ctx;

	xt_log_warning("%s: %s", service->conf->name, text);
}

void xt_service_tunnel_calls(struct xt_service *service, struct xt_tunnel_calls *calls)
{
	*calls = (struct xt_tunnel_calls){service, on_event, on_pong, on_note};
}

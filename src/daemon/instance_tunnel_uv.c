/* SPDX-License-Identifier: MIT */
/* What a tunnel calls back: events, echo replies, the bound of its timestamps, and its records of
 * peers. */
#include "daemon/instance_uv.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time_text.h"
#include "daemon/clock_evidence.h"
#include "platform/clock.h"

static void on_event(void *ctx, enum xt_event event, const struct xt_public *peer,
		     const struct xt_endpoint *endpoint)
{
	struct xt_instance *instance = ctx;
	char address[XT_ENDPOINT_TEXT] = "";

	xt_instance_wait_event(instance, peer);
	if (event == XT_EVENT_SESSION_NEW || event == XT_EVENT_KEYS_ERASED)
		xt_instance_notify_change(instance);
	if (event == XT_EVENT_SESSION_NEW) {
		xt_instance_losses_follow(instance);
		xt_instance_names_reached(instance, peer);
	}
	if (event == XT_EVENT_ADDRESS_SILENT)
		xt_instance_names_unanswered(instance, peer);
	if (event == XT_EVENT_LOOP) {
		xt_endpoint_print(endpoint, address);
		xt_instance_emit(instance, XT_CODE_LOOP, peer, endpoint, false,
				 "datagrams to %s come back into the tunnel; route that address "
				 "outside; xtunnel show %s names the AllowedIPs",
				 address, instance->conf->name);
		return;
	}
	xt_instance_emit_device(instance, event, peer, endpoint);
}

static void on_mtu_changed(void *ctx, const struct xt_public *peer, uint16_t before, uint16_t after)
{
	struct xt_instance *instance = ctx;
	unsigned full = xt_tunnel_tun(instance->tunnel)->mtu;

	xt_instance_mtu_changed(instance, peer);
	xt_instance_emit(instance, XT_CODE_PATH_MTU, peer, NULL, false,
			 "path MTU: packets of up to %u bytes reach the peer, before %u",
			 after ? (unsigned)after : full, before ? (unsigned)before : full);
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

/* Without the state of earlier handshakes nothing else tells that a clock went back. */
static void clock_judge(struct xt_instance *instance, uint64_t floor)
{
	uint64_t wall = xt_clock_now().wall;
	char now[XT_TIME_TEXT], then[XT_TIME_TEXT];

	instance->clock_floor = floor;
	if (!xt_clock_behind(instance->clock_evidence, wall, floor))
		return;
	xt_time_text(now, wall);
	xt_time_text(then, instance->clock_evidence);
	xt_log_warning(
	    "%s: the clock of this host is wrong: it says %s, and its configuration or "
	    "program was written at %s; set the clock (NTP): until then peers may refuse "
	    "handshakes as old ones",
	    instance->conf->name, now, then);
}

static void on_bound(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->text)
		on_note(instance, reply->text);
	else if (reply->error < 0)
		on_note(instance, "the state file of the new key: out of memory");
	if (!instance->tunnel) { /* it was closed meanwhile */
		free(reply->bound.peers);
		return;
	}
	clock_judge(instance, reply->bound.floor);
	xt_tunnel_bound_read(instance->tunnel, reply->bound.floor, reply->bound.stored);
	xt_tunnel_memory_read(instance->tunnel, reply->bound.peers, reply->bound.n_peers);
	xt_instance_work_resume(instance);
}

static void bound_read(void *ctx, const char *name)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_BOUND_READ, .identity = name};

	xt_request(instance->requests, &request, on_bound, instance);
}

static void on_bound_written(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->text)
		on_note(instance, reply->text);
	if (instance->tunnel) /* it may have been closed meanwhile */
		xt_tunnel_bound_written(instance->tunnel, reply->error == 0);
}

static void bound_write(void *ctx, uint64_t bound, bool answer)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_BOUND_WRITE, .bound = bound};

	xt_request(instance->requests, &request, answer ? on_bound_written : NULL, instance);
}

static void on_peers_written(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->text)
		on_note(instance, reply->text);
	if (reply->error == XT_E_AGAIN && instance->tunnel) /* it may have been closed meanwhile */
		xt_tunnel_memory_again(instance->tunnel);
}

static void memory_write(void *ctx, const struct xt_peer_memory *v, size_t n)
{
	struct xt_instance *instance = ctx;
	struct xt_request request = {.kind = XT_REQUEST_PEERS_WRITE, .peers = {v, n}};

	xt_request(instance->requests, &request, on_peers_written, instance);
}

void xt_instance_tunnel_callbacks(struct xt_instance *instance,
				  struct xt_tunnel_callbacks *callbacks)
{
	*callbacks = (struct xt_tunnel_callbacks){
	    .ctx = instance,
	    .event = on_event,
	    .mtu_changed = on_mtu_changed,
	    .pong = on_pong,
	    .note = on_note,
	    .bound_read = bound_read,
	    .bound_write = bound_write,
	    .memory_write = memory_write,
	};
}

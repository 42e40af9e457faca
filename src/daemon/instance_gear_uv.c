/* SPDX-License-Identifier: MIT */
/* What a reload exchanges in this process once the host has followed: cipher and threads, echo
 * responder, offload, names of endpoints, and the configuration itself. */
#include <stdlib.h>
#include <string.h>

#include "daemon/instance_uv.h"
#include "daemon/log_level.h"
#include "host/log_relay.h"
#include "daemon/plan.h"
#include "packet/echo_responder.h"

static bool echo_changes(const bool *keys)
{
	return keys[XT_KEY_ECHO] || keys[XT_KEY_ECHO_ADDRESSES] || keys[XT_KEY_ECHO_RATE] ||
	       keys[XT_KEY_ADDRESS];
}

int xt_instance_gear_open(struct xt_instance_gear *gear, struct xt_instance *instance,
			  const struct xt_reload *data, const char **what)
{
	const bool *keys = data->diff.keys;
	const struct xt_conf *file = &data->file;
	int rc = 0;

	memset(gear, 0, sizeof(*gear));
	if (keys[XT_KEY_AEAD] || keys[XT_KEY_THREADS]) {
		*what = keys[XT_KEY_AEAD] ? "Aead" : "Threads";
		rc = xt_tunnel_gear_open(instance->tunnel, &gear->crypto, keys[XT_KEY_AEAD],
					 file->aead, xt_plan_threads(file));
		gear->has_crypto = rc == 0;
	}
	if (rc == 0 && echo_changes(keys)) {
		*what = "Echo";
		rc = xt_plan_echo(&gear->echo, file, instance->conf,
				  xt_tunnel_tun(instance->tunnel)->mtu);
		gear->has_echo = rc == 0;
	}
	return rc;
}

/* The former responder may hold packets that wait for a full socket. */
static void echo_use(struct xt_instance_gear *gear, struct xt_instance *instance)
{
	const struct xt_ip local4 = xt_plan_local_address(instance->conf, 4);
	const struct xt_ip local6 = xt_plan_local_address(instance->conf, 6);
	struct xt_echo *former = instance->echo;

	xt_tunnel_set_local(instance->tunnel, gear->echo, &local4, &local6);
	instance->echo = gear->echo;
	gear->echo = NULL;
	if (!xt_tunnel_blocked(instance->tunnel)) {
		xt_echo_free(former);
		return;
	}
	xt_echo_free(instance->former_echo);
	instance->former_echo = former;
}

void xt_instance_gear_use(struct xt_instance_gear *gear, struct xt_instance *instance,
			  struct xt_reload *data)
{
	struct xt_conf former = *instance->conf;

	if (gear->has_crypto)
		xt_tunnel_gear_use(instance->tunnel, &gear->crypto);
	if (data->diff.keys[XT_KEY_OFFLOAD])
		(void)xt_tunnel_offload(instance->tunnel, !xt_plan_offload_off(&data->file));
	xt_log_level_reload(instance->conf, &data->file);
	xt_log_relay_level();
	*instance->conf = data->file;
	data->file = former;
	xt_instance_names_commit(instance, data->prepared);
	data->prepared = NULL;
	if (gear->has_echo)
		echo_use(gear, instance);
}

void xt_instance_gear_close(struct xt_instance_gear *gear)
{
	xt_tunnel_gear_close(&gear->crypto);
	xt_echo_free(gear->echo);
	memset(gear, 0, sizeof(*gear));
}

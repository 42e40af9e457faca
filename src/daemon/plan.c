/* SPDX-License-Identifier: MIT */
/* A configuration in the words of the tunnel and the echo responder. */
#include "daemon/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "packet/echo_responder.h"
#include "platform/offload.h"
#include "tunnel/worker_pool.h"

struct xt_ip xt_plan_local_address(const struct xt_conf *conf, uint8_t family)
{
	for (size_t i = 0; i < conf->n_addresses; i++) {
		if (conf->addresses[i].cidr.ip.family == family)
			return conf->addresses[i].cidr.ip;
	}
	return (struct xt_ip){0};
}

size_t xt_plan_local_nets(const struct xt_conf *conf, struct xt_cidr out[XT_PLAN_NETS])
{
	size_t n = 0;

	if (conf->mtu)
		return 0;
	for (size_t i = 0; i < conf->n_addresses && n < XT_PLAN_NETS; i++)
		out[n++] = conf->addresses[i].cidr;
	return n;
}

static bool conf_covers(void *ctx, const struct xt_ip *ip)
{
	const struct xt_conf *conf = ctx;

	for (size_t i = 0; i < conf->n_peers; i++) {
		for (size_t k = 0; k < conf->peers[i].n_allowed; k++) {
			if (xt_cidr_contains(&conf->peers[i].allowed[k], ip))
				return true;
		}
	}
	return false;
}

int xt_plan_echo(struct xt_echo **out, const struct xt_conf *conf, struct xt_conf *in_force,
		 uint32_t mtu)
{
	struct xt_echo_local *local;
	int rc;

	*out = NULL;
	if (conf->echo == XT_ECHO_OFF)
		return 0;
	local = calloc(conf->n_addresses + 1, sizeof(*local));
	if (!local)
		return XT_E_NOMEM;
	for (size_t i = 0; i < conf->n_addresses; i++)
		local[i] = (struct xt_echo_local){conf->addresses[i].cidr, conf->addresses[i].peer};
	struct xt_echo_config config = {
	    .sides = (unsigned)conf->echo,
	    .local = local,
	    .n_local = conf->n_addresses,
	    .addresses = conf->echo_addresses,
	    .n_addresses = conf->n_echo_addresses,
	    .covered = conf_covers,
	    .covered_ctx = in_force,
	    .rate = conf->echo_rate,
	    .mtu = mtu,
	};
	rc = xt_echo_new(out, &config);
	free(local);
	return rc;
}

/* NULL: not set, or empty. */
static const char *environment_get(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? text : NULL;
}

/* auto: 0 */
static bool threads_read(unsigned *out, const char *text)
{
	uint64_t n = 0;

	if (strcmp(text, "auto") != 0 &&
	    (!xt_number(&n, text, XT_WORKER_POOL_MAX, false) || n == 0))
		return false;
	*out = (unsigned)n;
	return true;
}

bool xt_plan_environment(char *why, size_t len)
{
	const char *threads = environment_get("WG_THREADS");
	unsigned n;

	if (!xt_offload_known()) {
		snprintf(why, len, "XT_OFFLOAD: auto, all, off, tun or udp is wanted");
		return false;
	}
	if (!xt_uring_known()) {
		snprintf(why, len, "XT_URING: auto or off is wanted");
		return false;
	}
	if (threads && !threads_read(&n, threads)) {
		snprintf(why, len, "WG_THREADS: auto or a number from 1 to %d is wanted",
			 XT_WORKER_POOL_MAX);
		return false;
	}
	return true;
}

unsigned xt_plan_threads(const struct xt_conf *conf)
{
	const char *text = environment_get("WG_THREADS");
	unsigned n = 0;

	if (!text)
		return conf->threads;
	(void)threads_read(&n, text); /* anything else was refused at start */
	return n;
}

bool xt_plan_offload_off(const struct xt_conf *conf)
{
	return conf->offload_off && !environment_get("XT_OFFLOAD");
}

/* A configuration in the words of the layers that carry it out. */
#include "daemon/plan.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "packet/echo_responder.h"
#include "platform/offload.h"
#include "tunnel/worker_pool.h"

static int find_user(const char *name, uint32_t *uid)
{
	struct passwd *user = getpwnam(name);
	uint64_t number;

	if (!user && !xt_number(&number, name, UINT32_MAX - 1, false))
		return -ENOENT;
	*uid = user ? user->pw_uid : (uint32_t)number;
	return 0;
}

static int find_group(const char *name, uint32_t *gid)
{
	struct group *group = getgrnam(name);
	uint64_t number;

	if (!group && !xt_number(&number, name, UINT32_MAX - 1, false))
		return -ENOENT;
	*gid = group ? group->gr_gid : (uint32_t)number;
	return 0;
}

int xt_plan_owner(const struct xt_conf *conf, uint32_t *uid, uint32_t *gid)
{
	int rc = 0;

	*uid = *gid = UINT32_MAX;
	if (conf->owner_user)
		rc = find_user(conf->owner_user, uid);
	if (rc == 0 && conf->owner_group)
		rc = find_group(conf->owner_group, gid);
	return rc;
}

struct xt_ip xt_plan_local_address(const struct xt_conf *conf, uint8_t family)
{
	for (size_t i = 0; i < conf->n_addresses; i++) {
		if (conf->addresses[i].cidr.ip.family == family)
			return conf->addresses[i].cidr.ip;
	}
	return (struct xt_ip){0};
}

int xt_plan_link(struct xt_plan_link *out, const struct xt_conf *conf)
{
	size_t networks = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < conf->n_peers; i++)
		networks += conf->peers[i].n_allowed;
	out->endpoints = calloc(conf->n_peers + 1, sizeof(*out->endpoints));
	out->networks = calloc(networks + 1, sizeof(*out->networks));
	if (!out->endpoints || !out->networks) {
		xt_plan_link_clear(out);
		return XT_E_NOMEM;
	}
	memcpy(out->plan.name, conf->name, sizeof(out->plan.name));
	out->plan.addresses = conf->addresses;
	out->plan.n_addresses = conf->n_addresses;
	out->plan.mtu = conf->mtu;
	out->plan.endpoints = out->endpoints;
	out->plan.routes = conf->table != XT_TABLE_OFF;
	out->plan.table = conf->table == XT_TABLE_NUMBER ? conf->table_number : 0;
	out->plan.networks = out->networks;
	for (size_t i = 0; i < conf->n_peers; i++) {
		const struct xt_conf_peer *peer = &conf->peers[i];

		if (peer->endpoint_host &&
		    xt_ip_parse(&out->endpoints[out->plan.n_endpoints], peer->endpoint_host) == 0)
			out->plan.n_endpoints++;
		for (size_t k = 0; k < peer->n_allowed; k++)
			out->networks[out->plan.n_networks++] = peer->allowed[k];
	}
	return 0;
}

void xt_plan_link_clear(struct xt_plan_link *link)
{
	free(link->endpoints);
	free(link->networks);
	memset(link, 0, sizeof(*link));
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

int xt_plan_echo(struct xt_echo **out, struct xt_conf *conf, uint32_t mtu)
{
	struct xt_echo_local *own;
	int rc;

	*out = NULL;
	if (conf->echo == XT_ECHO_OFF)
		return 0;
	own = calloc(conf->n_addresses + 1, sizeof(*own));
	if (!own)
		return XT_E_NOMEM;
	for (size_t i = 0; i < conf->n_addresses; i++)
		own[i] = (struct xt_echo_local){conf->addresses[i].cidr, conf->addresses[i].peer};
	struct xt_echo_config config = {
	    .sides = (unsigned)conf->echo,
	    .local = own,
	    .n_local = conf->n_addresses,
	    .addresses = conf->echo_addresses,
	    .n_addresses = conf->n_echo_addresses,
	    .covered = conf_covers,
	    .covered_ctx = conf,
	    .rate = conf->echo_rate,
	    .mtu = mtu,
	};
	rc = xt_echo_new(out, &config);
	free(own);
	return rc;
}

/* NULL: not there, or empty. */
static const char *environment(const char *name)
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
	const char *threads = environment("WG_THREADS");
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
	const char *text = environment("WG_THREADS");
	unsigned n = 0;

	if (!text)
		return conf->threads;
	(void)threads_read(&n, text); /* what is none was refused at start */
	return n;
}

bool xt_plan_offload_off(const struct xt_conf *conf)
{
	return conf->offload_off && !environment("XT_OFFLOAD");
}

/* SPDX-License-Identifier: MIT */
/* Firewall, then DNS; taken back in the reverse order. Each step is written to the state file
 * before it is done. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/message.h"
#include "host/firewall.h"
#include "host/host_impl.h"

void xt_host_state_store(struct xt_host *host)
{
	int rc = host->file ? xt_state_put(host->file, &host->state) : 0;

	if (rc < 0)
		xt_message("%s: cannot write the state file of host changes: %s", host->name,
			   xt_strerror(rc));
}

static void on_down(uv_timer_t *timer);

static void host_start(struct xt_host *host, uv_timer_cb first)
{
	uv_timer_init(host->uv, &host->start);
	host->start.data = host;
	uv_timer_start(&host->start, first, 0, 0);
}

static void on_start_closed(uv_handle_t *handle)
{
	struct xt_host *host = handle->data;

	if (host->up && host->down) { /* down was wanted just when up had ended */
		host->up = false;
		host_start(host, on_down);
		return;
	}
	host->up = host->down = false;
	host->done(host->ctx);
}

static void host_finish(struct xt_host *host)
{
	uv_close((uv_handle_t *)&host->start, on_start_closed);
}

static void on_warning(void *ctx, const char *sentence)
{
	struct xt_host *host = ctx;

	xt_message("%s: %s", host->name, sentence);
}

/* --- the way up --- */

static void down_begin(struct xt_host *host);

void xt_host_dns_trying(void *ctx, enum xt_dns_way way, const char *path)
{
	struct xt_host *host = ctx;

	host->state.dns |= way;
	if (path && strlen(path) < sizeof(host->state.resolv))
		memcpy(host->state.resolv, path, strlen(path) + 1);
	xt_host_state_store(host);
}

static void on_dns_set(void *ctx, unsigned way)
{
	struct xt_host *host = ctx;

	host->dns_way = way;
	host->dns = NULL;
	if (host->down)
		down_begin(host);
	else
		host_finish(host);
}

static void on_nft_up(void *ctx, const struct xt_command_result *result)
{
	struct xt_host *host = ctx;
	char text[300];

	host->nft = NULL;
	if (result->error == -ENOENT)
		xt_message(
		    "%s: nft is not installed: inner addresses are not guarded against packets "
		    "from outside of the tunnel; install nftables",
		    host->name);
	else if (result->error != 0 && !host->down)
		xt_message("%s: nft %s; inner addresses are not guarded", host->name,
			   (xt_command_text(result, text, sizeof(text)), text));
	if (host->down)
		down_begin(host);
	else
		host_finish(host);
}

void xt_host_valid_mark(struct xt_host *host, const struct xt_link_policy *policy)
{
	int rc = policy->priority[0] != 0 ? xt_link_valid_mark() : 0;

	if (rc < 0)
		xt_message("%s: net.ipv4.conf.all.src_valid_mark cannot be set to 1: %s; where "
			   "rp_filter is strict, answers may be dropped",
			   host->name, xt_strerror(rc));
}

char *xt_host_firewall_text(const struct xt_host *host, const struct xt_conf *conf,
			    const struct xt_link_policy *policy, bool keep, size_t *len)
{
	struct xt_ip *local = calloc(conf->n_addresses + 1, sizeof(*local));
	struct xt_firewall firewall = {.name = host->name,
				       .local = local,
				       .n_local = conf->n_addresses,
				       .mark = policy->table,
				       .v4 = policy->priority[0] != 0,
				       .v6 = policy->priority[1] != 0,
				       .keep = keep};
	char *text = NULL;

	for (size_t i = 0; local && i < conf->n_addresses; i++)
		local[i] = conf->addresses[i].cidr.ip;
	if (local && xt_firewall_up(&text, len, &firewall) < 0)
		text = NULL;
	free(local);
	return text;
}

int xt_host_nft(struct xt_host *host, const char *text, size_t len, xt_command_done *done)
{
	static const char *const argv[] = {"nft", "-f", "-", NULL};

	return text ? xt_command_start(&host->nft, host->uv, host->runner, argv, text, len, done,
				       host)
		    : XT_E_NOMEM;
}

bool xt_host_guarded(const struct xt_link_policy *policy)
{
	return policy->table != 0 && xt_firewall_exists();
}

static void on_guard(uv_timer_t *timer)
{
	struct xt_host *host = timer->data;
	char *text;
	size_t len = 0;
	int rc;

	if (host->down) {
		down_begin(host);
		return;
	}
	if (!xt_host_guarded(&host->state.policy)) {
		host_finish(host);
		return;
	}
	xt_host_valid_mark(host, &host->state.policy);
	text = xt_host_firewall_text(host, host->conf, &host->state.policy, false, &len);
	host->state.firewall = true;
	xt_host_state_store(host);
	rc = xt_host_nft(host, text, len, on_nft_up);
	free(text);
	if (rc < 0) {
		struct xt_command_result failed = {.error = rc};

		on_nft_up(host, &failed);
	}
}

static void on_names(uv_timer_t *timer)
{
	struct xt_host *host = timer->data;
	struct xt_dns_callbacks callbacks = {host->runner, host, xt_host_dns_trying, on_warning,
					     on_dns_set};

	if (host->down)
		down_begin(host);
	else if (host->conf->n_dns == 0 ||
		 xt_dns_set(&host->dns, host->uv, host->name, host->conf->dns, host->conf->n_dns,
			    &callbacks) < 0)
		host_finish(host);
}

static void up_start(struct xt_host *host, uv_timer_cb first, void (*done)(void *ctx), void *ctx)
{
	host->done = done;
	host->ctx = ctx;
	host->up = true;
	host_start(host, first);
}

void xt_host_guard(struct xt_host *host, void (*done)(void *ctx), void *ctx)
{
	up_start(host, on_guard, done, ctx);
}

void xt_host_names(struct xt_host *host, void (*done)(void *ctx), void *ctx)
{
	up_start(host, on_names, done, ctx);
}

/* --- the way down --- */

bool xt_host_nft_removed(struct xt_host *host, const struct xt_command_result *result)
{
	bool failed = result->error != 0 && result->error != -ENOENT;
	char text[300];

	host->nft = NULL;
	if (failed)
		xt_message("%s: nft %s; is the table inet xtunnel-%s left?", host->name,
			   (xt_command_text(result, text, sizeof(text)), text), host->name);
	return !failed;
}

static void on_nft_down(void *ctx, const struct xt_command_result *result)
{
	(void)xt_host_nft_removed(ctx, result);
	host_finish(ctx);
}

static void firewall_down(struct xt_host *host)
{
	char *text;
	size_t len;
	int rc = XT_E_NOMEM;

	if (!host->state.firewall) {
		host_finish(host);
		return;
	}
	if (xt_firewall_down(&text, &len, host->name) == 0) {
		rc = xt_host_nft(host, text, len, on_nft_down);
		free(text);
	}
	if (rc < 0)
		host_finish(host);
}

static void on_dns_unset(void *ctx, unsigned way)
{
	struct xt_host *host = ctx;

	(void)way;
	host->dns = NULL;
	firewall_down(host);
}

static void down_begin(struct xt_host *host)
{
	struct xt_dns_callbacks callbacks = {host->runner, host, NULL, on_warning, on_dns_unset};

	host->up = false;
	if (host->state.dns == 0 || xt_dns_unset(&host->dns, host->uv, host->name, host->state.dns,
						 host->state.resolv, &callbacks) < 0)
		firewall_down(host);
}

static void on_down(uv_timer_t *timer)
{
	down_begin(timer->data);
}

void xt_host_down(struct xt_host *host, void (*done)(void *ctx), void *ctx)
{
	host->done = done;
	host->ctx = ctx;
	host->down = true;
	if (host->up) { /* its next step begins the way down */
		if (host->nft)
			xt_command_kill(host->nft);
		if (host->dns)
			xt_dns_cancel(host->dns);
		return;
	}
	host_start(host, on_down);
}

/* --- the policy, and the whole --- */

/* AllowedIPs hold a network of that family; whole: the /0. */
static bool conf_routes(const struct xt_conf *conf, uint8_t family, bool whole)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t k = 0; k < conf->peers[i].n_allowed; k++)
			if ((conf->peers[i].allowed[k].bits == 0 || !whole) &&
			    conf->peers[i].allowed[k].ip.family == family)
				return true;
	return false;
}

static bool policy_wanted(const struct xt_conf *conf, bool without_ipv6, uint8_t family)
{
	return conf->table == XT_TABLE_AUTO && conf_routes(conf, family, true) &&
	       !(family == 6 && without_ipv6);
}

/* IPv6 is switched off, no Address needs it, and AllowedIPs would be routed. */
bool xt_conf_without_ipv6(const struct xt_conf *conf)
{
	if (conf->table == XT_TABLE_OFF || !conf_routes(conf, 6, false))
		return false;
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (conf->addresses[i].cidr.ip.family == 6)
			return false;
	return xt_link_ipv6_off(conf->name);
}

static void ipv6_check(struct xt_host *host)
{
	host->without_ipv6 = xt_conf_without_ipv6(host->conf);
	if (host->without_ipv6)
		xt_message("%s: IPv6 is switched off on this host: its AllowedIPs get no routes",
			   host->name);
}

void xt_host_state_open(struct xt_host *host)
{
	struct xt_host_state old;
	int rc = host->file ? 0 : xt_state_open(&host->file, host->run_dir, host->name, true, &old);

	if (rc < 0)
		xt_message(
		    "%s: cannot write the state file of host changes: %s; after a crash they "
		    "would stay",
		    host->name, xt_strerror(rc));
}

void xt_host_open(struct xt_host *host)
{
	ipv6_check(host);
	if (policy_wanted(host->conf, host->without_ipv6, 4) ||
	    policy_wanted(host->conf, host->without_ipv6, 6) || host->conf->n_dns > 0)
		xt_host_state_open(host);
	host->done(host->ctx);
}

/* What the file before needs of the new one stays as it is: the table, and the priorities. */
int xt_conf_policy(struct xt_link_policy *policy, const struct xt_conf *conf, bool without_ipv6,
		   const struct xt_link_policy *now)
{
	const bool wanted[2] = {policy_wanted(conf, without_ipv6, 4),
				policy_wanted(conf, without_ipv6, 6)};
	uint32_t mark = conf->fwmark ? conf->fwmark : now->table;
	bool kept = now->table != 0 && mark == now->table;
	int rc = xt_link_policy_choose(policy, conf->name, mark,
				       wanted[0] && !(kept && now->priority[0]),
				       wanted[1] && !(kept && now->priority[1]));

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < 2; i++) {
		if (!wanted[i] || !kept || !now->priority[i])
			continue;
		policy->table = mark;
		policy->priority[i] = now->priority[i];
	}
	return 0;
}

int xt_host_policy(struct xt_host *host, struct xt_link_policy *policy)
{
	const struct xt_link_policy none = {0};
	int rc = xt_conf_policy(policy, host->conf, host->without_ipv6, &none);

	host->state.policy = *policy;
	if (rc == 0 && policy->table != 0)
		xt_host_state_store(host);
	return rc;
}

bool xt_host_without_ipv6(const struct xt_host *host)
{
	return host->without_ipv6;
}

void xt_host_restore(struct xt_host *host)
{
	int rc = host->file ? xt_state_restore(host->file, &host->state) : 0;

	if (rc < 0)
		xt_log_debug("%s: the state file of host changes: %s", host->name, xt_strerror(rc));
}

void xt_host_free(struct xt_host *host)
{
	if (!host)
		return;
	xt_state_close(host->file, true);
	free(host);
}

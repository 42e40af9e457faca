/* The host's part, step by step: firewall, later DNS; back in the reverse order. Each step is noted
 * in the state file before it is done. */
#include "host/host_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/state.h"
#include "base/message.h"
#include "host/command_uv.h"
#include "host/dns_uv.h"
#include "host/firewall.h"

struct xt_host {
	uv_loop_t *uv;
	uv_timer_t kick; /* so that done never comes from within a call */
	char name[16];
	const struct xt_conf *conf; /* NULL: cleaning up */
	struct xt_state_file *file;
	struct xt_state state;
	struct xt_command *nft;
	struct xt_dns_job *dns;
	bool up, down; /* under way */
	bool without_ipv6;
	void (*done)(void *ctx);
	void *ctx;
};

static void note_state(struct xt_host *host)
{
	int rc = host->file ? xt_state_put(host->file, &host->state) : 0;

	if (rc < 0)
		xt_message("%s: cannot note what is changed in the host: %s", host->name,
			   xt_strerror(rc));
}

static void on_down(uv_timer_t *kick);

static void start(struct xt_host *host, uv_timer_cb first)
{
	uv_timer_init(host->uv, &host->kick);
	host->kick.data = host;
	uv_timer_start(&host->kick, first, 0, 0);
}

static void on_kick_closed(uv_handle_t *handle)
{
	struct xt_host *host = handle->data;

	if (host->up && host->down) { /* asked down just as it was up */
		host->up = false;
		start(host, on_down);
		return;
	}
	host->up = host->down = false;
	host->done(host->ctx);
}

static void finish(struct xt_host *host)
{
	uv_close((uv_handle_t *)&host->kick, on_kick_closed);
}

static void warn(void *ctx, const char *sentence)
{
	struct xt_host *host = ctx;

	xt_message("%s: %s", host->name, sentence);
}

/* --- the way up --- */

static void down_begin(struct xt_host *host);

static void on_dns_trying(void *ctx, enum xt_dns_way way, const char *path)
{
	struct xt_host *host = ctx;

	host->state.dns |= way;
	if (path && strlen(path) < sizeof(host->state.resolv))
		memcpy(host->state.resolv, path, strlen(path) + 1);
	note_state(host);
}

static void on_dns_set(void *ctx, unsigned way)
{
	struct xt_host *host = ctx;

	(void)way;
	host->dns = NULL;
	if (host->down)
		down_begin(host);
	else
		finish(host);
}

static void on_nft_up(void *ctx, const struct xt_command_result *result)
{
	struct xt_host *host = ctx;
	char text[300];

	host->nft = NULL;
	if (result->error == -ENOENT)
		xt_message(
		    "%s: there is no nft on this host: inner addresses are not guarded against "
		    "packets from outside of the tunnel",
		    host->name);
	else if (result->error != 0 && !host->down)
		xt_message("%s: nft %s; inner addresses are not guarded", host->name,
			   (xt_command_text(result, text, sizeof(text)), text));
	if (host->down)
		down_begin(host);
	else
		finish(host);
}

static void valid_mark(struct xt_host *host)
{
	int rc = host->state.policy.priority[0] != 0 ? xt_link_valid_mark() : 0;

	if (rc < 0)
		xt_message("%s: net.ipv4.conf.all.src_valid_mark cannot be set to 1: %s; where "
			   "rp_filter is strict, answers may be dropped",
			   host->name, xt_strerror(rc));
}

static char *firewall_text(const struct xt_host *host, size_t *len)
{
	const struct xt_conf *conf = host->conf;
	struct xt_ip *own = calloc(conf->n_addresses + 1, sizeof(*own));
	struct xt_firewall firewall = {.name = host->name,
				       .own = own,
				       .n_own = conf->n_addresses,
				       .mark = host->state.policy.table,
				       .v4 = host->state.policy.priority[0] != 0,
				       .v6 = host->state.policy.priority[1] != 0};
	char *text = NULL;

	for (size_t i = 0; own && i < conf->n_addresses; i++)
		own[i] = conf->addresses[i].cidr.ip;
	if (own && xt_firewall_up(&text, len, &firewall) < 0)
		text = NULL;
	free(own);
	return text;
}

static const char *const nft_argv[] = {"nft", "-f", "-", NULL};

static void on_guard(uv_timer_t *kick)
{
	struct xt_host *host = kick->data;
	char *text;
	size_t len = 0;
	int rc = XT_E_NOMEM;

	if (host->down) {
		down_begin(host);
		return;
	}
	if (host->state.policy.table == 0) {
		finish(host);
		return;
	}
	valid_mark(host);
	text = firewall_text(host, &len);
	host->state.firewall = true;
	note_state(host);
	if (text)
		rc = xt_command_start(&host->nft, host->uv, nft_argv, text, len, on_nft_up, host);
	free(text);
	if (rc < 0) {
		struct xt_command_result failed = {.error = rc};

		on_nft_up(host, &failed);
	}
}

static void on_names(uv_timer_t *kick)
{
	struct xt_host *host = kick->data;
	struct xt_dns_callbacks calls = {host, on_dns_trying, warn, on_dns_set};

	if (host->down)
		down_begin(host);
	else if (host->conf->n_dns == 0 ||
		 xt_dns_set(&host->dns, host->uv, host->name, host->conf->dns, host->conf->n_dns,
			    &calls) < 0)
		finish(host);
}

static void up(struct xt_host *host, uv_timer_cb first, void (*done)(void *ctx), void *ctx)
{
	host->done = done;
	host->ctx = ctx;
	host->up = true;
	start(host, first);
}

void xt_host_guard(struct xt_host *host, void (*done)(void *ctx), void *ctx)
{
	up(host, on_guard, done, ctx);
}

void xt_host_names(struct xt_host *host, void (*done)(void *ctx), void *ctx)
{
	up(host, on_names, done, ctx);
}

/* --- the way down --- */

static void on_nft_down(void *ctx, const struct xt_command_result *result)
{
	struct xt_host *host = ctx;
	char text[300];

	host->nft = NULL;
	if (result->error != 0 && result->error != -ENOENT)
		xt_message("%s: nft %s; is the table inet xtunnel-%s left?", host->name,
			   (xt_command_text(result, text, sizeof(text)), text), host->name);
	finish(host);
}

static void firewall_down(struct xt_host *host)
{
	char *text;
	size_t len;
	int rc = XT_E_NOMEM;

	if (!host->state.firewall) {
		finish(host);
		return;
	}
	if (xt_firewall_down(&text, &len, host->name) == 0) {
		rc = xt_command_start(&host->nft, host->uv, nft_argv, text, len, on_nft_down, host);
		free(text);
	}
	if (rc < 0)
		finish(host);
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
	struct xt_dns_callbacks calls = {host, NULL, warn, on_dns_unset};

	host->up = false;
	if (host->state.dns == 0 || xt_dns_unset(&host->dns, host->uv, host->name, host->state.dns,
						 host->state.resolv, &calls) < 0)
		firewall_down(host);
}

static void on_down(uv_timer_t *kick)
{
	down_begin(kick->data);
}

void xt_host_down(struct xt_host *host, void (*done)(void *ctx), void *ctx)
{
	host->done = done;
	host->ctx = ctx;
	host->down = true;
	if (host->up) { /* its next step goes over into the way down */
		if (host->nft)
			xt_command_kill(host->nft);
		if (host->dns)
			xt_dns_cancel(host->dns);
		return;
	}
	start(host, on_down);
}

/* --- from the beginning to the end --- */

/* Some AllowedIPs are of that family; whole: all of it. */
static bool routes(const struct xt_conf *conf, uint8_t family, bool whole)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t k = 0; k < conf->peers[i].n_allowed; k++)
			if ((conf->peers[i].allowed[k].bits == 0 || !whole) &&
			    conf->peers[i].allowed[k].ip.family == family)
				return true;
	return false;
}

static bool by_policy(const struct xt_host *host, uint8_t family)
{
	return host->conf->table == XT_TABLE_AUTO && routes(host->conf, family, true) &&
	       !(family == 6 && host->without_ipv6);
}

static void judge_ipv6(struct xt_host *host)
{
	const struct xt_conf *conf = host->conf;

	if (conf->table == XT_TABLE_OFF || !routes(conf, 6, false))
		return;
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (conf->addresses[i].cidr.ip.family == 6)
			return;
	host->without_ipv6 = xt_link_ipv6_off(conf->name);
	if (host->without_ipv6)
		xt_message("%s: IPv6 is switched off here: its AllowedIPs get no routes",
			   conf->name);
}

int xt_host_new(struct xt_host **out, uv_loop_t *uv, const struct xt_conf *conf,
		const char *run_dir)
{
	struct xt_host *host = calloc(1, sizeof(*host));
	struct xt_state old;
	int rc;

	if (!host)
		return XT_E_NOMEM;
	host->uv = uv;
	host->conf = conf;
	memcpy(host->name, conf->name, sizeof(host->name));
	(void)xt_host_clean(run_dir, conf->name, &rc);
	*out = host;
	judge_ipv6(host);
	if (!by_policy(host, 4) && !by_policy(host, 6) && conf->n_dns == 0)
		return 0;
	rc = xt_state_open(&host->file, run_dir, conf->name, true, &old);
	if (rc < 0)
		xt_message(
		    "%s: cannot note what is changed in the host: %s; after a crash it would "
		    "stay",
		    conf->name, xt_strerror(rc));
	return 0;
}

int xt_host_policy(struct xt_host *host, struct xt_link_policy *policy)
{
	const struct xt_conf *conf = host->conf;
	int rc = xt_link_policy_choose(policy, conf->name, conf->fwmark, by_policy(host, 4),
				       by_policy(host, 6));

	host->state.policy = *policy;
	if (rc == 0 && policy->table != 0)
		note_state(host);
	return rc;
}

bool xt_host_without_ipv6(const struct xt_host *host)
{
	return host->without_ipv6;
}

uint32_t xt_host_chosen_mark(const struct xt_host *host)
{
	return host->conf->fwmark == 0 ? host->state.policy.table : 0;
}

void xt_host_free(struct xt_host *host)
{
	if (!host)
		return;
	xt_state_close(host->file, true);
	free(host);
}

static void clean_done(void *ctx)
{
	*(bool *)ctx = true;
}

static bool something(const struct xt_state *state)
{
	return state->policy.table != 0 || state->firewall || state->dns != 0;
}

bool xt_host_clean(const char *run_dir, const char *name, int *error)
{
	struct xt_host host = {0};
	uv_loop_t loop;
	bool done = false;

	*error = xt_state_open(&host.file, run_dir, name, false, &host.state);
	if (*error < 0)
		return false;
	snprintf(host.name, sizeof(host.name), "%s", name);
	host.uv = &loop;
	if (uv_loop_init(&loop) == 0) {
		xt_host_down(&host, clean_done, &done);
		while (!done)
			uv_run(&loop, UV_RUN_ONCE);
		uv_run(&loop, UV_RUN_DEFAULT);
		(void)uv_loop_close(&loop);
	}
	xt_link_policy_remove(&host.state.policy);
	done = done && something(&host.state);
	xt_state_close(host.file, true);
	return done;
}

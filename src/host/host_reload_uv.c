/* SPDX-License-Identifier: MIT */
/* Firewall and DNS from one configuration to the next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "host/firewall.h"
#include "host/host_impl.h"

static void step_begin(struct xt_host *host, xt_host_changed *done, void *ctx)
{
	host->step = (struct xt_host_step){.done = done, .ctx = ctx};
}

static void step_finish(struct xt_host *host, int error)
{
	struct xt_host_step step = host->step;

	if (error < 0 && !*step.text)
		snprintf(step.text, sizeof(step.text), "%s", xt_strerror(error));
	step.done(step.ctx, error, step.text);
}

/* --- firewall --- */

/* Without nft nothing was guarded before either, which was reported at the start. */
static void on_nft(void *ctx, const struct xt_command_result *result)
{
	struct xt_host *host = ctx;
	char text[300];
	int error = result->error == -ENOENT ? 0 : result->error;

	host->nft = NULL;
	if (error < 0) {
		xt_command_text(result, text, sizeof(text));
		snprintf(host->step.text, sizeof(host->step.text), "nft %s", text);
	}
	step_finish(host, error);
}

void xt_host_change_firewall(struct xt_host *host, const struct xt_conf *conf,
			     const struct xt_link_policy *policy, xt_host_changed *done, void *ctx)
{
	char *text;
	size_t len = 0;
	int rc;

	step_begin(host, done, ctx);
	if (!xt_host_guarded(policy)) {
		step_finish(host, 0);
		return;
	}
	xt_host_valid_mark(host, policy);
	host->state.firewall = true;
	xt_host_state_open(host);
	xt_host_state_store(host);
	text = xt_host_firewall_text(host, conf, policy, true, &len);
	rc = xt_host_nft(host, text, len, on_nft);
	free(text);
	if (rc < 0)
		step_finish(host, rc);
}

void xt_host_change_policy(struct xt_host *host, const struct xt_link_policy *policy)
{
	if (policy->table)
		xt_host_state_open(host);
	host->state.policy = *policy;
	xt_host_state_store(host);
}

static void on_nft_removed(void *ctx, const struct xt_command_result *result)
{
	struct xt_host *host = ctx;

	host->state.firewall = !xt_host_nft_removed(host, result);
	xt_host_state_store(host);
	step_finish(host, 0);
}

void xt_host_change_finish(struct xt_host *host, const struct xt_link_policy *policy,
			   bool without_ipv6, xt_host_changed *done, void *ctx)
{
	char *text = NULL;
	size_t len = 0;

	step_begin(host, done, ctx);
	host->without_ipv6 = without_ipv6;
	if (xt_host_guarded(policy) || !host->state.firewall) {
		step_finish(host, 0);
		return;
	}
	if (xt_firewall_down(&text, &len, host->name) < 0 ||
	    xt_host_nft(host, text, len, on_nft_removed) < 0)
		step_finish(host, 0);
	free(text);
}

/* --- DNS --- */

static void on_warning(void *ctx, const char *sentence)
{
	struct xt_host *host = ctx;

	if (!*host->step.text)
		snprintf(host->step.text, sizeof(host->step.text), "%s", sentence);
}

static void on_dns_set(void *ctx, unsigned way)
{
	struct xt_host *host = ctx;

	host->dns = NULL;
	if (way) { /* an earlier way that failed is no news: as at the start, another one is used */
		host->dns_way = way;
		*host->step.text = '\0';
	}
	step_finish(host, way ? 0 : XT_E_INVALID);
}

static void dns_set(struct xt_host *host)
{
	const struct xt_dns_callbacks callbacks = {host->runner, host, xt_host_dns_trying,
						   on_warning, on_dns_set};
	struct xt_host_step *step = &host->step;
	int rc;

	xt_host_state_open(host);
	if (host->dns_way)
		rc = xt_dns_replace(&host->dns, host->uv, host->name, step->dns, step->n_dns,
				    (enum xt_dns_way)host->dns_way, host->state.resolv, &callbacks);
	else
		rc = xt_dns_set(&host->dns, host->uv, host->name, step->dns, step->n_dns,
				&callbacks);
	if (rc < 0)
		step_finish(host, rc);
}

static void on_dns_unset(void *ctx, unsigned failed)
{
	struct xt_host *host = ctx;

	host->dns = NULL;
	if (failed & host->dns_way) {
		step_finish(host, XT_E_INVALID);
		return;
	}
	*host->step.text = '\0';
	host->dns_way = 0;
	host->state.dns = 0;
	xt_host_state_store(host);
	step_finish(host, 0);
}

void xt_host_change_dns(struct xt_host *host, char *const *words, size_t n, xt_host_changed *done,
			void *ctx)
{
	const struct xt_dns_callbacks callbacks = {host->runner, host, NULL, on_warning,
						   on_dns_unset};
	int rc = 0;

	step_begin(host, done, ctx);
	host->step.dns = words;
	host->step.n_dns = n;
	if (n > 0)
		dns_set(host);
	else if (host->state.dns == 0)
		step_finish(host, 0);
	else
		rc = xt_dns_unset(&host->dns, host->uv, host->name, host->state.dns,
				  host->state.resolv, &callbacks);
	if (rc < 0)
		step_finish(host, rc);
}

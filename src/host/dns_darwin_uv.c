/* SPDX-License-Identifier: MIT */
/* Name servers on macOS: one entry of the dynamic store, by scutil(8). The host's own are beside it
 * and stay as they are, so there is nothing to be restored; the entry also goes at a boot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "host/command_uv.h"
#include "host/dns_uv.h"
#include "host/scutil_text.h"

/* text  what scutil is told
 * way   while setting: that worked; while unsetting: that failed */
struct xt_dns_job {
	uv_timer_t begin;
	char *text;
	size_t len;
	bool unset, cancelled;
	unsigned way;
	struct xt_command *command;
	struct xt_dns_callbacks callbacks;
};

static void on_closed(uv_handle_t *handle)
{
	struct xt_dns_job *job = handle->data;
	struct xt_dns_callbacks callbacks = job->callbacks;
	unsigned way = job->way;

	free(job->text);
	free(job);
	callbacks.done(callbacks.ctx, way);
}

static void job_finish(struct xt_dns_job *job)
{
	uv_close((uv_handle_t *)&job->begin, on_closed);
}

static void on_command(void *ctx, const struct xt_command_result *result)
{
	struct xt_dns_job *job = ctx;
	char text[300], sentence[400];
	bool success = result->error == 0;

	job->command = NULL;
	if (success != job->unset)
		job->way = XT_DNS_SCUTIL;
	if (!success && !job->cancelled) {
		xt_command_text(result, text, sizeof(text));
		snprintf(sentence, sizeof(sentence), "DNS: scutil %s%s", text,
			 job->unset ? "" : "; the host keeps its name servers");
		job->callbacks.warn(job->callbacks.ctx, sentence);
	}
	job_finish(job);
}

static void on_begin(uv_timer_t *timer)
{
	static const char *const argv[] = {"scutil", NULL};
	struct xt_command_result failed = {.error = XT_E_NOMEM};
	struct xt_dns_job *job = timer->data;

	if (job->cancelled) {
		job_finish(job);
		return;
	}
	if (!job->unset && job->callbacks.trying)
		job->callbacks.trying(job->callbacks.ctx, XT_DNS_SCUTIL, NULL);
	if (xt_command_start(&job->command, job->begin.loop, job->callbacks.runner, argv, job->text,
			     job->len, on_command, job) < 0)
		on_command(job, &failed);
}

static int job_start(struct xt_dns_job **out, uv_loop_t *loop, const char *name,
		     const struct xt_dns *dns, const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = calloc(1, sizeof(*job));

	if (!job)
		return XT_E_NOMEM;
	job->text = xt_scutil_text(name, dns, &job->len);
	if (!job->text) {
		free(job);
		return XT_E_NOMEM;
	}
	job->unset = dns == NULL;
	job->callbacks = *callbacks;
	uv_timer_init(loop, &job->begin);
	job->begin.data = job;
	uv_timer_start(&job->begin, on_begin, 0, 0);
	*out = job;
	return 0;
}

int xt_dns_set(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
	       size_t n, const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns dns = {0};
	int rc = xt_dns_sort(&dns, words, n);

	if (rc == 0)
		rc = job_start(out, loop, name, &dns, callbacks);
	xt_dns_clear(&dns);
	return rc;
}

/* The entry is written whole. */
int xt_dns_replace(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
		   size_t n, enum xt_dns_way way, const char *path,
		   const struct xt_dns_callbacks *callbacks)
{
	(void)way;
	(void)path;
	return xt_dns_set(out, loop, name, words, n, callbacks);
}

int xt_dns_unset(struct xt_dns_job **out, uv_loop_t *loop, const char *name, unsigned ways,
		 const char *path, const struct xt_dns_callbacks *callbacks)
{
	(void)ways;
	(void)path;
	return job_start(out, loop, name, NULL, callbacks);
}

void xt_dns_cancel(struct xt_dns_job *job)
{
	job->cancelled = true;
	if (job->command)
		xt_command_kill(job->command);
}

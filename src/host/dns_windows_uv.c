/* SPDX-License-Identifier: MIT */
/* Name servers by the calls of platform/windows/dns_windows.h, which block: on a worker thread. A
 * process has one interface. What a crash left goes with its adapter, but for the rule of domains,
 * which unset removes by the interface's name. */
#include "host/dns_uv.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "host/resolv.h"
#include "platform/windows/dns_windows.h"

#define SERVERS_MAX 16

enum job_kind { JOB_SET, JOB_UNSET };

struct xt_dns_job {
	uv_work_t work;
	enum job_kind kind;
	char name[16];
	struct xt_dns_callbacks callbacks;
	char **words;
	size_t n;
	int error;
	char text[256];
};

static struct xt_dns_interface *in_force;

static void job_free(struct xt_dns_job *job)
{
	for (size_t i = 0; job->words && i < job->n; i++)
		free(job->words[i]);
	free(job->words);
	free(job);
}

static int words_copy(struct xt_dns_job *job, char *const *words, size_t n)
{
	job->words = calloc(n + 1, sizeof(*job->words));
	if (!job->words)
		return XT_E_NOMEM;
	for (; job->n < n; job->n++) {
		job->words[job->n] = strdup(words[job->n]);
		if (!job->words[job->n])
			return XT_E_NOMEM;
	}
	return 0;
}

static int dns_apply(struct xt_dns_job *job)
{
	struct xt_ip servers[SERVERS_MAX];
	struct xt_dns dns;
	size_t n = 0;
	int rc = xt_dns_sort(&dns, job->words, job->n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < dns.n_servers && n < SERVERS_MAX; i++)
		if (xt_ip_parse(&servers[n], dns.servers[i]) == 0)
			n++;
	if (n == 0) {
		snprintf(job->text, sizeof(job->text), "DNS: no address of a name server");
		rc = -EINVAL;
	} else {
		xt_dns_interface_unset(in_force);
		in_force = NULL;
		rc = xt_dns_interface_set(&in_force, xt_dns_windows(), job->name,
					  if_nametoindex(job->name), servers, n, dns.domains,
					  dns.n_domains, job->text, sizeof(job->text));
	}
	xt_dns_clear(&dns);
	return rc;
}

static void job_work(uv_work_t *work)
{
	struct xt_dns_job *job = work->data;

	if (job->kind == JOB_SET) {
		job->error = dns_apply(job);
		return;
	}
	if (in_force)
		xt_dns_interface_unset(in_force);
	else
		xt_dns_interface_clean(xt_dns_windows(), job->name);
	in_force = NULL;
}

static void on_worked(uv_work_t *work, int status)
{
	struct xt_dns_job *job = work->data;
	struct xt_dns_callbacks callbacks = job->callbacks;
	bool set = job->kind == JOB_SET && status == 0 && job->error == 0;

	if (job->kind == JOB_SET && !set && callbacks.warn) {
		if (!*job->text)
			snprintf(job->text, sizeof(job->text), "DNS: %s", xt_strerror(job->error));
		callbacks.warn(callbacks.ctx, job->text);
	}
	job_free(job);
	callbacks.done(callbacks.ctx, set ? XT_DNS_RESOLVED : 0);
}

static int job_start(struct xt_dns_job **out, uv_loop_t *loop, enum job_kind kind, const char *name,
		     char *const *words, size_t n, const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = calloc(1, sizeof(*job));
	int rc = XT_E_NOMEM;

	if (!job)
		return rc;
	job->kind = kind;
	job->callbacks = *callbacks;
	job->work.data = job;
	snprintf(job->name, sizeof(job->name), "%s", name);
	rc = words_copy(job, words, n);
	if (rc == 0)
		rc = uv_queue_work(loop, &job->work, job_work, on_worked);
	if (rc < 0) {
		job_free(job);
		return rc;
	}
	if (callbacks->trying)
		callbacks->trying(callbacks->ctx, XT_DNS_RESOLVED, NULL);
	*out = job;
	return 0;
}

int xt_dns_set(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
	       size_t n, const struct xt_dns_callbacks *callbacks)
{
	return job_start(out, loop, JOB_SET, name, words, n, callbacks);
}

int xt_dns_replace(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
		   size_t n, enum xt_dns_way way, const char *path,
		   const struct xt_dns_callbacks *callbacks)
{
	(void)way;
	(void)path;
	return job_start(out, loop, JOB_SET, name, words, n, callbacks);
}

int xt_dns_unset(struct xt_dns_job **out, uv_loop_t *loop, const char *name, unsigned ways,
		 const char *path, const struct xt_dns_callbacks *callbacks)
{
	(void)ways;
	(void)path;
	return job_start(out, loop, JOB_UNSET, name, NULL, 0, callbacks);
}

/* A call of Windows cannot be cut short. */
void xt_dns_cancel(struct xt_dns_job *job)
{
	(void)job;
}

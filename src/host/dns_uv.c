/* SPDX-License-Identifier: MIT */
/* DNS step by step. Setting: resolvectl dns, domain, default-route; when the first of these fails,
 * resolvconf -a; when that fails, the file. Unsetting: each way that was tried. */
#include "host/dns_uv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/printf.h"
#include "host/command_uv.h"
#include "host/resolv.h"

enum step {
	STEP_SERVERS,
	STEP_DOMAINS,
	STEP_DEFAULT,
	STEP_RESOLVCONF,
	STEP_FILE,
	STEP_REVERT,
	STEP_RESOLVCONF_OFF,
	STEP_FILE_OFF,
	STEP_END,
};

struct xt_dns_job {
	uv_timer_t next; /* 0 ms: run the next step */
	uv_work_t work;	 /* a change of the file */
	int work_error;
	char name[16], label[48]; /* label: its name for resolvconf(8) */
	char **words;
	size_t n_words;
	struct xt_dns dns;
	char *path;
	unsigned ways; /* to be undone */
	unsigned way;  /* that worked; while unsetting: that failed */
	bool only;     /* no other way is tried than the first */
	enum step step;
	bool cancelled;
	struct xt_command *command;
	struct xt_dns_callbacks callbacks;
};

static void job_free(struct xt_dns_job *job)
{
	for (size_t i = 0; i < job->n_words; i++)
		free(job->words[i]);
	free(job->words);
	xt_dns_clear(&job->dns);
	free(job->path);
	free(job);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_dns_job *job = handle->data;
	struct xt_dns_callbacks callbacks = job->callbacks;
	unsigned way = job->way;

	job_free(job);
	callbacks.done(callbacks.ctx, way);
}

static void job_finish(struct xt_dns_job *job)
{
	uv_close((uv_handle_t *)&job->next, on_closed);
}

XT_PRINTF(2, 3) static void job_warn(struct xt_dns_job *job, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	job->callbacks.warn(job->callbacks.ctx, text);
}

static void on_next(uv_timer_t *timer);

static void step_schedule(struct xt_dns_job *job, enum step step)
{
	job->step = step;
	uv_timer_start(&job->next, on_next, 0, 0);
}

static void way_note(struct xt_dns_job *job, enum xt_dns_way way)
{
	if (job->callbacks.trying)
		job->callbacks.trying(job->callbacks.ctx, way,
				      way == XT_DNS_FILE ? job->path : NULL);
}

static const char *next_way(const struct xt_dns_job *job)
{
	return job->only ? "" : "; trying the next way";
}

static void on_command(void *ctx, const struct xt_command_result *result)
{
	struct xt_dns_job *job = ctx;
	char text[300];
	bool success = result->error == 0;

	job->command = NULL;
	xt_command_text(result, text, sizeof(text));
	switch (job->step) {
	case STEP_SERVERS:
		job->way = success ? XT_DNS_RESOLVED : 0;
		if (!success && (job->only || result->error != -ENOENT) && !job->cancelled)
			job_warn(job, "DNS: resolvectl %s%s", text, next_way(job));
		if (job->only ? !success : success && job->dns.n_servers == 0)
			step_schedule(job, STEP_END);
		else
			step_schedule(job, success ? STEP_DOMAINS : STEP_RESOLVCONF);
		break;
	case STEP_DOMAINS:
		if (!success && !job->cancelled)
			job_warn(job, "DNS: resolvectl domain %s", text);
		step_schedule(job, STEP_DEFAULT);
		break;
	case STEP_RESOLVCONF:
		job->way = success ? XT_DNS_RESOLVCONF : 0;
		if (!success && (job->only || result->error != -ENOENT) && !job->cancelled)
			job_warn(job, "DNS: resolvconf %s%s", text, next_way(job));
		step_schedule(job, success || job->only ? STEP_END : STEP_FILE);
		break;
	case STEP_RESOLVCONF_OFF:
		if (!success && result->error != -ENOENT) {
			job_warn(job, "DNS: resolvconf -d %s", text);
			job->way |= XT_DNS_RESOLVCONF;
		}
		step_schedule(job, STEP_FILE_OFF);
		break;
	case STEP_REVERT: /* resolved reverts it by itself when the interface is gone */
		step_schedule(job, STEP_RESOLVCONF_OFF);
		break;
	default: /* older ones have no default-route; the domain "~." has the same effect */
		step_schedule(job, STEP_END);
		break;
	}
}

static void command_start(struct xt_dns_job *job, const char *const *argv, const char *input,
			  size_t len)
{
	struct xt_command_result failed = {.error = XT_E_NOMEM};

	if (xt_command_start(&job->command, job->next.loop, job->callbacks.runner, argv, input, len,
			     on_command, job) < 0)
		on_command(job, &failed);
}

/* resolvectl VERB NAME WORD…; last may be NULL. */
static void resolvectl_run(struct xt_dns_job *job, const char *verb, const char *const *words,
			   size_t n, const char *last)
{
	const char **argv = calloc(n + 5, sizeof(*argv));
	size_t at = 0;

	if (!argv) {
		struct xt_command_result failed = {.error = XT_E_NOMEM};

		on_command(job, &failed);
		return;
	}
	argv[at++] = "resolvectl";
	argv[at++] = verb;
	argv[at++] = job->name;
	for (size_t i = 0; i < n; i++)
		argv[at++] = words[i];
	argv[at] = last;
	command_start(job, argv, NULL, 0);
	free(argv);
}

/* An empty word takes away the servers that were set before. */
static void step_servers(struct xt_dns_job *job)
{
	static const char *const none[] = {""};

	way_note(job, XT_DNS_RESOLVED);
	if (job->dns.n_servers > 0)
		resolvectl_run(job, "dns", job->dns.servers, job->dns.n_servers, NULL);
	else if (job->only)
		resolvectl_run(job, "dns", none, 1, NULL);
	else
		resolvectl_run(job, "domain", job->dns.domains, job->dns.n_domains, NULL);
}

static void step_resolvconf(struct xt_dns_job *job)
{
	/* -x: only these servers are asked; without servers it would leave the host with none */
	const char *exclusive = job->dns.n_servers > 0 ? "-x" : NULL;
	const char *argv[] = {"resolvconf", "-a", job->label, "-m", "0", exclusive, NULL};
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (file) {
		for (size_t i = 0; i < job->dns.n_servers; i++)
			fprintf(file, "nameserver %s\n", job->dns.servers[i]);
		for (size_t i = 0; i < job->dns.n_domains; i++)
			fprintf(file, "%s%s%s", i == 0 ? "search " : "", job->dns.domains[i],
				i + 1 < job->dns.n_domains ? " " : "\n");
	}
	if (!file || fclose(file) != 0) {
		free(text);
		step_schedule(job, STEP_FILE);
		return;
	}
	way_note(job, XT_DNS_RESOLVCONF);
	command_start(job, argv, text, len);
	free(text);
}

/* The file is opened, locked, edited and synced on a worker thread: its lock may be held by any
 * user, and its disk be slow. */
static void file_work(struct xt_dns_job *job, uv_work_cb change, uv_after_work_cb done)
{
	int rc;

	job->work.data = job;
	rc = uv_queue_work(job->next.loop, &job->work, change, done);
	if (rc) { /* otherwise work_error is the worker's */
		job->work_error = rc;
		done(&job->work, 0);
	}
}

static void file_set(uv_work_t *work)
{
	struct xt_dns_job *job = work->data;

	job->work_error = xt_resolv_file_set(job->path, job->name, &job->dns);
}

static void on_file_set(uv_work_t *work, int status)
{
	struct xt_dns_job *job = work->data;

	(void)status;
	if (job->work_error < 0)
		job_warn(job, "DNS: %s: %s; the host keeps its name servers", job->path,
			 xt_strerror(job->work_error));
	else
		job->way = XT_DNS_FILE;
	job_finish(job);
}

static void step_file(struct xt_dns_job *job)
{
	char *real = job->path ? NULL : realpath(XT_RESOLV_CONF, NULL);

	if (!job->path)
		job->path = real ? real : strdup(XT_RESOLV_CONF);
	if (!job->path) {
		job_warn(job, "DNS: %s: %s; the host keeps its name servers", XT_RESOLV_CONF,
			 xt_strerror(XT_E_NOMEM));
		job_finish(job);
		return;
	}
	way_note(job, XT_DNS_FILE);
	file_work(job, file_set, on_file_set);
}

static const char *file_path(const struct xt_dns_job *job)
{
	return job->path ? job->path : XT_RESOLV_CONF;
}

static void file_unset(uv_work_t *work)
{
	struct xt_dns_job *job = work->data;

	job->work_error = xt_resolv_file_unset(file_path(job), job->name);
}

static void on_file_unset(uv_work_t *work, int status)
{
	struct xt_dns_job *job = work->data;
	int rc = job->work_error;

	(void)status;
	/* read-only: nothing had been written either, and that was reported */
	if (rc < 0 && rc != -EROFS && rc != -EACCES && rc != -EPERM)
		job_warn(job, "DNS: %s: %s", file_path(job), xt_strerror(rc));
	if (rc < 0)
		job->way |= XT_DNS_FILE;
	job_finish(job);
}

static void step_file_off(struct xt_dns_job *job)
{
	if (job->ways & XT_DNS_FILE)
		file_work(job, file_unset, on_file_unset);
	else
		job_finish(job);
}

static void on_next(uv_timer_t *timer)
{
	struct xt_dns_job *job = timer->data;
	const char *off[] = {"resolvconf", "-d", job->label, "-f", NULL};

	if (job->cancelled && job->step <= STEP_FILE)
		job->step = STEP_END;
	switch (job->step) {
	case STEP_SERVERS:
		step_servers(job);
		break;
	case STEP_DOMAINS: /* "~.": these servers are asked for every name */
		resolvectl_run(job, "domain", job->dns.domains, job->dns.n_domains,
			       job->dns.n_servers > 0 ? "~." : NULL);
		break;
	case STEP_DEFAULT:
		resolvectl_run(job, "default-route", NULL, 0,
			       job->dns.n_servers > 0 ? "true" : "false");
		break;
	case STEP_RESOLVCONF:
		step_resolvconf(job);
		break;
	case STEP_FILE:
		step_file(job);
		break;
	case STEP_REVERT:
		if (job->ways & XT_DNS_RESOLVED)
			resolvectl_run(job, "revert", NULL, 0, NULL);
		else
			step_schedule(job, STEP_RESOLVCONF_OFF);
		break;
	case STEP_RESOLVCONF_OFF:
		if (job->ways & XT_DNS_RESOLVCONF)
			command_start(job, off, NULL, 0);
		else
			step_schedule(job, STEP_FILE_OFF);
		break;
	case STEP_FILE_OFF:
		step_file_off(job);
		break;
	case STEP_END:
		job_finish(job);
		break;
	}
}

/* Debian's resolvconf orders interfaces by patterns such as "tun*": the label begins like the
 * first. */
static void label_find(struct xt_dns_job *job)
{
	FILE *file = fopen("/etc/resolvconf/interface-order", "re");
	char line[128], prefix[32] = "";

	while (file && !*prefix && fgets(line, sizeof(line), file)) {
		size_t n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789-");

		if (n > 0 && n < 30 && (strcmp(line + n, "*\n") == 0 || strcmp(line + n, "*") == 0))
			snprintf(prefix, sizeof(prefix), "%.*s.", (int)n, line);
	}
	if (file)
		fclose(file);
	snprintf(job->label, sizeof(job->label), "%s%s", prefix, job->name);
}

static struct xt_dns_job *job_new(uv_loop_t *loop, const char *name,
				  const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	snprintf(job->name, sizeof(job->name), "%s", name);
	label_find(job);
	job->callbacks = *callbacks;
	job->next.loop = loop;
	return job;
}

static void job_start(struct xt_dns_job *job, enum step first)
{
	uv_timer_init(job->next.loop, &job->next);
	job->next.data = job;
	step_schedule(job, first);
}

/* NULL: no memory. */
static struct xt_dns_job *job_set_new(uv_loop_t *loop, const char *name, char *const *words,
				      size_t n, const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = job_new(loop, name, callbacks);
	bool ok = job != NULL;

	if (!job)
		return NULL;
	job->words = calloc(n + 1, sizeof(*job->words));
	ok = job->words != NULL;
	for (size_t i = 0; ok && i < n; i++) {
		job->words[i] = strdup(words[i]);
		job->n_words += ok = job->words[i] != NULL;
	}
	if (ok && xt_dns_sort(&job->dns, job->words, n) == 0)
		return job;
	job_free(job);
	return NULL;
}

int xt_dns_set(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
	       size_t n, const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = job_set_new(loop, name, words, n, callbacks);

	if (!job)
		return XT_E_NOMEM;
	job_start(job, STEP_SERVERS);
	*out = job;
	return 0;
}

int xt_dns_replace(struct xt_dns_job **out, uv_loop_t *loop, const char *name, char *const *words,
		   size_t n, enum xt_dns_way way, const char *path,
		   const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = job_set_new(loop, name, words, n, callbacks);

	if (!job)
		return XT_E_NOMEM;
	job->only = true;
	if (path && *path)
		job->path = strdup(path);
	job_start(job, way == XT_DNS_RESOLVED	  ? STEP_SERVERS
		       : way == XT_DNS_RESOLVCONF ? STEP_RESOLVCONF
						  : STEP_FILE);
	*out = job;
	return 0;
}

int xt_dns_unset(struct xt_dns_job **out, uv_loop_t *loop, const char *name, unsigned ways,
		 const char *path, const struct xt_dns_callbacks *callbacks)
{
	struct xt_dns_job *job = job_new(loop, name, callbacks);

	if (!job)
		return XT_E_NOMEM;
	job->ways = ways;
	if (path && *path)
		job->path = strdup(path);
	job_start(job, STEP_REVERT);
	*out = job;
	return 0;
}

void xt_dns_cancel(struct xt_dns_job *job)
{
	job->cancelled = true;
	if (job->command)
		xt_command_kill(job->command);
}

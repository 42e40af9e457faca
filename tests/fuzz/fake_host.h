/* SPDX-License-Identifier: MIT */
/* A host under the handlers of requests that changes nothing: by --wrap it takes the place of the
 * functions that open a path, run a command or change the host. Each checks that it is asked for
 * nothing but what the configuration names, and counts. What the loop would do later waits in a
 * queue. Its objects are allocated, so that a sanitizer sees one that is used after its end. */
#ifndef XT_TESTS_FAKE_HOST_H
#define XT_TESTS_FAKE_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "config/conf_write.h"
#include "host/request_impl_uv.h"
#include "host/run_directory.h"

#define FAKE_PATH "/fake/left.conf"
#define FAKE_DIR  "/fake/run"

static const char fake_text[] =
    "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
    "Address = 10.7.0.1/24\nDNS = 10.7.0.53\nPreUp = a\nPostUp = b\nPostUp = c\nPostDown = d\n"
    "SaveConfig = true\n[Peer]\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
    "AllowedIPs = 10.9.0.0/16, 192.168.5.0/24\nEndpoint = a.example:7\n";
static const char fake_text_after[] =
    "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
    "Address = 10.7.1.1/24\nPostUp = b\nMTU = 1400\n";

/* reads    how often the file was read
 * reached  how many functions of the host were called
 * results  bytes of the input that decide what they return */
static struct {
	unsigned reads, reached;
	const uint8_t *results;
	size_t n_results;
	struct xt_hooks_run *hooks;
	struct xt_resolver_callbacks resolver;
} fake;

#define FAKE_EXPECT(what)                                                                          \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s: reached: %s\n", __func__, #what);                     \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static int fake_result(int error)
{
	uint8_t byte = fake.n_results ? *fake.results : 0;

	fake.reached++;
	if (fake.n_results) {
		fake.results++;
		fake.n_results--;
	}
	return byte & 1 ? error : 0;
}

static void *fake_object(void)
{
	void *object = malloc(1);

	if (!object)
		abort();
	return object;
}

/* Is still there: a sanitizer sees it. */
static void fake_use(const void *object)
{
	FAKE_EXPECT(*(const volatile char *)object == *(const volatile char *)object);
}

static int fake_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	FAKE_EXPECT(fd >= 0);
	return fd;
}

static void fake_name(const char *name)
{
	FAKE_EXPECT(strcmp(name, "left") == 0);
}

/* --- the queue --- */

struct fake_later {
	void (*call)(void *ctx);
	void *ctx;
};
static struct fake_later fake_queue[4096];
static size_t fake_queued;

static void fake_later(void (*call)(void *ctx), void *ctx)
{
	FAKE_EXPECT(fake_queued < 4096);
	fake_queue[fake_queued++] = (struct fake_later){call, ctx};
}

static bool fake_run(void)
{
	struct fake_later first = fake_queue[0];

	if (fake_queued == 0)
		return false;
	memmove(fake_queue, fake_queue + 1, --fake_queued * sizeof(*fake_queue));
	if (first.call)
		first.call(first.ctx);
	return true;
}

static void fake_cut(void *ctx)
{
	for (size_t i = 0; i < fake_queued; i++)
		if (fake_queue[i].ctx == ctx)
			fake_queue[i].call = NULL;
}

struct fake_job {
	uv_work_t *work;
	uv_work_cb run;
	uv_after_work_cb after;
};

static void fake_job_run(void *ctx)
{
	struct fake_job job = *(struct fake_job *)ctx;

	free(ctx);
	job.run(job.work);
	job.after(job.work, 0);
}

int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after);
int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after)
{
	struct fake_job *job = malloc(sizeof(*job));

	(void)loop;
	if (!job)
		abort();
	*job = (struct fake_job){work, run, after};
	fake_later(fake_job_run, job);
	return 0;
}

/* --- the file --- */

int __wrap_xt_conf_reload(struct xt_conf *out, const char *path,
			  struct xt_conf_diagnostics *diagnostics);
int __wrap_xt_conf_reload(struct xt_conf *out, const char *path,
			  struct xt_conf_diagnostics *diagnostics)
{
	const char *text = fake.reads++ & 1 ? fake_text_after : fake_text;
	int rc;

	FAKE_EXPECT(strcmp(path, FAKE_PATH) == 0);
	rc = xt_conf_parse(out, "left", text, strlen(text), diagnostics);
	if (rc == 0)
		out->path = strdup(path);
	return rc == 0 && fake_result(1) ? XT_E_SYNTAX : rc;
}

/* The lines that only the file may have are those that it had. */
int __wrap_xt_conf_replace(const char *path, const char *text, size_t len);
int __wrap_xt_conf_replace(const char *path, const char *text, size_t len)
{
	static const char *const lines[] = {
	    "\nPreUp = ", "\nPostUp = ", "\nPreDown = ", "\nPostDown = ",
	    "\nDNS = ",	  "\nTable = ",	 "#: "};

	FAKE_EXPECT(strcmp(path, FAKE_PATH) == 0);
	FAKE_EXPECT(strlen(text) == len);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		for (const char *at = text; (at = strstr(at, lines[i])); at++) {
			char line[64];

			snprintf(line, sizeof(line), "%.*s", (int)(1 + strcspn(at + 1, "\n")), at);
			FAKE_EXPECT(strstr(fake_text, line) || strstr(fake_text_after, line));
		}
	return fake_result(-EROFS);
}

int __wrap_xt_conf_trust(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics);
int __wrap_xt_conf_trust(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics)
{
	(void)conf;
	(void)diagnostics;
	return 0;
}

int __wrap_xt_conf_policy(struct xt_link_policy *policy, const struct xt_conf *conf,
			  bool without_ipv6, const struct xt_link_policy *now);
int __wrap_xt_conf_policy(struct xt_link_policy *policy, const struct xt_conf *conf,
			  bool without_ipv6, const struct xt_link_policy *now)
{
	(void)conf;
	(void)without_ipv6;
	(void)now;
	policy->table = fake.n_results ? *fake.results & 2 : 0;
	return fake_result(-ERANGE);
}

/* --- the link --- */

static void fake_plan(const struct xt_link_plan *plan)
{
	fake_name(plan->name);
	for (size_t i = 0; i < plan->n_networks; i++) {
		const struct xt_cidr *network = &plan->networks[i];

		FAKE_EXPECT(network->bits > 0);
		/* 192.168.0.0/16 is another link's, and the file has one network there */
		if (network->ip.family == 4 && network->bits >= 16 && network->ip.b[0] == 192 &&
		    network->ip.b[1] == 168)
			FAKE_EXPECT(network->bits == 24 && network->ip.b[2] == 5);
	}
}

int __wrap_xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		       size_t len);
int __wrap_xt_link_set(struct xt_link **out, const struct xt_link_plan *plan, char *error,
		       size_t len)
{
	int rc = fake_result(-EPERM);

	(void)error;
	(void)len;
	fake_plan(plan);
	if (rc == 0)
		*out = fake_object();
	return rc;
}

int __wrap_xt_link_restore(struct xt_link *link);
int __wrap_xt_link_restore(struct xt_link *link)
{
	fake_use(link);
	return fake_result(-EPERM);
}

int __wrap_xt_link_route_mtu(struct xt_link *link, const struct xt_cidr *v, size_t n, uint32_t mtu);
int __wrap_xt_link_route_mtu(struct xt_link *link, const struct xt_cidr *v, size_t n, uint32_t mtu)
{
	(void)mtu;
	fake_use(link);
	for (size_t i = 0; i < n; i++)
		FAKE_EXPECT(v[i].bits <= 128);
	return fake_result(-E2BIG);
}

void __wrap_xt_link_undo(struct xt_link *link);
void __wrap_xt_link_undo(struct xt_link *link)
{
	free(link);
}

void __wrap_xt_link_forget(struct xt_link *link);
void __wrap_xt_link_forget(struct xt_link *link)
{
	free(link);
}

uint32_t __wrap_xt_link_mtu(const struct xt_link *link);
uint32_t __wrap_xt_link_mtu(const struct xt_link *link)
{
	fake_use(link);
	return 1420;
}

int __wrap_xt_link_extend(struct xt_link_edit **out, struct xt_link *link,
			  const struct xt_link_plan *plan, bool mtu, char *error, size_t len);
int __wrap_xt_link_extend(struct xt_link_edit **out, struct xt_link *link,
			  const struct xt_link_plan *plan, bool mtu, char *error, size_t len)
{
	int rc = fake_result(-EPERM);

	(void)mtu;
	(void)error;
	(void)len;
	fake_use(link);
	fake_plan(plan);
	if (rc == 0)
		*out = fake_object();
	return rc;
}

int __wrap_xt_link_retire(struct xt_link_edit *edit, char *error, size_t len);
int __wrap_xt_link_retire(struct xt_link_edit *edit, char *error, size_t len)
{
	(void)error;
	(void)len;
	fake_use(edit);
	return fake_result(-EPERM);
}

void __wrap_xt_link_revert(struct xt_link_edit *edit);
void __wrap_xt_link_revert(struct xt_link_edit *edit)
{
	free(edit);
}

void __wrap_xt_link_commit(struct xt_link_edit *edit);
void __wrap_xt_link_commit(struct xt_link_edit *edit)
{
	free(edit);
}

int __wrap_xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n);
int __wrap_xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n)
{
	fake_name(name);
	*out = calloc(1, sizeof(**out));
	*n = *out ? 1 : 0;
	return 0;
}

int __wrap_xt_link_connected(const char *name, struct xt_link_connected **out, size_t *n);
int __wrap_xt_link_connected(const char *name, struct xt_link_connected **out, size_t *n)
{
	fake_name(name);
	*out = calloc(1, sizeof(**out));
	*n = *out ? 1 : 0;
	if (*out)
		(*out)->network = (struct xt_cidr){{4, {192, 168}}, 16};
	return 0;
}

int __wrap_xt_link_mtu_get(unsigned ifindex, uint32_t *mtu);
int __wrap_xt_link_mtu_get(unsigned ifindex, uint32_t *mtu)
{
	(void)ifindex;
	*mtu = 1420;
	return fake_result(-ENODEV);
}

/* --- firewall and names --- */

int __wrap_xt_host_new(struct xt_host **out, uv_loop_t *uv, const struct xt_host_options *options,
		       void (*done)(void *ctx), void *ctx);
int __wrap_xt_host_new(struct xt_host **out, uv_loop_t *uv, const struct xt_host_options *options,
		       void (*done)(void *ctx), void *ctx)
{
	int rc = fake_result(XT_E_NOMEM);

	(void)uv;
	fake_name(options->conf->name);
	FAKE_EXPECT(!options->run_dir || strcmp(options->run_dir, FAKE_DIR) == 0);
	if (rc < 0)
		return rc;
	*out = fake_object();
	fake_later(done, ctx);
	return 0;
}

void __wrap_xt_host_free(struct xt_host *host);
void __wrap_xt_host_free(struct xt_host *host)
{
	free(host);
}

void __wrap_xt_host_restore(struct xt_host *host);
void __wrap_xt_host_restore(struct xt_host *host)
{
	fake_use(host);
}

int __wrap_xt_host_policy(struct xt_host *host, struct xt_link_policy *policy);
int __wrap_xt_host_policy(struct xt_host *host, struct xt_link_policy *policy)
{
	fake_use(host);
	*policy = (struct xt_link_policy){0};
	return fake_result(-ERANGE);
}

bool __wrap_xt_host_without_ipv6(const struct xt_host *host);
bool __wrap_xt_host_without_ipv6(const struct xt_host *host)
{
	fake_use(host);
	return false;
}

#define FAKE_HOST_JOB(name)                                                                        \
	void __wrap_##name(struct xt_host *host, void (*done)(void *ctx), void *ctx);              \
	void __wrap_##name(struct xt_host *host, void (*done)(void *ctx), void *ctx)               \
	{                                                                                          \
		fake_use(host);                                                                    \
		fake.reached++;                                                                    \
		fake_cut(ctx);                                                                     \
		fake_later(done, ctx);                                                             \
	}
FAKE_HOST_JOB(xt_host_guard)
FAKE_HOST_JOB(xt_host_names)
FAKE_HOST_JOB(xt_host_down)

void __wrap_xt_host_change_firewall(struct xt_host *host, const struct xt_conf *conf,
				    const struct xt_link_policy *policy, xt_host_changed *done,
				    void *ctx);
void __wrap_xt_host_change_firewall(struct xt_host *host, const struct xt_conf *conf,
				    const struct xt_link_policy *policy, xt_host_changed *done,
				    void *ctx)
{
	(void)policy;
	fake_use(host);
	fake_name(conf->name);
	done(ctx, fake_result(-EPERM), "");
}

void __wrap_xt_host_change_dns(struct xt_host *host, char *const *words, size_t n,
			       xt_host_changed *done, void *ctx);
void __wrap_xt_host_change_dns(struct xt_host *host, char *const *words, size_t n,
			       xt_host_changed *done, void *ctx)
{
	fake_use(host);
	for (size_t i = 0; i < n; i++)
		FAKE_EXPECT(strcmp(words[i], "10.7.0.53") == 0);
	done(ctx, fake_result(-EPERM), "");
}

void __wrap_xt_host_change_finish(struct xt_host *host, const struct xt_link_policy *policy,
				  bool without_ipv6, xt_host_changed *done, void *ctx);
void __wrap_xt_host_change_finish(struct xt_host *host, const struct xt_link_policy *policy,
				  bool without_ipv6, xt_host_changed *done, void *ctx)
{
	(void)policy;
	(void)without_ipv6;
	fake_use(host);
	done(ctx, 0, "");
}

void __wrap_xt_host_change_policy(struct xt_host *host, const struct xt_link_policy *policy);
void __wrap_xt_host_change_policy(struct xt_host *host, const struct xt_link_policy *policy)
{
	(void)policy;
	fake_use(host);
}

/* --- device, sockets, run directory --- */

static int fake_tun_fd = -1;

static void fake_tun_close(struct xt_tun *tun)
{
	free(tun);
}

int __wrap_xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options);
int __wrap_xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options)
{
	static const struct xt_tun_ops ops = {.close = fake_tun_close};
	int rc = fake_result(-EPERM);

	fake_name(options->name);
	if (rc < 0)
		return rc;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return XT_E_NOMEM;
	(*out)->ops = &ops;
	strcpy((*out)->name, options->name);
	return 0;
}

int __wrap_xt_tun_fd(const struct xt_tun *tun);
int __wrap_xt_tun_fd(const struct xt_tun *tun)
{
	fake_use(tun);
	return fake_tun_fd;
}

int __wrap_xt_tun_remove(const char *name);
int __wrap_xt_tun_remove(const char *name)
{
	fake_name(name);
	return fake_result(-EBUSY);
}

int __wrap_xt_link_mtu_set(unsigned ifindex, uint32_t mtu);
int __wrap_xt_link_mtu_set(unsigned ifindex, uint32_t mtu)
{
	(void)ifindex;
	(void)mtu;
	return fake_result(-EPERM);
}

int __wrap_xt_udp_sockets_open(struct xt_udp_sockets *out, uint16_t port, uint32_t mark);
int __wrap_xt_udp_sockets_open(struct xt_udp_sockets *out, uint16_t port, uint32_t mark)
{
	int rc = fake_result(-EADDRINUSE);

	(void)mark;
	if (rc == 0)
		*out = (struct xt_udp_sockets){{fake_fd(), -1}, port};
	return rc;
}

int __wrap_xt_udp_sockets_mark(const int fd[2], uint32_t mark, uint32_t old);
int __wrap_xt_udp_sockets_mark(const int fd[2], uint32_t mark, uint32_t old)
{
	(void)mark;
	(void)old;
	for (size_t i = 0; i < 2; i++)
		FAKE_EXPECT(fd[i] < 0 || fcntl(fd[i], F_GETFD) >= 0);
	return fake_result(-EPERM);
}

int __wrap_xt_run_directory_make(const char *dir);
int __wrap_xt_run_directory_make(const char *dir)
{
	FAKE_EXPECT(strcmp(dir, FAKE_DIR) == 0);
	return fake_result(-EACCES);
}

int __wrap_xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			       const struct xt_socket_watch_options *options);
int __wrap_xt_socket_watch_new(struct xt_socket_watch **out, uv_loop_t *loop,
			       const struct xt_socket_watch_options *options)
{
	int rc = fake_result(XT_E_NOMEM);

	(void)loop;
	FAKE_EXPECT(strncmp(options->path, FAKE_DIR "/", strlen(FAKE_DIR) + 1) == 0);
	if (rc == 0)
		*out = fake_object();
	return rc;
}

void __wrap_xt_socket_watch_again(struct xt_socket_watch *watch);
void __wrap_xt_socket_watch_again(struct xt_socket_watch *watch)
{
	fake_use(watch);
}

int __wrap_xt_socket_watch_remove(struct xt_socket_watch *watch);
int __wrap_xt_socket_watch_remove(struct xt_socket_watch *watch)
{
	free(watch);
	return fake_result(-ENOENT);
}

/* --- hooks and names --- */

struct xt_hooks_run {
	xt_hooks_done *done;
	void *ctx;
	struct xt_hooks_result result;
};

static void fake_hooks_done(void *ctx)
{
	struct xt_hooks_run *run = ctx;

	fake.hooks = NULL;
	run->done(run->ctx, &run->result);
	free(run);
}

int __wrap_xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop,
			  const struct xt_hooks_options *options, xt_hooks_done *done, void *ctx);
int __wrap_xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop,
			  const struct xt_hooks_options *options, xt_hooks_done *done, void *ctx)
{
	struct xt_hooks_run *run = calloc(1, sizeof(*run));

	(void)loop;
	fake_name(options->name);
	FAKE_EXPECT(!fake.hooks);
	for (size_t i = options->from; i < options->hooks->n; i++)
		FAKE_EXPECT(strstr("abcd", options->hooks->v[i].command));
	if (!run)
		abort();
	run->done = done;
	run->ctx = ctx;
	run->result.error = fake_result(XT_E_INVALID);
	*out = fake.hooks = run;
	fake_later(fake_hooks_done, run);
	return 0;
}

void __wrap_xt_hooks_cancel(struct xt_hooks_run *run);
void __wrap_xt_hooks_cancel(struct xt_hooks_run *run)
{
	run->result.error = -ECANCELED;
}

/* The answer's number is the context. */
static void fake_resolved(void *ctx)
{
	struct xt_endpoint found = {{4, {192, 0, 2, 7}}, 0, 0};
	struct xt_resolver_answer answer = {.id = (uint32_t)(uintptr_t)ctx, .v = &found, .n = 1};

	if (fake_result(1))
		answer = (struct xt_resolver_answer){.id = answer.id, .why = "no address"};
	if (fake.resolver.answered)
		fake.resolver.answered(fake.resolver.ctx, &answer);
}

int __wrap_xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv,
			   const struct xt_resolver_callbacks *callbacks);
int __wrap_xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv,
			   const struct xt_resolver_callbacks *callbacks)
{
	(void)uv;
	fake.resolver = *callbacks;
	*out = fake_object();
	return 0;
}

int __wrap_xt_resolver_ask(struct xt_resolver *resolver,
			   const struct xt_resolver_question *question);
int __wrap_xt_resolver_ask(struct xt_resolver *resolver,
			   const struct xt_resolver_question *question)
{
	fake_use(resolver);
	FAKE_EXPECT(strlen(question->host) > 0 && strlen(question->host) <= 255);
	if (fake_queued >= 1024)
		return XT_E_NOMEM;
	fake_later(fake_resolved, (void *)(uintptr_t)question->id);
	return 0;
}

void __wrap_xt_resolver_stop(struct xt_resolver *resolver);
void __wrap_xt_resolver_stop(struct xt_resolver *resolver)
{
	struct xt_resolver_callbacks callbacks = fake.resolver;

	free(resolver);
	fake.resolver = (struct xt_resolver_callbacks){0};
	callbacks.closed(callbacks.ctx);
}

void __wrap_xt_dns_servers_read(struct xt_dns_servers *out);
void __wrap_xt_dns_servers_read(struct xt_dns_servers *out)
{
	*out = (struct xt_dns_servers){0};
}

/* --- state directory --- */

int __wrap_xt_name_file_write(const char *name, char *text, size_t cap);
int __wrap_xt_name_file_write(const char *name, char *text, size_t cap)
{
	(void)text;
	(void)cap;
	fake_name(name);
	return fake_result(-EPERM);
}

const char *__wrap_xt_keylog_path(void);
const char *__wrap_xt_keylog_path(void)
{
	return "/fake/keys";
}

int __wrap_xt_keylog_open(const char *path);
int __wrap_xt_keylog_open(const char *path)
{
	FAKE_EXPECT(strcmp(path, "/fake/keys") == 0);
	return fake_result(1) ? -EPERM : fake_fd();
}

int __wrap_xt_identity_new(struct xt_identity **out, uv_loop_t *loop,
			   const struct xt_identity_callbacks *callbacks);
int __wrap_xt_identity_new(struct xt_identity **out, uv_loop_t *loop,
			   const struct xt_identity_callbacks *callbacks)
{
	(void)loop;
	(void)callbacks;
	*out = fake_object();
	return 0;
}

int __wrap_xt_identity_read(struct xt_identity *identity, const char *name, struct xt_reply *reply);
int __wrap_xt_identity_read(struct xt_identity *identity, const char *name, struct xt_reply *reply)
{
	fake_use(identity);
	FAKE_EXPECT(strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32);
	reply->bound.peers = calloc(1, sizeof(*reply->bound.peers));
	reply->bound.n_peers = reply->bound.peers ? 1 : 0;
	return fake_result(-EACCES);
}

int __wrap_xt_identity_bound_write(struct xt_identity *identity, uint64_t bound, bool last,
				   struct xt_reply *reply);
int __wrap_xt_identity_bound_write(struct xt_identity *identity, uint64_t bound, bool last,
				   struct xt_reply *reply)
{
	(void)bound;
	(void)last;
	(void)reply;
	fake_use(identity);
	return fake_result(-ENOSPC);
}

int __wrap_xt_identity_peers_write(struct xt_identity *identity, const struct xt_peer_memory *v,
				   size_t n, struct xt_reply *reply);
int __wrap_xt_identity_peers_write(struct xt_identity *identity, const struct xt_peer_memory *v,
				   size_t n, struct xt_reply *reply)
{
	(void)reply;
	fake_use(identity);
	for (size_t i = 0; i < n; i++)
		FAKE_EXPECT(v[i].endpoint.ip.family <= 6);
	return fake_result(XT_E_AGAIN);
}

void __wrap_xt_identity_close(struct xt_identity *identity);
void __wrap_xt_identity_close(struct xt_identity *identity)
{
	free(identity);
}

#endif

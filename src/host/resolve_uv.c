/* SPDX-License-Identifier: MIT */
/* Host names, by the system's resolver, on threads of its own: the threads of libuv are those that
 * files wait for.
 *
 * A thread is started for a question when fewer than XT_RESOLVER_THREADS run, takes questions until
 * none is left, and ends. The loop joins it, so that nothing is left of it when the loop closes. */
#include "host/resolve_uv.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "host/resolver_client_uv.h"

/* A question on its way through the queue, a thread, and the list of what was answered. */
struct job {
	struct job *next;
	uint32_t id;
	unsigned families;
	struct xt_dns_servers servers; /* n 0: the system's resolver knows better */
	uint32_t mark;
	int sockets[XT_DNS_SERVERS];
	size_t n_sockets;
	const char *why;
	struct xt_endpoint v[XT_RESOLVER_ADDRESSES];
	size_t n;
	char host[];
};

struct queue {
	struct job *first, **last;
};

enum thread_state { THREAD_NONE, THREAD_RUNS, THREAD_ENDED };
struct thread {
	struct xt_resolver *resolver;
	uv_thread_t id;
	enum thread_state state;
};

/* lock covers the queues and the states of the threads. */
struct xt_resolver {
	struct xt_resolver_callbacks callbacks;
	uv_async_t changed;
	uv_mutex_t lock;
	struct queue questions, answers;
	struct thread threads[XT_RESOLVER_THREADS];
	bool stopping, closing;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *queue_pop(struct queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = &queue->first;
	return job;
}

static void job_free(struct job *job)
{
	while (job->n_sockets > 0)
		close(job->sockets[--job->n_sockets]);
	free(job);
}

static void queue_clear(struct queue *queue)
{
	struct job *job;

	while ((job = queue_pop(queue)))
		job_free(job);
}

/* false: the address is not of a wanted family. */
static bool address_read(struct xt_endpoint *out, const struct sockaddr *address, unsigned families)
{
	memset(out, 0, sizeof(*out));
	if (address->sa_family == AF_INET && (families & 1)) {
		const struct sockaddr_in *in = (const void *)address;
		out->ip.family = 4;
		memcpy(out->ip.b, &in->sin_addr, 4);
		return true;
	}
	if (address->sa_family == AF_INET6 && (families & 2)) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		out->ip.family = 6;
		memcpy(out->ip.b, &in6->sin6_addr, 16);
		out->scope = in6->sin6_scope_id;
		return true;
	}
	return false;
}

static const char *failure_text(int status)
{
	switch (status) {
	case EAI_NONAME:
#ifdef EAI_NODATA
	case EAI_NODATA:
#endif
		return "no such host";
	case EAI_AGAIN:
		return "no answer from a name server";
	default:
		return gai_strerror(status);
	}
}

static void job_run(struct job *job)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list = NULL;
	int status;

	if (job->n_sockets)
		job->n = xt_dns_query_sockets(job->sockets, job->n_sockets, job->host,
					      job->families, job->v, XT_LEN(job->v));
	else if (job->servers.n)
		job->n = xt_dns_query(&job->servers, job->mark, job->host, job->families, job->v,
				      XT_LEN(job->v));
	if (job->n)
		return;
	status = getaddrinfo(job->host, NULL, &hints, &list);
	for (struct addrinfo *at = status ? NULL : list; at && job->n < XT_LEN(job->v);
	     at = at->ai_next)
		job->n += address_read(&job->v[job->n], at->ai_addr, job->families);
	if (status)
		job->why = failure_text(status);
	else if (job->n == 0)
		job->why = "no address of a family that this host has";
	if (list)
		freeaddrinfo(list);
}

static void thread_run(void *ctx)
{
	struct thread *thread = ctx;
	struct xt_resolver *resolver = thread->resolver;
	struct job *job;

	uv_mutex_lock(&resolver->lock);
	while ((job = queue_pop(&resolver->questions))) {
		uv_mutex_unlock(&resolver->lock);
		job_run(job);
		uv_mutex_lock(&resolver->lock);
		queue_push(&resolver->answers, job);
		uv_async_send(&resolver->changed);
	}
	thread->state = THREAD_ENDED;
	uv_async_send(&resolver->changed);
	uv_mutex_unlock(&resolver->lock);
}

/* With the lock held. Without a thread the question waits for one that runs, or for the next
 * question. */
static void threads_start(struct xt_resolver *resolver)
{
	for (size_t i = 0; i < XT_LEN(resolver->threads) && resolver->questions.first; i++) {
		struct thread *thread = &resolver->threads[i];

		if (thread->state != THREAD_NONE)
			continue;
		thread->resolver = resolver;
		thread->state = THREAD_RUNS;
		if (uv_thread_create(&thread->id, thread_run, thread) < 0)
			thread->state = THREAD_NONE;
		return;
	}
}

/* With the lock held; a thread that has ended waits for nothing but that lock. true: one runs. */
static bool threads_join(struct xt_resolver *resolver)
{
	bool runs = false;

	for (size_t i = 0; i < XT_LEN(resolver->threads); i++) {
		struct thread *thread = &resolver->threads[i];

		runs |= thread->state == THREAD_RUNS;
		if (thread->state != THREAD_ENDED)
			continue;
		uv_mutex_unlock(&resolver->lock);
		uv_thread_join(&thread->id);
		uv_mutex_lock(&resolver->lock);
		thread->state = THREAD_NONE;
	}
	return runs;
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_resolver *resolver = handle->data;
	struct xt_resolver_callbacks callbacks = resolver->callbacks;

	queue_clear(&resolver->questions);
	queue_clear(&resolver->answers);
	uv_mutex_destroy(&resolver->lock);
	free(resolver);
	callbacks.closed(callbacks.ctx);
}

static void answer_give(struct xt_resolver *resolver, struct job *job)
{
	struct xt_resolver_answer answer = {
	    .id = job->id, .why = job->why, .v = job->v, .n = job->n};

	resolver->callbacks.answered(resolver->callbacks.ctx, &answer);
	job_free(job);
}

static void on_changed(uv_async_t *async)
{
	struct xt_resolver *resolver = async->data;
	struct job *job;
	bool runs;

	uv_mutex_lock(&resolver->lock);
	(void)threads_join(resolver);
	if (!resolver->stopping)
		threads_start(resolver); /* one was asked while the last thread ended */
	while (!resolver->stopping && (job = queue_pop(&resolver->answers))) {
		uv_mutex_unlock(&resolver->lock);
		answer_give(resolver, job);
		uv_mutex_lock(&resolver->lock);
	}
	runs = threads_join(resolver);
	uv_mutex_unlock(&resolver->lock);
	if (resolver->stopping && !runs && !resolver->closing) {
		resolver->closing = true;
		uv_close((uv_handle_t *)&resolver->changed, on_closed);
	}
}

int xt_resolver_new(struct xt_resolver **out, uv_loop_t *uv,
		    const struct xt_resolver_callbacks *callbacks)
{
	struct xt_resolver *resolver = calloc(1, sizeof(*resolver));
	int rc;

	if (!resolver)
		return XT_E_NOMEM;
	resolver->callbacks = *callbacks;
	queue_init(&resolver->questions);
	queue_init(&resolver->answers);
	if (uv_mutex_init(&resolver->lock) < 0) {
		free(resolver);
		return XT_E_NOMEM;
	}
	rc = uv_async_init(uv, &resolver->changed, on_changed);
	if (rc < 0) {
		uv_mutex_destroy(&resolver->lock);
		free(resolver);
		return rc;
	}
	resolver->changed.data = resolver;
	*out = resolver;
	return 0;
}

static void on_process_answered(void *ctx, const struct xt_resolver_answer *answer)
{
	struct xt_resolver *resolver = ctx;

	resolver->callbacks.answered(resolver->callbacks.ctx, answer);
}

int xt_resolver_ask(struct xt_resolver *resolver, const struct xt_resolver_question *question)
{
	struct xt_resolver_process *process = resolver->callbacks.process;
	size_t len = strlen(question->host) + 1;
	struct job *job;

	if (process)
		return xt_resolver_process_ask(process, question, on_process_answered, resolver);
	job = calloc(1, sizeof(*job) + len);
	if (!job)
		return XT_E_NOMEM;
	job->id = question->id;
	job->families = question->families;
	job->mark = question->mark;
	if (question->servers)
		job->servers = *question->servers;
	job->n_sockets = XT_MIN(question->n_sockets, XT_LEN(job->sockets));
	if (job->n_sockets)
		memcpy(job->sockets, question->sockets, job->n_sockets * sizeof(int));
	memcpy(job->host, question->host, len);
	uv_mutex_lock(&resolver->lock);
	queue_push(&resolver->questions, job);
	threads_start(resolver);
	uv_mutex_unlock(&resolver->lock);
	return 0;
}

void xt_resolver_stop(struct xt_resolver *resolver)
{
	if (resolver->callbacks.process)
		xt_resolver_process_forget(resolver->callbacks.process, resolver);
	uv_mutex_lock(&resolver->lock);
	resolver->stopping = true;
	queue_clear(&resolver->questions);
	uv_mutex_unlock(&resolver->lock);
	uv_async_send(&resolver->changed);
}

/* SPDX-License-Identifier: MIT */
/* Questions on their way to the resolver process and back. */
#include "host/resolver_client_uv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include <xtunnel/error.h>

#include "base/message.h"
#include "base/text.h"
#include "host/channel_uv.h"
#include "host/resolver_process.h"

/* answered: NULL: forgotten, but the process still has it. */
struct question {
	struct question *prev, *next;
	uint32_t serial, id;
	unsigned families;
	struct xt_dns_servers servers;
	uint32_t mark;
	void (*answered)(void *ctx, const struct xt_resolver_answer *answer);
	void *ctx;
	char host[];
};

/* timer  sends what there is room for, or answers when the process has ended: not from within a
 *        call */
struct xt_resolver_process {
	struct xt_channel *channel;
	uv_timer_t timer;
	struct question *waiting, *open;
	unsigned n_open;
	uint32_t serial;
	bool ended;
};

static void question_answer(struct question *question, struct xt_resolver_answer *answer)
{
	answer->id = question->id;
	if (question->answered)
		question->answered(question->ctx, answer);
	free(question);
}

static size_t sockets_open(const struct question *question, int fds[XT_DNS_SERVERS])
{
	size_t n = 0;

	for (size_t i = 0; i < question->servers.n; i++) {
		fds[n] = xt_dns_server_open(&question->servers.v[i], question->mark);
		n += fds[n] >= 0;
	}
	return n;
}

static int question_send(struct xt_resolver_process *process, const struct question *question)
{
	const struct xt_resolver_head head = {.families = question->families};
	uint8_t data[sizeof(head) + XT_RESOLVER_NAME_MAX];
	size_t len = strlen(question->host), n;
	int fds[XT_DNS_SERVERS] = {0}, rc; /* of which the first n are set */

	if (len == 0 || len > XT_RESOLVER_NAME_MAX)
		return XT_E_INVALID;
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), question->host, len);
	n = sockets_open(question, fds);
	rc = xt_channel_send(process->channel, XT_RESOLVER_QUESTION, question->serial, data,
			     sizeof(head) + len, fds, n);
	while (n > 0)
		close(fds[--n]);
	return rc;
}

static void question_fail(struct question *question, int error)
{
	struct xt_resolver_answer answer = {
	    .why = error == XT_E_INVALID ? "no such host" : "the resolver process cannot be asked"};

	question_answer(question, &answer);
}

/* An answered question may ask again: it is appended, and the loop below sees it. */
static void waiting_send(struct xt_resolver_process *process)
{
	while (process->waiting && (process->ended || process->n_open < XT_RESOLVER_WINDOW)) {
		struct question *question = process->waiting;
		int rc = process->ended ? XT_E_AGAIN : question_send(process, question);

		DL_DELETE(process->waiting, question);
		if (rc < 0) {
			question_fail(question, rc);
			if (process->ended) /* one a pass: it may ask again at once */
				break;
			continue;
		}
		DL_APPEND(process->open, question);
		process->n_open++;
	}
}

static void open_fail(struct xt_resolver_process *process)
{
	while (process->open) {
		struct question *question = process->open;

		DL_DELETE(process->open, question);
		process->n_open--;
		question_fail(question, XT_E_AGAIN);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_resolver_process *process = timer->data;

	if (process->ended)
		open_fail(process);
	waiting_send(process);
	if (process->waiting && process->ended && !uv_is_closing((uv_handle_t *)timer))
		uv_timer_start(timer, on_timer, 0, 0);
}

static void on_ended(void *ctx, int error)
{
	struct xt_resolver_process *process = ctx;

	(void)error;
	process->ended = true;
	xt_message("the process that looks host names up has ended: names get no addresses any "
		   "more; start the instance again");
	uv_timer_start(&process->timer, on_timer, 0, 0);
}

/* One form for each address: they are compared as bytes. false: no address of families. */
static bool address_take(struct xt_endpoint *address, unsigned families)
{
	const struct xt_endpoint sent = *address;
	bool is_old = sent.ip.family == 4;

	if ((!is_old && sent.ip.family != 6) || !(families & (is_old ? 1u : 2u)))
		return false;
	memset(address, 0, sizeof(*address));
	address->ip.family = sent.ip.family;
	memcpy(address->ip.b, sent.ip.b, is_old ? 4 : 16);
	address->scope = is_old ? 0 : sent.scope;
	return true;
}

/* The process is without rights because its input is hostile: so is what it sends. */
static bool reply_check(struct xt_resolver_reply *reply, unsigned families,
			const struct xt_channel_message *message)
{
	if (message->kind != XT_RESOLVER_QUESTION || message->len != sizeof(*reply) ||
	    message->n_fds > 0)
		return false;
	memcpy(reply, message->data, sizeof(*reply));
	if (reply->n > XT_RESOLVER_ADDRESSES ||
	    memchr(reply->why, '\0', sizeof(reply->why)) == NULL)
		return false;
	for (uint32_t i = 0; i < reply->n; i++)
		if (!address_take(&reply->v[i], families))
			return false;
	xt_text_clean(reply->why);
	return true;
}

static struct question *open_find(const struct xt_resolver_process *process, uint32_t serial)
{
	struct question *question;

	DL_FOREACH(process->open, question)
	if (question->serial == serial)
		return question;
	return NULL;
}

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct xt_resolver_process *process = ctx;
	struct question *question = open_find(process, message->serial);
	struct xt_resolver_reply reply;
	struct xt_resolver_answer answer = {0};

	if (!question || !reply_check(&reply, question->families, message)) {
		xt_message("the process that looks host names up sent what is no answer");
		xt_channel_close(process->channel);
		process->channel = NULL;
		on_ended(process, XT_E_INVALID);
		return;
	}
	answer.v = reply.v;
	answer.n = reply.n;
	if (reply.n == 0)
		answer.why = *reply.why ? reply.why : "no such host";
	DL_DELETE(process->open, question);
	process->n_open--;
	uv_timer_start(&process->timer, on_timer, 0, 0);
	question_answer(question, &answer);
}

int xt_resolver_process_open(struct xt_resolver_process **out, uv_loop_t *loop, int fd)
{
	struct xt_resolver_process *process = calloc(1, sizeof(*process));
	const struct xt_channel_options options = {.ctx = process,
						   .message = on_message,
						   .ended = on_ended,
						   .max_len = sizeof(struct xt_resolver_reply)};
	int rc;

	if (!process) {
		close(fd);
		return XT_E_NOMEM;
	}
	rc = xt_channel_open(&process->channel, loop, fd, &options);
	if (rc < 0) {
		free(process);
		return rc;
	}
	uv_timer_init(loop, &process->timer);
	process->timer.data = process;
	*out = process;
	return 0;
}

static void questions_free(struct question *list)
{
	struct question *question, *next;

	DL_FOREACH_SAFE(list, question, next)
	free(question);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_resolver_process *process = handle->data;

	questions_free(process->waiting);
	questions_free(process->open);
	free(process);
}

void xt_resolver_process_close(struct xt_resolver_process *process)
{
	if (!process || uv_is_closing((uv_handle_t *)&process->timer))
		return;
	xt_channel_close(process->channel);
	uv_close((uv_handle_t *)&process->timer, on_closed);
}

int xt_resolver_process_ask(struct xt_resolver_process *process,
			    const struct xt_resolver_question *question,
			    void (*answered)(void *ctx, const struct xt_resolver_answer *answer),
			    void *ctx)
{
	size_t len = strlen(question->host) + 1;
	struct question *copy = calloc(1, sizeof(*copy) + len);

	if (!copy)
		return XT_E_NOMEM;
	copy->serial = ++process->serial;
	copy->id = question->id;
	copy->families = question->families;
	copy->mark = question->mark;
	if (question->servers)
		copy->servers = *question->servers;
	copy->answered = answered;
	copy->ctx = ctx;
	memcpy(copy->host, question->host, len);
	DL_APPEND(process->waiting, copy);
	uv_timer_start(&process->timer, on_timer, 0, 0);
	return 0;
}

void xt_resolver_process_forget(struct xt_resolver_process *process, const void *ctx)
{
	struct question *question, *next;

	DL_FOREACH(process->open, question)
	if (question->ctx == ctx)
		question->answered = NULL;
	DL_FOREACH_SAFE(process->waiting, question, next)
	if (question->ctx == ctx) {
		DL_DELETE(process->waiting, question);
		free(question);
	}
}

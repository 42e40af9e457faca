/* SPDX-License-Identifier: MIT */
/* The resolver process: a loop for the socket, and look-ups on threads beside it. */
#include "host/resolver_process_uv.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "host/channel_uv.h"
#include "host/process.h"
#include "host/resolver_process.h"

/* status: -1 while it serves. */
struct server {
	uv_loop_t loop;
	struct xt_channel *channel;
	struct xt_resolver *resolver;
	int status;
};

static void server_end(struct server *server, int status)
{
	if (server->status >= 0)
		return;
	server->status = status;
	uv_stop(&server->loop);
}

static void on_ended(void *ctx, int error)
{
	server_end(ctx, error < 0);
}

static void on_answered(void *ctx, const struct xt_resolver_answer *answer)
{
	struct server *server = ctx;
	struct xt_resolver_reply reply = {.n = (uint32_t)answer->n};

	if (answer->why)
		strncpy(reply.why, answer->why, sizeof(reply.why) - 1);
	for (size_t i = 0; i < answer->n; i++)
		reply.v[i] = answer->v[i];
	(void)xt_channel_send(server->channel, XT_RESOLVER_QUESTION, answer->id, &reply,
			      sizeof(reply), NULL, 0);
}

static void on_closed(void *ctx)
{
	(void)ctx;
}

/* false: no question. */
static bool question_take(struct server *server, struct xt_channel_message *message)
{
	struct xt_resolver_question question = {.id = message->serial};
	struct xt_resolver_head head;
	char name[XT_RESOLVER_NAME_MAX + 1];
	size_t len = message->len - sizeof(head);

	if (message->kind != XT_RESOLVER_QUESTION || message->len <= sizeof(head) ||
	    len > XT_RESOLVER_NAME_MAX || memchr(message->data + sizeof(head), '\0', len) ||
	    message->n_fds > XT_DNS_SERVERS)
		return false;
	memcpy(&head, message->data, sizeof(head));
	memcpy(name, message->data + sizeof(head), len);
	name[len] = '\0';
	question.host = name;
	question.families = head.families;
	question.sockets = message->fds;
	question.n_sockets = message->n_fds;
	if (xt_resolver_ask(server->resolver, &question) < 0) {
		struct xt_resolver_answer failed = {.id = message->serial,
						    .why = xt_strerror(XT_E_NOMEM)};

		on_answered(server, &failed);
		return true;
	}
	for (size_t i = 0; i < message->n_fds; i++)
		message->fds[i] = -1;
	return true;
}

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct server *server = ctx;

	if (server->status < 0 && !question_take(server, message))
		server_end(server, 1);
}

int xt_resolver_serve(int fd, int (*lock)(void *ctx), void *ctx)
{
	struct server server = {.status = -1};
	const struct xt_channel_options options = {.ctx = &server,
						   .message = on_message,
						   .ended = on_ended,
						   .max_len = sizeof(struct xt_resolver_head) +
							      XT_RESOLVER_NAME_MAX};
	const struct xt_resolver_callbacks callbacks = {
	    .ctx = &server, .answered = on_answered, .closed = on_closed};

	fd = xt_process_begin(fd);
	if (fd < 0 || (lock && lock(ctx) < 0))
		return 1;
	xt_process_await(fd);
	if (uv_loop_init(&server.loop) < 0 ||
	    xt_resolver_new(&server.resolver, &server.loop, &callbacks) < 0 ||
	    xt_channel_open(&server.channel, &server.loop, fd, &options) < 0)
		return 1;
	(void)uv_run(&server.loop, UV_RUN_DEFAULT);
	return server.status < 0 ? 1 : server.status; /* threads may still look up */
}

/* SPDX-License-Identifier: MIT */
/* The client of the control socket. */
#include "ipc/client.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "ipc/frame.h"
#include "ipc/chunks.h"
#include "ipc/rights.h"
#include "ipc/socket.h"

/* What is received behind a frame moves when the frame is taken. */
#define READ_MAX (32u << 10)

struct xt_client {
	int fd;
	struct xt_secbuf received;
	xt_client_progress *report; /* NULL: none is wanted */
	void *report_ctx;
};

int xt_client_open(struct xt_client **out, const char *path)
{
	struct xt_client *c = calloc(1, sizeof(*c));

	if (!c)
		return XT_E_NOMEM;
	c->received.max = XT_FRAME_MAX;
	c->fd = xt_socket_connect(path);
	if (c->fd < 0) {
		int err = c->fd;

		free(c);
		return err;
	}
	*out = c;
	return 0;
}

void xt_client_close(struct xt_client *c)
{
	if (!c)
		return;
	xt_socket_close(c->fd);
	xt_secbuf_clear(&c->received);
	free(c);
}

int xt_client_fd(const struct xt_client *c)
{
	return c->fd;
}

void xt_client_on_progress(struct xt_client *c, xt_client_progress *report, void *ctx)
{
	c->report = report;
	c->report_ctx = ctx;
}

static void progress_report(const struct xt_client *c, const json_t *frame)
{
	json_int_t done = json_integer_value(json_object_get(frame, "done"));
	json_int_t total = json_integer_value(json_object_get(frame, "total"));

	if (c->report && done >= 0 && done <= total && total > 0)
		c->report(c->report_ctx, (uint64_t)done, (uint64_t)total);
}

int xt_client_send(struct xt_client *c, json_t *msg)
{
	char *text = msg ? json_dumps(msg, JSON_COMPACT) : NULL;
	int err = 0;

	json_decref(msg);
	if (!text)
		return XT_E_NOMEM;
	size_t len = strlen(text) + 1, at = 0;
	text[len - 1] = '\n';
	while (at < len && !err) {
		ssize_t n = xt_socket_send(c->fd, text + at, len - at);

		if (n >= 0)
			at += (size_t)n;
		else if (n != -EINTR)
			err = (int)n;
	}
	free(text);
	return err;
}

/* Wait for more bytes and append them to received. 1: some came; 0: interrupted, try again. */
static int client_fill(struct xt_client *c, int silence_ms)
{
	int n = xt_socket_await(c->fd, silence_ms);

	if (n < 0)
		return n == -EINTR ? 0 : n;
	if (n == 0)
		return -ETIMEDOUT;
	size_t room;
	int err = xt_secbuf_room(&c->received, &room);
	if (err)
		return err == XT_E_FULL ? XT_E_SYNTAX : err;
	ssize_t got =
	    xt_socket_recv(c->fd, c->received.p + c->received.len, XT_MIN(room, (size_t)READ_MAX));
	if (got < 0)
		return got == -EINTR ? 0 : (int)got;
	xt_secbuf_added(&c->received, (size_t)got);
	return got ? 1 : -EPIPE;
}

bool xt_answer_clean(json_t *value)
{
	const char *key, *text = json_string_value(value);
	bool ok = true;
	json_t *child;
	size_t i;

	if (text && !xt_text_is_printable(text)) {
		char *copy = strdup(text);

		if (copy)
			xt_text_clean(copy);
		ok = copy && json_string_set_nocheck(value, copy) == 0;
		free(copy);
	}
	json_array_foreach(value, i, child) ok = ok && xt_answer_clean(child);
	json_object_foreach(value, key, child) ok =
	    ok && xt_text_is_printable(key) && xt_answer_clean(child);
	return ok;
}

static int frame_recv(struct xt_client *c, int silence_ms, json_t **out)
{
	struct xt_secbuf *in = &c->received;
	size_t scanned = 0, len;

	while (!(len = xt_frame(XT_FRAME_LINE, in->p, in->len, &scanned))) {
		int err = client_fill(c, silence_ms);

		if (err < 0)
			return err;
	}
	json_t *answer = json_loadb(in->p, len - 1, 0, NULL);
	xt_secbuf_take(in, len);
	if (json_is_object(answer) && xt_answer_clean(answer)) {
		*out = answer;
		return 0;
	}
	json_decref(answer);
	return XT_E_SYNTAX;
}

int xt_client_recv(struct xt_client *c, int silence_ms, json_t **out)
{
	int err;

	*out = NULL;
	while ((err = frame_recv(c, silence_ms, out)) == 0 &&
	       json_is_true(json_object_get(*out, "progress"))) {
		progress_report(c, *out);
		json_decref(*out);
		*out = NULL;
	}
	return err;
}

ssize_t xt_client_read(struct xt_client *c, void *bytes, size_t len)
{
	size_t n = XT_MIN(len, c->received.len);
	ssize_t got;

	if (n) {
		memcpy(bytes, c->received.p, n);
		xt_secbuf_take(&c->received, n);
		return (ssize_t)n;
	}
	got = xt_socket_recv(c->fd, bytes, len);
	return got == -EPIPE ? 0 : got;
}

/* Receive the chunks after the first one, which *out holds. */
static int chunks_recv(struct xt_client *c, int silence_ms, json_t **out)
{
	bool more = json_is_true(json_object_get(*out, "more"));
	json_t *part;

	json_object_del(*out, "more");
	while (more) {
		int err = xt_client_recv(c, silence_ms, &part);

		if (err)
			return err;
		if (!xt_chunks_join(*out, part, &more))
			return XT_E_NOMEM;
	}
	return 0;
}

/* An error counts whatever protocol it comes from. */
static int answer_error(json_t **out)
{
	json_int_t code = json_integer_value(json_object_get(*out, "code"));
	bool same = json_integer_value(json_object_get(*out, "protocol")) == XT_PROTOCOL;

	json_object_del(*out, "protocol");
	if (json_object_get(*out, "error"))
		return code < 0 && code > INT32_MIN ? (int)code : XT_E_INVALID;
	if (same)
		return 0;
	json_decref(*out);
	*out = json_pack("{s:s}", "error", XT_PROTOCOL_DIFFER);
	return -EPROTONOSUPPORT;
}

/* Send, and receive the first part. */
static int request_begin(struct xt_client *c, json_t *msg, int silence_ms, json_t **out)
{
	int err;

	*out = NULL;
	json_object_set_new(msg, "protocol", json_integer(XT_PROTOCOL));
	err = xt_client_send(c, msg);
	if (!err || err == -EPIPE) /* an instance that has closed may have answered before */
		err = xt_client_recv(c, silence_ms, out);
	return err;
}

int xt_client_request(struct xt_client *c, json_t *msg, int silence_ms, json_t **out)
{
	int err = request_begin(c, msg, silence_ms, out);

	err = err ? err : chunks_recv(c, silence_ms, out);
	if (!err)
		return answer_error(out);
	json_decref(*out);
	*out = NULL;
	return err;
}

int xt_client_request_each(struct xt_client *c, json_t *msg, int silence_ms, xt_client_use *use,
			   void *ctx)
{
	json_t *part;
	int err = request_begin(c, msg, silence_ms, &part);
	bool more = json_is_true(json_object_get(part, "more"));

	err = err ? err : answer_error(&part);
	err = err ? err : use(ctx, part, true);
	json_decref(part);
	while (more && !err) {
		err = xt_client_recv(c, silence_ms, &part);
		if (err)
			break;
		more = json_is_true(json_object_get(part, "more"));
		err = use(ctx, part, false);
		json_decref(part);
	}
	return err;
}

/* SPDX-License-Identifier: MIT */
/* JSON on top of the server: one object a line in both directions. */
#include "ipc/control_uv.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "ipc/server_uv.h"
#include "ipc/stream_uv.h"

struct xt_control {
	uv_loop_t *loop;
	struct xt_server *server;
	struct xt_control_options options;
	struct xt_control_request
	    *open; /* list of those without a last answer, freed with the control */
};

struct xt_control_request {
	struct xt_control *control;
	struct xt_request *request;
	struct xt_control_request *prev, *next;
	void *data;
	struct xt_stream *stream; /* its last answer, on the way */
};

static void request_free(struct xt_control_request *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		r->control->open = r->next;
	if (r->next)
		r->next->prev = r->prev;
	free(r);
}

static void request_finish(struct xt_control_request *r, const void *bytes, size_t len)
{
	struct xt_request *request = r->request;

	request_free(r);
	if (bytes)
		xt_request_reply(request, bytes, len, true);
	else
		xt_request_close(request);
}

void xt_control_reply(struct xt_control_request *r, json_t *reply, bool last)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	json_decref(reply);
	if (!text && last) {
		request_finish(r, NULL, 0);
		return;
	}
	if (!text) {
		xt_request_abort(r->request);
		return;
	}
	size_t len = strlen(text);
	text[len] = '\n'; /* replaces the NUL */
	if (last)
		request_finish(r, text, len + 1);
	else
		xt_request_reply(r->request, text, len + 1, false);
	free(text);
}

static void on_streamed(void *ctx)
{
	request_free(ctx);
}

void xt_control_reply_text(struct xt_control_request *r, char *text, size_t len)
{
	struct xt_stream *stream;

	if (!text) {
		request_finish(r, NULL, 0);
		return;
	}
	text[len++] = '\n'; /* replaces the NUL */
	r->data = NULL;
	stream = xt_stream_start(r->control->loop, r->request, text, len, on_streamed, r);
	if (stream)
		r->stream = stream;
}

void xt_control_error(struct xt_control_request *r, int error, const char *sentence)
{
	json_t *reply = json_pack("{s:s,s:i}", "error", sentence ? sentence : xt_strerror(error),
				  "code", error);

	xt_control_reply(r, reply, true);
}

void xt_control_set(struct xt_control_request *r, void *data)
{
	r->data = data;
}

void *xt_control_get(const struct xt_control_request *r)
{
	return r->data;
}

static void on_request(void *ctx, struct xt_request *request, const char *data, size_t len)
{
	struct xt_control *control = ctx;
	struct xt_control_request *r = calloc(1, sizeof(*r));
	json_t *msg;

	if (!r) {
		xt_request_close(request);
		return;
	}
	r->control = control;
	r->request = request;
	r->next = control->open;
	if (r->next)
		r->next->prev = r;
	control->open = r;
	xt_request_set(request, r);
	msg = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(msg)) {
		xt_control_error(r, XT_E_SYNTAX, "expected a JSON object on one line");
	} else {
		int err = control->options.handle(control->options.ctx, r, msg);

		if (err)
			xt_control_error(r, err, NULL);
	}
	json_decref(msg);
}

static void on_cancelled(void *ctx, struct xt_request *request)
{
	struct xt_control *control = ctx;
	struct xt_control_request *r = xt_request_get(request);

	xt_stream_cancel(r->stream);
	if (control->options.cancelled && !r->stream)
		control->options.cancelled(control->options.ctx, r);
	request_free(r);
}

int xt_control_open(struct xt_control **out, uv_loop_t *loop,
		    const struct xt_control_options *options)
{
	struct xt_control *control = calloc(1, sizeof(*control));
	struct xt_server_options server = {
	    .path = options->path,
	    .framing = XT_FRAME_LINE,
	    .handle = on_request,
	    .cancelled = on_cancelled,
	    .ctx = control,
	    .listen_fd = options->listen_fd,
	};

	if (!control)
		return XT_E_NOMEM;
	control->loop = loop;
	control->options = *options;
	control->options.path = NULL;
	int err = xt_server_open(&control->server, loop, &server);
	if (err) {
		free(control);
		return err;
	}
	*out = control;
	return 0;
}

void xt_control_close(struct xt_control *control)
{
	if (!control)
		return;
	xt_server_close(control->server);
	while (control->open) {
		xt_stream_cancel(control->open->stream);
		request_free(control->open);
	}
	free(control);
}

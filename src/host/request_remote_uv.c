/* SPDX-License-Identifier: MIT */
/* Requests over a channel. Of each kind but RESOLVE and PEERS_WRITE one is open at a time, so an
 * answer is found by its kind; an old one cannot be meant, because the channel keeps the order.
 * Only what was cut short may be answered late, and that is dropped.
 *
 * A reload is read by the host and compared here, on a worker thread: the host does not know what
 * runs in the device. */
#include "host/request_remote_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "host/channel_uv.h"
#include "host/request_impl_uv.h"
#include "host/request_wire.h"
#include "platform/malloc.h"

struct xt_requests_remote {
	uv_loop_t *loop;
	struct xt_requests_options options;
	struct xt_channel *channel;
	uint32_t serial;
	struct pending pending[XT_REQUESTS];
	uint32_t serials[XT_REQUESTS];
	bool offload;		      /* of the TUN device, as requested */
	struct xt_link_policy policy; /* in force */
	/* a reload: what it is compared with, and on the worker thread */
	struct xt_report *report;
	struct xt_reload *reload;
	uv_work_t work;
	int error;
	char text[320];
	void (*gone)(void *ctx);
	void *ctx;
};

/* Many may be open: all of them have the same callback. */
static bool kind_is_many(enum xt_request_kind kind)
{
	return kind == XT_REQUEST_RESOLVE || kind == XT_REQUEST_PEERS_WRITE;
}

/* What a request has cut short is not answered; an answer may be on its way. */
static void questions_cut(struct xt_requests_remote *remote, enum xt_request_kind by)
{
	if (by == XT_REQUEST_BOUND_READ)
		remote->pending[XT_REQUEST_BOUND_WRITE].done = NULL;
	if (by == XT_REQUEST_UNDO)
		remote->pending[XT_REQUEST_FIREWALL].done = remote->pending[XT_REQUEST_DNS].done =
		    NULL;
}

static bool kind_is_cut(enum xt_request_kind kind)
{
	return kind == XT_REQUEST_BOUND_WRITE || kind == XT_REQUEST_FIREWALL ||
	       kind == XT_REQUEST_DNS;
}

static void question_answer(struct xt_requests_remote *remote, enum xt_request_kind kind,
			    const struct xt_reply *reply)
{
	struct pending pending = remote->pending[kind];

	if (!kind_is_many(kind))
		remote->pending[kind].done = NULL;
	if (pending.done)
		pending.done(pending.ctx, reply);
}

/* The device of a descriptor that the host has opened and configured. */
static void tun_adopt(const struct xt_requests_remote *remote, struct xt_reply_box *box)
{
	const struct xt_tun_options options = {.owner_uid = UINT32_MAX,
					       .owner_gid = UINT32_MAX,
					       .offload = remote->offload,
					       .fd = box->tun_fd};

	if (box->reply.error < 0)
		return;
	box->reply.error = xt_tun_open(&box->reply.tun.v, &options);
	if (box->reply.error == 0)
		xt_tun_hand_over(box->reply.tun.v, remote->options.adoption != NULL);
}

/* --- reload --- */

static void compare_work(uv_work_t *work)
{
	struct xt_requests_remote *remote = work->data;
	const struct xt_link_policy *policy = &remote->policy;
	const struct xt_reload_running running = {
	    .conf = remote->options.conf,
	    .report = remote->report,
	    .auto_mark = remote->options.conf->fwmark == 0 ? policy->table : 0,
	    .prepare = remote->options.prepare};

	remote->error = xt_reload_compare(remote->reload, &running, remote->error);
	xt_report_free(remote->report);
	remote->report = NULL;
	free(xt_memory_mark());
}

static void on_compared(uv_work_t *work, int status)
{
	struct xt_requests_remote *remote = work->data;
	struct xt_reply reply = {.error = status < 0 ? status : remote->error,
				 .text = *remote->text ? remote->text : NULL,
				 .reload = remote->reload};

	question_answer(remote, XT_REQUEST_RELOAD_READ, &reply);
}

/* The box's file is compared with what runs, on a worker thread. */
static void reload_compare(struct xt_requests_remote *remote, struct xt_reply_box *box)
{
	remote->reload = box->reload;
	box->reload = NULL;
	remote->error = box->reply.error;
	snprintf(remote->text, sizeof(remote->text), "%s", box->reply.text ? box->reply.text : "");
	remote->work.data = remote;
	if (uv_queue_work(remote->loop, &remote->work, compare_work, on_compared) < 0) {
		compare_work(&remote->work);
		on_compared(&remote->work, 0);
	}
}

static void reload_end(struct xt_requests_remote *remote)
{
	if (remote->reload)
		xt_reload_clear(remote->reload, remote->options.drop);
	free(remote->reload);
	remote->reload = NULL;
}

/* --- answers --- */

static void message_refuse(struct xt_requests_remote *remote)
{
	remote->gone(remote->ctx);
}

static void answer_take(struct xt_requests_remote *remote, struct xt_channel_message *message)
{
	enum xt_request_kind kind = (enum xt_request_kind)message->kind;
	struct xt_reply_box box;

	if (!remote->pending[kind].done && !kind_is_many(kind)) {
		if (!kind_is_cut(kind))
			message_refuse(remote);
		return;
	}
	if (message->lost) {
		const struct xt_reply lost = {.error = -EMFILE};

		question_answer(remote, kind, &lost);
		return;
	}
	if (xt_reply_decode(&box, kind, message->data, message->len, message->fds, message->n_fds) <
	    0) {
		message_refuse(remote);
		return;
	}
	if (kind == XT_REQUEST_TUN_OPEN)
		tun_adopt(remote, &box);
	if (kind == XT_REQUEST_POLICY && box.reply.error == 0)
		remote->policy = box.reply.policy;
	if (kind == XT_REQUEST_RELOAD_COMMIT && remote->reload)
		remote->policy = remote->reload->policy;
	if (kind == XT_REQUEST_RELOAD_READ && box.reload)
		reload_compare(remote, &box);
	else
		question_answer(remote, kind, &box.reply);
	xt_reply_box_clear(&box);
}

static void event_take(struct xt_requests_remote *remote, const struct xt_channel_message *message)
{
	struct xt_host_event event;

	if (xt_host_event_decode(&event, message->data, message->len) < 0)
		message_refuse(remote);
	else
		remote->options.event(remote->options.ctx, &event);
}

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct xt_requests_remote *remote = ctx;

	if (message->kind == XT_MESSAGE_EVENT)
		event_take(remote, message);
	else if (message->kind < XT_REQUESTS)
		answer_take(remote, message);
	else
		message_refuse(remote);
}

static void on_ended(void *ctx, int error)
{
	struct xt_requests_remote *remote = ctx;

	(void)error;
	remote->gone(remote->ctx);
}

/* --- questions --- */

static int request_send(struct xt_requests_remote *remote, const struct xt_request *request,
			uint32_t serial)
{
	struct xt_secbuf out = XT_SECBUF_INIT(XT_MESSAGE_MAX);
	int fds[XT_CHANNEL_FDS];
	size_t n_fds = 0;
	int rc = xt_request_encode(&out, fds, &n_fds, request);

	if (rc == 0)
		rc = xt_channel_send(remote->channel, request->kind, serial, out.p, out.len, fds,
				     n_fds);
	xt_secbuf_clear(&out);
	return rc;
}

static void remote_ask(void *self, const struct xt_request *request, xt_request_done *done,
		       void *ctx)
{
	struct xt_requests_remote *remote = self;
	struct xt_reply failed = {0};
	uint32_t serial = 0;

	questions_cut(remote, request->kind);
	remote->pending[request->kind] = (struct pending){done, ctx};
	if (done && ++remote->serial == 0)
		remote->serial = 1;
	if (done)
		serial = remote->serial;
	if (request->kind == XT_REQUEST_TUN_OPEN)
		remote->offload = request->tun.offload;
	if (request->kind == XT_REQUEST_RELOAD_END)
		reload_end(remote);
	failed.error = request_send(remote, request, serial);
	if (request->kind == XT_REQUEST_RELOAD_READ && failed.error == 0)
		remote->report = request->report;
	else
		xt_request_release(request);
	if (failed.error < 0)
		question_answer(remote, request->kind, &failed);
}

static void remote_cancel(void *self, enum xt_request_kind kind)
{
	struct xt_requests_remote *remote = self;
	uint8_t data[4];

	if (kind == XT_REQUEST_RESOLVE)
		remote->pending[kind].done = NULL;
	xt_be32_put(data, kind);
	(void)xt_channel_send(remote->channel, XT_MESSAGE_CANCEL, 0, data, sizeof(data), NULL, 0);
}

/* --- open and close --- */

#define FLUSH_MS 5000 /* the host is another process, which may be busy */

static void remote_close(void *self)
{
	struct xt_requests_remote *remote = self;

	if (remote->channel) {
		xt_channel_flush(remote->channel, FLUSH_MS);
		xt_channel_close(remote->channel);
	}
	free(remote);
}

static const struct xt_requests_carrier remote_carrier = {remote_ask, remote_cancel, remote_close};

int xt_requests_connect(struct xt_requests **out, struct uv_loop_s *loop, int fd,
			const struct xt_requests_options *options, void (*gone)(void *ctx),
			void *ctx)
{
	struct xt_requests_remote *remote = calloc(1, sizeof(*remote));
	const struct xt_channel_options channel = {
	    .ctx = remote, .message = on_message, .ended = on_ended, .max_len = XT_MESSAGE_MAX};
	int rc = remote ? xt_requests_open(out, loop, options) : XT_E_NOMEM;

	if (rc < 0) {
		free(remote);
		close(fd);
		return rc;
	}
	remote->loop = loop;
	remote->options = *options;
	remote->gone = gone;
	remote->ctx = ctx;
	(*out)->carrier = &remote_carrier;
	(*out)->carrier_ctx = remote;
	if (options->ready >= 0) /* the host writes it */
		close(options->ready);
	(*out)->options.ready = -1;
	return xt_channel_open(&remote->channel, loop, fd, &channel);
}

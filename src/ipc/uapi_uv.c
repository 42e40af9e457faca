/* SPDX-License-Identifier: MIT */
/* UAPI on a socket: each request is received and parsed completely, then applied or answered. The
 * socket's file is watched: some controllers end an instance by removing it. */
#include "ipc/uapi_uv.h"

#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "ipc/server_uv.h"
#include "ipc/socket_watch_uv.h"
#include "ipc/uapi.h"

/* A set of 100,000 peers is 20 MB. */
#define REQUEST_MAX (256u << 20)
#define CLIENTS_MAX 512

struct xt_uapi {
	struct xt_uapi_options options;
	struct xt_server *server;
	uv_fs_event_t watch;
	bool watching;
	struct xt_socket_watch *socket_watch;
};

static int request_answer_get(struct xt_uapi *uapi, struct xt_request *request)
{
	struct xt_report *report;
	struct xt_secbuf text;
	int rc = uapi->options.report(uapi->options.ctx, &report);

	if (rc < 0)
		return rc;
	rc = xt_uapi_get(report, &text);
	xt_report_free(report);
	if (rc < 0)
		return rc;
	xt_request_reply(request, text.p, text.len, true);
	xt_secbuf_clear(&text);
	return 0;
}

static void on_request(void *ctx, struct xt_request *request, const char *data, size_t len)
{
	struct xt_uapi *uapi = ctx;
	struct xt_change change;
	enum xt_uapi_op op;
	char buf[32];
	int rc;

	xt_change_init(&change);
	rc = xt_uapi_parse(data, len, &op, &change);
	if (op == XT_UAPI_NONE) {
		xt_request_close(request);
		return;
	}
	if (op == XT_UAPI_SET && rc == 0)
		rc = uapi->options.apply(uapi->options.ctx, &change);
	else if (rc == 0)
		rc = request_answer_get(uapi, request);
	xt_change_clear(&change);
	if (op == XT_UAPI_SET || rc < 0)
		xt_request_reply(request, buf, xt_uapi_errno(op, rc, buf), true);
}

static void on_refuse(void *ctx, struct xt_request *request)
{
	char buf[32];

	(void)ctx;
	xt_request_reply(request, buf, xt_uapi_errno(XT_UAPI_SET, XT_E_INVALID, buf), true);
}

/* UV_CHANGE: number of links, mode or owner. A renamed file (UV_RENAME) still exists elsewhere. */
static void on_event(uv_fs_event_t *watch, const char *file, int events, int status)
{
	struct xt_uapi *uapi = watch->data;

	(void)file;
	if (status < 0 || !(events & UV_CHANGE) || xt_server_there(uapi->server))
		return;
	uv_fs_event_stop(watch);
	uapi->options.deleted(uapi->options.ctx);
}

static void file_watch(struct xt_uapi *uapi, uv_loop_t *loop)
{
	int rc;

	if (!uapi->options.deleted)
		return;
	uv_fs_event_init(loop, &uapi->watch);
	uapi->watch.data = uapi;
	uapi->watching = true;
	rc = uv_fs_event_start(&uapi->watch, on_event, uapi->options.path, 0);
	if (rc < 0)
		xt_log_warning("%s: cannot watch for its removal: %s", uapi->options.path,
			       uv_strerror(rc));
}

int xt_uapi_open(struct xt_uapi **out, uv_loop_t *loop, const struct xt_uapi_options *options)
{
	struct xt_uapi *uapi = calloc(1, sizeof(*uapi));
	struct xt_server_options server = {
	    .path = options->path,
	    .framing = XT_FRAME_UAPI,
	    .handle = on_request,
	    .refuse = on_refuse,
	    .ctx = uapi,
	    .listen_fd = options->listen_fd,
	    .max_request = REQUEST_MAX,
	    .max_clients = CLIENTS_MAX,
	    .keep_idle = true,
	};
	int rc;

	if (!uapi)
		return XT_E_NOMEM;
	uapi->options = *options;
	rc = xt_server_open(&uapi->server, loop, &server);
	if (rc == 0 && options->lost && !options->deleted)
		rc = xt_socket_watch_new(&uapi->socket_watch, loop, uapi->server, options->path,
					 options->lost, options->ctx);
	if (rc < 0) {
		xt_server_close(uapi->server);
		free(uapi);
		return rc;
	}
	*out = uapi;
	file_watch(uapi, loop);
	uapi->options.path = NULL; /* borrowed for this call only */
	return 0;
}

int xt_uapi_listen_again(struct xt_uapi *uapi, int listen_fd)
{
	int rc = xt_server_listen_again(uapi->server, listen_fd);

	if (rc == 0 && uapi->socket_watch)
		xt_socket_watch_again(uapi->socket_watch);
	return rc;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void xt_uapi_close(struct xt_uapi *uapi)
{
	if (!uapi)
		return;
	xt_socket_watch_close(uapi->socket_watch);
	xt_server_close(uapi->server);
	uapi->server = NULL;
	if (uapi->watching)
		uv_close((uv_handle_t *)&uapi->watch, on_closed);
	else
		free(uapi);
}

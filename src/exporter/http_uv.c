/* SPDX-License-Identifier: MIT */
/* A request is judged, waits for the state of the instances with its connection suspended, and is
 * answered. The library's epoll descriptor is one descriptor of the loop. */
#include "exporter/http_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <utlist.h>

#include <xtunnel/error.h>

#include "exporter/collector_uv.h"

#define BLOCK	  16384u
#define PATROL_MS 1000u

/* since_ms  of the state: idle until the head of a request is complete, then busy */
struct connection {
	struct connection *prev, *next;
	int fd;
	bool busy;
	uint64_t since_ms;
};

/* collected  snapshot is what came of it */
struct request {
	struct request *prev, *next; /* among those that wait */
	struct xt_http *http;
	struct MHD_Connection *connection;
	enum xt_http_route route;
	enum xt_metrics_format format;
	bool waits, collected;
	struct xt_snapshot *snapshot;
};

/* handles  that are not closed yet */
struct xt_http {
	struct xt_http_options options;
	const struct xt_mhd *mhd;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timeout, patrol;
	unsigned handles;
	bool closing;
	struct xt_collector collector;
	struct connection *connections;
	struct request *waiting;
};

/* An answer that is read from a snapshot. */
struct reading {
	struct xt_snapshot *snapshot;
	struct xt_metrics_reading reading;
};

/* --- answers --- */

static const char *const headers[][2] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

/* Takes the response. */
static enum MHD_Result answer_queue(struct xt_http *http, struct MHD_Connection *connection,
				    int code, const char *type, struct MHD_Response *response)
{
	const struct xt_mhd *mhd = http->mhd;
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		(void)mhd->add_response_header(response, headers[i][0], headers[i][1]);
	(void)mhd->add_response_header(response, "Content-Type", type);
	(void)mhd->add_response_header(response, "Content-Security-Policy",
				       http->options.page->policy);
	if (code == 405)
		(void)mhd->add_response_header(response, "Allow", "GET, HEAD");
	result = mhd->queue_response(connection, (unsigned)code, response);
	mhd->destroy_response(response);
	return result;
}

static enum MHD_Result text_answer(struct xt_http *http, struct MHD_Connection *connection,
				   int code, const char *text)
{
	return answer_queue(http, connection, code, "text/plain; charset=utf-8",
			    http->mhd->create_response_from_buffer(
				strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT));
}

/* Takes the contents of text. */
static enum MHD_Result buffer_answer(struct request *request, int code, const char *type,
				     struct xt_secbuf *text)
{
	char *bytes;
	size_t len;

	if (xt_secbuf_detach(text, &bytes, &len) < 0)
		return MHD_NO;
	return answer_queue(
	    request->http, request->connection, code, type,
	    request->http->mhd->create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE));
}

static ssize_t on_read(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct reading *reading = ctx;
	size_t n = xt_metrics_read(reading->snapshot->metrics, &reading->reading, buf, max);

	(void)pos;
	if (n)
		return (ssize_t)n;
	return reading->reading.text.error ? MHD_CONTENT_READER_END_WITH_ERROR
					   : MHD_CONTENT_READER_END_OF_STREAM;
}

static void on_read_end(void *ctx)
{
	struct reading *reading = ctx;

	xt_metrics_read_end(&reading->reading);
	xt_snapshot_release(reading->snapshot);
	free(reading);
}

static enum MHD_Result metrics_answer(struct request *request)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct MHD_Response *response;

	if (!reading)
		return MHD_NO;
	reading->snapshot = request->snapshot;
	reading->snapshot->references++;
	reading->reading.format = request->format;
	response = request->http->mhd->create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK,
								     on_read, reading, on_read_end);
	if (!response)
		on_read_end(reading);
	return answer_queue(request->http, request->connection, 200,
			    xt_metrics_content_type(request->format), response);
}

static enum MHD_Result health_answer(struct request *request)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	bool healthy = xt_metrics_healthy(request->snapshot->metrics, &text);

	if (healthy)
		xt_secbuf_puts(&text, "ok\n");
	return buffer_answer(request, healthy ? 200 : 503, "text/plain; charset=utf-8", &text);
}

static enum MHD_Result request_answer(struct request *request)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_http *http = request->http;

	if (!request->snapshot || !request->snapshot->metrics)
		return text_answer(http, request->connection, 500, xt_http_refusal(500));
	switch (request->route) {
	case XT_HTTP_METRICS:
		return metrics_answer(request);
	case XT_HTTP_HEALTH:
		return health_answer(request);
	case XT_HTTP_STATUS:
		xt_metrics_status(request->snapshot->metrics, &text);
		return buffer_answer(request, 200, "application/json", &text);
	case XT_HTTP_PAGE:
		break;
	}
	return MHD_NO;
}

static enum MHD_Result page_answer(struct xt_http *http, struct MHD_Connection *connection)
{
	const struct xt_page *page = http->options.page;

	return answer_queue(
	    http, connection, 200, "text/html; charset=utf-8",
	    http->mhd->create_response_from_buffer(page->len, page->text, MHD_RESPMEM_PERSISTENT));
}

/* --- requests --- */

static enum MHD_Result on_header(void *ctx, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	struct xt_http_request *seen = ctx;

	(void)kind;
	if (strcasecmp(key, "Host") == 0) {
		seen->host = value;
		seen->n_hosts++;
	} else if (strcasecmp(key, "Accept") == 0) {
		seen->accept = value;
	} else if (strcasecmp(key, "Transfer-Encoding") == 0 ||
		   (strcasecmp(key, "Content-Length") == 0 && value && strcmp(value, "0") != 0)) {
		seen->body = true;
	}
	return MHD_YES;
}

static struct connection *connection_of(const struct xt_http *http, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    http->mhd->get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void connection_mark(const struct xt_http *http, struct MHD_Connection *mhd, bool busy)
{
	struct connection *connection = connection_of(http, mhd);

	if (!connection)
		return;
	connection->busy = busy;
	connection->since_ms = uv_now(http->options.loop);
}

/* The head is complete. A refusal at this point closes the connection: its body is not read. */
static enum MHD_Result request_begin(struct xt_http *http, struct MHD_Connection *connection,
				     struct xt_http_request *seen, void **out)
{
	enum xt_http_route route;
	struct request *request;
	int code;

	connection_mark(http, connection, true);
	(void)http->mhd->get_connection_values(connection, MHD_HEADER_KIND, on_header, seen);
	code = xt_http_judge(&http->options.rules, seen, &route);
	if (code)
		return text_answer(http, connection, code, xt_http_refusal(code));
	request = calloc(1, sizeof(*request));
	if (!request)
		return MHD_NO;
	*request = (struct request){.http = http,
				    .connection = connection,
				    .route = route,
				    .format = xt_http_format(seen->accept)};
	*out = request;
	return MHD_YES;
}

static enum MHD_Result request_wait(struct request *request)
{
	struct xt_http *http = request->http;

	if (http->closing || !xt_collector_start(&http->collector))
		return MHD_NO;
	http->mhd->suspend_connection(request->connection);
	request->waits = true;
	DL_APPEND(http->waiting, request);
	return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **data)
{
	struct xt_http *http = ctx;
	struct request *request = *data;
	struct xt_http_request seen = {.method = method, .path = path};

	(void)version;
	(void)upload;
	if (!request)
		return request_begin(http, connection, &seen, data);
	if (*upload_len)
		return MHD_NO;
	if (request->route == XT_HTTP_PAGE)
		return page_answer(http, connection);
	return request->collected ? request_answer(request) : request_wait(request);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **data,
			 enum MHD_RequestTerminationCode code)
{
	struct xt_http *http = ctx;
	struct request *request = *data;

	(void)code;
	connection_mark(http, connection, false);
	if (!request)
		return;
	if (request->waits)
		DL_DELETE(http->waiting, request);
	xt_snapshot_release(request->snapshot);
	free(request);
	*data = NULL;
}

static void on_patrol(uv_timer_t *timer);

static void on_connection(void *ctx, struct MHD_Connection *mhd, void **data,
			  enum MHD_ConnectionNotificationCode code)
{
	struct xt_http *http = ctx;
	struct connection *connection = *data;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (connection)
			DL_DELETE(http->connections, connection);
		free(connection);
		return;
	}
	info = http->mhd->get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	connection = info ? calloc(1, sizeof(*connection)) : NULL;
	*data = connection;
	if (!connection)
		return;
	connection->fd = info->connect_fd;
	connection->since_ms = uv_now(http->options.loop);
	DL_APPEND(http->connections, connection);
	if (!uv_is_active((uv_handle_t *)&http->patrol))
		(void)uv_timer_start(&http->patrol, on_patrol, PATROL_MS, PATROL_MS);
}

/* --- the loop --- */

static void on_timeout(uv_timer_t *timer);

static void http_run(struct xt_http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	(void)http->mhd->run(http->daemon);
	if (http->mhd->get_timeout(http->daemon, &ms) == MHD_YES)
		(void)uv_timer_start(&http->timeout, on_timeout, ms, 0);
	else
		(void)uv_timer_stop(&http->timeout);
}

static void on_timeout(uv_timer_t *timer)
{
	http_run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	http_run(poll->data);
}

/* A client that sends or reads a byte now and then is not silent, and yet has its time. The library
 * listens again after its limit of connections only when it runs once more. */
static void on_patrol(uv_timer_t *timer)
{
	struct xt_http *http = timer->data;
	struct connection *connection;
	uint64_t now = uv_now(http->options.loop);

	DL_FOREACH(http->connections, connection)
	{
		uint64_t most = connection->busy ? XT_HTTP_ANSWER_S : XT_HTTP_REQUEST_S;

		if (now - connection->since_ms > most * 1000u)
			(void)shutdown(connection->fd, SHUT_RDWR);
	}
	if (!http->connections)
		(void)uv_timer_stop(timer);
	http_run(http);
}

static void http_free(struct xt_http *http)
{
	if (http->closing && http->handles == 0 && !http->collector.busy)
		free(http);
}

static void on_snapshot(void *ctx, struct xt_snapshot *snapshot)
{
	struct xt_http *http = ctx;
	struct request *request, *next;

	DL_FOREACH_SAFE(http->waiting, request, next)
	{
		DL_DELETE(http->waiting, request);
		request->waits = false;
		request->collected = true;
		request->snapshot = snapshot;
		if (snapshot)
			snapshot->references++;
		http->mhd->resume_connection(request->connection);
	}
	if (http->closing)
		http_free(http);
	else
		http_run(http);
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_http *http = handle->data;

	http->handles--;
	http_free(http);
}

void xt_http_close(struct xt_http *http)
{
	struct request *request, *next;

	http->closing = true;
	DL_FOREACH_SAFE(http->waiting, request, next)
	{
		DL_DELETE(http->waiting, request);
		request->waits = false;
		request->collected = true;
		http->mhd->resume_connection(request->connection);
	}
	uv_close((uv_handle_t *)&http->poll, on_closed);
	uv_close((uv_handle_t *)&http->timeout, on_closed);
	uv_close((uv_handle_t *)&http->patrol, on_closed);
	http->mhd->stop_daemon(http->daemon);
}

static struct MHD_Daemon *daemon_start(struct xt_http *http)
{
	return http->mhd->start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, http,
	    MHD_OPTION_LISTEN_SOCKET, http->options.fd, MHD_OPTION_CONNECTION_LIMIT,
	    XT_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, XT_HTTP_REQUEST_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)XT_HTTP_REQUEST,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION,
	    on_connection, http, MHD_OPTION_END);
}

int xt_http_open(struct xt_http **out, const struct xt_http_options *options)
{
	struct xt_http *http = calloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;

	if (!http)
		return XT_E_NOMEM;
	http->options = *options;
	http->mhd = options->mhd;
	http->collector = (struct xt_collector){
	    .loop = options->loop, .version = options->version, .done = on_snapshot, .ctx = http};
	http->daemon = daemon_start(http);
	info = http->daemon ? http->mhd->get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			    : NULL;
	if (!info || uv_poll_init(options->loop, &http->poll, info->epoll_fd) < 0) {
		free(http); /* the process ends */
		return -EIO;
	}
	(void)uv_timer_init(options->loop, &http->timeout);
	(void)uv_timer_init(options->loop, &http->patrol);
	http->poll.data = http->timeout.data = http->patrol.data = http;
	http->handles = 3;
	(void)uv_poll_start(&http->poll, UV_READABLE, on_poll);
	http_run(http);
	*out = http;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* UAPI on a socket: each request is received and parsed completely, then applied or answered. */
#include "ipc/uapi_uv.h"

#include <stdlib.h>

#include <utlist.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "ipc/server_uv.h"
#include "ipc/stream_uv.h"
#include "ipc/uapi.h"
#include "platform/malloc.h"

/* A set of 100,000 peers is 20 MB. */
#define REQUEST_MAX (256u << 20)
#define CLIENTS_MAX 512

#define SMALL	     (64u << 10) /* a request that is parsed at once */
#define PRINTING_MAX 2u
#define PEERS_SMALL  256u /* a report that is printed at once */

struct xt_uapi {
	uv_loop_t *loop;
	struct xt_uapi_options options;
	struct xt_server *server;
	struct job *jobs; /* requests that are not answered */
	bool advancing;
	unsigned printing; /* of them, get requests between report and text */
};

/* One request. Its text is parsed, and its answer printed, on a worker thread when it is long.
 * uapi     NULL: closed meanwhile
 * request  NULL: its client has gone */
struct job {
	struct xt_uapi *uapi;
	struct xt_request *request;
	struct job *prev, *next;
	uv_loop_t *loop;
	uv_work_t work;
	struct xt_stream *stream;
	enum xt_uapi_op op;
	enum { JOB_IDLE, JOB_WAITING, JOB_PRINTING } state; /* of a get */
	int rc;
	char *text; /* of a long request */
	size_t len;
	struct xt_change change;
	void *mark; /* after the change: see platform/malloc.h */
	struct xt_report *report;
	struct xt_secbuf answer;
};

static void job_clear(struct job *job)
{
	xt_change_clear(&job->change);
	xt_report_free(job->report);
	xt_secbuf_clear(&job->answer);
	if (job->text)
		xt_wipe(job->text, job->len);
	free(job->text);
	free(job->mark);
}

static void clear_work(uv_work_t *work)
{
	job_clear(work->data);
}

static void on_cleared(uv_work_t *work, int status)
{
	struct job *job = work->data;

	if (status < 0)
		job_clear(job);
	free(job);
}

/* 100,000 peers of a change lie in as many pieces. */
static void job_free(struct job *job)
{
	if (job->uapi)
		DL_DELETE(job->uapi->jobs, job);
	if (job->len >= SMALL && uv_queue_work(job->loop, &job->work, clear_work, on_cleared) == 0)
		return;
	job_clear(job);
	free(job);
}

static void jobs_advance(struct xt_uapi *uapi);

static void on_streamed(void *ctx)
{
	struct job *job = ctx;
	struct xt_uapi *uapi = job->uapi;

	job->stream = NULL;
	job_free(job);
	if (uapi)
		jobs_advance(uapi);
}

static void job_reply(struct job *job)
{
	struct xt_stream *stream;
	char *text = NULL, buf[32];
	size_t len = 0;

	if (job->op == XT_UAPI_GET && job->rc == 0)
		job->rc = xt_secbuf_detach(&job->answer, &text, &len);
	if (job->op == XT_UAPI_SET || job->rc < 0) {
		xt_request_reply(job->request, buf, xt_uapi_errno(job->op, job->rc, buf), true);
		job_free(job);
		return;
	}
	stream = xt_stream_start(job->loop, job->request, text, len, on_streamed, job);
	if (stream) /* otherwise it is over */
		job->stream = stream;
}

static void job_answer(struct job *job)
{
	struct xt_uapi *uapi = job->uapi;
	bool printed = job->state == JOB_PRINTING;

	job->state = JOB_IDLE;
	if (job->request)
		job_reply(job);
	else
		job_free(job);
	if (uapi && printed) {
		uapi->printing--;
		jobs_advance(uapi);
	}
}

static void answer_print(uv_work_t *work)
{
	struct job *job = work->data;

	job->rc = xt_uapi_get(job->report, &job->answer);
	xt_report_free(job->report);
	job->report = NULL;
}

static void on_printed(uv_work_t *work, int status)
{
	struct job *job = work->data;

	job->rc = status < 0 ? status : job->rc;
	job_answer(job);
}

static void on_report(void *ctx, int error, struct xt_report *report)
{
	struct job *job = ctx;

	job->rc = error;
	job->report = error ? NULL : report;
	if (error) {
		job_answer(job);
		return;
	}
	if (report->n_peers > PEERS_SMALL &&
	    uv_queue_work(job->loop, &job->work, answer_print, on_printed) == 0)
		return;
	answer_print(&job->work);
	job_answer(job);
}

static void on_applied(void *ctx, int error)
{
	struct job *job = ctx;

	job->rc = error;
	job_answer(job);
}

static void job_run(struct job *job)
{
	const struct xt_uapi_options *options = job->uapi ? &job->uapi->options : NULL;

	if (job->op == XT_UAPI_NONE) {
		if (job->request)
			xt_request_close(job->request);
		job_free(job);
	} else if (job->rc < 0 || !options) {
		job_answer(job);
	} else if (job->op == XT_UAPI_SET) {
		options->apply(options->ctx, &job->change, on_applied, job);
	} else {
		job->state = JOB_WAITING;
		jobs_advance(job->uapi);
	}
}

static struct job *job_waiting(const struct xt_uapi *uapi)
{
	struct job *job;

	DL_FOREACH(uapi->jobs, job)
	{
		if (job->state == JOB_WAITING)
			return job;
	}
	return NULL;
}

/* A report and its text of 100,000 peers are 60 MB: few at a time, none while clients do not read
 * what they have. */
static void jobs_advance(struct xt_uapi *uapi)
{
	struct job *job;

	if (uapi->advancing)
		return; /* a report was made at once */
	uapi->advancing = true;
	while (uapi->printing < PRINTING_MAX && !xt_server_full(uapi->server) &&
	       (job = job_waiting(uapi))) {
		job->state = JOB_PRINTING;
		uapi->printing++;
		uapi->options.report(uapi->options.ctx, on_report, job);
	}
	uapi->advancing = false;
}

static void text_parse(uv_work_t *work)
{
	struct job *job = work->data;

	job->rc = xt_uapi_parse(job->text, job->len, &job->op, &job->change);
	job->mark = xt_memory_mark();
}

static void on_parsed(uv_work_t *work, int status)
{
	struct job *job = work->data;

	job->rc = status < 0 ? status : job->rc;
	job_run(job);
}

static void on_request(void *ctx, struct xt_request *request, const char *data, size_t len)
{
	struct xt_uapi *uapi = ctx;
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		xt_request_close(request);
		return;
	}
	job->uapi = uapi;
	job->loop = uapi->loop;
	job->request = request;
	job->work.data = job;
	xt_change_init(&job->change);
	DL_APPEND(uapi->jobs, job);
	xt_request_set(request, job);
	if (len >= SMALL && (job->text = xt_request_take(request))) {
		job->len = len;
		if (uv_queue_work(job->loop, &job->work, text_parse, on_parsed) == 0)
			return;
		data = job->text;
	}
	job->rc = xt_uapi_parse(data, len, &job->op, &job->change);
	job_run(job);
}

static void on_cancelled(void *ctx, struct xt_request *request)
{
	struct xt_uapi *uapi = ctx;
	struct job *job = xt_request_get(request);

	job->request = NULL;
	if (!job->stream && job->state != JOB_WAITING)
		return; /* the step that is under way ends it */
	xt_stream_cancel(job->stream);
	job_free(job);
	jobs_advance(uapi);
}

static void on_refuse(void *ctx, struct xt_request *request)
{
	char buf[32];

	(void)ctx;
	xt_request_reply(request, buf, xt_uapi_errno(XT_UAPI_SET, XT_E_INVALID, buf), true);
}

static void on_remove(void *ctx)
{
	struct xt_uapi *uapi = ctx;

	uapi->options.remove(uapi->options.ctx);
}

int xt_uapi_open(struct xt_uapi **out, uv_loop_t *loop, const struct xt_uapi_options *options)
{
	struct xt_uapi *uapi = calloc(1, sizeof(*uapi));
	struct xt_server_options server = {
	    .path = options->path,
	    .framing = XT_FRAME_UAPI,
	    .handle = on_request,
	    .refuse = on_refuse,
	    .cancelled = on_cancelled,
	    .remove = options->remove ? on_remove : NULL,
	    .ctx = uapi,
	    .listen_fd = options->listen_fd,
	    .max_request = REQUEST_MAX,
	    .max_clients = CLIENTS_MAX,
	    .keep_idle = true,
	};
	int rc;

	if (!uapi)
		return XT_E_NOMEM;
	uapi->loop = loop;
	uapi->options = *options;
	rc = xt_server_open(&uapi->server, loop, &server);
	if (rc < 0) {
		free(uapi);
		return rc;
	}
	*out = uapi;
	uapi->options.path = NULL; /* borrowed for this call only */
	return 0;
}

int xt_uapi_listen_again(struct xt_uapi *uapi, int listen_fd)
{
	return xt_server_listen_again(uapi->server, listen_fd);
}

void xt_uapi_pause(struct xt_uapi *uapi, bool pause)
{
	xt_server_pause(uapi->server, pause);
}

int xt_uapi_listen_fd(const struct xt_uapi *uapi)
{
	return xt_server_listen_fd(uapi->server);
}

/* What is under way ends by itself, without an answer. */
static void jobs_abandon(struct xt_uapi *uapi)
{
	struct job *job, *next;

	DL_FOREACH_SAFE(uapi->jobs, job, next)
	{
		DL_DELETE(uapi->jobs, job);
		job->uapi = NULL;
		job->request = NULL;
		if (!job->stream && job->state != JOB_WAITING)
			continue;
		xt_stream_cancel(job->stream);
		job_free(job);
	}
}

void xt_uapi_close(struct xt_uapi *uapi)
{
	if (!uapi)
		return;
	jobs_abandon(uapi);
	xt_server_close(uapi->server);
	free(uapi);
}

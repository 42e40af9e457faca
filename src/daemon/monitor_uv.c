/* SPDX-License-Identifier: MIT */
/* The monitor: it has the rights, and never sees a packet. The tunnel process asks it for what it
 * may not do itself; each request is judged before it is carried out (host/request_order.h, and the
 * handlers, which know the configuration that this process has read).
 *
 * Without libuv's pipes or processes: only its loop, its signals, and the handlers of src/host. */
#include "daemon/monitor_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "core/snapshot.h"
#include "daemon/confined_loop_uv.h"
#include "daemon/exit.h"
#include "daemon/monitor_undo.h"
#include "daemon/processes.h"
#include "host/channel_uv.h"
#include "host/detach.h"
#include "host/log_relay.h"
#include "host/request.h"
#include "host/request_order.h"
#include "host/request_remote_uv.h"
#include "host/request_wire.h"
#include "host/resolver_client_uv.h"
#include "host/runner_client_uv.h"

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
#define SIGNALS XT_LEN(signal_numbers)

/* A request that is being carried out; serial 0: its answer does not matter. */
struct question {
	struct monitor *monitor;
	enum xt_request_kind kind;
	uint32_t serial;
};

/* processes  .tunnel is 0 once it was waited for, and status is what waitpid gave
 * heard      all that it sent was read
 * cancelled  its hook was, because it has ended
 * tun        a duplicate of its TUN device, until the link is undone */
struct monitor {
	uv_loop_t uv;
	struct xt_conf *conf;
	const struct xt_instance_options *options;
	struct xt_requests *requests;
	struct xt_request_order order;
	struct question questions[XT_REQUESTS];
	struct xt_channel *channel;
	struct xt_runner *runner;
	uv_poll_t log; /* lines of the tunnel process */
	bool log_open;
	uv_signal_t signals[SIGNALS];
	unsigned signals_open;
	struct xt_resolver_process *resolver;
	struct xt_processes processes;
	int status;
	struct xt_monitor_undo undo;
	bool heard, cancelled, over;
	struct xt_tun *tun;
};

static void monitor_proceed(struct monitor *monitor);
static void log_read(struct monitor *monitor);

/* The tunnel process has broken the rules: nothing that it asks for is done any more. */
static void tunnel_end(struct monitor *monitor, const char *why)
{
	xt_message("%s: the tunnel process %s; it is ended", monitor->conf->name, why);
	if (monitor->processes.tunnel > 0)
		(void)kill(monitor->processes.tunnel, SIGKILL);
	xt_channel_close(monitor->channel);
	monitor->channel = NULL;
	monitor->heard = true;
}

/* --- answers --- */

static void tun_keep(struct monitor *monitor, const struct xt_reply *reply)
{
	if (reply->error < 0)
		return;
	monitor->tun = reply->tun.v;
	/* A descriptor that was handed over may belong to another interface than was named. */
	if (monitor->options->dropin)
		memcpy(monitor->conf->name, monitor->tun->name, sizeof(monitor->conf->name));
}

static void tun_drop(struct monitor *monitor)
{
	if (monitor->tun && xt_requests_released(monitor->requests))
		xt_tun_hand_over(monitor->tun, true);
	if (monitor->tun)
		monitor->tun->ops->close(monitor->tun);
	monitor->tun = NULL;
}

static void answer_send(struct monitor *monitor, const struct question *question,
			const struct xt_reply *reply)
{
	struct xt_secbuf out = XT_SECBUF_INIT(XT_MESSAGE_MAX);
	int fds[XT_CHANNEL_FDS];
	size_t n_fds = 0;
	int rc = xt_reply_encode(&out, fds, &n_fds, question->kind, reply);

	if (rc == 0 && monitor->channel)
		rc = xt_channel_send(monitor->channel, question->kind, question->serial, out.p,
				     out.len, fds, n_fds);
	xt_secbuf_clear(&out);
	if (rc == -EMFILE) {
		const struct xt_reply full = {.error = rc};

		rc = xt_reply_encode(&out, fds, &n_fds, question->kind, &full);
		if (rc == 0)
			rc = xt_channel_send(monitor->channel, question->kind, question->serial,
					     out.p, out.len, NULL, 0);
		xt_secbuf_clear(&out);
	}
	if (rc < 0)
		tunnel_end(monitor, "cannot be answered");
}

static void on_answer(void *ctx, const struct xt_reply *reply)
{
	struct question *question = ctx;
	struct monitor *monitor = question->monitor;

	xt_request_order_answered(&monitor->order, question->kind, reply);
	if (question->kind == XT_REQUEST_TUN_OPEN)
		tun_keep(monitor, reply);
	if (question->kind == XT_REQUEST_LINK_UNDO)
		tun_drop(monitor);
	if (question->kind == XT_REQUEST_TAKE_OVER && reply->error == 0 && monitor->tun)
		xt_tun_hand_over(monitor->tun, false);
	if (question->serial != 0)
		answer_send(monitor, question, reply);
	xt_reply_release(question->kind, reply);
	monitor_proceed(monitor);
}

/* --- requests --- */

static void request_carry_out(struct monitor *monitor, uint32_t serial,
			      const struct xt_request *request)
{
	struct question *question = &monitor->questions[request->kind];
	struct xt_reply none = {0};

	*question = (struct question){monitor, request->kind, serial};
	if (serial != 0 || monitor->heard) {
		xt_request(monitor->requests, request, on_answer, question);
		return;
	}
	xt_request(monitor->requests, request, NULL, NULL);
	xt_request_order_answered(&monitor->order, request->kind, &none);
}

/* What depends on how the instance was started. A descriptor that was handed over to it is the one
 * that this process has inherited. */
static bool request_permit(const struct monitor *monitor, struct xt_request *request)
{
	const struct xt_instance_options *options = monitor->options;

	if (request->kind == XT_REQUEST_TUN_OPEN) {
		request->tun.fd = options->tun_fd;
		return options->dropin || !request->tun.default_mtu;
	}
	/* One of the process before is judged when it is carried out. */
	if (request->kind == XT_REQUEST_LISTEN && options->adoption && request->listen.fd > 0)
		return true;
	if (request->kind == XT_REQUEST_LISTEN && request->listen.fd > 0)
		close(request->listen.fd);
	if (request->kind == XT_REQUEST_LISTEN)
		request->listen.fd =
		    request->listen.which == XT_SOCKET_UAPI ? options->uapi_fd : -1;
	return true;
}

static void request_take(struct monitor *monitor, struct xt_channel_message *message)
{
	struct xt_request_box box;
	enum xt_request_kind kind = (enum xt_request_kind)message->kind;
	int rc = xt_request_decode(&box, kind, message->data, message->len, message->fds,
				   message->n_fds);

	if (rc < 0) {
		tunnel_end(monitor, "sent a malformed request");
		return;
	}
	if ((message->serial == 0 && !xt_request_unanswered(kind)) ||
	    !xt_request_order_accept(&monitor->order, &box.request) ||
	    !request_permit(monitor, &box.request))
		tunnel_end(monitor, "sent a request out of order");
	else
		request_carry_out(monitor, message->serial, &box.request);
	xt_request_box_clear(&box);
}

static void cancel_take(struct monitor *monitor, const struct xt_channel_message *message)
{
	uint32_t kind = message->len == 4 ? xt_be32_get(message->data) : XT_REQUESTS;

	if (message->n_fds == 0 && (kind == XT_REQUEST_HOOKS || kind == XT_REQUEST_RESOLVE))
		xt_request_cancel(monitor->requests, (enum xt_request_kind)kind);
	else
		tunnel_end(monitor, "sent a malformed request");
}

static void on_message(void *ctx, struct xt_channel_message *message)
{
	struct monitor *monitor = ctx;

	log_read(monitor);
	if (message->kind == XT_MESSAGE_CANCEL)
		cancel_take(monitor, message);
	else if (message->kind < XT_REQUESTS)
		request_take(monitor, message);
	else
		tunnel_end(monitor, "sent a malformed request");
}

static void on_ended(void *ctx, int error)
{
	struct monitor *monitor = ctx;

	if (error < 0) {
		tunnel_end(monitor, "sent what is no request");
	} else {
		xt_channel_close(monitor->channel);
		monitor->channel = NULL;
		monitor->heard = true;
	}
	monitor_proceed(monitor);
}

/* --- log --- */

/* Lines that were sent before a request come before what it prints. */
static void log_read(struct monitor *monitor)
{
	int rc = monitor->log_open ? xt_log_relay_read() : 0;

	if (rc == 0)
		return;
	monitor->log_open = false;
	uv_close((uv_handle_t *)&monitor->log, NULL);
	if (rc == -EPROTO)
		tunnel_end(monitor, "sent a malformed log line");
}

static void on_log(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	log_read(poll->data);
}

static int log_open(struct monitor *monitor, int fd)
{
	int rc = uv_poll_init(&monitor->uv, &monitor->log, fd);

	monitor->log.data = monitor;
	monitor->log_open = rc == 0;
	return rc < 0 ? rc : uv_poll_start(&monitor->log, UV_READABLE, on_log);
}

/* --- signals --- */

static void on_event(void *ctx, const struct xt_host_event *event)
{
	struct monitor *monitor = ctx;
	struct xt_secbuf out = XT_SECBUF_INIT(64);

	if (monitor->channel && xt_host_event_encode(&out, event) == 0)
		(void)xt_channel_send(monitor->channel, XT_MESSAGE_EVENT, 0, out.p, out.len, NULL,
				      0);
	xt_secbuf_clear(&out);
}

static void tunnel_reap(struct monitor *monitor)
{
	if (monitor->processes.tunnel <= 0 || waitpid(monitor->processes.tunnel, &monitor->status,
						      WNOHANG) != monitor->processes.tunnel)
		return;
	monitor->processes.tunnel = 0;
	log_read(monitor);
	if (WIFSIGNALED(monitor->status))
		xt_message("%s: the tunnel process was ended by signal %d (%s); what it had set in "
			   "the host is taken back",
			   monitor->conf->name, WTERMSIG(monitor->status),
			   strsignal(WTERMSIG(monitor->status)));
	xt_channel_drain(monitor->channel);
	monitor_proceed(monitor);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct monitor *monitor = handle->data;

	if (number == SIGCHLD)
		tunnel_reap(monitor);
	else
		on_event(monitor,
			 &(struct xt_host_event){.kind = number == SIGHUP    ? XT_HOST_RELOAD
							 : number == SIGUSR1 ? XT_HOST_STATUS
									     : XT_HOST_END});
}

static void signals_start(struct monitor *monitor)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(&monitor->uv, &monitor->signals[i]);
		monitor->signals[i].data = monitor;
		uv_signal_start(&monitor->signals[i], on_signal, signal_numbers[i]);
		monitor->signals_open++;
	}
}

/* --- the end --- */

static void on_signal_closed(uv_handle_t *handle)
{
	struct monitor *monitor = handle->data;

	monitor->signals_open--;
}

static void undo_request(struct monitor *monitor, enum xt_request_kind kind)
{
	const struct xt_request request = {.kind = kind};

	if (xt_request_order_accept(&monitor->order, &request))
		request_carry_out(monitor, 0, &request);
}

static void monitor_end(struct monitor *monitor)
{
	monitor->over = true;
	log_read(monitor);
	if (monitor->log_open)
		uv_close((uv_handle_t *)&monitor->log, NULL);
	monitor->log_open = false;
	tun_drop(monitor);
	xt_request(monitor->requests,
		   &(struct xt_request){.kind = XT_REQUEST_SOCKET_REMOVE,
					.listen = {.which = XT_SOCKET_CONTROL}},
		   NULL, NULL);
	xt_request(monitor->requests,
		   &(struct xt_request){.kind = XT_REQUEST_SOCKET_REMOVE,
					.listen = {.which = XT_SOCKET_UAPI}},
		   NULL, NULL);
	xt_request_cancel(monitor->requests, XT_REQUEST_RESOLVE);
	xt_runner_close(monitor->runner);
	xt_resolver_process_close(monitor->resolver);
	(void)kill(monitor->processes.resolver, SIGKILL); /* a look-up may hold it */
	for (size_t i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&monitor->signals[i], on_signal_closed);
}

/* The tunnel process has ended, and all that it asked for was heard: take back what it left, one
 * step after the other; each answer leads here again. After a clean end nothing is left. */
static void monitor_proceed(struct monitor *monitor)
{
	enum xt_request_kind kind;

	if (monitor->processes.tunnel > 0 || !monitor->heard || monitor->over ||
	    xt_requests_upgrading(monitor->requests))
		return;
	if (xt_requests_released(monitor->requests)) {
		monitor_end(monitor);
		return;
	}
	if (monitor->order.open[XT_REQUEST_HOOKS] && !monitor->cancelled) {
		monitor->cancelled = true;
		xt_request_cancel(monitor->requests, XT_REQUEST_HOOKS);
	}
	switch (xt_monitor_undo_next(&monitor->undo, &monitor->order, &kind)) {
	case XT_UNDO_WAITS:
		break;
	case XT_UNDO_ASKS:
		undo_request(monitor, kind);
		break;
	case XT_UNDO_IS_OVER:
		monitor_end(monitor);
		break;
	}
}

static void on_upgraded(void *ctx)
{
	monitor_proceed(ctx);
}

/* --- processes --- */

/* The runner reads the file itself: the command that is asked for is the file's. */
static int key_ask(void *ctx, const char *command, struct xt_private *out, char *text, size_t cap)
{
	(void)command;
	return xt_runner_key(ctx, out, text, cap);
}

static int monitor_open(struct monitor *monitor)
{
	const struct xt_channel_options options = {
	    .ctx = monitor, .message = on_message, .ended = on_ended, .max_len = XT_MESSAGE_MAX};
	struct xt_requests_options requests = {.conf = monitor->conf,
					       .update = monitor->conf,
					       .event = on_event,
					       .ctx = monitor,
					       .ready = monitor->options->ready,
					       .quiet = monitor->options->quiet,
					       .dropin = monitor->options->dropin,
					       .upgraded = on_upgraded,
					       .snapshot_version = XT_SNAPSHOT_VERSION,
					       .adoption = monitor->options->adoption};
	const struct xt_processes *processes = &monitor->processes;
	int rc = xt_confined_loop_init(&monitor->uv);

	if (rc < 0)
		return rc;
	xt_monitor_lend(&requests);
	signals_start(monitor);
	rc = xt_runner_open(&monitor->runner, &monitor->uv, processes->runner);
	if (rc == 0)
		rc = xt_resolver_process_open(&monitor->resolver, &monitor->uv, processes->names);
	requests.runner = monitor->runner;
	requests.resolver = monitor->resolver;
	requests.key_command = key_ask;
	requests.key_command_ctx = monitor->runner;
	if (rc == 0)
		rc = log_open(monitor, processes->log);
	if (rc == 0)
		rc = xt_requests_open(&monitor->requests, &monitor->uv, &requests);
	if (rc == 0)
		rc =
		    xt_channel_open(&monitor->channel, &monitor->uv, processes->requests, &options);
	return rc;
}

static int monitor_status(const struct monitor *monitor)
{
	return WIFEXITED(monitor->status) ? WEXITSTATUS(monitor->status) : XT_EXIT_FAILURE;
}

/* A look-up that never returns would hold the end up: its threads are joined at exit. */
static int monitor_finish(struct monitor *monitor)
{
	uv_run(&monitor->uv, UV_RUN_NOWAIT);
	if (!xt_requests_close(monitor->requests)) {
		fflush(NULL);
		_exit(monitor_status(monitor));
	}
	uv_run(&monitor->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&monitor->uv) != 0)
		xt_log_debug("%s: a handle of the monitor was left open", monitor->conf->name);
	return monitor_status(monitor);
}

static int monitor_serve(struct monitor *monitor, const struct xt_monitor_link *link)
{
	int rc;

	xt_conf_wipe_keys(monitor->conf);
	rc = monitor_open(monitor);
	if (rc == 0 && !xt_monitor_lock(monitor->conf, link))
		rc = -EPERM;
	if (rc < 0) {
		xt_message("%s: the monitor does not start: %s", monitor->conf->name,
			   xt_strerror(rc));
		(void)kill(monitor->processes.tunnel, SIGKILL);
		return XT_EXIT_FAILURE;
	}
	tunnel_reap(monitor);
	while (!monitor->over || monitor->signals_open > 0)
		uv_run(&monitor->uv, UV_RUN_ONCE);
	return monitor_finish(monitor);
}

int xt_monitor_run(struct xt_conf *conf, const struct xt_instance_options *options,
		   struct xt_monitor_link *link, xt_process_serve *serve)
{
	struct monitor monitor = {.conf = conf, .options = options};
	int rc;

	link->monitor = getpid();
	rc = xt_processes_fork(&monitor.processes, conf, options, link, serve);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s: its processes do not start: %s", conf->name,
			       xt_strerror(rc));
	return monitor_serve(&monitor, link);
}

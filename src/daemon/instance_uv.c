/* SPDX-License-Identifier: MIT */
/* One instance in this process: its loop, its signals, and the state machine that runs it from the
 * opening of the TUN device to the last hook. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/message.h"
#include "crypto/init.h"
#include "daemon/clock_evidence.h"
#include "daemon/confined_loop_uv.h"
#include "daemon/exit.h"
#include "daemon/explain.h"
#include "daemon/monitor_uv.h"
#include "daemon/program.h"
#include "host/log_relay.h"
#include "host/log_sink.h"
#include "platform/malloc.h"

/* start   the step of the state
 * cancel  NULL, or called on XT_INSTANCE_END: end the step sooner
 * done, failed, end  the next state on each event; the state itself: stay, start nothing. With
 *	   XT_STATE_HOLD the step goes on, and its end leads to the rollback. */
struct transition {
	void (*start)(struct xt_instance *instance);
	void (*cancel)(struct xt_instance *instance);
	enum xt_state done, failed, end;
};

#define UP(step, cancel, next)                                                                     \
	{                                                                                          \
		step, cancel, next, XT_STATE_ROLLBACK_UNDO, XT_STATE_HOLD                          \
	}
#define UP_CUT(step, cancel, next)                                                                 \
	{                                                                                          \
		step, cancel, next, XT_STATE_ROLLBACK_UNDO, XT_STATE_ROLLBACK_UNDO                 \
	}
#define DOWN(step, cancel, next, self)                                                             \
	{                                                                                          \
		step, cancel, next, next, self                                                     \
	}

/* UNDO cuts FIREWALL and DNS short. Hooks of the way down that hang do not hold the end up: a
 * second XT_INSTANCE_END cancels them. */
static const struct transition transitions[XT_STATES] = {
    [XT_STATE_TUN] = UP(xt_instance_open_tun, NULL, XT_STATE_PRE_UP),
    [XT_STATE_PRE_UP] = UP(xt_instance_run_hooks, xt_instance_cancel_hooks, XT_STATE_POLICY),
    [XT_STATE_POLICY] = UP(xt_instance_choose_policy, NULL, XT_STATE_KEYLOG),
    [XT_STATE_KEYLOG] = UP(xt_instance_open_keylog, NULL, XT_STATE_UDP),
    [XT_STATE_UDP] = UP(xt_instance_open_udp, NULL, XT_STATE_START),
    [XT_STATE_START] = UP(xt_instance_start_tunnel, NULL, XT_STATE_NAMES),
    [XT_STATE_NAMES] = UP_CUT(xt_instance_await_names, xt_instance_cancel_names, XT_STATE_FIREWALL),
    [XT_STATE_FIREWALL] = UP_CUT(xt_instance_set_firewall, NULL, XT_STATE_LINK),
    [XT_STATE_LINK] = UP(xt_instance_set_link, NULL, XT_STATE_CONTROL),
    [XT_STATE_CONTROL] = UP(xt_instance_open_control, NULL, XT_STATE_UAPI),
    [XT_STATE_UAPI] = UP(xt_instance_open_uapi, NULL, XT_STATE_DNS),
    [XT_STATE_DNS] = UP_CUT(xt_instance_set_dns, NULL, XT_STATE_POST_UP),
    [XT_STATE_POST_UP] = UP(xt_instance_run_hooks, xt_instance_cancel_hooks, XT_STATE_RUN),
    [XT_STATE_RUN] = {xt_instance_ready, xt_instance_notify_end, XT_STATE_RUN, XT_STATE_RUN,
		      XT_STATE_PRE_DOWN},
    /* It ends by XT_INSTANCE_DONE alone: back to RUN, or on down when that was asked for. */
    [XT_STATE_RELOAD] = {xt_instance_reload, xt_instance_cancel_reload, XT_STATE_RUN,
			 XT_STATE_PRE_DOWN, XT_STATE_HOLD},

    [XT_STATE_PRE_DOWN] =
	DOWN(xt_instance_run_hooks, xt_instance_cancel_hooks, XT_STATE_SAVE, XT_STATE_PRE_DOWN),
    [XT_STATE_SAVE] = DOWN(xt_instance_save_at_end, NULL, XT_STATE_UNDO, XT_STATE_SAVE),
    [XT_STATE_UNDO] = DOWN(xt_instance_undo_host, NULL, XT_STATE_STOP, XT_STATE_UNDO),
    [XT_STATE_STOP] = DOWN(xt_instance_stop_loop, NULL, XT_STATE_CLOSE, XT_STATE_STOP),
    [XT_STATE_CLOSE] = DOWN(xt_instance_close_tunnel, NULL, XT_STATE_POST_DOWN, XT_STATE_CLOSE),
    [XT_STATE_POST_DOWN] =
	DOWN(xt_instance_run_hooks, xt_instance_cancel_hooks, XT_STATE_END, XT_STATE_POST_DOWN),

    [XT_STATE_ROLLBACK_UNDO] =
	DOWN(xt_instance_undo_host, NULL, XT_STATE_ROLLBACK_STOP, XT_STATE_ROLLBACK_UNDO),
    [XT_STATE_ROLLBACK_STOP] =
	DOWN(xt_instance_stop_loop, NULL, XT_STATE_ROLLBACK_CLOSE, XT_STATE_ROLLBACK_STOP),
    [XT_STATE_ROLLBACK_CLOSE] =
	DOWN(xt_instance_close_tunnel, NULL, XT_STATE_END, XT_STATE_ROLLBACK_CLOSE),
    [XT_STATE_END] = DOWN(xt_instance_close_sockets, NULL, XT_STATE_END, XT_STATE_END),
};

/* Another process has done it, or will, or has the right to. */
static bool state_skipped(const struct xt_instance *instance, enum xt_state state)
{
	switch (state) {
	case XT_STATE_PRE_UP:
	case XT_STATE_NAMES:
	case XT_STATE_FIREWALL:
	case XT_STATE_DNS:
	case XT_STATE_POST_UP:
		return instance->options.adoption != NULL;
	case XT_STATE_PRE_DOWN:
	case XT_STATE_SAVE:
	case XT_STATE_UNDO:
	case XT_STATE_ROLLBACK_UNDO:
	case XT_STATE_POST_DOWN:
		return xt_instance_released(instance);
	default:
		return false;
	}
}

static void state_enter(struct xt_instance *instance, enum xt_state state)
{
	instance->state = state;
	if (state_skipped(instance, state))
		instance->post(instance, XT_INSTANCE_DONE);
	else
		transitions[state].start(instance);
}

static void event_handle(struct xt_instance *instance, enum xt_instance_event event)
{
	const struct transition *row = &transitions[instance->state];
	enum xt_state next = row->done;

	if (event == XT_INSTANCE_FAILED) {
		next = row->failed;
		instance->status = XT_EXIT_FAILURE;
	} else if (event == XT_INSTANCE_RELOAD) {
		next = instance->state == XT_STATE_RUN && !instance->upgrade &&
			       !instance->upgrade_requested
			   ? XT_STATE_RELOAD
			   : instance->state;
	} else if (event == XT_INSTANCE_END && xt_instance_upgrade_cancel(instance)) {
		return;
	} else if (event == XT_INSTANCE_END) {
		next = row->end;
		if (row->cancel)
			row->cancel(instance);
	} else if (instance->held) {
		next = row->failed;
	}
	instance->held = next == XT_STATE_HOLD || (instance->held && next == instance->state);
	if (next != XT_STATE_HOLD && next != instance->state)
		state_enter(instance, next);
}

static void events_handle(struct xt_instance *instance)
{
	instance->handling = true;
	while (instance->events) {
		enum xt_instance_event event = XT_INSTANCE_DONE;

		while (!(instance->events & 1u << event))
			event++;
		instance->events &= ~(1u << event);
		event_handle(instance, event);
	}
	instance->handling = false;
}

/* A step may report from within its start, and an end may be asked for at the same time: events
 * wait until the step returns, and the step's own go before XT_INSTANCE_END. */
static void instance_post(struct xt_instance *instance, enum xt_instance_event event)
{
	instance->events |= 1u << event;
	if (!instance->handling)
		events_handle(instance);
}

static void instance_begin(struct xt_instance *instance)
{
	instance->handling = true;
	state_enter(instance, XT_STATE_TUN);
	events_handle(instance);
}

/* A question to a name server that does not answer would hold the end up for many seconds, because
 * libuv joins its threads at exit: _exit skips that. */
static int loop_finish(struct xt_instance *instance)
{
	uv_run(&instance->uv, UV_RUN_NOWAIT);
	if (!xt_requests_close(instance->requests)) {
		(void)xt_log_flush(500);
		fflush(NULL);
		_exit(instance->status);
	}
	uv_run(&instance->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&instance->uv) != 0)
		xt_log_debug("%s: a handle was left open", instance->conf->name);
	return instance->status;
}

static void keylog_warn(void)
{
	const char *path = getenv("WG_KEYLOGFILE");

	if (!path || !*path)
		return;
	xt_message(
	    "WARNING: WG_KEYLOGFILE is set: the keys of every session, and this interface's own,");
	xt_message(
	    "WARNING: are written to %s. Anyone who can read that file can read the traffic.",
	    path);
}

static int instance_serve(struct xt_conf *conf, const struct xt_instance_options *options,
			  const struct xt_monitor_link *link)
{
	struct xt_instance instance = {.conf = conf,
				       .options = *options,
				       .link = link,
				       .owner = geteuid(),
				       .post = instance_post,
				       .keylog = -1,
				       .clock_evidence = xt_clock_evidence(conf->path),
				       .listening = XT_SOCKETS,
				       .listen_fd = {-1, -1},
				       .sockets = XT_NO_SOCKETS,
				       .old_sockets = XT_NO_SOCKETS};

	if (xt_crypto_init() < 0)
		return xt_fail(XT_EXIT_FAILURE, "the cryptographic library does not work");
	if ((link ? xt_confined_loop_init(&instance.uv) : uv_loop_init(&instance.uv)) < 0)
		return xt_fail(XT_EXIT_FAILURE, "the event loop does not start: out of memory or "
						"descriptors");
	if (uv_mutex_init(&instance.names_lock) < 0)
		return xt_fail(XT_EXIT_FAILURE, "out of memory");
	if (xt_instance_events_open(&instance, xt_instance_why_peer) < 0)
		return xt_fail(XT_EXIT_FAILURE, "out of memory");
	json_object_seed(0); /* it reads a file */
	xt_program_id(instance.program, sizeof(instance.program));
	xt_explain_open();
	xt_memory_init();
	xt_instance_work_open(&instance);
	xt_instance_signals_start(&instance);
	instance_begin(&instance);
	while (instance.state != XT_STATE_END || instance.signals_open > 0 || instance.answers ||
	       instance.saves)
		uv_run(&instance.uv, UV_RUN_ONCE);
	xt_instance_work_close(&instance);
	uv_mutex_destroy(&instance.names_lock);
	return loop_finish(&instance);
}

/* An instance whose locks cannot be chosen does not start. */
static int link_choose(struct xt_monitor_link *link, const struct xt_conf *conf)
{
	int rc = xt_sandbox_mode_choose(&link->mode, conf);

	if (rc < 0)
		return XT_EXIT_USAGE;
	rc = xt_sandbox_user_choose(&link->user, conf, conf->name);
	if (rc == -EINVAL)
		return xt_fail(XT_EXIT_FAILURE, "User = %s: root is not a user without rights",
			       conf->user);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "User = %s: there is no such user", conf->user);
	return XT_EXIT_OK;
}

int xt_instance_run(struct xt_conf *conf, const struct xt_instance_options *options)
{
	struct xt_monitor_link link = {.requests = -1};
	int status;

	xt_log_sink_open(
	    &(struct xt_log_sink_options){.interface = conf->name, .background = options->quiet});
	keylog_warn();
	status = link_choose(&link, conf);
	if (status != XT_EXIT_OK)
		return status;
	return link.mode == XT_SANDBOX_MODE_OFF
		   ? instance_serve(conf, options, NULL)
		   : xt_monitor_run(conf, options, &link, instance_serve);
}

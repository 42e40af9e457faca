/* SPDX-License-Identifier: MIT */
/* What an instance that ended without cleaning up left in the host: taken back by the next start,
 * or by `down`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "host/host_impl.h"

#define LOCK_WAIT_MS 20
#define LOCK_WAITS   250
#define CLEAN_WAITS  50

static bool state_holds_changes(const struct xt_host_state *state)
{
	return state->policy.table != 0 || state->firewall || state->dns != 0;
}

/* Opens the state file that a crashed instance left. */
static int left_open(struct xt_host *left, const char *run_dir, const char *name)
{
	snprintf(left->name, sizeof(left->name), "%s", name);
	return xt_state_open(&left->file, run_dir, name, false, &left->state);
}

/* After firewall and DNS. true: there was something. */
static bool left_close(struct xt_host *left)
{
	xt_link_policy_remove(&left->state.policy);
	xt_state_close(left->file, true);
	return state_holds_changes(&left->state);
}

static void on_left_down(void *ctx)
{
	struct xt_host *host = ctx;

	if (left_close(host->left))
		xt_message("%s: removed what a crash had left in the host", host->name);
	free(host->left);
	host->left = NULL;
	xt_host_open(host);
}

static void left_take(struct xt_host *host)
{
	if (host->left->file) {
		xt_host_down(host->left, on_left_down, host);
		return;
	}
	free(host->left);
	host->left = NULL;
	xt_host_open(host);
}

static void on_wait_closed(uv_handle_t *handle)
{
	const struct xt_host *left = handle->data;

	left_take(left->ctx);
}

static void on_wait(uv_timer_t *timer)
{
	struct xt_host *left = timer->data;
	const struct xt_host *host = left->ctx;

	if (left_open(left, host->run_dir, host->name) != -EAGAIN || ++left->waits == LOCK_WAITS)
		uv_close((uv_handle_t *)timer, on_wait_closed);
}

/* The kernel removes the interface of a killed instance a moment before it has ended the last
 * process that holds the lock. */
static void left_await(struct xt_host *left)
{
	uv_timer_init(left->uv, &left->start);
	left->start.data = left;
	uv_timer_start(&left->start, on_wait, LOCK_WAIT_MS, LOCK_WAIT_MS);
}

static void left_begin(struct xt_host *host)
{
	struct xt_host *left = host->left;

	left->uv = host->uv;
	left->runner = host->runner;
	left->ctx = host;
	if (left_open(left, host->run_dir, host->name) == -EAGAIN)
		left_await(left);
	else
		left_take(host);
}

int xt_host_new(struct xt_host **out, uv_loop_t *uv, const struct xt_host_options *options,
		void (*done)(void *ctx), void *ctx)
{
	struct xt_host *host = calloc(1, sizeof(*host));

	if (host)
		host->left = calloc(1, sizeof(*host->left));
	if (!host || !host->left) {
		free(host);
		return XT_E_NOMEM;
	}
	xt_host_init(host, uv, options);
	host->done = done;
	host->ctx = ctx;
	*out = host;
	left_begin(host);
	return 0;
}

static void clean_done(void *ctx)
{
	*(bool *)ctx = true;
}

bool xt_host_clean(const char *run_dir, const char *name, int *error)
{
	struct xt_host host = {0};
	uv_loop_t loop;
	bool done = false;

	*error = left_open(&host, run_dir, name);
	for (unsigned i = 0; *error == -EAGAIN && i < CLEAN_WAITS; i++) {
		uv_sleep(LOCK_WAIT_MS);
		*error = left_open(&host, run_dir, name);
	}
	if (*error < 0)
		return false;
	host.uv = &loop;
	if (uv_loop_init(&loop) == 0) {
		xt_host_down(&host, clean_done, &done);
		while (!done)
			uv_run(&loop, UV_RUN_ONCE);
		uv_run(&loop, UV_RUN_DEFAULT);
		(void)uv_loop_close(&loop);
	}
	return left_close(&host) && done;
}

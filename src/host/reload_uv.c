/* SPDX-License-Identifier: MIT */
/* A reload on the host. What takes time with many peers (reading the file, comparing, routes)
 * runs on a worker thread: packets move meanwhile. */
#include "host/reload_uv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/link_plan.h"
#include "platform/malloc.h"

/* began   how many steps were begun: those are undone
 * failed  its value when the last one failed
 * ready   the file may be applied; over: it was, or was taken back; busy: the answer is outstanding
 * edit    of the link, between XT_RELOAD_LINK and the end
 * job     on the worker thread: its function, and what it returned */
struct xt_reload_run {
	struct xt_reload data;
	uv_loop_t *loop;
	struct xt_reload_options options;
	unsigned began, failed;
	bool ready, over, busy;
	bool dns_changes, firewall_changes, link_changes, policy_changes, mtu_changes;
	struct xt_link_edit *edit;
	uv_work_t work;
	int (*job)(struct xt_reload_run *run);
	int error;
	char text[320];
	xt_reload_done *done;
	void *ctx;
};

static void run_answer(struct xt_reload_run *run, int error, const char *text)
{
	run->busy = false;
	run->done(run->ctx, error, text);
}

static void on_host_changed(void *ctx, int error, const char *text)
{
	run_answer(ctx, error, text);
}

/* --- worker thread --- */

static void job_work(uv_work_t *work)
{
	struct xt_reload_run *run = work->data;

	run->error = run->job(run);
}

static void on_worked(uv_work_t *work, int status)
{
	struct xt_reload_run *run = work->data;

	run_answer(run, status < 0 ? status : run->error, run->text);
}

static void job_start(struct xt_reload_run *run, int (*job)(struct xt_reload_run *run))
{
	int rc;

	run->job = job;
	run->work.data = run;
	*run->text = '\0';
	rc = uv_queue_work(run->loop, &run->work, job_work, on_worked);
	if (rc < 0)
		run_answer(run, rc, "");
}

/* --- reading --- */

static int job_read(struct xt_reload_run *run)
{
	const struct xt_reload_options *options = &run->options;
	const struct xt_conf *conf = options->conf;
	const struct xt_reload_running running = {
	    .conf = conf,
	    .report = options->report,
	    .auto_mark = conf->fwmark == 0 ? options->policy.table : 0,
	    .prepare = options->prepare,
	};
	int rc = xt_reload_file_read(&run->data, conf->path, &options->policy, options->key_command,
				     options->key_command_ctx, run->text, sizeof(run->text));

	if (options->report)
		rc = xt_reload_compare(&run->data, &running, rc);
	run->ready = rc == 0;
	xt_report_free(options->report);
	run->options.report = NULL;
	free(xt_memory_mark());
	return rc;
}

int xt_reload_start(struct xt_reload_run **out, uv_loop_t *loop,
		    const struct xt_reload_options *options, xt_reload_done *done, void *ctx)
{
	struct xt_reload_run *run = calloc(1, sizeof(*run));

	if (!run) {
		xt_report_free(options->report);
		return XT_E_NOMEM;
	}
	run->loop = loop;
	run->options = *options;
	run->busy = true;
	run->done = done;
	run->ctx = ctx;
	*out = run;
	job_start(run, job_read);
	return 0;
}

struct xt_reload *xt_reload_data(struct xt_reload_run *run)
{
	return &run->data;
}

bool xt_reload_busy(const struct xt_reload_run *run)
{
	return run->busy;
}

bool xt_reload_ready(const struct xt_reload_run *run)
{
	return run->ready && !run->over;
}

/* --- steps --- */

static void changes_find(struct xt_reload_run *run, const struct xt_reload_hints *hints)
{
	const struct xt_link_policy *old = &run->options.policy, *new = &run->data.policy;
	const bool *keys = hints->keys;
	bool networks = keys[XT_KEY_ALLOWED_IPS] || keys[XT_KEY_TABLE] || hints->peers;

	run->policy_changes = memcmp(old, new, sizeof(*old)) != 0;
	run->dns_changes = keys[XT_KEY_DNS];
	run->mtu_changes = keys[XT_KEY_MTU];
	run->firewall_changes = new->table != 0 && (run->policy_changes || keys[XT_KEY_ADDRESS]);
	run->link_changes = run->options.link && (networks || run->policy_changes ||
						  keys[XT_KEY_ADDRESS] || keys[XT_KEY_MTU]);
}

static int job_extend(struct xt_reload_run *run)
{
	struct xt_conf_link link;
	int rc = xt_conf_link(&link, &run->data.file);

	if (rc < 0)
		return rc;
	link.plan.policy = run->data.policy;
	if (run->data.without_ipv6)
		xt_conf_link_drop_ipv6(&link);
	rc = xt_link_extend(&run->edit, run->options.link, &link.plan, run->mtu_changes, run->text,
			    sizeof(run->text));
	xt_conf_link_clear(&link);
	return rc;
}

static int job_retire(struct xt_reload_run *run)
{
	return xt_link_retire(run->edit, run->text, sizeof(run->text));
}

static void link_begin(struct xt_reload_run *run)
{
	if (run->policy_changes && run->data.policy.table)
		xt_host_change_policy(run->options.host, &run->data.policy);
	job_start(run, job_extend);
}

static void step_begin(struct xt_reload_run *run, enum xt_reload_step step)
{
	const struct xt_conf *file = &run->data.file;
	struct xt_host *host = run->options.host;

	if (step == XT_RELOAD_FIREWALL && run->firewall_changes)
		xt_host_change_firewall(host, file, &run->data.policy, on_host_changed, run);
	else if (step == XT_RELOAD_LINK && run->link_changes)
		link_begin(run);
	else if (step == XT_RELOAD_DNS && run->dns_changes)
		xt_host_change_dns(host, file->dns, file->n_dns, on_host_changed, run);
	else if (step == XT_RELOAD_RETIRE && run->edit)
		job_start(run, job_retire);
	else
		run_answer(run, 0, "");
}

void xt_reload_step(struct xt_reload_run *run, enum xt_reload_step step,
		    const struct xt_reload_hints *hints, xt_reload_done *done, void *ctx)
{
	run->busy = true;
	run->done = done;
	run->ctx = ctx;
	if (!xt_reload_ready(run) || step != run->began) {
		run_answer(run, XT_E_INVALID, "");
		return;
	}
	if (run->began == 0)
		changes_find(run, hints);
	run->began = step + 1;
	step_begin(run, step);
}

/* --- back --- */

static int job_revert(struct xt_reload_run *run)
{
	xt_link_revert(run->edit);
	run->edit = NULL;
	return 0;
}

static void step_undo(struct xt_reload_run *run);

static void on_undone(void *ctx, int error, const char *text)
{
	struct xt_reload_run *run = ctx;

	/* The step that failed has changed nothing, and may fail in the same way once more. */
	if (error < 0 && run->error == 0 && run->began + 1 != run->failed) {
		run->error = error;
		snprintf(run->text, sizeof(run->text), "%s", text);
	}
	step_undo(run);
}

static void on_reverted(uv_work_t *work, int status)
{
	(void)status;
	on_undone(work->data, 0, "");
}

static void link_revert(struct xt_reload_run *run)
{
	if (run->policy_changes && run->data.policy.table)
		xt_host_change_policy(run->options.host, &run->options.policy);
	run->job = job_revert;
	if (!run->edit)
		step_undo(run);
	else if (uv_queue_work(run->loop, &run->work, job_work, on_reverted) < 0) {
		(void)job_revert(run);
		step_undo(run);
	}
}

static void firewall_restore(struct xt_reload_run *run)
{
	if (run->options.policy.table)
		xt_host_change_firewall(run->options.host, run->options.conf, &run->options.policy,
					on_undone, run);
	else
		xt_host_change_finish(run->options.host, &run->options.policy,
				      xt_host_without_ipv6(run->options.host), on_undone, run);
}

/* XT_RELOAD_RETIRE goes back with the link. */
static void step_undo(struct xt_reload_run *run)
{
	while (run->began > 0) {
		enum xt_reload_step step = (enum xt_reload_step)-- run->began;
		const struct xt_conf *conf = run->options.conf;

		if (step == XT_RELOAD_DNS && run->dns_changes) {
			xt_host_change_dns(run->options.host, conf->dns, conf->n_dns, on_undone,
					   run);
			return;
		}
		if (step == XT_RELOAD_LINK && run->link_changes) {
			link_revert(run);
			return;
		}
		if (step == XT_RELOAD_FIREWALL && run->firewall_changes) {
			firewall_restore(run);
			return;
		}
	}
	run_answer(run, run->error, run->text);
}

void xt_reload_undo(struct xt_reload_run *run, xt_reload_done *done, void *ctx)
{
	run->busy = true;
	run->done = done;
	run->ctx = ctx;
	run->over = true;
	run->error = 0;
	run->failed = run->began;
	*run->text = '\0';
	step_undo(run);
}

/* --- the end --- */

void xt_reload_commit(struct xt_reload_run *run, xt_reload_done *done, void *ctx)
{
	run->busy = true;
	run->done = done;
	run->ctx = ctx;
	if (!xt_reload_ready(run)) {
		run_answer(run, XT_E_INVALID, "");
		return;
	}
	run->over = true;
	if (run->edit)
		xt_link_commit(run->edit);
	run->edit = NULL;
	run->began = 0;
	if (run->policy_changes)
		xt_host_change_policy(run->options.host, &run->data.policy);
	xt_host_change_finish(run->options.host, &run->data.policy, run->data.without_ipv6,
			      on_host_changed, run);
}

static int job_clear(struct xt_reload_run *run)
{
	xt_reload_clear(&run->data, run->options.drop);
	free(xt_memory_mark());
	return 0;
}

static void on_cleared(uv_work_t *work, int status)
{
	(void)status;
	free(work->data);
}

void xt_reload_end(struct xt_reload_run *run)
{
	if (!run)
		return;
	if (run->edit) /* only of a caller that takes nothing back */
		(void)job_revert(run);
	run->job = job_clear;
	run->work.data = run;
	if (uv_queue_work(run->loop, &run->work, job_work, on_cleared) < 0) {
		(void)job_clear(run);
		free(run);
	}
}

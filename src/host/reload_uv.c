/* SPDX-License-Identifier: MIT */
/* A reload on the host. What takes time with many peers (reading the file, comparing, routes)
 * runs on a worker thread: packets move meanwhile. */
#include "host/reload_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/trim.h"
#include "config/conf_diagnostic.h"
#include "config/conf_write.h"
#include "host/link_plan.h"

/* began   how many steps were begun: those are undone
 * failed  its value when the last one failed
 * edit    of the link, between XT_RELOAD_LINK and the end
 * job     on the worker thread: its function, and what it returned */
struct xt_reload_run {
	struct xt_reload data;
	uv_loop_t *loop;
	struct xt_reload_options options;
	unsigned began, failed;
	bool dns_changes, firewall_changes, link_changes, policy_changes;
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

/* A user that could write the file could change the host as soon as it is read again. */
static int mode_judge(const char *path, struct xt_conf_diagnostics *diagnostics)
{
	struct stat st;
	int rc;

	if (geteuid() != 0 || stat(path, &st) < 0 || !(st.st_mode & S_IWOTH))
		return 0;
	rc = xt_conf_diagnostics_add(diagnostics, XT_LINT_UNTRUSTED, 0, 0,
				     "others can write this file (mode %03o): chmod o-w %.100s",
				     (unsigned)st.st_mode & 0777, path);
	return rc < 0 ? rc : XT_E_SYNTAX;
}

static int file_read(struct xt_reload_run *run)
{
	const char *path = run->options.conf->path;
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf *file = &run->data.file;
	int rc = xt_conf_reload(file, path, &diagnostics);

	if (rc == 0)
		rc = mode_judge(path, &diagnostics);
	if (rc == 0)
		rc = xt_conf_check(file, &diagnostics);
	if (rc == 0)
		rc = xt_conf_trust(file, &diagnostics);
	if (rc == 0)
		rc = xt_key_command_load(file, run->options.key_command,
					 run->options.key_command_ctx, &diagnostics);
	if (diagnostics.n)
		run->data.findings = xt_conf_diagnostics_print(&diagnostics, path);
	xt_conf_diagnostics_clear(&diagnostics);
	return rc;
}

static bool rows_have_peer(const struct xt_conf_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++)
		if (diff->v[i].key == XT_KEYS)
			return true;
	return false;
}

static int changes_find(struct xt_reload_run *run)
{
	const struct xt_link_policy *old = &run->options.policy, *new = &run->data.policy;
	const struct xt_conf_diff *diff = &run->data.diff;
	const bool *keys = diff->keys;
	bool networks = keys[XT_KEY_ALLOWED_IPS] || keys[XT_KEY_TABLE] || rows_have_peer(diff);
	int rc;

	run->data.without_ipv6 = xt_conf_without_ipv6(&run->data.file);
	rc = xt_conf_policy(&run->data.policy, &run->data.file, run->data.without_ipv6, old);
	if (rc == -ERANGE)
		snprintf(run->text, sizeof(run->text),
			 "no routing table or no rule priority is free for the default route");
	run->data.mark = new->table ? new->table : run->data.file.fwmark;
	run->policy_changes = memcmp(old, new, sizeof(*old)) != 0;
	run->dns_changes = keys[XT_KEY_DNS];
	run->firewall_changes = new->table != 0 && (run->policy_changes || keys[XT_KEY_ADDRESS]);
	run->link_changes = run->options.link && (networks || run->policy_changes ||
						  keys[XT_KEY_ADDRESS] || keys[XT_KEY_MTU]);
	return rc;
}

/* The change holds what the device needs of them. */
static void keys_wipe(struct xt_conf *file)
{
	xt_wipe(&file->private_key, sizeof(file->private_key));
	for (size_t i = 0; i < file->n_peers; i++)
		xt_wipe(&file->peers[i].psk, sizeof(file->peers[i].psk));
}

static bool texts_equal(const struct xt_conf *a, const struct xt_conf *b)
{
	char *x = NULL, *y = NULL;
	size_t x_len = 0, y_len = 0;
	bool equal = xt_conf_write(a, &x, &x_len) == 0 && xt_conf_write(b, &y, &y_len) == 0 &&
		     x_len == y_len && memcmp(x, y, x_len) == 0;

	free(x);
	free(y);
	return equal;
}

/* Both are without keys. Only where programs alone could have made the difference. */
static bool file_is_same(const struct xt_reload_run *run)
{
	const struct xt_conf_diff *diff = &run->data.diff;

	if (diff->keys[XT_KEY_PRIVATE_KEY] || diff->keys[XT_KEY_PRESHARED_KEY])
		return false;
	return diff->n == 0 || texts_equal(run->options.conf, &run->data.file);
}

static int job_read(struct xt_reload_run *run)
{
	const struct xt_conf *conf = run->options.conf;
	const struct xt_conf_running running = {
	    .conf = conf,
	    .report = run->options.report,
	    .auto_mark = conf->fwmark == 0 ? run->options.policy.table : 0,
	};
	int rc = file_read(run);

	run->data.accepted = rc == 0;
	if (rc == 0)
		rc = xt_conf_diff(&run->data.diff, &running, &run->data.file);
	if (rc == 0)
		rc = changes_find(run);
	if (rc == 0 && run->options.prepare)
		rc = run->options.prepare(&run->data.prepared, &run->data.file);
	keys_wipe(&run->data.file);
	run->data.path = realpath(conf->path, NULL);
	run->data.same = rc == 0 && file_is_same(run);
	xt_report_free(run->options.report);
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

/* --- steps --- */

static int job_extend(struct xt_reload_run *run)
{
	struct xt_conf_link link;
	int rc = xt_conf_link(&link, &run->data.file);

	if (rc < 0)
		return rc;
	link.plan.policy = run->data.policy;
	if (run->data.without_ipv6)
		xt_conf_link_drop_ipv6(&link);
	rc = xt_link_extend(&run->edit, run->options.link, &link.plan,
			    run->data.diff.keys[XT_KEY_MTU], run->text, sizeof(run->text));
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

void xt_reload_step(struct xt_reload_run *run, enum xt_reload_step step, xt_reload_done *done,
		    void *ctx)
{
	run->done = done;
	run->ctx = ctx;
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
	run->done = done;
	run->ctx = ctx;
	run->error = 0;
	run->failed = run->began;
	*run->text = '\0';
	step_undo(run);
}

/* --- the end --- */

void xt_reload_commit(struct xt_reload_run *run, xt_reload_done *done, void *ctx)
{
	run->done = done;
	run->ctx = ctx;
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
	xt_conf_clear(&run->data.file);
	xt_conf_diff_clear(&run->data.diff);
	if (run->data.prepared)
		run->options.drop(run->data.prepared);
	run->data.prepared = NULL;
	free(xt_memory_mark());
	return 0;
}

/* After job_clear. */
static void run_free(struct xt_reload_run *run)
{
	free(run->data.findings);
	free(run->data.path);
	free(run);
}

static void on_cleared(uv_work_t *work, int status)
{
	(void)status;
	run_free(work->data);
}

void xt_reload_end(struct xt_reload_run *run)
{
	if (!run)
		return;
	run->job = job_clear;
	run->work.data = run;
	if (uv_queue_work(run->loop, &run->work, job_work, on_cleared) < 0) {
		(void)job_clear(run);
		run_free(run);
	}
}

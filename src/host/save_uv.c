/* SPDX-License-Identifier: MIT */
/* The running state, put into the configuration file on a worker thread: 100,000 peers are 30 MB
 * that are read, parsed, printed, written and synced. */
#include "host/save_uv.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/conf_edit.h"
#include "config/conf_write.h"
#include "platform/malloc.h"

struct job {
	uv_work_t work;
	char *path;
	char name[16];
	struct xt_save save;
	int error;
	xt_save_done *done;
	void *ctx;
};

static void save_clear(struct xt_save *save)
{
	xt_report_free(save->report);
	free(save->addresses);
}

/* Peers that are disabled in the old text stay so; other comments are lost. */
static int file_replace(const char *path, const struct xt_conf *conf, const struct xt_secbuf *old)
{
	struct xt_secbuf out = XT_SECBUF_INIT(XT_SECBUF_MAX);
	char *text = NULL;
	size_t len = 0;
	int rc = xt_conf_write(conf, &text, &len);

	if (rc < 0)
		return rc;
	xt_secbuf_append(&out, text, len);
	xt_wipe(text, len);
	free(text);
	rc = xt_edit_keep_disabled(old->p ? old->p : "", old->len, &out);
	if (rc == 0)
		rc = xt_conf_replace(path, out.p ? out.p : "", out.len);
	xt_secbuf_clear(&out);
	return rc;
}

/* Of the interface, as it is now. */
static int interface_read(const char *name, struct xt_save *save)
{
	int rc = xt_link_mtu_get(if_nametoindex(name), &save->mtu);

	return rc < 0 ? rc : xt_link_addresses(name, &save->addresses, &save->n_addresses);
}

/* A verb that changes the file, as `add`, waits for a reload by this instance, and its peer is not
 * in the report yet: its lock is not waited for. Without any, the reading says what is wrong. */
static int file_update(const char *path, const struct xt_save *save)
{
	struct xt_conf_force force = {
	    .report = save->report,
	    .addresses = save->addresses,
	    .n_addresses = save->n_addresses,
	    .mtu = save->mtu,
	    .auto_mark = save->auto_mark,
	    .command_key = &save->command_key,
	};
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf file = {0};
	struct xt_secbuf text;
	int lock = xt_conf_lock(path), rc;

	if (lock == -EWOULDBLOCK)
		return -EBUSY;
	rc = xt_conf_reload_text(&file, path, &text, &diagnostics);
	if (rc == 0 && (file.save_config || !save->unasked)) {
		rc = xt_conf_update(&file, &force);
		if (rc == 0)
			rc = file_replace(path, &file, &text);
	}
	xt_conf_diagnostics_clear(&diagnostics);
	xt_secbuf_clear(&text);
	xt_conf_clear(&file);
	if (lock >= 0)
		close(lock);
	return rc;
}

static void job_work(uv_work_t *work)
{
	struct job *job = work->data;

	job->error = job->save.read_back ? interface_read(job->name, &job->save) : 0;
	if (job->error == 0)
		job->error = file_update(job->path, &job->save);
	save_clear(&job->save);
	free(xt_memory_mark());
}

static void job_free(struct job *job)
{
	free(job->path);
	free(job);
}

static void on_worked(uv_work_t *work, int status)
{
	struct job *job = work->data;
	xt_save_done *done = job->done;
	void *ctx = job->ctx;
	int error = status < 0 ? status : job->error;

	job_free(job);
	done(ctx, error);
}

int xt_save_start(uv_loop_t *loop, const char *path, const char *name, const struct xt_save *save,
		  xt_save_done *done, void *ctx)
{
	struct job *job = calloc(1, sizeof(*job));
	struct xt_save kept = *save;
	int rc = XT_E_NOMEM;

	if (job)
		job->path = strdup(path);
	if (job && job->path) {
		job->work.data = job;
		job->save = kept;
		snprintf(job->name, sizeof(job->name), "%s", name);
		job->done = done;
		job->ctx = ctx;
		rc = uv_queue_work(loop, &job->work, job_work, on_worked);
		if (rc == 0)
			return 0;
	}
	save_clear(&kept);
	if (job)
		job_free(job);
	return rc;
}

/* SPDX-License-Identifier: MIT */
/* The host's part of a reload: the file is read and compared on a worker thread, and the host is
 * changed step by step. Whatever was done is taken back in reverse. */
#ifndef XT_HOST_RELOAD_UV_H
#define XT_HOST_RELOAD_UV_H

#include <uv.h>

#include "host/host_uv.h"
#include "host/key_command.h"
#include "host/reload.h"

struct xt_reload_run;

/* conf, host, link  of the instance; borrowed until the end. link: NULL: there is none
 * policy            in force
 * report            of its device; freed by the reload. NULL: the file is only read
 * prepare, drop     as in host/request.h
 * key_command       on a worker thread; NULL: PrivateKeyCommand runs here */
struct xt_reload_options {
	const struct xt_conf *conf;
	struct xt_host *host;
	struct xt_link *link;
	struct xt_link_policy policy;
	struct xt_report *report;
	int (*prepare)(void **out, const struct xt_conf *file);
	void (*drop)(void *prepared);
	xt_key_command_fn *key_command;
	void *key_command_ctx;
};

/* error: 0; XT_E_SYNTAX or -errno: of the file, see reload->findings; XT_E_NOMEM. text: a sentence
 * for a step that failed, "" if none. Once, from the loop or from within the call. */
typedef void xt_reload_done(void *ctx, int error, const char *text);

/* Read the file, and compare. XT_E_NOMEM: done is not called, and the report was freed. */
int xt_reload_start(struct xt_reload_run **out, uv_loop_t *loop,
		    const struct xt_reload_options *options, xt_reload_done *done, void *ctx);
struct xt_reload *xt_reload_data(struct xt_reload_run *run);
/* The answer to a call is outstanding: no other one may be made. */
bool xt_reload_busy(const struct xt_reload_run *run);
/* The file is without fault and was not applied yet: steps and commit are possible. */
bool xt_reload_ready(const struct xt_reload_run *run);
/* The steps in order; one that has nothing to do succeeds. After an error undo follows. hints: only
 * those of the first step are used. XT_E_INVALID: not in order, or the file has an error. */
void xt_reload_step(struct xt_reload_run *run, enum xt_reload_step step,
		    const struct xt_reload_hints *hints, xt_reload_done *done, void *ctx);
/* Take back what was done, the failed step included. done gets the first error. */
void xt_reload_undo(struct xt_reload_run *run, xt_reload_done *done, void *ctx);
/* What was done stays. XT_E_INVALID: as above. */
void xt_reload_commit(struct xt_reload_run *run, xt_reload_done *done, void *ctx);
/* Wipes and frees, on a worker thread. NULL is fine. */
void xt_reload_end(struct xt_reload_run *run);

#endif

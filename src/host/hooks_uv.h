/* SPDX-License-Identifier: MIT */
/* Run a list of hooks (PreUp, PostUp, PreDown, PostDown) on a loop, one command after the other. */
#ifndef XT_HOST_HOOKS_UV_H
#define XT_HOST_HOOKS_UV_H

#include <uv.h>

#include "config/conf.h"
#include "host/hooks.h"

struct xt_hooks_run;
struct xt_runner;

typedef void xt_hooks_done(void *ctx, const struct xt_hooks_result *result);

/* hooks    copied
 * from     index of the first one to run
 * name     replaces %i
 * capture  hooks write to a file in memory; its end goes into the result when a hook fails, and to
 *	    our standard error. Otherwise they write to our standard error directly.
 * quiet    this process prints nothing of it
 * runner   NULL, or the process that runs them: those of this list of the file that it read itself,
 *	    whatever is in hooks and name, and to its standard error */
struct xt_hooks_options {
	const struct xt_conf_hooks *hooks;
	size_t from;
	const char *name;
	bool capture, quiet;
	struct xt_runner *runner;
	enum xt_hook_list list;
};

/* Run hooks in order by "bash -e -o pipefail -O extglob -c" as wg-quick(8) does, without bash by
 * "sh -e". Each is printed on standard error as "[#] command" before it runs. A child has /dev/null
 * for input and no descriptor but the three standard ones. The first that fails ends the run.
 * done is called once, from the loop, never from within this call. XT_E_NOMEM. */
int xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop,
		   const struct xt_hooks_options *options, xt_hooks_done *done, void *ctx);
/* End the running hook (its process group: SIGTERM, after 2 s SIGKILL); done is called with
 * -ECANCELED. Not to be called after done. */
void xt_hooks_cancel(struct xt_hooks_run *run);

#endif

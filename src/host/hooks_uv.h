/* PreUp, PostUp, PreDown, PostDown: a list of commands, one after the other, on a loop. */
#ifndef XT_HOST_HOOKS_UV_H
#define XT_HOST_HOOKS_UV_H

#include <uv.h>

#include "config/conf.h"

struct xt_hooks_run;

/* line    of the failed hook in its file, 0 when all went well
 * error   0; XT_E_INVALID: it ended with status or signal; -ECANCELED; -errno: could not be started
 */
struct xt_hooks_result {
	unsigned line;
	int error;
	int64_t status;
	int signal;
};
typedef void xt_hooks_done(void *ctx, const struct xt_hooks_result *result);

/* Run hooks in order by "bash -c", without bash by "sh -c"; %i becomes name. Each is told on
 * standard error as "[#] command". A child has /dev/null for input, our standard error for output
 * and error, and no other descriptor. The first that fails ends the run. done is called once, from
 * the loop, never from within this call. hooks are copied. XT_E_NOMEM. */
int xt_hooks_start(struct xt_hooks_run **out, uv_loop_t *loop, const struct xt_conf_hooks *hooks,
		   const char *name, xt_hooks_done *done, void *ctx);
/* End the running hook (its process group: SIGTERM, after 2 s SIGKILL); done comes with -ECANCELED.
 * Not after done was called. */
void xt_hooks_cancel(struct xt_hooks_run *run);

/* "PostUp on line 7 ended with status 3" in buf; what: the key. */
void xt_hooks_text(const struct xt_hooks_result *result, const char *what, char *buf, size_t len);

#endif

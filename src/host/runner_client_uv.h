/* SPDX-License-Identifier: MIT */
/* The monitor's side of the runner (host/runner.h): hooks and programs that it asks for. */
#ifndef XT_HOST_RUNNER_CLIENT_UV_H
#define XT_HOST_RUNNER_CLIENT_UV_H

#include <uv.h>

#include "host/runner.h"

struct xt_runner;
struct xt_runner_task;

/* Takes fd, the end of a channel pair whose other end xt_runner_serve has, also when it fails.
 * XT_E_NOMEM, -errno. */
int xt_runner_open(struct xt_runner **out, uv_loop_t *loop, int fd);
/* The runner sees the end of its socket, ends what runs, and exits. Open tasks are not answered.
 * The loop has to run once more. NULL is fine. */
void xt_runner_close(struct xt_runner *runner);

/* The interface has this name. Without a runner (NULL) these three do nothing. */
void xt_runner_name(struct xt_runner *runner, const char *name);
/* The file was read again and is in force: the runner reads it too. When that fails, a message says
 * so, and the runner's hooks are those of before. */
void xt_runner_read(struct xt_runner *runner);
/* Hooks write to /dev/null from now on. */
void xt_runner_detach(struct xt_runner *runner);

/* error  0, or -EPIPE: the runner has ended, there is no data
 * data   of the answer, of the kind that was asked for; its length is checked by the caller. Valid
 *	  for the call */
typedef void xt_runner_done(void *ctx, int error, const uint8_t *data, size_t len);

/* done is called once, from the loop. list: an enum xt_hook_list. XT_E_NOMEM. */
int xt_runner_hook_text(struct xt_runner_task **out, struct xt_runner *runner, unsigned list,
			size_t index, xt_runner_done *done, void *ctx);
int xt_runner_hook(struct xt_runner_task **out, struct xt_runner *runner, unsigned list,
		   size_t index, bool capture, xt_runner_done *done, void *ctx);
/* argv ends with NULL; argv and input are copied. */
int xt_runner_command(struct xt_runner_task **out, struct xt_runner *runner,
		      const char *const *argv, const char *input, size_t len, xt_runner_done *done,
		      void *ctx);
/* End it: a program by SIGKILL, a hook by SIGTERM first. done is called as always. */
void xt_runner_cancel(struct xt_runner_task *task);

/* From a thread that is not the loop's, one at a time: read the file, run its PrivateKeyCommand,
 * and wait for the key. text: of cap bytes, why it failed, "" if the error says that. 0, -errno,
 * XT_E_*; out is wiped then. The loop must run meanwhile, and the runner must not be closed. */
int xt_runner_key(struct xt_runner *runner, struct xt_private *out, char *text, size_t cap);

#endif

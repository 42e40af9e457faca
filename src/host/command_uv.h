/* SPDX-License-Identifier: MIT */
/* Run one program with arguments and a text for its standard input, on a loop, without a shell. */
#ifndef XT_HOST_COMMAND_UV_H
#define XT_HOST_COMMAND_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct xt_command;
struct xt_runner;

/* error    0: it ended with status 0; XT_E_INVALID: with another status or by a signal; -ETIMEDOUT;
 *	    -ENOENT: there is no such program; -errno: it could not be started
 * message  the first line of its standard error, "" if none */
struct xt_command_result {
	int error;
	int64_t status;
	int signal;
	char message[160];
};
typedef void xt_command_done(void *ctx, const struct xt_command_result *result);

#define XT_COMMAND_LIMIT_MS 10000

/* runner: NULL, or the process that runs it, where only some programs are allowed (host/runner.h).
 * argv ends with NULL; argv[0] is searched in PATH; input (may be NULL) and argv are copied. done
 * is called once, from the loop; the command is freed before. XT_E_NOMEM. */
int xt_command_start(struct xt_command **out, uv_loop_t *loop, struct xt_runner *runner,
		     const char *const *argv, const char *input, size_t len, xt_command_done *done,
		     void *ctx);
/* Kill it; done is called as always. */
void xt_command_kill(struct xt_command *command);

/* "ended with status 3: message" in buf. */
void xt_command_text(const struct xt_command_result *result, char *buf, size_t len);

#endif

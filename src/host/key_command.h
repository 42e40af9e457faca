/* SPDX-License-Identifier: MIT */
/* PrivateKeyCommand: a program that prints the private key. It runs with the rights of hooks, so
 * the caller has judged the file by xt_conf_trust. */
#ifndef XT_HOST_KEY_COMMAND_H
#define XT_HOST_KEY_COMMAND_H

#include "config/conf.h"

#define XT_KEY_COMMAND_LIMIT_MS 30000 /* of the file's PrivateKeyCommand */

/* Run command by a shell (host/hook_command.h) and wait for its end, at most limit_ms; not on a
 * thread that moves packets. Its standard input is empty, its standard error is ours, and its
 * standard output holds one key in base64 and white space. What exceeds the limit is killed with
 * all processes of its group. A process that the shell has left behind at its end is not awaited.
 * out    the key; wiped on error
 * text   of cap bytes: on error the end of a sentence that begins with the key's name
 * returns  0; -ETIMEDOUT; XT_E_INVALID: it failed, or printed no key; -errno: it did not start */
int xt_key_command_run(const char *command, unsigned limit_ms, struct xt_private *out, char *text,
		       size_t cap);

/* Runs the command: by xt_key_command_run, or in another process. */
typedef int xt_key_command_fn(void *ctx, const char *command, struct xt_private *out, char *text,
			      size_t cap);

/* Let the PrivateKeyCommand of a file that was loaded, if it has one, set the private key.
 * run    NULL: xt_key_command_run with XT_KEY_COMMAND_LIMIT_MS
 * 0; XT_E_SYNTAX with a diagnostic; XT_E_NOMEM. */
int xt_key_command_load(struct xt_conf *conf, xt_key_command_fn *run, void *ctx,
			struct xt_conf_diagnostics *diagnostics);

#endif

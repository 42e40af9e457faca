/* SPDX-License-Identifier: MIT */
/* The inside of struct xt_hooks_run that every system has: its list, its place in it, its end. For
 * hooks_uv.c and hooks_windows_uv.c, which start the commands. */
#ifndef XT_HOST_HOOKS_RUN_UV_H
#define XT_HOST_HOOKS_RUN_UV_H

#include "host/hooks_uv.h"

/* timer     0 ms: start the next; after a cancel a system may use it for its own
 * commands  expanded, with their lines, n of each
 * at        the present one; n: all have run
 * running   process is that of the present one */
struct xt_hooks_run {
	uv_loop_t *loop;
	uv_process_t process;
	uv_timer_t timer;
	char **commands;
	unsigned *lines;
	size_t n, at;
	bool running, cancelled, over;
	xt_hooks_done *done;
	void *ctx;
	struct xt_hooks_result result;
	void (*clear)(struct xt_hooks_run *run); /* what a system holds beside; NULL: nothing */
};

/* run: zeroed memory of malloc, which may be larger, and is freed at the end and on failure; next
 * is called from the loop. with_commands: those of options; otherwise none. XT_E_NOMEM. */
int xt_hooks_run_start(struct xt_hooks_run *run, uv_loop_t *loop,
		       const struct xt_hooks_options *options, bool with_commands, uv_timer_cb next,
		       xt_hooks_done *done, void *ctx);
/* The end of the whole: done is called once the timer has closed. Twice is fine. */
void xt_hooks_run_finish(struct xt_hooks_run *run);
/* The present hook has failed, or could not be started; run->at may be past the last one. */
void xt_hooks_run_note(struct xt_hooks_run *run, int error);
void xt_hooks_run_fail(struct xt_hooks_run *run, int error); /* both */
/* "[#] command", as wg-quick(8) does. */
void xt_hooks_run_print(const char *command, size_t len);

#endif

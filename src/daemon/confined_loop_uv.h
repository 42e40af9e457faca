/* SPDX-License-Identifier: MIT */
/* The loop of a process that takes locks. */
#ifndef XT_DAEMON_CONFINED_LOOP_UV_H
#define XT_DAEMON_CONFINED_LOOP_UV_H

#include <uv.h>

/* uv_loop_init, for a loop that has no ring of io_uring; for a process with no_new_privs. */
int xt_confined_loop_init(uv_loop_t *loop);

#endif

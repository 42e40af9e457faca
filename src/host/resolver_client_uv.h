/* SPDX-License-Identifier: MIT */
/* The monitor's side of the resolver process (host/resolver_process_uv.h). */
#ifndef XT_HOST_RESOLVER_CLIENT_UV_H
#define XT_HOST_RESOLVER_CLIENT_UV_H

#include "host/resolve_uv.h"

struct xt_resolver_process;

/* Takes fd, the end of a channel pair whose other end xt_resolver_serve has, also when it fails.
 * XT_E_NOMEM, -errno. */
int xt_resolver_process_open(struct xt_resolver_process **out, uv_loop_t *loop, int fd);
/* The process sees the end of its socket, and exits. Nothing is answered any more. The loop has to
 * run once more. NULL is fine. */
void xt_resolver_process_close(struct xt_resolver_process *process);

/* Any number may be open; the process has XT_RESOLVER_WINDOW at once, the others wait in their
 * order. question is copied; sockets to its servers are opened here, with its mark, and go with it.
 * answered is called once, from the loop, with its id; what the process sent is checked. When the
 * process has ended, the answer says so. XT_E_NOMEM. */
int xt_resolver_process_ask(struct xt_resolver_process *process,
			    const struct xt_resolver_question *question,
			    void (*answered)(void *ctx, const struct xt_resolver_answer *answer),
			    void *ctx);
/* Questions with this ctx are not answered any more. */
void xt_resolver_process_forget(struct xt_resolver_process *process, const void *ctx);

#endif

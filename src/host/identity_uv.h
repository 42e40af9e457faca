/* SPDX-License-Identifier: MIT */
/* The files of one identity in the state directory: the bound of its timestamps and the records of
 * its peers. The handlers of XT_REQUEST_BOUND_READ, BOUND_WRITE and PEERS_WRITE. */
#ifndef XT_HOST_IDENTITY_UV_H
#define XT_HOST_IDENTITY_UV_H

#include <uv.h>

#include "host/request.h"

struct xt_identity;

/* written  called from the loop for each bound_write that returned XT_IDENTITY_LATER, unless
 *          another bound_write or read came in between. XT_E_NOMEM. */
int xt_identity_new(struct xt_identity **out, uv_loop_t *loop,
		    void (*written)(void *ctx, const struct xt_reply *reply), void *ctx);

/* Open the files called name in place of those that are open, and fill in reply->bound and text. */
int xt_identity_read(struct xt_identity *identity, const char *name, struct xt_reply *reply);

#define XT_IDENTITY_LATER 1
/* last  nothing is written after it: it is written before this returns, as the first one is */
int xt_identity_bound_write(struct xt_identity *identity, uint64_t bound, bool last,
			    struct xt_reply *reply);
/* 0; XT_E_AGAIN: ask again in a second; or the error of an earlier write, which comes with a text
 * once. */
int xt_identity_peers_write(struct xt_identity *identity, const struct xt_peer_memory *v, size_t n,
			    struct xt_reply *reply);

/* Writes what is left. The loop has to run once more. NULL is fine. */
void xt_identity_close(struct xt_identity *identity);

#endif

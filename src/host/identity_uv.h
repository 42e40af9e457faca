/* SPDX-License-Identifier: MIT */
/* The files of the present identity in the state directory. The handlers of XT_REQUEST_BOUND_READ,
 * BOUND_WRITE and PEERS_WRITE. */
#ifndef XT_HOST_IDENTITY_UV_H
#define XT_HOST_IDENTITY_UV_H

#include <uv.h>

#include "host/request.h"

struct xt_identity;

/* Both are called from the loop, once for what returned XT_IDENTITY_LATER.
 * read     reply->bound.peers is the receiver's
 * written  not called when a read came in between */
struct xt_identity_callbacks {
	void *ctx;
	void (*read)(void *ctx, const struct xt_reply *reply);
	void (*written)(void *ctx, const struct xt_reply *reply);
};

#define XT_IDENTITY_LATER 1

/* XT_E_NOMEM, -errno. */
int xt_identity_new(struct xt_identity **out, uv_loop_t *loop,
		    const struct xt_identity_callbacks *callbacks);

/* Open the files called name in place of those that are open, and fill in reply->bound and text.
 * The first ones are opened before this returns, because no packet moves yet; later a thread closes
 * the old files, with what is left to write, and opens the new ones: XT_IDENTITY_LATER. One read at
 * a time. */
int xt_identity_read(struct xt_identity *identity, const char *name, struct xt_reply *reply);

/* last  nothing is written after it: it is written when the files are closed. Of the first files
 *       the first bound is written before this returns; the others: XT_IDENTITY_LATER */
int xt_identity_bound_write(struct xt_identity *identity, uint64_t bound, bool last,
			    struct xt_reply *reply);
/* 0; XT_E_AGAIN: ask again in a second; or the error of an earlier write, which comes with a text
 * once. */
int xt_identity_peers_write(struct xt_identity *identity, const struct xt_peer_memory *v, size_t n,
			    struct xt_reply *reply);

/* Writes what is left. The loop has to run once more. NULL is fine. */
void xt_identity_close(struct xt_identity *identity);

#endif

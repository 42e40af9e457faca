/* SPDX-License-Identifier: MIT */
/* A long answer, written piece by piece: neither copied nor written in one go. Its text may be made
 * while what came before is on its way. */
#ifndef XT_IPC_STREAM_UV_H
#define XT_IPC_STREAM_UV_H

#include <stdbool.h>
#include <uv.h>

#include "ipc/server_uv.h"

struct xt_stream;

/* Answer request with bytes, which are malloc'ed, taken over and wiped, as its last answer. over is
 * called once when all was handed over, perhaps before this returns; not after a cancel. A NULL or
 * empty answer closes the connection. */
struct xt_stream *xt_stream_start(uv_loop_t *loop, struct xt_request *request, char *bytes,
				  size_t len, void (*over)(void *ctx), void *ctx);
/* The same with bytes to come, by xt_stream_append until last; over is called after the last ones.
 * NULL: no memory, the request is still the caller's. What the client does not read waits. */
struct xt_stream *xt_stream_open(uv_loop_t *loop, struct xt_request *request,
				 void (*over)(void *ctx), void *ctx);
/* bytes are as above and not empty. false: no memory, they are freed and nothing was appended. */
bool xt_stream_append(struct xt_stream *stream, char *bytes, size_t len, bool last);
/* The request has been cancelled. NULL does nothing. */
void xt_stream_cancel(struct xt_stream *stream);

#endif

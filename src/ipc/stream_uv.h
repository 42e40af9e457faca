/* SPDX-License-Identifier: MIT */
/* A long answer, written piece by piece: neither copied nor written in one go. */
#ifndef XT_IPC_STREAM_UV_H
#define XT_IPC_STREAM_UV_H

#include <uv.h>

#include "ipc/server_uv.h"

struct xt_stream;

/* Answer request with bytes, which are malloc'ed, taken over and wiped, as its last answer. over is
 * called once when all was handed over, perhaps before this returns; not after a cancel. A NULL or
 * empty answer closes the connection. */
struct xt_stream *xt_stream_start(uv_loop_t *loop, struct xt_request *request, char *bytes,
				  size_t len, void (*over)(void *ctx), void *ctx);
/* The request has been cancelled. NULL does nothing. */
void xt_stream_cancel(struct xt_stream *stream);

#endif

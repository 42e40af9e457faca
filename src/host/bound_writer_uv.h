/* SPDX-License-Identifier: MIT */
/* Writes the file of an identity's timestamps on a thread of its own, so that the loop's never
 * waits for the disk. libuv's pool is no place for it: names that do not resolve may hold it. */
#ifndef XT_HOST_BOUND_WRITER_UV_H
#define XT_HOST_BOUND_WRITER_UV_H

#include <uv.h>

#include "host/bound_file.h"

struct xt_bound_writer;
typedef void xt_bound_writer_done(void *ctx, int error);

/* XT_E_NOMEM, or an error of libuv. */
int xt_bound_writer_new(struct xt_bound_writer **out, uv_loop_t *loop, xt_bound_writer_done *done,
			void *ctx);
/* Write bound to file (borrowed until done is called from the loop, or until wait). XT_E_AGAIN: a
 * write is under way; another error: there is no thread. */
int xt_bound_writer_start(struct xt_bound_writer *writer, struct xt_bound_file *file,
			  uint64_t bound);
bool xt_bound_writer_busy(const struct xt_bound_writer *writer);
/* Wait for the write under way, if any; done is not called for it. */
void xt_bound_writer_wait(struct xt_bound_writer *writer);
/* Waits and frees; the handle closes in the loop's next iteration. NULL is fine. */
void xt_bound_writer_close(struct xt_bound_writer *writer);

#endif

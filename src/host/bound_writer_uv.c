/* SPDX-License-Identifier: MIT */
/* The thread that writes the bound of timestamps. */
#include "host/bound_writer_uv.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <xtunnel/error.h>

struct xt_bound_writer {
	xt_bound_writer_done *done;
	void *ctx;
	uv_async_t written;
	uv_thread_t thread;
	bool running;	  /* started and not joined yet */
	atomic_bool over; /* joining it does not wait */
	struct xt_bound_file *file;
	uint64_t bound;
	int error;
};

static void on_thread(void *ctx)
{
	struct xt_bound_writer *writer = ctx;

	writer->error = xt_bound_write(writer->file, writer->bound);
	atomic_store(&writer->over, true);
	uv_async_send(&writer->written);
}

static void on_written(uv_async_t *async)
{
	struct xt_bound_writer *writer = async->data;

	if (!writer->running || !atomic_load(&writer->over)) /* of a write that was waited for */
		return;
	xt_bound_writer_wait(writer);
	writer->done(writer->ctx, writer->error);
}

int xt_bound_writer_new(struct xt_bound_writer **out, uv_loop_t *loop, xt_bound_writer_done *done,
			void *ctx)
{
	struct xt_bound_writer *writer = calloc(1, sizeof(*writer));
	int rc;

	if (!writer)
		return XT_E_NOMEM;
	rc = uv_async_init(loop, &writer->written, on_written);
	if (rc < 0) {
		free(writer);
		return rc;
	}
	uv_unref((uv_handle_t *)&writer->written);
	writer->written.data = writer;
	writer->done = done;
	writer->ctx = ctx;
	*out = writer;
	return 0;
}

int xt_bound_writer_start(struct xt_bound_writer *writer, struct xt_bound_file *file,
			  uint64_t bound)
{
	int rc;

	if (writer->running)
		return XT_E_AGAIN;
	writer->file = file;
	writer->bound = bound;
	atomic_store(&writer->over, false);
	rc = uv_thread_create(&writer->thread, on_thread, writer);
	writer->running = rc == 0;
	if (rc == 0) /* the loop does not end while an answer is due */
		uv_ref((uv_handle_t *)&writer->written);
	return rc;
}

bool xt_bound_writer_busy(const struct xt_bound_writer *writer)
{
	return writer->running;
}

void xt_bound_writer_wait(struct xt_bound_writer *writer)
{
	if (!writer->running)
		return;
	uv_thread_join(&writer->thread);
	uv_unref((uv_handle_t *)&writer->written);
	writer->running = false;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void xt_bound_writer_close(struct xt_bound_writer *writer)
{
	if (!writer)
		return;
	xt_bound_writer_wait(writer);
	uv_close((uv_handle_t *)&writer->written, on_closed);
}

/* SPDX-License-Identifier: MIT */
/* The files of the present identity. Those of the first one are opened while no packet moves. When
 * the identity changes, a thread closes its files and opens those of the next one. */
#include "host/identity_uv.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "host/bound_writer_uv.h"
#include "host/identity_files.h"

/* A change of the files, of the thread's from its start until it is joined.
 * running  started and not joined yet
 * waits    for a bound that is being written: the thread starts then
 * records  of the new files, the receiver's */
struct move {
	uv_thread_t thread;
	uv_async_t done;
	bool running, waits;
	atomic_bool over; /* joining it does not wait */
	char name[64];
	struct xt_identity_files old, fresh;
	struct xt_peer_memory *records;
	size_t n_records;
	int error;
};

struct xt_identity {
	uv_loop_t *loop;
	struct xt_identity_callbacks callbacks;
	struct xt_identity_files files;
	bool moves; /* files were opened before: packets move */
	struct move move;
	struct xt_bound_writer *writer; /* NULL: not needed yet */
	bool bound_written;		/* the first bound of the first files */
	bool peers_warned;
	char text[320];
};

static void move_end(struct xt_identity *identity);

static void on_moved(uv_async_t *async)
{
	struct xt_identity *identity = async->data;

	if (identity->move.running && atomic_load(&identity->move.over))
		move_end(identity);
}

int xt_identity_new(struct xt_identity **out, uv_loop_t *loop,
		    const struct xt_identity_callbacks *callbacks)
{
	struct xt_identity *identity = calloc(1, sizeof(*identity));
	int rc;

	if (!identity)
		return XT_E_NOMEM;
	rc = uv_async_init(loop, &identity->move.done, on_moved);
	if (rc < 0) {
		free(identity);
		return rc;
	}
	uv_unref((uv_handle_t *)&identity->move.done);
	identity->move.done.data = identity;
	identity->loop = loop;
	identity->callbacks = *callbacks;
	*out = identity;
	return 0;
}

static void reply_fill(const struct xt_identity_files *files, struct xt_reply *reply)
{
	reply->bound.floor = xt_bound_floor(files->bound);
	reply->bound.stored = xt_bound_stored(files->bound);
	reply->text = xt_bound_warning(files->bound);
}

/* --- a change of the files --- */

static void on_thread(void *ctx)
{
	struct move *move = ctx;

	xt_identity_files_close(&move->old);
	move->error = xt_identity_files_open(&move->fresh, move->name);
	if (move->error == 0)
		move->error =
		    xt_identity_files_records(&move->fresh, &move->records, &move->n_records);
	atomic_store(&move->over, true);
	uv_async_send(&move->done);
}

/* Without a thread it is done here, and answered from the loop all the same. */
static void move_start(struct xt_identity *identity)
{
	struct move *move = &identity->move;

	move->waits = false;
	move->old = identity->files;
	identity->files = (struct xt_identity_files){0};
	atomic_store(&move->over, false);
	uv_ref((uv_handle_t *)&move->done); /* the loop does not end while an answer is due */
	move->running = uv_thread_create(&move->thread, on_thread, move) == 0;
	if (!move->running)
		on_thread(move);
}

static void move_join(struct move *move)
{
	if (move->running)
		uv_thread_join(&move->thread);
	move->running = false;
	uv_unref((uv_handle_t *)&move->done);
}

static void move_end(struct xt_identity *identity)
{
	struct move *move = &identity->move;
	struct xt_reply reply = {0};

	move_join(move);
	identity->files = move->fresh;
	identity->peers_warned = false;
	move->fresh = (struct xt_identity_files){0};
	reply.error = move->error;
	if (identity->files.bound)
		reply_fill(&identity->files, &reply);
	reply.bound.peers = move->records;
	reply.bound.n_peers = move->n_records;
	move->records = NULL;
	move->n_records = 0;
	identity->callbacks.read(identity->callbacks.ctx, &reply);
}

static int first_read(struct xt_identity *identity, const char *name, struct xt_reply *reply)
{
	struct xt_identity_files *files = &identity->files;
	int rc = xt_identity_files_open(files, name);

	if (files->bound)
		reply_fill(files, reply);
	return rc ? rc
		  : xt_identity_files_records(files, &reply->bound.peers, &reply->bound.n_peers);
}

int xt_identity_read(struct xt_identity *identity, const char *name, struct xt_reply *reply)
{
	struct move *move = &identity->move;

	if (!identity->moves) {
		identity->moves = true;
		return first_read(identity, name, reply);
	}
	if (strlen(name) >= sizeof(move->name))
		return -EINVAL;
	strcpy(move->name, name);
	identity->bound_written = true; /* from now on no bound is written by the loop's thread */
	move->waits = identity->writer && xt_bound_writer_busy(identity->writer);
	if (!move->waits)
		move_start(identity);
	return XT_IDENTITY_LATER;
}

/* --- writing --- */

static void on_bound_written(void *ctx, int error)
{
	struct xt_identity *identity = ctx;
	struct xt_reply reply = {.error = error};

	if (identity->move.waits) {
		move_start(identity);
		return;
	}
	if (error < 0)
		reply.text = xt_bound_warning(identity->files.bound);
	identity->callbacks.written(identity->callbacks.ctx, &reply);
}

/* 0: the write is under way. */
static int bound_write_start(struct xt_identity *identity, uint64_t bound)
{
	int rc = 0;

	if (!identity->writer)
		rc = xt_bound_writer_new(&identity->writer, identity->loop, on_bound_written,
					 identity);
	return rc < 0 ? rc : xt_bound_writer_start(identity->writer, identity->files.bound, bound);
}

int xt_identity_bound_write(struct xt_identity *identity, uint64_t bound, bool last,
			    struct xt_reply *reply)
{
	struct xt_identity_files *files = &identity->files;
	int rc;

	if (!files->bound)
		return -EBADF;
	if (last) {
		files->last = bound;
		files->has_last = true;
		return 0;
	}
	if (identity->bound_written && bound_write_start(identity, bound) == 0)
		return XT_IDENTITY_LATER;
	if (identity->writer)
		xt_bound_writer_wait(identity->writer);
	rc = xt_bound_write(files->bound, bound);
	identity->bound_written = true;
	if (rc < 0)
		reply->text = xt_bound_warning(files->bound);
	return rc;
}

int xt_identity_peers_write(struct xt_identity *identity, const struct xt_peer_memory *v, size_t n,
			    struct xt_reply *reply)
{
	int rc = identity->files.peers ? xt_peer_store_write(identity->files.peers, v, n) : 0;

	if (rc == 0 || rc == XT_E_AGAIN || identity->peers_warned)
		return rc;
	identity->peers_warned = true;
	snprintf(identity->text, sizeof(identity->text),
		 "the state file of the peers cannot be written: %s: after a restart a replayed "
		 "handshake initiation is answered, and a peer without Endpoint waits for its own "
		 "timer",
		 xt_strerror(rc));
	reply->text = identity->text;
	return rc;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void xt_identity_close(struct xt_identity *identity)
{
	struct move *move;

	if (!identity)
		return;
	move = &identity->move;
	if (identity->writer)
		xt_bound_writer_wait(identity->writer);
	if (move->running)
		move_join(move);
	free(move->records);
	xt_identity_files_close(&move->fresh);
	xt_identity_files_close(&identity->files);
	xt_bound_writer_close(identity->writer);
	uv_close((uv_handle_t *)&move->done, on_closed);
}

/* SPDX-License-Identifier: MIT */
/* The files of one identity. */
#include "host/identity_uv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "host/bound_file.h"
#include "host/bound_writer_uv.h"
#include "host/peer_store_uv.h"

struct xt_identity {
	uv_loop_t *loop;
	void (*written)(void *ctx, const struct xt_reply *reply);
	void *ctx;
	struct xt_bound_file *bound;
	struct xt_bound_writer *writer; /* NULL: not needed yet */
	bool bound_written;		/* since the file was opened */
	struct xt_peer_store *peers;
	bool peers_warned;
	char text[320];
};

int xt_identity_new(struct xt_identity **out, uv_loop_t *loop,
		    void (*written)(void *ctx, const struct xt_reply *reply), void *ctx)
{
	struct xt_identity *identity = calloc(1, sizeof(*identity));

	if (!identity)
		return XT_E_NOMEM;
	identity->loop = loop;
	identity->written = written;
	identity->ctx = ctx;
	*out = identity;
	return 0;
}

static void files_close(struct xt_identity *identity)
{
	if (identity->writer)
		xt_bound_writer_wait(identity->writer);
	xt_bound_close(identity->bound);
	xt_peer_store_close(identity->peers);
	identity->bound = NULL;
	identity->peers = NULL;
	identity->bound_written = identity->peers_warned = false;
}

int xt_identity_read(struct xt_identity *identity, const char *name, struct xt_reply *reply)
{
	char dir[PATH_MAX];
	const char *path = xt_bound_dir(dir, sizeof(dir)) == 0 ? dir : NULL;
	int rc;

	files_close(identity);
	rc = xt_bound_open(&identity->bound, path, name);
	if (rc < 0)
		return rc;
	reply->bound.floor = xt_bound_floor(identity->bound);
	reply->bound.stored = xt_bound_stored(identity->bound);
	reply->text = xt_bound_warning(identity->bound);
	rc = xt_peer_store_open(&identity->peers, reply->bound.stored ? path : NULL, name);
	if (rc == 0) {
		reply->bound.peers = xt_peer_store_records(identity->peers)->v;
		reply->bound.n_peers = xt_peer_store_records(identity->peers)->n;
	}
	return rc;
}

static void on_bound_written(void *ctx, int error)
{
	struct xt_identity *identity = ctx;
	struct xt_reply reply = {.error = error};

	if (error < 0)
		reply.text = xt_bound_warning(identity->bound);
	identity->written(identity->ctx, &reply);
}

/* 0: the write is under way. */
static int bound_write_start(struct xt_identity *identity, uint64_t bound)
{
	int rc = 0;

	if (!identity->writer)
		rc = xt_bound_writer_new(&identity->writer, identity->loop, on_bound_written,
					 identity);
	return rc < 0 ? rc : xt_bound_writer_start(identity->writer, identity->bound, bound);
}

/* The first bound has to be on file before the first initiation, and the exact one is the last.
 * Those between are written ahead of need, on a thread. */
int xt_identity_bound_write(struct xt_identity *identity, uint64_t bound, bool last,
			    struct xt_reply *reply)
{
	int rc;

	if (!identity->bound)
		return -EBADF;
	if (identity->bound_written && !last && bound_write_start(identity, bound) == 0)
		return XT_IDENTITY_LATER;
	if (identity->writer)
		xt_bound_writer_wait(identity->writer);
	rc = xt_bound_write(identity->bound, bound);
	identity->bound_written = true;
	if (rc < 0)
		reply->text = xt_bound_warning(identity->bound);
	return rc;
}

int xt_identity_peers_write(struct xt_identity *identity, const struct xt_peer_memory *v, size_t n,
			    struct xt_reply *reply)
{
	int rc = identity->peers ? xt_peer_store_write(identity->peers, v, n) : 0;

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

void xt_identity_close(struct xt_identity *identity)
{
	if (!identity)
		return;
	files_close(identity);
	xt_bound_writer_close(identity->writer);
	free(identity);
}

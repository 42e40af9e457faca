/* SPDX-License-Identifier: MIT */
/* Peer records on file. The caller's thread appends to pending; the writing thread owns records and
 * writing from its start until it is joined. */
#include "host/peer_store_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <xtunnel/error.h>

#include "base/size.h"
#include "host/atomic_file.h"

#define SPACING 20 /* between two writes, in times that the last one took */

struct changes {
	struct xt_peer_memory *v;
	size_t n, cap;
};

struct xt_peer_store {
	int dir; /* -1: none */
	char name[XT_STATE_NAME_LEN + 8];
	struct changes pending;

	struct xt_peer_records records;
	struct changes writing;
	int error; /* of the last write */
	uv_thread_t thread;
	bool started;	       /* and not joined yet */
	atomic_bool over;      /* the thread has nothing left to do */
	uint64_t begun, ended; /* uv_hrtime of the last write */
};

static void file_read(struct xt_peer_store *store)
{
	int fd = openat(store->dir, store->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	ssize_t n = 0, got = 0;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= (off_t)XT_PEER_RECORDS_TEXT)
		text = malloc((size_t)st.st_size);
	while (text && got < st.st_size &&
	       (n = read(fd, text + got, (size_t)(st.st_size - got))) > 0)
		got += n;
	if (text && n >= 0)
		(void)xt_peer_records_parse(&store->records, text, (size_t)got);
	free(text);
	close(fd);
}

int xt_peer_store_open(struct xt_peer_store **out, const char *dir, const char *name)
{
	struct xt_peer_store *store = calloc(1, sizeof(*store));

	if (!store)
		return XT_E_NOMEM;
	snprintf(store->name, sizeof(store->name), "%.*s.peers", XT_STATE_NAME_LEN, name);
	store->dir = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (store->dir >= 0)
		file_read(store);
	*out = store;
	return 0;
}

const struct xt_peer_records *xt_peer_store_records(const struct xt_peer_store *store)
{
	return &store->records;
}

static int changes_append(struct changes *changes, const struct xt_peer_memory *v, size_t n)
{
	if (changes->n + n > changes->cap) {
		size_t cap = 2 * (changes->n + n);
		struct xt_peer_memory *more = xt_items_resize(changes->v, cap, sizeof(*more));

		if (!more)
			return XT_E_NOMEM;
		changes->v = more;
		changes->cap = cap;
	}
	if (n)
		memcpy(changes->v + changes->n, v, n * sizeof(*v));
	changes->n += n;
	return 0;
}

static int file_write(struct xt_peer_store *store)
{
	struct xt_secbuf text = XT_SECBUF_INIT(XT_PEER_RECORDS_TEXT);
	struct timespec now;
	int rc;

	clock_gettime(CLOCK_REALTIME, &now);
	rc = xt_peer_records_merge(&store->records, store->writing.v, store->writing.n,
				   (uint64_t)now.tv_sec * UINT64_C(1000000000));
	if (rc < 0)
		return rc;
	xt_peer_records_print(&text, &store->records);
	rc = text.error ? text.error
			: xt_atomic_file_write(store->dir, store->name, text.p, text.len);
	xt_secbuf_clear(&text);
	return rc;
}

static void on_thread(void *ctx)
{
	struct xt_peer_store *store = ctx;

	store->begun = uv_hrtime();
	store->error = file_write(store);
	store->ended = uv_hrtime();
	atomic_store(&store->over, true);
}

/* Take the changes over for a write. false: there are none, or nowhere to write them. */
static bool write_prepare(struct xt_peer_store *store)
{
	free(store->writing.v);
	store->writing = store->pending;
	store->pending = (struct changes){0};
	return store->writing.n && store->dir >= 0;
}

/* The error of the write that is joined here, if any. */
static int thread_join(struct xt_peer_store *store)
{
	int rc = store->started ? (uv_thread_join(&store->thread), store->error) : 0;

	store->started = false;
	store->error = 0;
	return rc;
}

int xt_peer_store_write(struct xt_peer_store *store, const struct xt_peer_memory *v, size_t n)
{
	int rc = store->dir < 0 ? 0 : changes_append(&store->pending, v, n);

	if (rc < 0 || !store->pending.n)
		return rc;
	if (store->started && !atomic_load(&store->over))
		return XT_E_AGAIN;
	if (uv_hrtime() - store->ended < SPACING * (store->ended - store->begun))
		return XT_E_AGAIN;
	rc = thread_join(store);
	atomic_store(&store->over, false);
	if (!write_prepare(store))
		return rc;
	store->started = uv_thread_create(&store->thread, on_thread, store) == 0;
	if (store->started)
		return rc;
	store->pending = store->writing;
	store->writing = (struct changes){0};
	return XT_E_AGAIN;
}

void xt_peer_store_close(struct xt_peer_store *store)
{
	if (!store)
		return;
	(void)thread_join(store);
	if (store->pending.n && write_prepare(store))
		(void)file_write(store);
	if (store->dir >= 0)
		close(store->dir);
	free(store->pending.v);
	free(store->writing.v);
	xt_peer_records_clear(&store->records);
	free(store);
}

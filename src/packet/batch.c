/* SPDX-License-Identifier: MIT */
/* Batches of packets, and the runs of datagrams to transmit. */
#include <xtunnel/batch.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/pages.h"
#include "base/text.h"
#include "packet/room.h"

#define ALIGN 16

static const char *const labels[] = {
#define X(name, label, sentence) [name] = label,
#include <xtunnel/verdict.def>
#undef X
};
static const char *const sentences[] = {
#define X(name, label, sentence) [name] = sentence,
#include <xtunnel/verdict.def>
#undef X
};

const char *xt_verdict_label(enum xt_verdict verdict)
{
	return (unsigned)verdict < XT_VERDICTS ? labels[verdict] : "unknown";
}

const char *xt_verdict_sentence(enum xt_verdict verdict)
{
	return (unsigned)verdict < XT_VERDICTS ? sentences[verdict] : "unknown";
}

int xt_batch_new(struct xt_batch **out, uint32_t cap, size_t slab_len)
{
	const size_t page = 4096;
	struct xt_batch *batch = calloc(1, sizeof(*batch));

	if (!batch || slab_len > SIZE_MAX - page)
		goto fail;
	batch->cap = XT_MAX(cap, 1u);
	batch->slab_len = XT_ALIGN_UP(XT_MAX(slab_len, (size_t)XT_SLOT_MAX), page);
	batch->pkts = calloc(batch->cap, sizeof(*batch->pkts));
	batch->jobs = calloc(batch->cap, sizeof(*batch->jobs));
	batch->paths = calloc(batch->cap, sizeof(*batch->paths));
	batch->slab = xt_pages_new(batch->slab_len);
	if (!batch->pkts || !batch->jobs || !batch->paths || !batch->slab)
		goto fail;
	batch->slot_pkt = UINT32_MAX;
	XT_POISON(batch->slab, batch->slab_len);
	*out = batch;
	return 0;
fail:
	xt_batch_free(batch);
	return XT_E_NOMEM;
}

void xt_batch_free(struct xt_batch *batch)
{
	if (!batch)
		return;
	if (batch->slab) {
		XT_UNPOISON(batch->slab, batch->slab_len); /* also for what is mapped here next */
		xt_wipe(batch->slab, batch->slab_high);
		xt_pages_free(batch->slab, batch->slab_len);
	}
	free(batch->pkts);
	free(batch->jobs);
	free(batch->paths);
	free(batch);
}

void xt_batch_reset(struct xt_batch *batch)
{
	batch->n = 0;
	batch->n_jobs = 0;
	batch->n_paths = 0;
	batch->planned = 0;
	XT_POISON(batch->slab, batch->slab_used);
	batch->slab_used = 0;
	batch->slot_pkt = UINT32_MAX;
}

struct xt_pkt *xt_batch_view(struct xt_batch *batch, uint8_t *data, uint32_t len)
{
	struct xt_pkt *pkt;

	if (batch->n == batch->cap)
		return NULL;
	pkt = &batch->pkts[batch->n++];
	*pkt = (struct xt_pkt){.data = data,
			       .len = len,
			       .job = XT_NO_JOB,
			       .verdict = XT_PASS,
			       .room = {XT_HEADROOM, XT_ROOM_SLOT}};
	return pkt;
}

struct xt_pkt *xt_batch_view_bare(struct xt_batch *batch, uint8_t *data, uint32_t len)
{
	struct xt_pkt *pkt = xt_batch_view(batch, data, len);

	if (!pkt)
		return NULL;
	pkt->room.head = 0;
	pkt->room.len = (uint16_t)len;
	return pkt;
}

struct xt_pkt *xt_batch_alias(struct xt_batch *batch, const struct xt_pkt *pkt)
{
	struct xt_pkt *to;

	if (batch->n == batch->cap)
		return NULL;
	to = &batch->pkts[batch->n++];
	*to = (struct xt_pkt){.data = pkt->data,
			      .len = pkt->len,
			      .job = XT_NO_JOB,
			      .peer = pkt->peer,
			      .from = pkt->from,
			      .verdict = pkt->verdict,
			      .room = pkt->room};
	return to;
}

struct xt_pkt *xt_batch_add(struct xt_batch *batch, size_t max)
{
	size_t used = batch->slab_used;
	uint32_t n = batch->n;
	struct xt_pkt *pkt;

	if (max > XT_PACKET_MAX || batch->slab_len - used < XT_HEADROOM + max + XT_TAILROOM)
		return NULL;
	pkt = xt_batch_view(batch, batch->slab + used + XT_HEADROOM, 0);
	if (!pkt)
		return NULL;
	XT_UNPOISON(pkt->data - XT_HEADROOM, XT_HEADROOM + max + XT_TAILROOM);
	batch->slot_pkt = n;
	batch->slot_start = used;
	/* The slab's length is aligned, so this stays inside. */
	used += XT_ALIGN_UP(XT_HEADROOM + max + XT_TAILROOM, (size_t)ALIGN);
	batch->slab_used = used;
	batch->slab_high = XT_MAX(batch->slab_high, used);
	return pkt;
}

void xt_batch_trim(struct xt_batch *batch)
{
	size_t at, end;

	if (!batch->n || batch->slot_pkt != batch->n - 1)
		return;
	at = (size_t)(batch->pkts[batch->n - 1].data - batch->slab) +
	     batch->pkts[batch->n - 1].len + XT_TAILROOM;
	end = XT_ALIGN_UP(at, (size_t)ALIGN);
	assert(end <= batch->slab_used);
	XT_POISON(batch->slab + at, batch->slab_used - at);
	batch->slab_used = end;
}

void xt_batch_drop_last(struct xt_batch *batch)
{
	assert(batch->n);
	batch->n--;
	batch->planned = XT_MIN(batch->planned, batch->n);
	/* The bytes of a view belong to another owner; only a slot is freed. */
	if (batch->slot_pkt == batch->n) {
		XT_POISON(batch->slab + batch->slot_start, batch->slab_used - batch->slot_start);
		batch->slab_used = batch->slot_start;
		batch->slot_pkt = UINT32_MAX;
	}
}

int xt_tx_new(struct xt_tx **out, uint32_t cap, size_t arena_len)
{
	struct xt_tx *tx = calloc(1, sizeof(*tx));

	if (!tx)
		return XT_E_NOMEM;
	tx->cap = XT_MAX(cap, 1u);
	tx->arena_len = XT_MAX(arena_len, (size_t)1);
	tx->runs = calloc(tx->cap, sizeof(*tx->runs));
	tx->vecs = calloc(tx->cap, sizeof(*tx->vecs));
	tx->arena = malloc(tx->arena_len);
	if (!tx->runs || !tx->vecs || !tx->arena) {
		xt_tx_free(tx);
		return XT_E_NOMEM;
	}
	*out = tx;
	return 0;
}

void xt_tx_free(struct xt_tx *tx)
{
	if (!tx)
		return;
	free(tx->runs);
	free(tx->vecs);
	free(tx->arena);
	free(tx);
}

void xt_tx_reset(struct xt_tx *tx)
{
	tx->n_runs = 0;
	tx->n_vecs = 0;
	tx->arena_used = 0;
}

XT_COLD static bool path_equal_by_field(const struct xt_path *a, const struct xt_path *b)
{
	return a->ifindex == b->ifindex && xt_endpoint_equal(&a->remote, &b->remote) &&
	       xt_ip_equal(&a->local, &b->local);
}

/* Nearly always the paths are copies of one, padding and all, and their words are equal. */
static bool path_equal(const struct xt_path *a, const struct xt_path *b)
{
	return memcmp(a, b, sizeof(*a)) == 0 || path_equal_by_field(a, b);
}

/* A datagram shorter than the segment size ends its run: the sum of bytes tells. */
static bool run_accepts(const struct xt_run *run, const struct xt_path *path, uint8_t tos,
			size_t len)
{
	return run->n < XT_RUN_MAX && len <= run->seg && run->bytes + len <= XT_RUN_BYTES &&
	       run->bytes == run->n * run->seg && run->tos == tos && !run->unstuck &&
	       !run->dont_fragment && path_equal(&run->path, path);
}

int xt_tx_view(struct xt_tx *tx, const struct xt_path *path, uint8_t tos, uint8_t *base, size_t len)
{
	struct xt_run *run = tx->n_runs ? &tx->runs[tx->n_runs - 1] : NULL;

	if (!len || len > XT_PACKET_MAX)
		return XT_E_INVALID;
	if (tx->n_vecs == tx->cap)
		return XT_E_FULL;
	if (!run || !run_accepts(run, path, tos, len)) {
		run = &tx->runs[tx->n_runs++];
		*run = (struct xt_run){
		    .path = *path, .first = tx->n_vecs, .seg = (uint32_t)len, .tos = tos};
	}
	run->n++;
	run->bytes += (uint32_t)len;
	tx->vecs[tx->n_vecs++] = (struct xt_vec){base, len};
	return 0;
}

int xt_tx_view_whole(struct xt_tx *tx, const struct xt_path *path, uint8_t *base, size_t len)
{
	if (!len || len > XT_PACKET_MAX)
		return XT_E_INVALID;
	if (tx->n_vecs == tx->cap)
		return XT_E_FULL;
	tx->runs[tx->n_runs++] = (struct xt_run){.path = *path,
						 .first = tx->n_vecs,
						 .n = 1,
						 .seg = (uint32_t)len,
						 .bytes = (uint32_t)len,
						 .dont_fragment = true};
	tx->vecs[tx->n_vecs++] = (struct xt_vec){base, len};
	return 0;
}

int xt_tx_copy(struct xt_tx *tx, const struct xt_path *path, uint8_t tos, const void *msg,
	       size_t len)
{
	uint8_t *base = tx->arena + tx->arena_used;
	int err;

	if (len > XT_PACKET_MAX) /* however often the tx is sent */
		return XT_E_INVALID;
	if (len > tx->arena_len - tx->arena_used)
		return XT_E_FULL;
	err = xt_tx_view(tx, path, tos, base, len);
	if (err)
		return err;
	memcpy(base, msg, len);
	tx->arena_used += len;
	return 0;
}

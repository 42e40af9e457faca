/* SPDX-License-Identifier: MIT */
/* The taps: what is copied when, and which packets of a batch are recorded in which form. */
#include "tunnel/capture.h"

#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/keypair.h"
#include "core/message.h"
#include "core/message_peer.h"
#include "packet/envelope.h"
#include "packet/merge.h"
#include "tunnel/batch_pool.h"

/* Bytes of copies: the largest read of the TUN; most reads of a socket, and of packets that the
 * echo responder may answer. */
#define HOST_BYTES ((size_t)256 << 10)
#define UDP_BYTES  ((size_t)1 << 20)
#define PACKETS	   XT_UDP_BATCH
#define READS	   2 /* of the socket: one may be opened while another is read */

_Static_assert(XT_BATCH_SEGMENTS <= PACKETS, "a batch fits");

/* Packets of one batch. len 0: not copied. */
struct copies {
	uint8_t *bytes;
	size_t cap, used;
	uint32_t n;
	struct {
		size_t at;
		uint32_t len;
	} v[PACKETS];
};

/* A packet of raw, by its copy, and where its first segment is in out. */
struct cut {
	uint32_t copy, first;
};

struct xt_capture {
	struct xt_capture_sink sink;
	struct xt_device *dev;
	struct xt_udp *udp;
	unsigned wanted;
	struct copies host;
	uint32_t host_base; /* index in raw of the first copy */
	struct cut cuts[PACKETS];
	uint32_t n_cuts;
	struct copies reads[READS];
	const struct xt_batch *read_batch[READS]; /* NULL: free */
	struct copies echo;
	const struct xt_batch *opened; /* whose sessions are known */
	struct {
		uint32_t index;
		bool there;
	} sessions[PACKETS];
};

static int copies_new(struct copies *copies, size_t cap)
{
	copies->cap = cap;
	copies->bytes = malloc(cap);
	return copies->bytes ? 0 : XT_E_NOMEM;
}

static void copies_free(struct copies *copies)
{
	if (copies->bytes)
		xt_wipe(copies->bytes, copies->cap);
	free(copies->bytes);
}

static void copies_reset(struct copies *copies)
{
	copies->used = copies->n = 0;
}

/* false: there was no room. */
static bool copies_add(struct copies *copies, const uint8_t *bytes, uint32_t len)
{
	bool fits = len <= copies->cap - copies->used;

	if (copies->n == PACKETS)
		return false;
	copies->v[copies->n].at = copies->used;
	copies->v[copies->n++].len = fits ? len : 0;
	if (fits && len)
		memcpy(copies->bytes + copies->used, bytes, len);
	copies->used += fits ? len : 0;
	return fits;
}

int xt_capture_new(struct xt_capture **out, const struct xt_capture_sink *sink,
		   struct xt_device *dev, struct xt_udp *udp)
{
	struct xt_capture *c = calloc(1, sizeof(*c));

	if (!c)
		return XT_E_NOMEM;
	c->sink = *sink;
	c->dev = dev;
	c->udp = udp;
	if (copies_new(&c->host, HOST_BYTES) || copies_new(&c->echo, UDP_BYTES) ||
	    copies_new(&c->reads[0], UDP_BYTES) || copies_new(&c->reads[1], UDP_BYTES)) {
		xt_capture_free(c);
		return XT_E_NOMEM;
	}
	*out = c;
	return 0;
}

void xt_capture_free(struct xt_capture *c)
{
	if (!c)
		return;
	copies_free(&c->host);
	copies_free(&c->echo);
	for (unsigned i = 0; i < READS; i++)
		copies_free(&c->reads[i]);
	free(c);
}

void xt_capture_set_wanted(struct xt_capture *c, unsigned forms)
{
	c->wanted = forms;
}

void xt_capture_keys(const struct xt_capture *c, const struct xt_keylog *keys)
{
	c->sink.keys(c->sink.ctx, keys);
}

static void inner_record(const struct xt_capture *c, unsigned forms, bool inbound,
			 const struct xt_pkt *pkt, const uint8_t *bytes, uint32_t len,
			 const uint32_t *session)
{
	struct xt_public key;
	struct xt_capture_record record = {
	    .forms = forms & c->wanted,
	    .inbound = inbound,
	    .verdict = pkt->verdict,
	    .has_session = session != NULL,
	    .session = session ? *session : 0,
	    .bytes = bytes,
	    .len = len,
	};

	if (!record.forms || len == 0)
		return;
	if (pkt->peer) {
		key = xt_peer_key(pkt->peer);
		record.peer = &key;
	}
	c->sink.record(c->sink.ctx, &record);
}

static void sent_record(const struct xt_capture *c, unsigned forms, const struct xt_pkt *pkt,
			const uint8_t *bytes, uint32_t len)
{
	const uint32_t *session = pkt->keypair ? &pkt->keypair->remote_index : NULL;

	inner_record(c, forms, false, pkt, bytes, len, session);
}

void xt_capture_host_read(struct xt_capture *c, const struct xt_batch *raw, uint32_t from)
{
	copies_reset(&c->host);
	c->host_base = from;
	for (uint32_t i = from; i < raw->n; i++) {
		if (!copies_add(&c->host, raw->pkts[i].data, raw->pkts[i].len))
			c->sink.lost(c->sink.ctx, XT_CAPTURE_WHOLE & c->wanted, 1);
	}
}

void xt_capture_split(struct xt_capture *c, struct xt_split *at, struct xt_batch *raw,
		      struct xt_batch *out)
{
	struct xt_batch upto = *raw;
	bool whole = true;

	c->n_cuts = 0;
	while (whole && at->next < raw->n) {
		uint32_t i = at->next, before = out->n;
		bool begins = at->done == 0;

		upto.n = i + 1;
		whole = xt_split(at, &upto, out);
		if (begins && out->n > before && c->n_cuts < PACKETS)
			c->cuts[c->n_cuts++] = (struct cut){i - c->host_base, before};
	}
}

/* The packet as it was read; NULL when there is no copy. */
static const uint8_t *host_copy(const struct xt_capture *c, uint32_t copy, uint32_t *len)
{
	if (copy >= c->host.n || !c->host.v[copy].len)
		return NULL;
	*len = c->host.v[copy].len;
	return c->host.bytes + c->host.v[copy].at;
}

void xt_capture_host_sent(struct xt_capture *c, const struct xt_batch *out, uint32_t from)
{
	uint32_t at = 0, len;
	const uint8_t *copy;

	for (uint32_t i = from; i < out->n; i++) {
		const struct xt_pkt *pkt = &out->pkts[i];
		bool first = at < c->n_cuts && c->cuts[at].first == i;

		copy = first ? host_copy(c, c->cuts[at].copy, &len) : NULL;
		at += first;
		if (copy)
			sent_record(c, XT_CAPTURE_WHOLE, pkt, copy, len);
		/* Of an echo request that was answered the reply is in its place. */
		if (pkt->verdict == XT_TAKEN_ECHO && copy)
			sent_record(c, XT_CAPTURE_SEGMENT, pkt, copy, len);
		else if (pkt->verdict != XT_TAKEN_ECHO)
			sent_record(c, XT_CAPTURE_SEGMENT, pkt, pkt->data, pkt->len);
	}
}

void xt_capture_planned(struct xt_capture *c, const struct xt_batch *batch, unsigned forms)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];
		unsigned in =
		    pkt->verdict == XT_PASS ? forms : XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT;

		sent_record(c, in, pkt, pkt->data, pkt->len);
	}
}

void xt_capture_probes(struct xt_capture *c, const struct xt_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt pkt = batch->pkts[i];

		if (!pkt.probe)
			continue;
		pkt.verdict = XT_PASS_PROBE;
		sent_record(c, XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT, &pkt, pkt.data, pkt.len);
	}
}

void xt_capture_udp_read(struct xt_capture *c, const struct xt_batch *batch)
{
	unsigned at = c->read_batch[0] && c->read_batch[0] != batch;
	struct copies *copies = &c->reads[at];

	if (!(c->wanted & XT_CAPTURE_OUTER))
		return;
	c->read_batch[at] = batch;
	copies_reset(copies);
	for (uint32_t i = 0; i < batch->n; i++) {
		if (!copies_add(copies, batch->pkts[i].data, batch->pkts[i].len))
			c->sink.lost(c->sink.ctx, XT_CAPTURE_OUTER, 1);
	}
}

void xt_capture_opened(struct xt_capture *c, const struct xt_batch *batch)
{
	c->opened = batch;
	for (uint32_t i = 0; i < batch->n && i < PACKETS; i++) {
		const struct xt_keypair *kp = batch->pkts[i].keypair;

		c->sessions[i].there = kp != NULL;
		c->sessions[i].index = kp ? kp->local_index : 0;
	}
}

/* A datagram with the headers that it has on its way from or to path.remote. */
static void outer_record(const struct xt_capture *c, bool inbound, enum xt_verdict verdict,
			 const struct xt_path *path, const struct xt_ip *local, uint8_t tos,
			 bool dont_fragment, const uint8_t *bytes, uint32_t len)
{
	struct xt_endpoint here = {.ip = *local, .port = c->udp->port};
	struct xt_peer *peer = xt_device_message_peer(c->dev, bytes, len, inbound, &path->remote);
	struct xt_capture_record record = {.forms = XT_CAPTURE_OUTER,
					   .inbound = inbound,
					   .verdict = verdict,
					   .bytes = bytes,
					   .len = len};
	const struct xt_endpoint *from = inbound ? &path->remote : &here;
	uint8_t head[XT_ENVELOPE_MAX];
	struct xt_public key;

	record.head = head;
	record.head_len = (uint32_t)xt_envelope_put(head, from, inbound ? &here : &path->remote,
						    tos, dont_fragment, bytes, len);
	if (!record.head_len)
		return;
	if (peer) {
		key = xt_peer_key(peer);
		record.peer = &key;
	}
	c->sink.record(c->sink.ctx, &record);
}

void xt_capture_handshake(const struct xt_capture *c, const struct xt_path *from,
			  const uint8_t *message, size_t len, enum xt_verdict verdict)
{
	if (c->wanted & XT_CAPTURE_OUTER)
		outer_record(c, true, verdict, from, &from->local, 0, false, message,
			     (uint32_t)len);
}

/* It waits in the device's queue, and xt_capture_handshake records it. */
static bool datagram_is_queued(const struct xt_pkt *pkt, const uint8_t *bytes, uint32_t len)
{
	return pkt->verdict == XT_TAKEN_HANDSHAKE && xt_msg_type(bytes, len) != XT_MSG_COOKIE;
}

static void datagrams_record(struct xt_capture *c, const struct xt_batch *batch)
{
	const struct copies *copies;
	unsigned at = 0;

	while (at < READS && c->read_batch[at] != batch)
		at++;
	if (at == READS)
		return;
	c->read_batch[at] = NULL;
	copies = &c->reads[at];
	for (uint32_t i = 0; i < batch->n && i < copies->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		const uint8_t *bytes = copies->bytes + copies->v[i].at;
		uint32_t len = copies->v[i].len;

		if (len && pkt->from && !datagram_is_queued(pkt, bytes, len))
			outer_record(c, true, pkt->verdict, pkt->from, &pkt->from->local, pkt->ecn,
				     false, bytes, len);
	}
}

static const uint32_t *session_of(const struct xt_capture *c, const struct xt_batch *batch,
				  uint32_t i)
{
	return batch == c->opened && i < PACKETS && c->sessions[i].there ? &c->sessions[i].index
									 : NULL;
}

void xt_capture_finished(struct xt_capture *c, const struct xt_batch *batch)
{
	datagrams_record(c, batch);
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		/* Without a peer it was not opened, or is a repeat. */
		if (pkt->verdict != XT_PASS && pkt->peer)
			inner_record(c, XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT, true, pkt, pkt->data,
				     pkt->len, session_of(c, batch, i));
	}
}

void xt_capture_echo_copy(struct xt_capture *c, const struct xt_batch *batch)
{
	copies_reset(&c->echo);
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		if (!copies_add(&c->echo, pkt->data, pkt->verdict == XT_PASS ? pkt->len : 0))
			c->sink.lost(c->sink.ctx, c->wanted & ~(unsigned)XT_CAPTURE_OUTER, 1);
	}
}

void xt_capture_echo_end(struct xt_capture *c, const struct xt_batch *batch)
{
	for (uint32_t i = 0; i < batch->n && i < c->echo.n; i++) {
		const struct xt_pkt *pkt = &batch->pkts[i];

		if (pkt->verdict != XT_PASS)
			inner_record(c, XT_CAPTURE_WHOLE | XT_CAPTURE_SEGMENT, true, pkt,
				     c->echo.bytes + c->echo.v[i].at, c->echo.v[i].len,
				     session_of(c, batch, i));
	}
}

/* Segments of one super-packet are of one session; when a peer's packets of one batch are of two,
 * the first one's is taken. */
static const uint32_t *merged_session(const struct xt_capture *c, const struct xt_batch *plain,
				      const struct xt_pkt *pkt)
{
	for (uint32_t i = 0; i < plain->n && pkt->peer; i++) {
		if (plain->pkts[i].verdict == XT_PASS && plain->pkts[i].peer == pkt->peer)
			return session_of(c, plain, i);
	}
	return NULL;
}

/* What plain's packets were merged to has been taken or refused, and they with it. */
static void segments_record(const struct xt_capture *c, const struct xt_batch *written,
			    const struct xt_batch *plain)
{
	uint32_t at[PACKETS], n = XT_MIN(plain->n, (uint32_t)PACKETS), refused = 0;

	while (refused < written->n && written->pkts[refused].verdict != XT_DROP_TUN)
		refused++;
	if (refused < written->n)
		xt_merge_trace(plain, written, at, n);
	for (uint32_t i = 0; i < n; i++) {
		struct xt_pkt pkt = plain->pkts[i];

		if (pkt.verdict != XT_PASS)
			continue;
		if (refused < written->n && at[i] < written->n)
			pkt.verdict = written->pkts[at[i]].verdict;
		inner_record(c, XT_CAPTURE_SEGMENT, true, &pkt, pkt.data, pkt.len,
			     session_of(c, plain, i));
	}
}

void xt_capture_host_written(struct xt_capture *c, const struct xt_batch *written,
			     const struct xt_batch *plain)
{
	unsigned forms = XT_CAPTURE_WHOLE | (written == plain ? XT_CAPTURE_SEGMENT : 0u);

	if (written != plain && (c->wanted & XT_CAPTURE_SEGMENT))
		segments_record(c, written, plain);
	for (uint32_t i = 0; i < written->n; i++) {
		const struct xt_pkt *pkt = &written->pkts[i];

		if (pkt->verdict == XT_PASS || pkt->verdict == XT_DROP_TUN)
			inner_record(c, forms, true, pkt, pkt->data, pkt->len,
				     written == plain ? session_of(c, plain, i)
						      : merged_session(c, plain, pkt));
	}
}

/* The first n datagrams of a run, as the socket has sent or refused them. */
static void run_record(const struct xt_capture *c, const struct xt_tx *tx, const struct xt_run *run,
		       uint32_t n, bool refused)
{
	struct xt_ip local = run->path.local;

	if (c->udp->ops->source)
		c->udp->ops->source(c->udp, &run->path, &local);
	for (uint32_t i = 0; i < n; i++) {
		const struct xt_vec *vec = &tx->vecs[run->first + i];

		outer_record(c, false, refused ? XT_DROP_UDP : XT_PASS, &run->path, &local,
			     run->tos, run->dont_fragment, vec->base, (uint32_t)vec->len);
	}
}

int xt_capture_send(struct xt_capture *c, struct xt_tx *tx, uint32_t *next)
{
	struct xt_udp *udp = c->udp;
	const uint32_t n_runs = tx->n_runs;
	int rc = 0;

	if (!(c->wanted & XT_CAPTURE_OUTER))
		return udp->ops->send(udp, tx, next);
	while (*next < n_runs && rc == 0) {
		uint32_t at = *next, n;
		struct xt_run run = tx->runs[at];
		uint64_t refused = udp->refused;

		tx->n_runs = at + 1; /* one by one, to know which were refused */
		rc = udp->ops->send(udp, tx, next);
		n = *next > at ? run.n : tx->runs[at].first - run.first;
		run_record(c, tx, &run, n, n && udp->refused - refused == n);
	}
	tx->n_runs = n_runs;
	return rc;
}

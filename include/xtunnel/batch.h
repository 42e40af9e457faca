/* SPDX-License-Identifier: MIT */
/* Batches of packets, and the runs of datagrams that are sent from them. */
#ifndef XTUNNEL_BATCH_H
#define XTUNNEL_BATCH_H

#include <xtunnel/aead.h>
#include <xtunnel/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writable bytes around a packet that is to be sent: a message header before it, padding to 16 and
 * the tag behind it. */
#define XT_HEADROOM   16
#define XT_TAILROOM   (15 + XT_TAG_LEN)
#define XT_PACKET_MAX 65535
#define XT_SLOT_MAX   (XT_HEADROOM + XT_PACKET_MAX + XT_TAILROOM)

/* What became of a packet; XT_PASS is 0. */
enum xt_verdict {
#define X(name, label, sentence) name,
#include <xtunnel/verdict.def>
#undef X
	XT_VERDICTS
};

/* A verdict's name in JSON and metrics, and its sentence for people; static storage.  A number that
 * is no verdict is "unknown". */
XT_API const char *xt_verdict_label(enum xt_verdict verdict);
XT_API const char *xt_verdict_sentence(enum xt_verdict verdict);

struct xt_peer;
struct xt_keypair;

enum xt_gso_kind { XT_GSO_NONE, XT_GSO_TCP4, XT_GSO_TCP6, XT_GSO_UDP };
enum {
	XT_GSO_NEEDS_CSUM = 1 << 0, /* the checksum field holds the pseudo-header's sum only */
	XT_GSO_ECN = 1 << 1,	    /* TCP: CWR is set, and belongs to the first segment alone */
	XT_GSO_SINGLE = 1 << 2,	    /* TCP: the sender made it as one packet, it may be urgent */
	XT_GSO_FRAGMENT = 1 << 3,   /* fragment what is longer than header_len bytes */
};

/* The work on an IP packet that its source left to the receiver; all zero: none, a plain packet.
 * kind, size   a super-packet: to be split into segments of size bytes of payload (the last may be
 *              shorter), each behind a copy of the headers
 * csum_*       with NEEDS_CSUM: the field at start + offset is to cover the bytes from start on
 * header_len   of a super-packet: IP and transport header together; a hint.  With XT_GSO_FRAGMENT:
 *              bytes of a fragment, at most */
struct xt_gso {
	uint16_t size;
	uint8_t kind; /* enum xt_gso_kind */
	uint8_t flags;
	uint16_t csum_start, csum_offset;
	uint16_t header_len;
};

/* The writable bytes around a packet, as far as they are known.
 * head  before data
 * len   from data - head on; XT_ROOM_SLOT: up to XT_TAILROOM behind the packet */
struct xt_room {
	uint16_t head, len;
};
#define XT_ROOM_SLOT UINT16_MAX

/* One packet or datagram.
 * data, len  what it is now: IP packet, or message as received
 * peer       send: NULL = look up by destination; set = send to this one.  recv: set by finish
 * keypair    pinned from plan to finish; NULL otherwise
 * from       recv: the way it came; points into the batch, packets may share one
 * job        index into the batch's jobs, or XT_NO_JOB
 * verdict    XT_PASS while it is on the data path
 * ecn        recv: the outer header's two ECN bits.  send: those that the datagram is to carry
 * probe      send: a probe of the path's MTU, of its exact size and not to be fragmented
 * room       what may be written around it
 * gso        between a TUN device and split or merge only: a device's packets are plain */
struct xt_pkt {
	uint8_t *data;
	uint32_t len;
	uint32_t job;
	struct xt_peer *peer;
	struct xt_keypair *keypair;
	const struct xt_path *from;
	uint64_t counter;
	uint8_t verdict; /* enum xt_verdict */
	uint8_t ecn;
	bool probe;
	struct xt_room room;
	struct xt_gso gso;
};
#define XT_NO_JOB UINT32_MAX

/* Packets on their way through a device.  A batch has one holder at a time.  The slab is the memory
 * of the batch's packets: handed out front to back, released as a whole by xt_batch_reset. */
struct xt_batch {
	struct xt_pkt *pkts;
	struct xt_job *jobs;
	struct xt_path *paths;
	uint32_t n, n_jobs, n_paths;
	uint32_t cap;	  /* of pkts, jobs and paths each */
	uint32_t planned; /* pkts[0..planned) are planned: the next plan begins behind them */
	uint8_t *slab;
	size_t slab_len, slab_used;
	size_t slab_high;  /* the most that was ever used, to be wiped */
	size_t slot_start; /* where the slot of packet slot_pkt begins, the newest one */
	uint32_t slot_pkt; /* UINT32_MAX: none to trim or to drop */
};

/* Allocate a batch.
 * out       the caller's, released by xt_batch_free; unchanged on error
 * cap       packets at most
 * slab_len  bytes, raised to XT_SLOT_MAX.  Pages of the slab that were never used cost no memory
 * returns   0, XT_E_NOMEM */
XT_API int xt_batch_new(struct xt_batch **out, uint32_t cap, size_t slab_len);

/* Wipe the part of the slab that was used and release the batch.  NULL is allowed.
 * before   no packet may be between plan and finish */
XT_API void xt_batch_free(struct xt_batch *batch);

/* Empty the batch: no packets, no jobs, the whole slab free.  Pointers into it become invalid, so
 * the views of an xt_tx have to be sent before.
 * before   no packet may be between plan and finish: its keypair would stay pinned */
XT_API void xt_batch_reset(struct xt_batch *batch);

/* Append a packet with room of its own.
 * max      bytes between headroom and tailroom, at most XT_PACKET_MAX
 * returns  the packet, with len 0 and verdict XT_PASS, valid until reset; NULL: batch or slab full,
 *          or max too large.  The caller writes to data, sets len <= max and calls xt_batch_trim */
XT_API struct xt_pkt *xt_batch_add(struct xt_batch *batch, size_t max);

/* Return to the slab what the newest packet did not use of its max bytes.  Without effect when the
 * newest packet is a view. */
XT_API void xt_batch_trim(struct xt_batch *batch);

/* Take the newest packet off again; the batch must not be empty, nor the packet planned. */
XT_API void xt_batch_drop_last(struct xt_batch *batch);

/* Append a packet whose bytes lie elsewhere.
 * data     stays the caller's; valid until the batch's last use, with XT_HEADROOM writable bytes
 *          before it and XT_TAILROOM behind its len bytes
 * returns  the packet, valid until reset; NULL: batch full */
XT_API struct xt_pkt *xt_batch_view(struct xt_batch *batch, uint8_t *data, uint32_t len);

/* The same without room: only the len bytes may be written, because others adjoin them.  Such a
 * datagram can be opened; its packet then has the room of its own header and tag. */
XT_API struct xt_pkt *xt_batch_view_bare(struct xt_batch *batch, uint8_t *data, uint32_t len);

struct xt_vec {
	uint8_t *base;
	size_t len;
};

/* Datagrams to one path: vecs[first .. first + n), one each, all of seg bytes but the last, which
 * may be shorter.  At most XT_RUN_MAX of them and XT_RUN_BYTES in all, the limits of UDP_SEGMENT.
 * tos: the DS field of the IP header, DSCP and ECN.
 * dont_fragment: one datagram that no router may fragment (IPv4: with DF, whatever its kernel
 * thinks of the path's MTU).  One that is too large for the link is dropped without notice.
 * unstuck: set by the UDP socket when path.local no longer worked and was left out. */
struct xt_run {
	struct xt_path path;
	uint32_t first, n;
	uint32_t seg;
	uint32_t bytes;
	uint8_t tos;
	bool unstuck;
	bool dont_fragment;
};
#define XT_RUN_MAX   64
#define XT_RUN_BYTES 65507

/* Datagrams to be sent.  vecs point into batches (valid until those are reset) or into the arena
 * (handshake messages, valid until xt_tx_reset). */
struct xt_tx {
	struct xt_run *runs;
	struct xt_vec *vecs;
	uint32_t n_runs, n_vecs, cap;
	uint8_t *arena;
	size_t arena_len, arena_used;
};

/* Allocate an xt_tx.
 * out        the caller's, released by xt_tx_free; unchanged on error
 * cap        datagrams at most
 * arena_len  bytes for handshake messages; one takes up to 148
 * returns    0, XT_E_NOMEM */
XT_API int xt_tx_new(struct xt_tx **out, uint32_t cap, size_t arena_len);
XT_API void xt_tx_free(struct xt_tx *tx); /* NULL is allowed */

/* Forget all datagrams, after they were sent; the arena is free again. */
XT_API void xt_tx_reset(struct xt_tx *tx);

/* Append one datagram without copying it; it joins the last run where path, tos and size allow.
 * base     not copied, valid until the tx is reset
 * len      1..XT_PACKET_MAX
 * returns  0, XT_E_FULL, XT_E_INVALID (len) */
XT_API int xt_tx_view(struct xt_tx *tx, const struct xt_path *path, uint8_t tos, uint8_t *base,
		      size_t len);

/* The same for a datagram in a run of its own, with dont_fragment. */
XT_API int xt_tx_view_whole(struct xt_tx *tx, const struct xt_path *path, uint8_t *base,
			    size_t len);

/* The same, but the bytes of msg are copied to the arena.  0, XT_E_FULL, XT_E_INVALID (len). */
XT_API int xt_tx_copy(struct xt_tx *tx, const struct xt_path *path, uint8_t tos, const void *msg,
		      size_t len);

#ifdef __cplusplus
}
#endif

#endif

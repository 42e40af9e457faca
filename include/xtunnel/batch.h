/* The currency of the data path: packets travel in batches, datagrams leave in runs. */
#ifndef XTUNNEL_BATCH_H
#define XTUNNEL_BATCH_H

#include <xtunnel/aead.h>
#include <xtunnel/types.h>

/* Writable bytes that whoever fills a batch leaves around each packet: a message header in front,
 * padding to 16 and the tag behind. */
#define XT_HEADROOM   16
#define XT_TAILROOM   (15 + XT_TAG_LEN)
#define XT_PACKET_MAX 65535
#define XT_SLOT_MAX   (XT_HEADROOM + XT_PACKET_MAX + XT_TAILROOM)

enum xt_verdict {
#define X(name, label, sentence) name,
#include <xtunnel/verdict.def>
#undef X
	XT_VERDICTS
};
const char *xt_verdict_label(enum xt_verdict verdict);
const char *xt_verdict_sentence(enum xt_verdict verdict);

struct xt_peer;
struct xt_keypair;

enum xt_gso_kind { XT_GSO_NONE, XT_GSO_TCP4, XT_GSO_TCP6, XT_GSO_UDP };
enum {
	XT_GSO_NEEDS_CSUM = 1 << 0, /* the checksum field holds the pseudo-header's sum only */
	XT_GSO_ECN = 1 << 1,	    /* TCP: CWR is set, and belongs to the first segment alone */
};

/* What an IP packet leaves to be done by whoever sends it on; all zero: nothing, a plain packet.
 * kind, size   a super-packet: to be cut into segments of size bytes of payload (the last may be
 *              shorter), each behind a copy of the headers
 * csum_*       with NEEDS_CSUM: the field at start + offset shall cover what lies from start on
 * header_len   of a super-packet: IP and transport header together; a hint */
struct xt_gso {
	uint16_t size;
	uint8_t kind; /* enum xt_gso_kind */
	uint8_t flags;
	uint16_t csum_start, csum_offset;
	uint16_t header_len;
};

/* One packet or datagram.
 * data, len  what it is now: IP packet, or message as received
 * peer       send: NULL = look up by destination; set = send to this one.  recv: set by finish
 * keypair    pinned from plan to finish; NULL otherwise
 * from       recv: the way it came; points into the batch, many packets may share one
 * job        index into the batch's jobs, or XT_NO_JOB
 * verdict    XT_PASS while it is on the road
 * ecn        recv: the outer header's two ECN bits.  send: those the datagram shall carry
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
	struct xt_gso gso;
};
#define XT_NO_JOB UINT32_MAX

/* A batch has one holder at a time.  The slab is memory that packets of this batch lie in; it is
 * handed out front to back and given back all at once by xt_batch_reset. */
struct xt_batch {
	struct xt_pkt *pkts;
	struct xt_job *jobs;
	struct xt_path *paths;
	uint32_t n, n_jobs, n_paths;
	uint32_t cap;	  /* of pkts, jobs and paths each */
	uint32_t planned; /* so many of pkts has xt_send_plan seen */
	uint8_t *slab;
	size_t slab_len, slab_used;
	size_t slab_high;  /* the most that was ever used, to be wiped */
	size_t slot_start; /* where the slot of packet slot_pkt begins, the newest one */
	uint32_t slot_pkt; /* UINT32_MAX: none to trim or to drop */
};

/* cap packets at most, slab_len bytes of slab (at least XT_SLOT_MAX).  Pages of the slab that were
 * never used cost nothing.  XT_E_NOMEM. */
int xt_batch_new(struct xt_batch **out, uint32_t cap, size_t slab_len);
void xt_batch_free(struct xt_batch *batch);  /* wipes the part of the slab that was used */
void xt_batch_reset(struct xt_batch *batch); /* no packets, no jobs, whole slab free */

/* Room for one packet of up to max bytes between headroom and tailroom, or NULL when the batch or
 * its slab is full.  The packet is on the batch with len 0 and verdict XT_PASS; the caller writes
 * to data, sets len <= max and calls xt_batch_trim, which gives the rest of the slab back (only
 * for the newest packet).  xt_batch_drop_last takes the newest packet off again. */
struct xt_pkt *xt_batch_add(struct xt_batch *batch, size_t max);
void xt_batch_trim(struct xt_batch *batch);
void xt_batch_drop_last(struct xt_batch *batch);

/* A packet whose bytes lie elsewhere, with headroom and tailroom there.  NULL: batch full. */
struct xt_pkt *xt_batch_view(struct xt_batch *batch, uint8_t *data, uint32_t len);

struct xt_vec {
	uint8_t *base;
	size_t len;
};

/* Datagrams to one path: vecs[first .. first + n), one each, all seg bytes long but the last, which
 * may be shorter.  At most XT_RUN_MAX of them and XT_RUN_BYTES in all: what UDP_SEGMENT takes.
 * unstuck: set by the UDP socket when path.local no longer worked and was left out. */
struct xt_run {
	struct xt_path path;
	uint32_t first, n;
	uint32_t seg;
	uint32_t bytes;
	uint8_t ecn;
	bool unstuck;
};
#define XT_RUN_MAX   64
#define XT_RUN_BYTES 65507

/* Datagrams ready to leave.  vecs point into batches (valid until those are reset) or into the
 * arena (handshake messages). */
struct xt_tx {
	struct xt_run *runs;
	struct xt_vec *vecs;
	uint32_t n_runs, n_vecs, cap;
	uint8_t *arena;
	size_t arena_len, arena_used;
};

int xt_tx_new(struct xt_tx **out, uint32_t cap, size_t arena_len);
void xt_tx_free(struct xt_tx *tx);
void xt_tx_reset(struct xt_tx *tx);

/* Append one datagram: joins the last run where path, ecn and size allow.  The bytes stay where
 * they are (view) or are copied to the arena (copy).  XT_E_FULL. */
int xt_tx_view(struct xt_tx *tx, const struct xt_path *path, uint8_t ecn, uint8_t *base,
	       size_t len);
int xt_tx_copy(struct xt_tx *tx, const struct xt_path *path, uint8_t ecn, const void *msg,
	       size_t len);

#endif

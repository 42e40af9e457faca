/* SPDX-License-Identifier: MIT */
/* The taps of a data path, for captures. A path asks for them once a batch, while data->capture is
 * set, and hands the batch over at each place where its packets can be seen or have got a verdict.
 *
 *   from the host   copied as read, since they are changed and encrypted in place; recorded when
 *                   they are planned, with their verdicts
 *   to the host     recorded when they are written
 *   outer in        copied as read, since they are opened in place; recorded when they are
 *                   finished, messages of a handshake when they are processed
 *   outer out       recorded when the socket has taken or refused them
 *
 * The copies are of a fixed size; what finds no room there is lost to the captures alone. */
#ifndef XT_TUNNEL_CAPTURE_H
#define XT_TUNNEL_CAPTURE_H

#include <xtunnel/device.h>

#include "packet/split.h"
#include "platform/udp.h"

struct xt_capture;

/* Forms of a record, each a bit.
 * WHOLE    inner packet as the host sees it: a super-packet is one
 * SEGMENT  inner packet as it is in a datagram
 * OUTER    datagram */
enum {
	XT_CAPTURE_WHOLE = 1 << 0,
	XT_CAPTURE_SEGMENT = 1 << 1,
	XT_CAPTURE_OUTER = 1 << 2,
};

/* A packet with what became of it; valid during the call.
 * peer     NULL: none, or not known
 * session  with has_session, of an inner packet: the index on its data message
 * head     OUTER: headers of IP and UDP, before bytes; NULL otherwise */
struct xt_capture_record {
	unsigned forms;
	bool inbound, has_session;
	enum xt_verdict verdict;
	const struct xt_public *peer;
	uint32_t session;
	const uint8_t *head, *bytes;
	uint32_t head_len, len;
};

/* record, lost, keys are called within passes and must not call the tunnel.
 * lost  n packets of these forms could not be recorded
 * keys  of a handshake, before its first datagram that they open is recorded */
struct xt_capture_sink {
	void *ctx;
	void (*record)(void *ctx, const struct xt_capture_record *record);
	void (*lost)(void *ctx, unsigned forms, uint64_t n);
	void (*keys)(void *ctx, const struct xt_keylog *keys);
};

/* wanted: forms. Borrows dev and udp. XT_E_NOMEM. */
int xt_capture_new(struct xt_capture **out, const struct xt_capture_sink *sink,
		   struct xt_device *dev, struct xt_udp *udp);
void xt_capture_free(struct xt_capture *capture); /* wipes the copies; NULL is fine */
void xt_capture_set_wanted(struct xt_capture *capture, unsigned forms);
/* An initiation or response that was read before, and what became of it. */
void xt_capture_handshake(const struct xt_capture *capture, const struct xt_path *from,
			  const uint8_t *message, size_t len, enum xt_verdict verdict);
void xt_capture_keys(const struct xt_capture *capture, const struct xt_keylog *keys);

/* The tx path.
 * host_read  raw's packets from that one on were read from the TUN
 * split      xt_split in its place
 * host_sent  out's packets from that one on, by that split, have been planned; not sealed yet */
void xt_capture_host_read(struct xt_capture *capture, const struct xt_batch *raw, uint32_t from);
void xt_capture_split(struct xt_capture *capture, struct xt_split *at, struct xt_batch *raw,
		      struct xt_batch *out);
void xt_capture_host_sent(struct xt_capture *capture, const struct xt_batch *out, uint32_t from);

/* Planned packets that the host did not send, or that were recorded before: forms of those that go
 * on. Others have their verdict recorded in every form. */
void xt_capture_planned(struct xt_capture *capture, const struct xt_batch *batch, unsigned forms);
/* Device traffic: of its packets only probes have not been recorded. */
void xt_capture_probes(struct xt_capture *capture, const struct xt_batch *batch);

/* The rx path.
 * udp_read   batch was read
 * opened     it is opened, not finished
 * finished   it is finished: datagrams, and packets that end there
 * echo_copy, echo_end   around the echo responder, which answers in place */
void xt_capture_udp_read(struct xt_capture *capture, const struct xt_batch *batch);
void xt_capture_opened(struct xt_capture *capture, const struct xt_batch *batch);
void xt_capture_finished(struct xt_capture *capture, const struct xt_batch *batch);
void xt_capture_echo_copy(struct xt_capture *capture, const struct xt_batch *batch);
void xt_capture_echo_end(struct xt_capture *capture, const struct xt_batch *batch);

/* written was written to the TUN. plain: what it was merged from, else the same. */
void xt_capture_host_written(struct xt_capture *capture, const struct xt_batch *written,
			     const struct xt_batch *plain);

/* xt_udp_ops.send in its place. */
int xt_capture_send(struct xt_capture *capture, struct xt_tx *tx, uint32_t *next);

#endif

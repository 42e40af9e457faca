/* SPDX-License-Identifier: MIT */
/* Handshake messages: MAC and cookie check, queue, response, retry. */
#ifndef XT_CORE_HANDSHAKE_H
#define XT_CORE_HANDSHAKE_H

#include "core/device_impl.h"

/* A message of type 1..3 was received: check it and queue it for xt_handshake_drain. Returns its
 * verdict so far. */
enum xt_verdict xt_handshake_queue(struct xt_device *dev, struct xt_time now,
				   const struct xt_path *from, const uint8_t *msg, uint32_t len);

/* Process queued messages, up to the budget of one tick. Answers go to tx. */
void xt_handshake_drain(struct xt_device *dev, struct xt_time now, struct xt_tx *tx);

/* Send an initiation to peer, at most one per REKEY_TIMEOUT; an earlier call is deferred until
 * then. retry: called for the retransmission timer, which has counted it. */
void xt_handshake_start(struct xt_device *dev, struct xt_time now, struct xt_peer *peer, bool retry,
			struct xt_tx *tx);

/* Send the initiation that is in flight to a second address of peer, if it still has no answer. */
void xt_handshake_second(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			 struct xt_tx *tx);

/* Send an initiation regardless of REKEY_TIMEOUT, for the timer that is called urgent. */
void xt_handshake_urgent(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			 struct xt_tx *tx);

/* Send one initiation to peer that no timer repeats, unless a handshake is open or was begun within
 * REKEY_TIMEOUT. */
void xt_handshake_probe(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			struct xt_tx *tx);

/* Both sides have the keys: the initiator by the response, the responder by the first message of
 * the session. */
void xt_session_complete(struct xt_device *dev, struct xt_time now, struct xt_peer *peer);

bool xt_under_load(const struct xt_device *dev, struct xt_time now);

#endif

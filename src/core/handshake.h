/* The road of handshake messages: queue, gate, answer, retry. */
#ifndef XT_CORE_HANDSHAKE_H
#define XT_CORE_HANDSHAKE_H

#include "core/device_impl.h"

/* A message of type 1..3 came: keep it for xt_handshake_drain. The verdict tells its fate so far.
 */
enum xt_verdict xt_handshake_queue(struct xt_device *dev, struct xt_time now,
				   const struct xt_path *from, const uint8_t *msg, uint32_t len);

/* Work off queued messages, up to the budget of one tick. Answers go to tx. */
void xt_handshake_drain(struct xt_device *dev, struct xt_time now, struct xt_tx *tx);

/* Send an initiation to peer, not more than one per REKEY_TIMEOUT; too early ones are put off to
 * then. retry: by the retransmission timer, which has counted it. */
void xt_handshake_start(struct xt_device *dev, struct xt_time now, struct xt_peer *peer, bool retry,
			struct xt_tx *tx);

/* Both sides have the keys: by the response, or by the first message under a session that we
 * answered. */
void xt_session_complete(struct xt_device *dev, struct xt_time now, struct xt_peer *peer);

bool xt_under_load(const struct xt_device *dev, struct xt_time now);

#endif

/* Noise_IKpsk2 (WireGuard paper 5.4): four verbs on the fields of messages. They know no peer
 * table, no clock, no randomness and no macs: all of that is the caller's.
 *
 *   initiator                                  responder
 *   xt_noise_initiate         -- message 1 ->  xt_noise_read_initiation: who is it?
 *                                              (the caller finds the peer by that key)
 *                                              xt_noise_read_timestamp: is it really, and when?
 *                                              (the caller judges the stamp)
 *   xt_noise_read_response    <- message 2 --  xt_noise_respond
 *   keys                                       keys
 *
 * The responder's handshake is scratch between read_initiation and respond: in its own memory, it
 * leaves alone an initiation that we sent to the same peer.
 * Structs that hold secrets live where the caller put them (crypto/secret.h), and nothing secret is
 * left elsewhere when a function returns. Comparisons are constant-time. */
#ifndef XT_CORE_NOISE_H
#define XT_CORE_NOISE_H

#include <xtunnel/types.h>

#include "core/message.h"
#include "crypto/blake2s.h"

/* Our identity. Secret. */
struct xt_noise_local {
	struct xt_private private_key;
	struct xt_public public_key;
	bool has_key;
};

/* What a handshake needs of a peer. Secret. */
struct xt_noise_peer {
	struct xt_public remote;
	struct xt_psk psk; /* all zero: none */
	uint8_t
	    static_static[32]; /* DH of the two static keys; all zero: no handshake can succeed */
};

enum xt_noise_state {
	XT_NOISE_NONE,
	XT_NOISE_INITIATION_SENT,
	XT_NOISE_INITIATION_READ,     /* the sender named itself: not authentic yet */
	XT_NOISE_INITIATION_CONSUMED, /* it is authentic, a replay perhaps */
};

/* One handshake under way. Secret. All zero is XT_NOISE_NONE. */
struct xt_noise_handshake {
	enum xt_noise_state state;
	uint32_t local_index, remote_index;
	uint8_t chaining[XT_HASH_LEN];
	uint8_t hash[XT_HASH_LEN];
	struct xt_private ephemeral;
	struct xt_public remote_ephemeral;
};

/* Keys of a session. Secret. */
struct xt_noise_keys {
	uint8_t send[32];
	uint8_t recv[32];
};

/* The key is clamped; NULL or all zero: no key. Every peer has to be set up again after that. */
void xt_noise_local_set(struct xt_noise_local *local, const struct xt_private *key);

/* Computes static_static; the caller sets psk. A remote key of small order, and a local identity
 * without key, leave it zero: handshakes with that peer fail. */
void xt_noise_peer_set(struct xt_noise_peer *peer, const struct xt_noise_local *local,
		       const struct xt_public *remote);

/* Make message 1, macs zero. Whatever hs held is forgotten.
 * random  32 fresh random bytes; the caller wipes his copy
 * stamp   TAI64N, greater than in any initiation to this peer before
 * index   by which the answer finds hs
 * XT_E_NOKEY, XT_E_AUTH (zero DH); hs is then none and out wiped. */
int xt_noise_initiate(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
		      const struct xt_noise_peer *peer, const struct xt_private *random,
		      const uint8_t stamp[XT_TIMESTAMP_LEN], uint32_t index,
		      struct xt_msg_initiation *out);

/* Read message 1 as far as who claims to send it. hs is scratch, overwritten.
 * XT_E_NOKEY, XT_E_INVALID (type), XT_E_AUTH; hs is then none and remote wiped. */
int xt_noise_read_initiation(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
			     const struct xt_msg_initiation *msg, struct xt_public *remote);

/* Then, with the peer of that key: prove it, and give the time it was made.
 * msg  the same one. Replays are the caller's to refuse: stamp greater than any before
 * XT_E_INVALID (hs not read, or another peer's), XT_E_AUTH; hs is then none and stamp wiped. */
int xt_noise_read_timestamp(struct xt_noise_handshake *hs, const struct xt_noise_peer *peer,
			    const struct xt_msg_initiation *msg, uint8_t stamp[XT_TIMESTAMP_LEN]);

/* Make message 2, macs zero, and the keys of the session. hs ends as none in either case, but keeps
 * its two indices. Nothing is to be sent with the keys until data came in (paper 5.4.5).
 * XT_E_INVALID (state), XT_E_AUTH (zero DH); out and keys are then wiped. */
int xt_noise_respond(struct xt_noise_handshake *hs, const struct xt_noise_peer *peer,
		     const struct xt_private *random, uint32_t index, struct xt_msg_response *out,
		     struct xt_noise_keys *keys);

/* Read message 2. On success hs ends as none, but keeps its two indices; on error it is untouched,
 * so that a forged response does not end the handshake, and keys are wiped.
 * XT_E_INVALID (state, type, receiver is not hs's index), XT_E_NOKEY, XT_E_AUTH. */
int xt_noise_read_response(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
			   const struct xt_noise_peer *peer, const struct xt_msg_response *msg,
			   struct xt_noise_keys *keys);

/* Wipes; the indices too. */
void xt_noise_handshake_clear(struct xt_noise_handshake *hs);

/* The chaining key and hash that every handshake begins with, before the responder's key is mixed
 * in. */
void xt_noise_start(uint8_t chaining[XT_HASH_LEN], uint8_t hash[XT_HASH_LEN]);

#endif

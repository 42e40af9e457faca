/* SPDX-License-Identifier: MIT */
/* Noise_IKpsk2 (WireGuard paper 5.4): functions on the fields of messages. The peer table, the
 * clock, randomness and the macs are the caller's.
 *
 *   initiator                                  responder
 *   xt_noise_initiate         -- message 1 ->  xt_noise_read_initiation: the claimed public key
 *                                              (the caller looks up the peer by that key)
 *                                              xt_noise_read_timestamp: authentic, and its time
 *                                              (the caller compares the timestamp)
 *   xt_noise_read_response    <- message 2 --  xt_noise_respond
 *   keys                                       keys
 *
 * The responder's handshake is scratch between read_initiation and respond. It has memory apart
 * from that of an initiation sent to the same peer, so both handshakes can complete.
 * Structs that hold secrets live where the caller put them (crypto/secret.h); no copy of a secret
 * is left elsewhere when a function returns. Comparisons take constant time. */
#ifndef XT_CORE_NOISE_H
#define XT_CORE_NOISE_H

#include <xtunnel/types.h>

#include "core/message.h"
#include "crypto/blake2s.h"

/* The device's identity. Secret. */
struct xt_noise_local {
	struct xt_private private_key;
	struct xt_public public_key;
	bool has_key;
};

/* The part of a peer that handshakes use. Secret. */
struct xt_noise_peer {
	struct xt_public remote;
	struct xt_psk psk; /* all zero: none */
	uint8_t
	    static_static[32]; /* DH of the two static keys; all zero: no handshake can succeed */
};

enum xt_noise_state {
	XT_NOISE_NONE,
	XT_NOISE_INITIATION_SENT,
	XT_NOISE_INITIATION_READ,     /* the sender's key is known, not yet authentic */
	XT_NOISE_INITIATION_CONSUMED, /* authentic, perhaps a replay */
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

/* The key is clamped; NULL or all zero: no key. Call xt_noise_peer_set for every peer after it. */
void xt_noise_local_set(struct xt_noise_local *local, const struct xt_private *key);

/* Computes static_static; the caller sets psk. A remote key of small order, or a local identity
 * without a key, leaves it zero: handshakes with that peer fail. */
void xt_noise_peer_set(struct xt_noise_peer *peer, const struct xt_noise_local *local,
		       const struct xt_public *remote);

/* Make message 1, macs zero. hs is overwritten.
 * random     32 fresh random bytes; the caller wipes its copy
 * timestamp  TAI64N, greater than in any earlier initiation to this peer
 * index      the local session index, by which the response finds hs
 * XT_E_NOKEY, XT_E_AUTH (zero DH); hs is then none and out wiped. */
int xt_noise_initiate(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
		      const struct xt_noise_peer *peer, const struct xt_private *random,
		      const uint8_t timestamp[XT_TIMESTAMP_LEN], uint32_t index,
		      struct xt_msg_initiation *out);

/* Read message 1 as far as the claimed public key of its sender. hs is scratch, overwritten.
 * XT_E_NOKEY, XT_E_INVALID (type), XT_E_AUTH; hs is then none and remote wiped. */
int xt_noise_read_initiation(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
			     const struct xt_msg_initiation *msg, struct xt_public *remote);

/* Then, with the peer of that key: authenticate the message and return its timestamp. The caller
 * refuses a replay: the timestamp must be greater than any before.
 * msg  the same message
 * XT_E_INVALID (hs not read, or another peer's), XT_E_AUTH; hs is then none and timestamp wiped. */
int xt_noise_read_timestamp(struct xt_noise_handshake *hs, const struct xt_noise_peer *peer,
			    const struct xt_msg_initiation *msg,
			    uint8_t timestamp[XT_TIMESTAMP_LEN]);

/* Make message 2, macs zero, and the keys of the session. hs ends as none in either case, but keeps
 * its two indices. The keys must not be used for sending until data was received (paper 5.4.5).
 * XT_E_INVALID (state), XT_E_AUTH (zero DH); out and keys are then wiped. */
int xt_noise_respond(struct xt_noise_handshake *hs, const struct xt_noise_peer *peer,
		     const struct xt_private *random, uint32_t index, struct xt_msg_response *out,
		     struct xt_noise_keys *keys);

/* Read message 2. On success hs ends as none, but keeps its two indices; on error it is unchanged,
 * so that a forged response does not end the handshake, and keys are wiped.
 * XT_E_INVALID (state, type, receiver is not hs's index), XT_E_NOKEY, XT_E_AUTH. */
int xt_noise_read_response(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
			   const struct xt_noise_peer *peer, const struct xt_msg_response *msg,
			   struct xt_noise_keys *keys);

/* Wipes all of hs, including the indices. */
void xt_noise_handshake_clear(struct xt_noise_handshake *hs);

/* The chaining key and hash that every handshake begins with, before the responder's key. */
void xt_noise_start(uint8_t chaining[XT_HASH_LEN], uint8_t hash[XT_HASH_LEN]);

#endif

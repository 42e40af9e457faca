/* SPDX-License-Identifier: MIT */
/* Keypairs: the transport keys of one session, and the three slots of a peer (paper 5.4.6, 6).
 *
 *   next      responder only, until the initiator proves that it has the keys: receive only
 *   current   used for sending
 *   previous  receive only, for packets that were in flight
 *
 * A keypair that left its slot is dead; its keys are wiped at the last unpin. */
#ifndef XT_CORE_KEYPAIR_H
#define XT_CORE_KEYPAIR_H

#include <xtunnel/types.h>

#include "core/index.h"
#include "core/noise.h"
#include "core/replay.h"
#include "crypto/secret.h"

struct xt_peer;

struct xt_keypair {
	uint8_t send_key[32];
	uint8_t recv_key[32];
	uint64_t send_counter; /* the next one */
	uint64_t received;     /* messages, each once */
	uint64_t birth;	       /* monotonic ns */
	struct xt_peer *peer;
	uint32_t local_index, remote_index;
	uint32_t pins;
	bool initiator; /* this device initiated the handshake */
	bool dead;
	struct xt_replay replay;
};

struct xt_keypairs {
	struct xt_keypair *current, *previous, *next;
};

/* Locked memory for keypairs and the table of their indices. Owned by the device. */
struct xt_keypair_pool {
	struct xt_secret_pool *slab;
	struct xt_index *index;
	uint32_t live;
};

/* A keypair in no slot whose local index is index, already in the table as this keypair's.
 * keys is copied. NULL without memory. */
struct xt_keypair *xt_keypair_new(struct xt_keypair_pool *pool, struct xt_peer *peer,
				  const struct xt_noise_keys *keys, uint32_t local_index,
				  uint32_t remote_index, bool initiator, uint64_t now);

/* Put kp into its first slot: current for the initiator, next for the responder. */
void xt_keypair_install(struct xt_keypair_pool *pool, struct xt_keypairs *slots,
			struct xt_keypair *kp);
/* A message was authenticated with kp: next becomes current. When this device's own handshake,
 * begun at the same time, completed after the peer's, only the side that yields switches; for the
 * other one, next becomes previous. true: current changed. */
bool xt_keypair_confirm(struct xt_keypair_pool *pool, struct xt_keypairs *slots,
			struct xt_keypair *kp, bool yields);
/* Free a keypair that was installed in no slot. */
void xt_keypair_drop(struct xt_keypair_pool *pool, struct xt_keypair *kp);
/* Empty all three slots. */
void xt_keypairs_erase(struct xt_keypair_pool *pool, struct xt_keypairs *slots);

/* Is there a session, or one of late? One that the initiator has not confirmed counts for none. */
static inline bool xt_keypairs_present(const struct xt_keypairs *slots)
{
	return slots->current || slots->previous;
}

/* May kp still be used for sending, for receiving, at that time? NULL: no. */
bool xt_keypair_may_send(const struct xt_keypair *kp, uint64_t now);
bool xt_keypair_may_recv(const struct xt_keypair *kp, uint64_t now);

static inline void xt_keypair_pin(struct xt_keypair *kp)
{
	kp->pins++;
}
void xt_keypair_unpin(struct xt_keypair_pool *pool, struct xt_keypair *kp);

#endif

/* SPDX-License-Identifier: MIT */
/* The sessions of a peer in a snapshot: keys, counters and windows, and the open handshake. */
#include <string.h>

#include "base/bytes.h"
#include "core/snapshot.h"
#include "core/snapshot_impl.h"

/* Words of a replay window: most are all zeros or all ones, so runs of them take two bytes. */
enum words { WORDS_ZERO, WORDS_ONE, WORDS_MIXED, WORDS_KINDS };

static enum words word_kind(uint64_t word)
{
	return word == 0 ? WORDS_ZERO : word == UINT64_MAX ? WORDS_ONE : WORDS_MIXED;
}

static void words_code(struct xt_coder *c, uint64_t *word, uint32_t n, enum words kind)
{
	for (uint32_t i = 0; i < n; i++) {
		xt_le64 wire = xt_le64_of(word[i]);

		if (kind == WORDS_MIXED)
			xt_coder_bytes(c, wire.b, sizeof(wire.b));
		word[i] = kind == WORDS_ZERO  ? 0
			  : kind == WORDS_ONE ? UINT64_MAX
					      : xt_le64_load(wire);
	}
}

static void replay_code(struct xt_coder *c, struct xt_replay *replay)
{
	xt_coder_u64(c, &replay->next);
	xt_coder_check(c, replay->next <= XT_REJECT_AFTER_MESSAGES);
	for (uint32_t at = 0, n; at < XT_REPLAY_WORDS && !c->error; at += n) {
		uint32_t kind = word_kind(replay->ring[at]);

		for (n = 1; c->out && at + n < XT_REPLAY_WORDS &&
			    word_kind(replay->ring[at + n]) == (enum words)kind;)
			n++;
		xt_coder_up_to(c, &kind, WORDS_KINDS - 1);
		xt_coder_up_to(c, &n, XT_REPLAY_WORDS - at);
		xt_coder_check(c, n != 0);
		if (!c->error)
			words_code(c, &replay->ring[at], n, (enum words)kind);
	}
}

/* An index is that of one session or handshake: a second one is refused. */
static bool index_restore(struct xt_coder *c, struct xt_device *dev, enum xt_index_kind kind,
			  void *owner, uint32_t index)
{
	int err = c->error ? c->error : xt_index_put(&dev->index, kind, owner, index);

	if (err)
		xt_coder_fail(c, err == XT_E_NOMEM ? err : XT_E_INVALID);
	return err == 0;
}

static struct xt_keypair *keypair_restore(struct xt_coder *c, struct xt_device *dev,
					  struct xt_peer *peer, uint32_t index)
{
	static const struct xt_noise_keys none;
	struct xt_keypair *kp;

	if (!index_restore(c, dev, XT_INDEX_KEYPAIR, NULL, index))
		return NULL;
	kp = xt_keypair_new(&dev->keypairs, peer, &none, index, 0, false, 0);
	if (kp)
		return kp;
	xt_index_remove(&dev->index, index);
	xt_coder_fail(c, XT_E_NOMEM);
	return NULL;
}

static void keypair_code(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer,
			 struct xt_keypair **slot)
{
	struct xt_keypair *kp = *slot;
	bool present = kp != NULL;
	uint32_t index = kp ? kp->local_index : 0;

	xt_coder_flag(c, &present);
	if (!present)
		return;
	xt_coder_u32(c, &index);
	if (!c->out)
		kp = *slot = keypair_restore(c, dev, peer, index);
	if (!kp)
		return;
	xt_coder_bytes(c, kp->send_key, sizeof(kp->send_key));
	xt_coder_bytes(c, kp->recv_key, sizeof(kp->recv_key));
	xt_coder_u32(c, &kp->remote_index);
	xt_coder_u64(c, &kp->send_counter);
	xt_coder_u64(c, &kp->received);
	xt_coder_past(c, &kp->birth);
	xt_coder_flag(c, &kp->initiator);
	replay_code(c, &kp->replay);
	xt_coder_check(c, kp->birth != XT_NEVER && kp->send_counter <= XT_REJECT_AFTER_MESSAGES);
	if (!c->out) /* see XT_SNAPSHOT_SKIP */
		kp->send_counter +=
		    XT_MIN((uint64_t)XT_SNAPSHOT_SKIP, XT_REJECT_AFTER_MESSAGES - kp->send_counter);
}

/* The response to an initiation of before is awaited: it completes the handshake. */
static void handshake_code(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_noise_handshake *hs = &peer->secret->handshake;
	uint32_t index = hs->state == XT_NOISE_INITIATION_SENT ? peer->handshake_index : 0;

	xt_coder_u32(c, &index);
	if (!index || (!c->out && !index_restore(c, dev, XT_INDEX_HANDSHAKE, peer, index)))
		return;
	peer->handshake_index = hs->local_index = index;
	hs->state = XT_NOISE_INITIATION_SENT;
	xt_coder_bytes(c, hs->chaining, sizeof(hs->chaining));
	xt_coder_bytes(c, hs->hash, sizeof(hs->hash));
	xt_coder_bytes(c, hs->ephemeral.b, sizeof(hs->ephemeral.b));
}

void xt_snapshot_sessions(struct xt_coder *c, struct xt_device *dev, struct xt_peer *peer)
{
	struct xt_keypairs *slots = &peer->keypairs;

	keypair_code(c, dev, peer, &slots->current);
	keypair_code(c, dev, peer, &slots->previous);
	keypair_code(c, dev, peer, &slots->next);
	handshake_code(c, dev, peer);
	xt_coder_check(c, !slots->next || !slots->next->initiator);
	/* Keys and handshake end by a timer. */
	xt_coder_check(c, !(slots->current || slots->previous || slots->next) ||
			      peer->timers.erase != XT_NEVER);
}

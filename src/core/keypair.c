/* SPDX-License-Identifier: MIT */
/* Keypairs and their three slots. */
#include "core/keypair.h"

#include <string.h>

#include "core/limits.h"

struct xt_keypair *xt_keypair_new(struct xt_keypair_pool *pool, struct xt_peer *peer,
				  const struct xt_noise_keys *keys, uint32_t local_index,
				  uint32_t remote_index, bool initiator, uint64_t now)
{
	struct xt_keypair *kp = xt_secret_get(pool->slab);

	if (!kp)
		return NULL;
	memcpy(kp->send_key, keys->send, sizeof(kp->send_key));
	memcpy(kp->recv_key, keys->recv, sizeof(kp->recv_key));
	kp->birth = now;
	kp->peer = peer;
	kp->local_index = local_index;
	kp->remote_index = remote_index;
	kp->initiator = initiator;
	xt_replay_init(&kp->replay);
	xt_index_set(pool->index, local_index, XT_INDEX_KEYPAIR, kp);
	pool->live++;
	return kp;
}

static void keypair_free(struct xt_keypair_pool *pool, struct xt_keypair *kp)
{
	xt_secret_put(pool->slab, kp); /* wipes */
	pool->live--;
}

static void slot_retire(struct xt_keypair_pool *pool, struct xt_keypair **slot)
{
	struct xt_keypair *kp = *slot;

	*slot = NULL;
	if (!kp)
		return;
	xt_index_remove(pool->index, kp->local_index);
	kp->dead = true;
	if (!kp->pins)
		keypair_free(pool, kp);
}

void xt_keypair_install(struct xt_keypair_pool *pool, struct xt_keypairs *slots,
			struct xt_keypair *kp)
{
	slot_retire(pool, &slots->previous);
	if (!kp->initiator) {
		slot_retire(pool, &slots->next);
		slots->next = kp;
		return;
	}
	/* Simultaneous handshakes: the peer may already send with the session that it initiated,
	 * which stays next. Packets of the session before are still in flight: it becomes previous.
	 */
	slots->previous = slots->current;
	slots->current = kp;
}

bool xt_keypair_confirm(struct xt_keypair_pool *pool, struct xt_keypairs *slots,
			struct xt_keypair *kp, bool yields)
{
	if (kp != slots->next)
		return false;
	slot_retire(pool, &slots->previous);
	slots->next = NULL;
	/* Simultaneous handshakes. If each side kept the session that it initiated, both would
	 * rekey simultaneously again, with more keys in use than there are slots. The initiator of
	 * the session that both keep does not switch. */
	if (!yields && slots->current && slots->current->initiator &&
	    slots->current->birth >= kp->birth) {
		slots->previous = kp;
		return false;
	}
	slots->previous = slots->current;
	slots->current = kp;
	return true;
}

void xt_keypair_drop(struct xt_keypair_pool *pool, struct xt_keypair *kp)
{
	slot_retire(pool, &kp);
}

void xt_keypairs_erase(struct xt_keypair_pool *pool, struct xt_keypairs *slots)
{
	slot_retire(pool, &slots->next);
	slot_retire(pool, &slots->current);
	slot_retire(pool, &slots->previous);
}

bool xt_keypair_may_send(const struct xt_keypair *kp, uint64_t now)
{
	return kp && now - kp->birth < XT_SEND_UNTIL && kp->send_counter < XT_REJECT_AFTER_MESSAGES;
}

bool xt_keypair_may_recv(const struct xt_keypair *kp, uint64_t now)
{
	return kp && now - kp->birth < XT_REJECT_AFTER_TIME;
}

void xt_keypair_unpin(struct xt_keypair_pool *pool, struct xt_keypair *kp)
{
	kp->pins--;
	if (kp->dead && !kp->pins)
		keypair_free(pool, kp);
}

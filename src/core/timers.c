/* SPDX-License-Identifier: MIT */
/* The timers of one peer; timers.h lists the events. */
#include "core/timers.h"

#include "base/bytes.h"
#include "core/limits.h"

void xt_timers_init(struct xt_timers *t)
{
	*t = (struct xt_timers){.retransmit = XT_NEVER,
				.keepalive = XT_NEVER,
				.new_handshake = XT_NEVER,
				.erase = XT_NEVER,
				.persistent = XT_NEVER,
				.start = XT_NEVER,
				.probe = XT_NEVER,
				.second = XT_NEVER,
				.path_mtu = XT_NEVER,
				.urgent = XT_NEVER,
				.last_initiation = XT_NEVER};
}

uint64_t xt_timers_next(const struct xt_timers *t)
{
	uint64_t a = XT_MIN(t->retransmit, t->keepalive);
	uint64_t b = XT_MIN(t->new_handshake, t->erase);
	uint64_t c = XT_MIN(t->persistent, t->start);
	uint64_t d = XT_MIN(t->probe, t->urgent);

	return XT_MIN(XT_MIN(XT_MIN(a, b), XT_MIN(c, d)), XT_MIN(t->second, t->path_mtu));
}

static bool timer_expired(uint64_t *deadline, uint64_t now)
{
	if (*deadline > now)
		return false;
	*deadline = XT_NEVER;
	return true;
}

unsigned xt_timers_due(struct xt_timers *t, uint64_t now)
{
	unsigned due = 0;

	if (timer_expired(&t->retransmit, now)) {
		if (t->attempts >= XT_ATTEMPTS_MAX) {
			due |= XT_DUE_GIVE_UP;
		} else {
			t->attempts++;
			due |= XT_DUE_RETRANSMIT;
		}
	}
	if (timer_expired(&t->keepalive, now))
		due |= XT_DUE_KEEPALIVE;
	if (timer_expired(&t->new_handshake, now))
		due |= XT_DUE_NEW_HANDSHAKE;
	if (timer_expired(&t->erase, now))
		due |= XT_DUE_ERASE;
	if (timer_expired(&t->persistent, now))
		due |= XT_DUE_PERSISTENT;
	if (timer_expired(&t->start, now))
		due |= XT_DUE_START;
	if (timer_expired(&t->probe, now))
		due |= XT_DUE_PROBE;
	if (timer_expired(&t->second, now))
		due |= XT_DUE_SECOND;
	if (timer_expired(&t->path_mtu, now))
		due |= XT_DUE_PATH_MTU;
	if (timer_expired(&t->urgent, now))
		due |= XT_DUE_URGENT;
	return due;
}

static void persistent_rearm(struct xt_timers *t, uint64_t now)
{
	if (t->persistent_s)
		t->persistent = now + t->persistent_s * XT_SECOND;
}

void xt_timers_data_sent(struct xt_timers *t, uint64_t now, uint64_t jitter)
{
	if (t->new_handshake == XT_NEVER)
		t->new_handshake = now + XT_KEEPALIVE_TIMEOUT + XT_REKEY_TIMEOUT + jitter;
}

void xt_timers_data_received(struct xt_timers *t, uint64_t now)
{
	if (t->keepalive == XT_NEVER)
		t->keepalive = now + XT_KEEPALIVE_TIMEOUT;
}

void xt_timers_any_sent(struct xt_timers *t, uint64_t now)
{
	t->keepalive = XT_NEVER;
	persistent_rearm(t, now);
}

void xt_timers_any_received(struct xt_timers *t, uint64_t now)
{
	t->new_handshake = XT_NEVER;
	persistent_rearm(t, now);
}

void xt_timers_initiated(struct xt_timers *t, uint64_t now, uint64_t jitter)
{
	t->retransmit = now + XT_REKEY_TIMEOUT + jitter;
	t->last_initiation = now;
	t->start = t->probe = t->urgent = t->second = XT_NEVER;
}

/* The open handshake is erased as after one that was given up. */
void xt_timers_probed(struct xt_timers *t, uint64_t now)
{
	t->last_initiation = now;
	if (t->erase == XT_NEVER)
		t->erase = now + XT_ERASE_AFTER;
}

void xt_timers_urgent(struct xt_timers *t, uint64_t at)
{
	uint64_t least = t->last_initiation == XT_NEVER ? 0 : t->last_initiation + XT_REROUTE_GAP;

	t->urgent = XT_MIN(t->urgent, XT_MAX(at, least));
}

void xt_timers_requested(struct xt_timers *t, uint64_t now)
{
	uint64_t least = t->last_initiation == XT_NEVER ? 0 : t->last_initiation + XT_REQUEST_GAP;

	if (t->retransmit == XT_NEVER)
		t->urgent = XT_MIN(t->urgent, XT_MAX(now, least));
}

void xt_timers_complete(struct xt_timers *t)
{
	t->retransmit = XT_NEVER;
	t->start = t->probe = t->urgent = t->second = XT_NEVER;
	t->attempts = 0;
	t->last_minute = false;
}

void xt_timers_derived(struct xt_timers *t, uint64_t now)
{
	t->erase = now + XT_ERASE_AFTER;
}

void xt_timers_gave_up(struct xt_timers *t, uint64_t now)
{
	t->keepalive = XT_NEVER;
	if (t->erase == XT_NEVER)
		t->erase = now + XT_ERASE_AFTER;
}

void xt_timers_erased(struct xt_timers *t)
{
	t->erase = XT_NEVER;
	t->last_minute = false;
}

/* Whatever is sent rearms it too. Without this a keepalive that came due while no initiation was
 * allowed, and after which the handshake was given up, would be the last one. */
void xt_timers_persistent_done(struct xt_timers *t, uint64_t now)
{
	if (t->persistent == XT_NEVER)
		persistent_rearm(t, now);
}

void xt_timers_identity_changed(struct xt_timers *t)
{
	t->retransmit = t->new_handshake = t->keepalive = XT_NEVER;
	t->start = t->probe = t->urgent = t->second = XT_NEVER;
	t->last_initiation = XT_NEVER;
	t->attempts = 0;
}

void xt_timers_set_persistent(struct xt_timers *t, uint64_t now, uint16_t seconds)
{
	if (!seconds)
		t->persistent = XT_NEVER;
	else if (!t->persistent_s)
		t->persistent = now;
	else
		t->persistent = XT_MIN(t->persistent, now + seconds * XT_SECOND);
	t->persistent_s = seconds;
}

bool xt_timers_may_initiate(const struct xt_timers *t, uint64_t now)
{
	return t->last_initiation == XT_NEVER || now - t->last_initiation >= XT_REKEY_TIMEOUT;
}

/* SPDX-License-Identifier: MIT */
/* Whether handshakes are more work than the device should do for senders that have proved nothing.
 *
 * Load is judged by time, not by the number of messages. What was worked, and what waits times the
 * measured cost of a message, is paid off by XT_LOAD_PERCENT of the processor; XT_LOAD_BURST may be
 * owed. What exceeds that begins the load, which lasts until a second after its last sign. So a
 * burst of honest peers is worked off, and a flood of whatever rate ends at the same share. */
#ifndef XT_CORE_LOAD_H
#define XT_CORE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/* Times are monotonic ns, never going back.
 * until     under load until then
 * refused   messages without a cookie since until was set
 * paid_at   when the share of the processor has paid for the work that was done
 * cost      of one message
 * measured  cost is no assumption any more */
struct xt_load {
	uint64_t until, paid_at, cost;
	uint32_t refused;
	bool measured;
};

void xt_load_init(struct xt_load *load);
/* One Diffie-Hellman took ns, 0: unknown. A first estimate of the cost, until it is measured. */
void xt_load_estimate(struct xt_load *load, uint64_t ns);

static inline bool xt_load_active(const struct xt_load *load, uint64_t now)
{
	return now < load->until;
}

/* May one more message be admitted, while queued ones wait? */
bool xt_load_admits(const struct xt_load *load, uint64_t now, uint32_t queued);
/* The load begins or goes on. true: it begins. */
bool xt_load_begin(struct xt_load *load, uint64_t now);
/* A message without a cookie was refused under load. true: there are so many that the load goes
 * on. */
bool xt_load_refuse(struct xt_load *load);
/* n messages were worked off.
 * ns  what they cost together; 0: it was not measured */
void xt_load_worked(struct xt_load *load, uint64_t now, uint64_t ns, unsigned n);

#endif

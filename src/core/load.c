/* SPDX-License-Identifier: MIT */
/* Load, judged by the measured time of handshakes. */
#include "core/load.h"

#include "base/bytes.h"
#include "core/limits.h"

/* The time in which the share of the processor does that much work. */
static uint64_t work_time(uint64_t ns)
{
	return ns * 100 / XT_LOAD_PERCENT;
}

void xt_load_init(struct xt_load *load)
{
	*load = (struct xt_load){.cost = XT_HANDSHAKE_COST};
}

static uint64_t cost_limit(uint64_t ns)
{
	return XT_MIN(XT_MAX(ns, XT_HANDSHAKE_COST_MIN), XT_HANDSHAKE_COST_MAX);
}

/* An initiation takes five of them and some hashes (paper 5.4.2, 5.4.3). */
void xt_load_estimate(struct xt_load *load, uint64_t ns)
{
	if (ns && !load->measured)
		load->cost = cost_limit(6 * ns);
}

bool xt_load_admits(const struct xt_load *load, uint64_t now, uint32_t queued)
{
	uint64_t owed = load->paid_at > now ? load->paid_at - now : 0;

	return owed + work_time((queued + 1) * load->cost) <= work_time(XT_LOAD_BURST);
}

bool xt_load_begin(struct xt_load *load, uint64_t now)
{
	bool begins = !xt_load_active(load, now);

	load->until = now + XT_LOAD_HOLD;
	load->refused = 0;
	return begins;
}

bool xt_load_refuse(struct xt_load *load)
{
	return ++load->refused >= XT_LOAD_STAY;
}

/* An average over some 64 messages. The limits keep a process that was stopped meanwhile, or a
 * clock without resolution, from turning the judgement. */
void xt_load_worked(struct xt_load *load, uint64_t now, uint64_t ns, unsigned n)
{
	uint64_t cost = ns ? cost_limit(ns / n) : load->cost;

	load->cost = load->measured ? (load->cost * 7 + cost) / 8 : cost;
	load->measured |= ns != 0;
	load->paid_at = XT_MAX(load->paid_at, now) + work_time(n * cost);
}

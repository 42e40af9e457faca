/* SPDX-License-Identifier: MIT */
/* Totals of lost packets, kept for some minutes: counters alone would accuse for ever. */
#include "daemon/instance_uv.h"

#include "base/bytes.h"

#define EVERY_MS 60000u

static void on_losses_timer(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;
	struct xt_instance_losses *losses = &instance->losses;
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);

	losses->totals[losses->at] = (struct xt_status_losses){
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .tun_drops = xt_tunnel_counted(instance->tunnel, XT_DROP_TUN),
	    .passed = xt_tunnel_counted(instance->tunnel, XT_PASS)};
	losses->at = (losses->at + 1) % XT_LEN(losses->totals);
}

void xt_instance_losses_open(struct xt_instance *instance)
{
	struct xt_instance_losses *losses = &instance->losses;

	uv_timer_init(&instance->uv, &losses->timer);
	losses->timer.data = instance;
	losses->open = true;
	uv_timer_start(&losses->timer, on_losses_timer, EVERY_MS, EVERY_MS);
}

void xt_instance_losses_close(struct xt_instance *instance)
{
	if (!instance->losses.open)
		return;
	instance->losses.open = false;
	uv_close((uv_handle_t *)&instance->losses.timer, NULL);
}

struct xt_status_losses xt_instance_losses_before(const struct xt_instance *instance)
{
	return instance->losses.totals[instance->losses.at];
}

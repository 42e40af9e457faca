/* SPDX-License-Identifier: MIT */
/* Totals of lost packets, kept for some minutes: counters alone would accuse for ever. They are
 * read once a minute while they change, from a session or a question on: an idle instance does not
 * wake up. */
#include "daemon/instance_uv.h"

#include <string.h>

#include "base/bytes.h"

#define EVERY_MS 60000u

static struct xt_status_losses losses_now(const struct xt_instance *instance)
{
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);

	return (struct xt_status_losses){
	    .udp_overruns = udp->ops->overruns ? udp->ops->overruns(udp) : 0,
	    .tun_drops = xt_tunnel_counted(instance->tunnel, XT_DROP_TUN),
	    .passed = xt_tunnel_counted(instance->tunnel, XT_PASS)};
}

static void on_losses_timer(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;
	struct xt_instance_losses *losses = &instance->losses;
	const struct xt_status_losses now = losses_now(instance);
	bool same = memcmp(&now, &losses->totals[losses->at], sizeof(now)) == 0;

	losses->totals[losses->at] = now;
	losses->at = (losses->at + 1) % XT_LEN(losses->totals);
	if (!same)
		uv_timer_start(timer, on_losses_timer, EVERY_MS, 0);
}

void xt_instance_losses_open(struct xt_instance *instance)
{
	struct xt_instance_losses *losses = &instance->losses;

	uv_timer_init(&instance->uv, &losses->timer);
	losses->timer.data = instance;
	losses->open = true;
}

void xt_instance_losses_follow(struct xt_instance *instance)
{
	struct xt_instance_losses *losses = &instance->losses;

	if (losses->open && !uv_is_active((uv_handle_t *)&losses->timer))
		uv_timer_start(&losses->timer, on_losses_timer, EVERY_MS, 0);
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

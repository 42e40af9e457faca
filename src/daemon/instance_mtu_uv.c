/* SPDX-License-Identifier: MIT */
/* Set the MTU of a peer's path on its routes. A few at a time: each is a request of the kernel, and
 * the loop moves packets. What has no route of this instance is told by ICMP alone (tx_fit.c). */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/size.h"
#include "daemon/plan.h"

#define NETWORKS 32   /* at a time */
#define RETRY_MS 200u /* while the instance is not up, or reloads */

static void mtu_take_first(struct xt_instance_mtu *mtu)
{
	mtu->at = 0;
	mtu->n--;
	memmove(mtu->due, mtu->due + 1, mtu->n * sizeof(*mtu->due));
}

static void on_route_mtu(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error == -EAGAIN) { /* a reload is under way */
		instance->mtu.again = true;
	} else if (reply->error == -E2BIG) {
		instance->mtu.off = true;
		xt_log_notice("%s: too many routes to set their MTU: hosts are told by ICMP",
			      instance->conf->name);
	} else if (reply->error < 0) {
		xt_log_warning("%s: MTU of a route: %s", instance->conf->name,
			       xt_strerror(reply->error));
	}
}

static void on_mtu_timer(uv_timer_t *timer)
{
	struct xt_instance *instance = timer->data;
	struct xt_instance_mtu *mtu = &instance->mtu;
	struct xt_cidr networks[NETWORKS];
	struct xt_request request = {.kind = XT_REQUEST_ROUTE_MTU, .path_mtu = {networks, 0, 0}};

	if (instance->state < XT_STATE_RUN) {
		uv_timer_start(timer, on_mtu_timer, RETRY_MS, 0);
		return;
	}
	if (instance->state > XT_STATE_RUN || mtu->n == 0)
		return;
	mtu->again = false;
	request.path_mtu.n = xt_tunnel_path(instance->tunnel, &mtu->due[0], &request.path_mtu.mtu,
					    mtu->at, networks, NETWORKS);
	if (request.path_mtu.n > 0)
		xt_request(instance->requests, &request, on_route_mtu, instance);
	if (!mtu->again)
		mtu->at += request.path_mtu.n;
	if (!mtu->again && request.path_mtu.n < NETWORKS)
		mtu_take_first(mtu);
	if (mtu->off)
		mtu->n = 0;
	else if (mtu->n > 0)
		uv_timer_start(timer, on_mtu_timer, mtu->again ? RETRY_MS : 0, 0);
}

void xt_instance_mtu_open(struct xt_instance *instance)
{
	struct xt_instance_mtu *mtu = &instance->mtu;

	uv_timer_init(&instance->uv, &mtu->timer);
	mtu->timer.data = instance;
	mtu->open = true;
	mtu->off = instance->options.dropin || instance->conf->table == XT_TABLE_OFF ||
		   instance->conf->n_peers > XT_LINK_ROUTES_MTU;
}

/* The first one starts again: its routes may have half of the value before. */
static bool mtu_add(struct xt_instance_mtu *mtu, const struct xt_public *peer)
{
	for (size_t i = 0; i < mtu->n; i++)
		if (memcmp(&mtu->due[i], peer, sizeof(*peer)) == 0) {
			mtu->at = i == 0 ? 0 : mtu->at;
			return true;
		}
	if (mtu->n == mtu->cap) {
		size_t cap = XT_MAX(mtu->cap * 2, (size_t)16);
		struct xt_public *due = xt_items_resize(mtu->due, cap, sizeof(*due));

		if (!due)
			return false;
		mtu->due = due;
		mtu->cap = cap;
	}
	mtu->due[mtu->n++] = *peer;
	return true;
}

void xt_instance_mtu_changed(struct xt_instance *instance, const struct xt_public *peer)
{
	struct xt_instance_mtu *mtu = &instance->mtu;

	if (mtu->open && !mtu->off && mtu_add(mtu, peer) &&
	    !uv_is_active((uv_handle_t *)&mtu->timer))
		uv_timer_start(&mtu->timer, on_mtu_timer, 0, 0);
}

void xt_instance_mtu_close(struct xt_instance *instance)
{
	struct xt_instance_mtu *mtu = &instance->mtu;

	if (!mtu->open)
		return;
	mtu->open = false;
	uv_close((uv_handle_t *)&mtu->timer, NULL);
	free(mtu->due);
	mtu->due = NULL;
	mtu->n = mtu->cap = 0;
}

void xt_instance_mtu_search(struct xt_instance *instance, const struct xt_conf *conf)
{
	struct xt_cidr nets[XT_PLAN_NETS];
	size_t n = xt_plan_local_nets(conf, nets);

	xt_tunnel_search_mtu(instance->tunnel, nets, n);
}

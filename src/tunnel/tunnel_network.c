/* SPDX-License-Identifier: MIT */
/* The host's network has changed, or the host was suspended: paths are judged again at once, so
 * that the next datagram leaves the right way. The peers are reviewed when a burst of changes is
 * over, but not for ever, in slices between which packets are moved. */
#include "base/bytes.h"
#include "platform/clock.h"
#include "tunnel/tunnel_impl.h"

#define MS UINT64_C(1000000)

/* QUIET    changes of routes come in bursts
 * SLICE    time of one slice: a peer costs a request or two to the kernel
 * GAP      until the next slice
 * PEERS    between two looks at the clock
 * NOTES    new sessions, per pass
 * ASLEEP   a shorter suspend harms no session */
#define REVIEW_QUIET (5 * MS)
#define REVIEW_SLICE (3 * MS / 10)
#define REVIEW_GAP   MS
#define REVIEW_PEERS 8
#define WAY_NOTES    8
#define ASLEEP_MIN   XT_TUNNEL_IDLE

static uint64_t way_find(void *ctx, const struct xt_path *path)
{
	struct xt_udp *udp = ctx;

	return udp->ops->way(udp, path);
}

static void review_schedule(struct xt_tunnel *tunnel, bool suspended, uint64_t due)
{
	if (tunnel->udp->ops->routes_expire)
		tunnel->udp->ops->routes_expire(tunnel->udp);
	if (!tunnel->udp->ops->way)
		return;
	xt_device_network_changed(tunnel->dev, suspended);
	tunnel->review_due = XT_MIN(tunnel->review_due, due);
	tunnel->review_begins = true;
}

void xt_tunnel_network_changed(struct xt_tunnel *tunnel)
{
	review_schedule(tunnel, false, xt_clock_now().mono + REVIEW_QUIET);
}

void xt_tunnel_link_returned(struct xt_tunnel *tunnel, unsigned link)
{
	if (tunnel->udp->ops->link_returned)
		tunnel->udp->ops->link_returned(tunnel->udp, link);
}

void xt_tunnel_awake(struct xt_tunnel *tunnel, struct xt_time now)
{
	uint64_t before = tunnel->asleep;

	tunnel->asleep = xt_clock_suspended();
	if (tunnel->asleep - before < ASLEEP_MIN || tunnel->asleep < before)
		return;
	review_schedule(tunnel, true, now.mono);
	tunnel->network_moved = true;
}

/* Addresses of the documentation, for the default routes: no datagram goes there. */
static void defaults_note(struct xt_tunnel *tunnel)
{
	static const struct xt_path paths[2] = {
	    {.remote = {.ip = {4, {192, 0, 2, 1}}, .port = 9}},
	    {.remote = {.ip = {6, {0x20, 1, 0xd, 0xb8, [15] = 1}}, .port = 9}},
	};

	for (unsigned i = 0; i < XT_LEN(paths); i++) {
		uint64_t before = tunnel->default_way[i];
		uint64_t way = tunnel->udp->ops->way(tunnel->udp, &paths[i]);

		tunnel->default_way[i] = way;
		tunnel->network_moved |= before && way != before && way != XT_WAY_NONE;
	}
}

void xt_tunnel_ways_start(struct xt_tunnel *tunnel)
{
	tunnel->asleep = xt_clock_suspended();
	if (tunnel->udp->ops->way)
		defaults_note(tunnel);
}

void xt_tunnel_ways_note(struct xt_tunnel *tunnel)
{
	struct xt_ways ways = {tunnel->udp, way_find};

	if (tunnel->udp->ops->way && tunnel->review_due == XT_NEVER)
		(void)xt_device_note_ways(tunnel->dev, WAY_NOTES, &ways);
}

void xt_tunnel_review(struct xt_tunnel *tunnel, struct xt_time now)
{
	struct xt_ways ways = {tunnel->udp, way_find};
	uint64_t until = now.mono + REVIEW_SLICE;
	size_t reached = 0;
	bool more;

	if (now.mono < tunnel->review_due)
		return;
	if (tunnel->review_begins)
		defaults_note(tunnel);
	tunnel->review_begins = false;
	do
		more = xt_device_review(tunnel->dev, now, REVIEW_PEERS, &ways, &reached);
	while (more && xt_clock_now().mono < until);
	tunnel->review_due = more ? until + REVIEW_GAP : XT_NEVER;
	tunnel->network_moved |= reached > 0;
}

bool xt_tunnel_network_moved(struct xt_tunnel *tunnel)
{
	bool moved = tunnel->network_moved;

	tunnel->network_moved = false;
	return moved;
}

/* SPDX-License-Identifier: MIT */
/* What is done to a loop between two passes: changes of the tunnel, parking. */
#include "tunnel/loop_impl_uv.h"

#include <errno.h>

int xt_loop_park(struct xt_loop *loop)
{
	if (loop->state != LOOP_RUNNING)
		return -ENODEV;
	loop->state = LOOP_PARKING;
	xt_loop_update(loop);
	return 0;
}

void xt_loop_resume(struct xt_loop *loop)
{
	if (loop->state != LOOP_PARKING && loop->state != LOOP_PARKED)
		return;
	loop->state = LOOP_RUNNING;
	loop->not_full = -1;
	xt_tunnel_resume(loop->tunnel);
	xt_loop_port_follow(loop);
	xt_loop_update(loop);
}

void xt_loop_wake(struct xt_loop *loop)
{
	if (loop->state != LOOP_STOPPING)
		xt_loop_update(loop);
}

int xt_loop_apply_begin(struct xt_loop *loop, struct xt_tunnel_apply *apply,
			const struct xt_change *change, const struct xt_udp_sockets *sockets)
{
	if (loop->state == LOOP_STOPPING)
		return -ESHUTDOWN;
	xt_tunnel_apply_begin(loop->tunnel, apply, change, sockets);
	return 0;
}

int xt_loop_apply_end(struct xt_loop *loop, struct xt_tunnel_apply *apply)
{
	bool port = apply->has_sockets;
	int rc;

	if (loop->state == LOOP_STOPPING)
		return xt_tunnel_apply_end(apply);
	for (unsigned i = 0; i < TUN; i++)
		xt_loop_source_watch(loop, i, 0);
	rc = xt_tunnel_apply_end(apply);
	if (rc == 0 && port)
		xt_loop_port_moved(loop);
	loop->not_full = -1;
	xt_loop_update(loop);
	return rc;
}

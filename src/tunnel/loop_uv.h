/* The loop: libuv says when the TUN, the UDP sockets, the link and the clock want a turn. */
#ifndef XT_TUNNEL_LOOP_UV_H
#define XT_TUNNEL_LOOP_UV_H

#include <uv.h>

#include "tunnel/tunnel.h"

struct xt_loop;

/* gone    the interface was deleted or its descriptor died: end; called once
 * link    may be NULL: the MTU or the name has changed
 * closed  after xt_loop_stop: every handle is closed, the tunnel may be */
struct xt_loop_callbacks {
	void *ctx;
	void (*gone)(void *ctx, int error);
	void (*mtu)(void *ctx, uint32_t mtu);
	void (*closed)(void *ctx);
};

/* tunnel was started and stays until closed was called. On error nothing is left open but handles
 * that the loop closes in its next turn (closed is called then too when *out was set). */
int xt_loop_start(struct xt_loop **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  const struct xt_loop_callbacks *calls);

/* The tunnel was called from outside of the loop (ping, endpoint, change): look at its deadline and
 * its sockets again. */
void xt_loop_wake(struct xt_loop *loop);

/* xt_tunnel_apply, with the polls of sockets that it replaces. */
int xt_loop_apply(struct xt_loop *loop, const struct xt_change *change,
		  const struct xt_udp_sockets *sockets);

/* Close all handles; frees after calls.closed. */
void xt_loop_stop(struct xt_loop *loop);

#endif

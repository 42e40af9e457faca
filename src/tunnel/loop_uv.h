/* SPDX-License-Identifier: MIT */
/* The loop: runs the tunnel by libuv when the TUN, the UDP sockets, the link or a deadline is
 * due. */
#ifndef XT_TUNNEL_LOOP_UV_H
#define XT_TUNNEL_LOOP_UV_H

#include <uv.h>

#include "platform/watch.h"
#include "tunnel/tunnel.h"

struct xt_loop;

/* gone    the interface was deleted or its device failed: shut down; called once
 * mtu     the interface's MTU has changed; may be NULL
 * link_up the interface was down and is up again; may be NULL
 * network the host's network has changed for a peer or a default route, or the host was suspended;
 *	   may be NULL
 * moved   the interface is in another network namespace, or messages from there were lost: call
 *	   xt_loop_watch
 * parked  after xt_loop_park; may be NULL when that is never called
 * closed  after xt_loop_stop: every handle is closed, the tunnel may be closed too
 * watch   NULL, or a watch of the tunnel's interface that is open, and the loop's from then on: a
 *	   process may have given up what opening one takes */
struct xt_loop_callbacks {
	void *ctx;
	void (*gone)(void *ctx, int error);
	void (*mtu)(void *ctx, uint32_t mtu);
	void (*link_up)(void *ctx);
	void (*network)(void *ctx);
	void (*moved)(void *ctx);
	void (*parked)(void *ctx);
	void (*closed)(void *ctx);
	const struct xt_watch *watch;
};

/* tunnel was started, its devices can be watched, and it outlives the call of closed. After an
 * error only handles are left open, which close in the next iteration of uv (and closed is called,
 * when *out was set). */
int xt_loop_start(struct xt_loop **out, uv_loop_t *uv, struct xt_tunnel *tunnel,
		  const struct xt_loop_callbacks *callbacks);

/* To be called after the tunnel was used from outside the loop (ping, endpoint, change): updates
 * the deadline and what is watched. */
void xt_loop_wake(struct xt_loop *loop);

/* xt_tunnel_apply_begin and _end, with the watches of the sockets that it replaces; in between
 * xt_tunnel_apply_step. -ESHUTDOWN: it did not begin. */
int xt_loop_apply_begin(struct xt_loop *loop, struct xt_tunnel_apply *apply,
			const struct xt_change *change, const struct xt_udp_sockets *sockets);
int xt_loop_apply_end(struct xt_loop *loop, struct xt_tunnel_apply *apply);

/* The answer to moved: what xt_watch_follow returned, and the members of its watch. fd is the
 * loop's from then on. */
void xt_loop_watch(struct xt_loop *loop, int error, const struct xt_watch *watch,
		   const struct xt_link_state *state);

/* Between two passes stop reading. When what was read has left, neither TUN nor sockets are
 * watched, no timer runs, and parked is called, perhaps from within: see xt_tunnel_park. resume:
 * go on, also when parked was not called yet. -ENODEV: the interface is gone, or it is
 * parked already. */
int xt_loop_park(struct xt_loop *loop);
void xt_loop_resume(struct xt_loop *loop);

/* Close all handles; calls closed and frees when the last one is. */
void xt_loop_stop(struct xt_loop *loop);

#endif

/* SPDX-License-Identifier: MIT */
/* The device's UDP port has changed while peers send to the old one. Each peer with a session gets
 * a keepalive, by which it learns the new port, and the old socket is read until all were heard at
 * the new one. Messages that arrive at the old one have path.old_port set. */
#ifndef XT_CORE_PORT_MOVE_H
#define XT_CORE_PORT_MOVE_H

#include <xtunnel/types.h>

struct xt_device;

void xt_port_move_begin(struct xt_device *dev);

enum xt_port_move {
	XT_PORT_MORE,  /* go on soon */
	XT_PORT_WAITS, /* for a peer to be heard at the new port */
	XT_PORT_OVER,
};
/* Go on for n peers; then xt_device_tick and xt_send_device_traffic. A peer that was removed
 * or whose session has ended is not waited for. */
enum xt_port_move xt_port_move_step(struct xt_device *dev, struct xt_time now, unsigned n);

#endif

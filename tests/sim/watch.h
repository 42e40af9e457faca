/* SPDX-License-Identifier: MIT */
/* Invariants, checked on the wire: no (key, counter) twice, nothing on an expired key, no data from
 * a responder before its session is confirmed, no storm of keepalives. */
#ifndef XT_SIM_WATCH_H
#define XT_SIM_WATCH_H

#include "sim/net.h"

struct sim_watch *sim_watch_new(struct sim *sim);
void sim_watch_free(struct sim_watch *watch);
void sim_watch_sent(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d);
void sim_watch_delivered(struct sim_watch *watch, struct sim_node *node, const struct sim_dgram *d);

/* The node restarts: its earlier keys are gone. */
void sim_watch_restart(struct sim_watch *watch, const struct sim_node *node);

#endif

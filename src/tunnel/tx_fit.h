/* SPDX-License-Identifier: MIT */
/* The step of the tx path that fits packets into the paths to their peers. */
#ifndef XT_TUNNEL_TX_FIT_H
#define XT_TUNNEL_TX_FIT_H

#include "tunnel/tx_path.h"

/* Of the packets in raw from that one on, before they are split: prepare those that are too large
 * for their peer's path (packet/fit.h), lower the MSS of a SYN, keep the headers of flows. Errors
 * for the host are added to answers. Does nothing when no path MTU is known nor searched for. */
void xt_tx_fit(struct xt_tx_path *tx, struct xt_time now, uint32_t from);

/* Write to the TUN what the host has to know about paths that carry less than before. */
void xt_tx_fit_report(struct xt_data_path *data);

#endif

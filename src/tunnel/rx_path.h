/* SPDX-License-Identifier: MIT */
/* The rx path: datagrams of the peers toward the host. Called by the scheduler only. */
#ifndef XT_TUNNEL_RX_PATH_H
#define XT_TUNNEL_RX_PATH_H

#include "packet/merge.h"
#include "tunnel/data_path.h"

/* batch      what state is the state of; NULL when it is IDLE
 * replies    echo replies that wait for flush; NULL: none
 * delivered  the batch that the replies lie in */
struct xt_rx_path {
	struct xt_data_path *data;
	enum xt_path_state state;
	struct xt_batch *batch;
	struct xt_batch *replies, *delivered;
	struct xt_merge *merge;
};

/* A pass of the rx path: it goes on while reads are full, up to quota bytes.
 * bytes, last  read in all, and by the last read
 * held  only datagrams are read that were read from the kernel already (struct xt_udp, pending) */
struct xt_rx_pass {
	bool held;
	size_t quota, bytes, last;
};

int xt_rx_path_init(struct xt_rx_path *rx, struct xt_data_path *data); /* XT_E_NOMEM */
void xt_rx_path_clear(struct xt_rx_path *rx);

/* One batch all the way to the TUN: the one that was read before, else one read of the socket. With
 * workers the next one is read and submitted meanwhile, if the pass goes on. Then flush.
 * pass     NULL: nothing is read ahead
 * returns  datagrams that were read; -errno */
int xt_rx_path_step(struct xt_rx_path *rx, struct xt_time now, struct xt_rx_pass *pass);

/* Is there another step in this pass? */
bool xt_rx_path_more(const struct xt_rx_path *rx, const struct xt_rx_pass *pass);

/* Send the echo replies to what the last step delivered. */
void xt_rx_path_flush(struct xt_rx_path *rx, struct xt_time now);

/* At the end of a pass: what was read ahead is opened, and waits for the socket. */
void xt_rx_path_suspend(struct xt_rx_path *rx);
bool xt_rx_path_suspended(const struct xt_rx_path *rx);

#endif

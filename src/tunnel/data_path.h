/* SPDX-License-Identifier: MIT */
/* What tx_path and rx_path share: what they are joined to, their states, the writing end of the TUN
 * and the echo responder. */
#ifndef XT_TUNNEL_DATA_PATH_H
#define XT_TUNNEL_DATA_PATH_H

#include <assert.h>

#include <xtunnel/device.h>

#include "packet/echo_responder.h"
#include "platform/tun.h"
#include "platform/udp.h"
#include "tunnel/batch_pool.h"
#include "tunnel/capture.h"
#include "tunnel/path_limits.h"
#include "tunnel/send_queue.h"
#include "tunnel/worker_pool.h"

/* A reply to an echo request of xt_scheduler_ping. */
struct xt_pong {
	const struct xt_public *peer;
	struct xt_ip from;
	uint16_t id, seq;
	uint64_t cookie; /* as given to xt_scheduler_ping */
	uint32_t size;	 /* of the payload */
};

/* Everything is borrowed; the owner frees it after the scheduler.
 * workers     NULL, or with a single thread: aead alone does the jobs
 * echo        NULL: no echo responder
 * local4, local6  source of ICMP errors toward the TUN (family 0: none)
 * pong        NULL, or called for each echo reply that could answer an xt_scheduler_ping; true: it
 *             did, the packet ends here. Must not call the scheduler
 * search_mtu  the device searches for the path MTU of its peers
 * pass_bytes  what a pass carries before the other direction has its own; 0:
 *             XT_PASS_BYTES_DEFAULT */
struct xt_data_path_config {
	struct xt_device *dev;
	struct xt_tun *tun;
	struct xt_udp *udp;
	struct xt_aead *aead;
	struct xt_worker_pool *workers;
	struct xt_echo *echo;
	struct xt_ip local4, local6;
	bool (*pong)(void *ctx, const struct xt_pong *pong);
	void *ctx;
	bool search_mtu;
	size_t pass_bytes;
};
#define XT_PASS_BYTES_DEFAULT ((size_t)256 << 10)

/* The state of a path's batch.
 * IDLE      the path has no batch
 * READING   a batch is being filled
 * PLANNED   it has jobs that were not submitted
 * CRYPTING  the worker pool has its jobs
 * READY     its jobs are done; it waits for flush (tx) or delivery (rx)
 * BLOCKED   tx: packets that were read wait until the datagrams before them have left
 *           rx: an opened batch waits until echo replies can leave
 * The table of transitions is in data_path.c; any other is a programming error. */
enum xt_path_state {
	XT_PATH_IDLE,
	XT_PATH_READING,
	XT_PATH_PLANNED,
	XT_PATH_CRYPTING,
	XT_PATH_READY,
	XT_PATH_BLOCKED,
	XT_PATH_STATES
};
bool xt_path_may_enter(enum xt_path_state from, enum xt_path_state to);

static inline void xt_path_enter(enum xt_path_state *state, enum xt_path_state to)
{
	assert(xt_path_may_enter(*state, to));
	*state = to;
}

/* limits  of the paths to the peers
 * capture  NULL while none runs; the send queue has it too
 * error   -errno once the TUN is gone, for good */
struct xt_data_path {
	struct xt_data_path_config config;
	struct xt_batch_pool *pool;
	struct xt_send_queue queue;
	struct xt_path_limits limits;
	struct xt_capture *capture;
	int error;
};

/* Write what of batch has XT_PASS to the TUN, and count what it refuses. */
void xt_data_path_write(struct xt_data_path *data, struct xt_batch *batch);
/* The same of what was merged from plain. */
void xt_data_path_write_merged(struct xt_data_path *data, struct xt_batch *merged,
			       const struct xt_batch *plain);

/* With an echo responder only: let it take what it answers out of batch (xt_echo_process). */
void xt_data_path_echo(struct xt_data_path *data, enum xt_echo_side side, struct xt_time now,
		       struct xt_batch *batch, struct xt_batch *replies, struct xt_batch *released);

#endif

/* SPDX-License-Identifier: MIT */
/* The tx path: packets of the host toward the peers. Called by the scheduler only. */
#ifndef XT_TUNNEL_TX_PATH_H
#define XT_TUNNEL_TX_PATH_H

#include "packet/icmp.h"
#include "packet/split.h"
#include "tunnel/data_path.h"

/* raw        packets as read, and how far they are split into out
 * submitted  jobs of out that were given to the workers or done here
 * urgent     out has a packet other than a pure TCP ACK, which may wait for the end of an rx pass
 * onward     fragments that the echo responder released; to the UDP socket
 * answers    ICMP errors and echo replies; to the TUN
 * next_keep  monotonic: headers of flows are kept again then
 * icmp       the budget of these errors; icmp_cut: about packets that went on in smaller ones */
struct xt_tx_path {
	struct xt_data_path *data;
	enum xt_path_state state;
	struct xt_batch *raw, *out, *onward, *answers;
	struct xt_split split;
	uint32_t submitted;
	bool urgent;
	struct xt_icmp icmp, icmp_cut;
	uint64_t next_keep;
};

void xt_tx_path_init(struct xt_tx_path *tx, struct xt_data_path *data);

/* One read of the TUN (a super-packet or some small packets), up to its sealing. What was read is
 * added to bytes. Only while the socket is not full and nothing has to be flushed.
 * returns  packets; 0: drained, or no room before a flush; -errno: the TUN is gone */
int xt_tx_path_read(struct xt_tx_path *tx, struct xt_time now, size_t *bytes);

/* true: the batch is full, or closed, before all that was read is in it. Flush, then resume, which
 * takes up the rest as far as another batch goes, once the socket is not full. */
bool xt_tx_path_has_rest(const struct xt_tx_path *tx);
void xt_tx_path_resume(struct xt_tx_path *tx, struct xt_time now);

/* Take the jobs back from the worker pool, all done. */
void xt_tx_path_complete(struct xt_tx_path *tx);

/* pending  a batch waits for flush
 * closed   nothing more may be added to it
 * urgent   it should not wait for the end of an rx pass: it has urgent packets, or no more room */
bool xt_tx_path_pending(const struct xt_tx_path *tx);
bool xt_tx_path_closed(const struct xt_tx_path *tx);
bool xt_tx_path_urgent(const struct xt_tx_path *tx);

/* Finish the batch, if one waits, and send it. */
void xt_tx_path_flush(struct xt_tx_path *tx, struct xt_time now);

#endif

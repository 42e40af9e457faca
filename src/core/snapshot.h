/* SPDX-License-Identifier: MIT */
/* A snapshot of a device, as bytes: all that another process of the same host and boot needs to go
 * on with its sessions, without a handshake. It holds secret keys.
 *
 * In it: identity, port and mark; of each peer its configuration, endpoint and list of endpoints,
 * three keypairs with indices, counters and replay windows, open handshake, timers, staged packets,
 * cookie, timestamps, facts and path MTU; handshake messages that wait; load, cookie secret,
 * counters. Not in it: the buckets of single addresses and the cookie replies that wait (their
 * senders ask again), a search for the path's MTU under way (it begins again), and the shared
 * secrets of static keys, which the next handshake computes.
 *
 * Times are those of the host's monotonic clock, which both processes read. */
#ifndef XT_CORE_SNAPSHOT_H
#define XT_CORE_SNAPSHOT_H

#include <xtunnel/device.h>

#include "base/secbuf.h"

/* Counted up with every change of the format. */
#define XT_SNAPSHOT_VERSION 1u

/* Each key's send counter is so much further in the decoded device: more than the send queue of a
 * tunnel holds (tunnel/send_queue.c), should the encoded device send something after all. Less than
 * the replay window, so that what is still under way from it is accepted behind the first message
 * of the other. */
#define XT_SNAPSHOT_SKIP 2048u

/* Older ones are refused: their device may have sent since. */
#define XT_SNAPSHOT_AGE (60 * UINT64_C(1000000000))

/* Append the snapshot of a device to out, in a time linear in its peers. The device is not changed.
 * before   between two passes: no packet is planned and not finished
 * after    the device sends nothing more, unless no other process will go on with the snapshot
 * returns  0, XT_E_AGAIN (a change is being applied), XT_E_NOMEM, XT_E_FULL; on error out is as
 *          before */
int xt_snapshot_encode(struct xt_device *dev, struct xt_time now, struct xt_secbuf *out);

/* Make a device that goes on with a snapshot. bytes may be anything, and may be wiped afterwards.
 * out      the caller's, released by xt_device_free; unchanged on error
 * env      as for xt_device_new. mtu_changed is not called: see xt_snapshot_publish
 * version  out: that of bytes, 0 when they are no snapshot at all; may be NULL
 * returns  0, XT_E_UNSUPPORTED (another version), XT_E_INVALID, XT_E_NOMEM, XT_E_CRYPTO */
int xt_snapshot_decode(struct xt_device **out, const struct xt_env *env, struct xt_time now,
		       const void *bytes, size_t len, uint32_t *version);

/* Call env.mtu_changed for each peer whose path MTU is known, once its receiver is there. */
void xt_snapshot_publish(struct xt_device *dev);

#endif

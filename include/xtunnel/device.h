/* One endpoint of a WireGuard tunnel, without I/O.  It never reads a file, a socket or a clock:
 * packets, time and randomness are handed to it, and it hands back packets and one number, when to
 * be called next.  Not thread-safe: one thread owns a device.  Memory is allocated by new, apply
 * and report only, and by handshakes from pools that grow.
 *
 * Out:  fill a batch with IP packets; xt_send_plan; xt_aead_seal over the batch's jobs;
 *       xt_send_finish; put the runs of the tx on the wire; reset both.
 * In:   fill a batch with datagrams; xt_recv_plan; xt_aead_open; xt_recv_finish; those of the
 *       batch's packets whose verdict is XT_PASS are IP packets for the host.
 * Own:  after either, and when the deadline has come: xt_device_tick, then xt_send_device_traffic; seal;
 *       xt_send_finish; send. */
#ifndef XTUNNEL_DEVICE_H
#define XTUNNEL_DEVICE_H

#include <xtunnel/batch.h>
#include <xtunnel/change.h>
#include <xtunnel/error.h>
#include <xtunnel/report.h>

struct xt_device;

enum xt_event {
	XT_EVENT_INITIATION_SENT,
	XT_EVENT_INITIATION_RECEIVED,
	XT_EVENT_SESSION_NEW,	    /* keys are there, both sides */
	XT_EVENT_HANDSHAKE_GAVE_UP, /* after REKEY_ATTEMPT_TIME */
	XT_EVENT_ROAMED,
	XT_EVENT_COOKIE_RECEIVED,
	XT_EVENT_UNDER_LOAD,
	XT_EVENT_RESTART_NOTICED, /* data for a session that we forgot: handshake started */
	XT_EVENT_KEYS_ERASED,
};
const char *xt_event_text(enum xt_event event);

/* All that it takes to read the sessions of one handshake, and to impersonate us. */
struct xt_keylog {
	const struct xt_private *local_static, *local_ephemeral;
	const struct xt_public *remote_static;
	const struct xt_psk *psk; /* all zero: none */
};

/* random   fills buf with n bytes fit for keys
 * event    may be NULL; peer is NULL for events of the device.  Must not call into the device
 * keylog   NULL, or called for each handshake that we begin or answer */
struct xt_env {
	void *ctx;
	void (*random)(void *ctx, void *buf, size_t n);
	void (*event)(void *ctx, enum xt_event event, const struct xt_public *peer,
		      const struct xt_endpoint *endpoint);
	void (*keylog)(void *ctx, const struct xt_keylog *keys);
};

/* env is copied.  XT_E_NOMEM, XT_E_CRYPTO. */
int xt_device_new(struct xt_device **out, const struct xt_env *env);
void xt_device_free(struct xt_device *dev); /* wipes every key; NULL is fine */

/* All or nothing: on error the device is as it was.  XT_E_NOMEM, XT_E_INVALID. */
int xt_device_apply(struct xt_device *dev, struct xt_time now, const struct xt_change *change);

/* *out is the caller's, to be freed by xt_report_free.  XT_E_NOMEM. */
int xt_device_report(const struct xt_device *dev, struct xt_time now, struct xt_report **out);

/* Monotonic time of the next xt_device_tick; may lie in the past (at once) or be XT_NEVER. */
uint64_t xt_device_deadline(const struct xt_device *dev);

/* Timers that are due, then queued handshake messages up to a budget.  Answers go to tx. */
void xt_device_tick(struct xt_device *dev, struct xt_time now, struct xt_tx *tx);

/* batch: IP packets.  Each gets a peer and a job, or a verdict other than XT_PASS (a staged packet
 * was copied).  Handshakes that this starts go to tx. */
void xt_send_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		  struct xt_tx *tx);
/* Like plan, for what the device itself has to say: staged packets whose session is there, and
 * keepalives.  Appends to batch and returns how many; call again while the batch comes back full. */
size_t xt_send_device_traffic(struct xt_device *dev, struct xt_time now, struct xt_batch *batch);
/* After the jobs were sealed: datagrams go to tx as views into batch, whose jobs are used up. */
void xt_send_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
		    struct xt_tx *tx);

/* batch: datagrams with from and ecn.  Data messages get a job, others a verdict (handshake
 * messages are copied to the queue that xt_device_tick works off). */
void xt_recv_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch);
/* After the jobs were opened, in order of arrival: what is left with XT_PASS is an IP packet in
 * data/len, and peer says who sent it. */
void xt_recv_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch);

/* TAI64N across restarts (paper 5.1, 5.4.2): no initiation carries a stamp below floor_ns, nor at
 * or above bound_ns (no initiation is sent then).  Wall nanoseconds.  xt_device_timestamp is the least
 * that the next initiation's stamp can be: what a clean end writes down as the next floor. */
void xt_device_timestamp_limits(struct xt_device *dev, uint64_t floor_ns, uint64_t bound_ns);
uint64_t xt_device_timestamp(const struct xt_device *dev);

/* The link's MTU, 1420 at first: padding never makes a packet longer than that. */
void xt_device_set_mtu(struct xt_device *dev, uint32_t mtu);

/* The peer whose AllowedIPs cover ip, or NULL.  Valid until the next apply. */
struct xt_peer *xt_device_route(struct xt_device *dev, const struct xt_ip *ip);
struct xt_peer *xt_device_peer(struct xt_device *dev, const struct xt_public *key);
struct xt_public xt_peer_key(const struct xt_peer *peer);
bool xt_peer_has_endpoint(const struct xt_peer *peer);

/* Forget the own address that a path was pinned to: it no longer works. */
void xt_device_unstick(struct xt_device *dev, const struct xt_path *path);

/* A packet ended outside of the device (TUN, UDP, echo): count it. */
void xt_device_count(struct xt_device *dev, enum xt_verdict verdict, uint64_t n);

#endif

/* SPDX-License-Identifier: MIT */
/* A WireGuard device without I/O: identity, peers, sessions, timers.  It never reads a file, a
 * socket or a clock: the caller hands it packets, time and randomness; it hands back packets and
 * one number, when to be called next.  Not thread-safe: one thread owns a device.  Memory is
 * allocated by new, apply and report only, and for handshakes from pools that grow.
 *
 * Transmit: fill a batch with IP packets; xt_send_plan; xt_aead_seal over the batch's jobs;
 *           xt_send_finish; send the runs of the tx; reset both.
 * Receive:  fill a batch with datagrams; xt_recv_plan; xt_aead_open; xt_recv_finish; the batch's
 *           packets whose verdict is XT_PASS are IP packets for the host.
 * Device traffic: after either, and when the deadline has come: xt_device_tick, then
 *           xt_send_device_traffic; xt_aead_seal; xt_send_finish; send.
 *
 * No call that changes the device's peers (xt_device_apply) may come while a pointer to a peer is
 * held in a batch of the caller's beyond finish; between plan and finish it is allowed. */
#ifndef XTUNNEL_DEVICE_H
#define XTUNNEL_DEVICE_H

#include <xtunnel/batch.h>
#include <xtunnel/change.h>
#include <xtunnel/error.h>
#include <xtunnel/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xt_device;

enum xt_event {
	XT_EVENT_INITIATION_SENT,
	XT_EVENT_INITIATION_RECEIVED,
	XT_EVENT_SESSION_NEW,	    /* keys are there, both sides */
	XT_EVENT_HANDSHAKE_GAVE_UP, /* after REKEY_ATTEMPT_TIME */
	XT_EVENT_ROAMED,	    /* from one known endpoint to another */
	XT_EVENT_COOKIE_RECEIVED,
	XT_EVENT_UNDER_LOAD,
	XT_EVENT_RESTART_NOTICED, /* data for an unknown session from a peer: handshake started */
	XT_EVENT_KEYS_ERASED,
	XT_EVENT_CONTACT,	 /* the endpoint of a peer that had none */
	XT_EVENT_LOOP,		 /* datagrams to the endpoint are sent through the tunnel itself */
	XT_EVENT_UNANSWERED,	 /* an initiation has not been answered for 5 s; once an attempt */
	XT_EVENT_ADDRESS_SILENT, /* nor has the address of a list, and the next one is tried */
};

/* A phrase for people; static storage, "unknown event" for another number. */
XT_API const char *xt_event_text(enum xt_event event);

/* The secrets of one handshake: enough to read its sessions and to impersonate this device.
 * Valid during the callback only. */
struct xt_keylog {
	const struct xt_private *local_static, *local_ephemeral;
	const struct xt_public *remote_static;
	const struct xt_psk *psk; /* all zero: none */
};

/* The caller's functions.  None may call into the device.
 * ctx      passed to each
 * random   fills buf with n bytes fit for keys; cannot fail
 * event    may be NULL; peer and endpoint are NULL for events of the device, valid during the call
 * keylog   NULL, or called for each handshake that the device starts or answers
 * handshake  NULL, or called for each initiation and response that xt_recv_plan has queued, with
 *          what became of it; message and from are valid during the call
 * removed  NULL, or called before a peer is freed, also by xt_device_free, or made again at the
 *          same address: what was kept under its pointer belongs to it no more
 * mtu_changed  NULL, or called when the largest inner packet that reaches peer has changed: bytes,
 *          a multiple of 16; 0: not known.  peer is valid during the call
 * clock    NULL, or monotonic ns at this moment, for nothing but measuring what a handshake costs:
 *          load is judged by it.  NULL: the cost on a slow machine is assumed */
struct xt_env {
	void *ctx;
	void (*random)(void *ctx, void *buf, size_t n);
	void (*event)(void *ctx, enum xt_event event, const struct xt_public *peer,
		      const struct xt_endpoint *endpoint);
	void (*keylog)(void *ctx, const struct xt_keylog *keys);
	void (*handshake)(void *ctx, const struct xt_path *from, const uint8_t *message, size_t len,
			  enum xt_verdict verdict);
	void (*removed)(void *ctx, const struct xt_peer *peer);
	void (*mtu_changed)(void *ctx, struct xt_peer *peer, uint16_t before, uint16_t after);
	uint64_t (*clock)(void *ctx);
};

/* Make a device without key and peers.
 * out      the caller's, released by xt_device_free; unchanged on error
 * env      copied; ctx must outlive the device
 * returns  0, XT_E_NOMEM, XT_E_CRYPTO (libsodium does not start) */
XT_API int xt_device_new(struct xt_device **out, const struct xt_env *env);

/* Wipe every key and release the device.  NULL is allowed.
 * before   batches that are between plan and finish must not be finished any more */
XT_API void xt_device_free(struct xt_device *dev);

/* Apply a configuration change, all or nothing: on error the device is as it was.
 * change   read only, stays the caller's.  An entry for the device's own public key is ignored
 * returns  0, XT_E_NOMEM, XT_E_INVALID (an endpoint without address or port, a prefix length out
 *          of range, a name that is not terminated) */
XT_API int xt_device_apply(struct xt_device *dev, struct xt_time now,
			   const struct xt_change *change);

/* An address at which a peer may be reached.
 * entry    the number of its place in the list: addresses of one name have the same */
struct xt_candidate {
	struct xt_endpoint endpoint;
	uint8_t entry;
};
#define XT_CANDIDATES_MAX 64

/* v, n        in the order of preference; within an entry IPv4 and IPv6 are then tried in turn
 * hold_ns     an address that did not answer is tried again after that time, or when none is left
 * configured  the list is the administrator's: it replaces an endpoint that was set since.  false:
 *             it is a later answer of a name server, which does not
 * restores    likewise, but only if an endpoint was set since
 * changes     another list may follow: it has names */
struct xt_candidate_list {
	const struct xt_candidate *v;
	size_t n;
	uint64_t hold_ns;
	bool configured, restores, changes;
};

/* Give a peer a list of endpoints.  Handshakes go to the first one; after 250 ms of silence also to
 * one of the other address family, if nothing has answered yet; after 5 s of silence to the next
 * one.  The one that answers is kept until it falls silent, as is one that the peer has roamed to.
 * A peer that has gone is no error.  XT_PEER_ENDPOINT of a later change ends the list.
 * list     copied
 * order    then xt_device_tick
 * returns  0, XT_E_NOMEM, XT_E_INVALID (an address or port is missing, more than
 *          XT_CANDIDATES_MAX): the list is as it was */
XT_API int xt_device_set_endpoints(struct xt_device *dev, struct xt_time now,
				   const struct xt_public *peer,
				   const struct xt_candidate_list *list);

/* Take a snapshot of the device.
 * out      the caller's, released by xt_report_free; unchanged on error.  Holds secret keys
 * returns  0, XT_E_NOMEM */
XT_API int xt_device_report(const struct xt_device *dev, struct xt_time now,
			    struct xt_report **out);

/* The same of one peer: the report has no other.
 * returns  0, XT_E_NOMEM, XT_E_INVALID (there is no such peer) */
XT_API int xt_device_report_peer(const struct xt_device *dev, struct xt_time now,
				 const struct xt_public *peer, struct xt_report **out);

/* Begin a handshake with a peer now, session or not; at most one in a second each.  For a diagnosis
 * or a program that waits.  While an initiation is in flight nothing is added to it: the next one
 * follows after REKEY_TIMEOUT, as ever.
 * returns  0, XT_E_INVALID (there is no such peer), XT_E_AGAIN (its endpoint is not known, or this
 *          device has no key)
 * order    then xt_device_tick */
XT_API int xt_device_start_handshake(struct xt_device *dev, struct xt_time now,
				     const struct xt_public *peer);

/* An ICMP error came for a datagram to remote, or the host did not send one.  Anybody can forge the
 * former: both are noted for reports, and nothing else follows.
 * from   the router or host that said it; family 0: not known
 * error  a positive errno */
XT_API void xt_device_note_icmp(struct xt_device *dev, struct xt_time now,
				const struct xt_endpoint *remote, enum xt_unreachable kind,
				const struct xt_ip *from);
XT_API void xt_device_note_send_error(struct xt_device *dev, struct xt_time now,
				      const struct xt_endpoint *remote, int error);

/* n packets for peer were larger than the path to it can carry.
 * peer     as of xt_device_route
 * verdict  XT_DROP_MTU, or XT_PASS_MTU: they are carried on, in fragments
 * len      of the largest */
XT_API void xt_device_note_too_large(struct xt_device *dev, struct xt_time now,
				     struct xt_peer *peer, enum xt_verdict verdict, uint32_t len,
				     uint32_t n);

/* The time of the next xt_device_tick.
 * returns  monotonic ns; may lie in the past (at once); XT_NEVER: no timer is set
 * order    changes with every other call on the device */
XT_API uint64_t xt_device_deadline(const struct xt_device *dev);

/* Run the timers that are due, then answer queued handshake messages, both up to a budget: what is
 * left is due at once.
 * tx       gets handshake messages, copied to its arena.  What finds no room waits for the
 *          next tick
 * order    then xt_send_device_traffic, for the keepalives that are due now
 * source   WireGuard paper 6 */
XT_API void xt_device_tick(struct xt_device *dev, struct xt_time now, struct xt_tx *tx);

/* Plan IP packets for sending: each gets a peer and a job, or a verdict other than XT_PASS (a
 * staged packet was copied).  Called again on the same batch, before or after finish, it plans only
 * the packets that were added since.
 * batch    packets by xt_batch_add or xt_batch_view
 * tx       gets the initiations that this starts
 * order    then xt_aead_seal over the batch's jobs, then xt_send_finish on the same device */
XT_API void xt_send_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
			 struct xt_tx *tx);

/* Append to batch and plan the packets that the device itself has to send: staged packets whose
 * session is there, and keepalives.
 * returns  how many.  Call again, after finish and reset, when the batch came back full
 * order    as after xt_send_plan */
XT_API size_t xt_send_device_traffic(struct xt_device *dev, struct xt_time now,
				     struct xt_batch *batch);

/* Finish planned packets whose jobs are sealed.
 * batch    each verdict becomes XT_PASS or XT_DROP_* (the tx was full, the session ended
 *          meanwhile); its jobs are used up, so that none is sealed twice
 * tx       gets the datagrams as views into batch: send them before batch is reset */
XT_API void xt_send_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch,
			   struct xt_tx *tx);

/* Plan received datagrams: data messages get a job, others a verdict (handshake messages are copied
 * to the queue that xt_device_tick works off).  Called again on the same batch, before or after
 * finish, it plans only the datagrams that were added since.
 * batch    datagrams with from and ecn set
 * order    then xt_aead_open over the batch's jobs, then xt_recv_finish on the same device */
XT_API void xt_recv_plan(struct xt_device *dev, struct xt_time now, struct xt_batch *batch);

/* Finish received datagrams whose jobs are opened, in order of arrival.
 * batch    what is left with XT_PASS is an IP packet in data and len; peer is its sender, valid
 *          until the next xt_device_apply
 * source   WireGuard paper 5.4.6, 6.5; RFC 6040 (ECN) */
XT_API void xt_recv_finish(struct xt_device *dev, struct xt_time now, struct xt_batch *batch);

/* Limit the timestamps of initiations, so that they grow across restarts.
 * floor_ns  wall ns: no initiation carries an earlier timestamp
 * bound_ns  wall ns: none carries this or a later one; instead none is sent.  XT_NEVER: no bound
 * source    WireGuard paper 5.1, 5.4.2 */
XT_API void xt_device_timestamp_limits(struct xt_device *dev, uint64_t floor_ns, uint64_t bound_ns);

/* A timestamp that is greater than that of every initiation so far, and not below the floor, in
 * wall ns: a clean shutdown stores it as the next start's floor. */
XT_API uint64_t xt_device_timestamp(const struct xt_device *dev);

/* What a device knows of a peer that should outlive a restart.  All of it is authenticated.
 * timestamp      the greatest TAI64N of the peer's initiations; all zero: none
 * endpoint       learned from the peer; family 0: none, or it is the configured one
 * heard_wall_ns  when a session with the peer was established or it roamed, last; 0: never */
struct xt_peer_memory {
	struct xt_public key;
	uint8_t timestamp[12];
	struct xt_endpoint endpoint;
	uint64_t heard_wall_ns;
};

/* Is there anything to take?  Cheap enough for every pass. */
XT_API bool xt_device_memory_changed(const struct xt_device *dev);

/* Take the records that changed since they were taken last, to be stored.
 * out      the caller's, room for max
 * returns  how many; max: call again */
XT_API size_t xt_device_memory_take(struct xt_device *dev, struct xt_peer_memory *out, size_t max);

/* Give a stored record back, after the apply that added its peer.  A timestamp only grows.  An
 * endpoint of the last hour is used by a peer that has none, within three minutes of the first
 * apply.
 * returns  false: there is no such peer */
XT_API bool xt_device_memory_restore(struct xt_device *dev, struct xt_time now,
				     const struct xt_peer_memory *record);

/* Set the tunnel's MTU in bytes, 1420 at first.  Padding never makes a packet longer. */
XT_API void xt_device_set_mtu(struct xt_device *dev, uint32_t mtu);

/* Search for the largest packet that reaches each peer, from its next session on; off at first.
 * Probes are requests inside the tunnel that the peer's host answers; see xtunnel.conf(5), MTU.
 * local  the interface's addresses with their prefix lengths, from which they are sent; copied, at
 *        most 8.  n 0: off, and what was found is forgotten
 * order  at any time; then runs whose dont_fragment is set are to be sent so */
XT_API void xt_device_search_mtu(struct xt_device *dev, const struct xt_cidr *local, size_t n);

/* Something says that datagrams to remote are too large for the path, as ICMP errors do: ask the
 * peers there, at most once in two seconds each.  Nothing else follows from it.
 * order    then xt_device_tick and xt_send_device_traffic */
XT_API void xt_device_suspect_mtu(struct xt_device *dev, struct xt_time now,
				  const struct xt_endpoint *remote);

/* Look a peer up: by the longest of the allowed IPs that cover ip, or by its key.
 * returns  the device's, valid until the next xt_device_apply; NULL: none */
XT_API struct xt_peer *xt_device_route(struct xt_device *dev, const struct xt_ip *ip);
XT_API struct xt_peer *xt_device_peer(struct xt_device *dev, const struct xt_public *key);

/* The public key of a peer. */
XT_API struct xt_public xt_peer_key(const struct xt_peer *peer);

/* Whether the endpoint of a peer is known, by configuration or from its messages. */
XT_API bool xt_peer_has_endpoint(const struct xt_peer *peer);

/* Let the kernel choose the local address towards a peer again.
 * path     as in a run that was sent with unstuck set; ignored when the peer's path has changed */
XT_API void xt_device_unstick(struct xt_device *dev, const struct xt_path *path);

/* The host's network has changed: routes, rules, addresses or links.  Every peer is to be looked at
 * by xt_device_review.
 * suspended  or the host has slept: every peer that had a session is reached, whatever its way */
XT_API void xt_device_network_changed(struct xt_device *dev, bool suspended);

/* Look at up to max peers.  One that has a session, or had one when its way was lost or the host
 * fell asleep, and that is reached by another way now, gets a keepalive on its session, by which it
 * learns this device's new endpoint, and a handshake.  Of these 1,000 begin in a second.
 * reached  how many got that is added to it
 * returns  true: there are more
 * order    then xt_device_tick and xt_send_device_traffic */
XT_API bool xt_device_review(struct xt_device *dev, struct xt_time now, size_t max,
			     const struct xt_ways *ways, size_t *reached);

/* Note the ways to up to max peers whose session or endpoint is new, so that a change is seen.
 * returns  true: there are more */
XT_API bool xt_device_note_ways(struct xt_device *dev, size_t max, const struct xt_ways *ways);

/* Count n packets that ended outside of the device (TUN, UDP, echo) with a verdict, for the report.
 * verdict  below XT_VERDICTS */
XT_API void xt_device_count(struct xt_device *dev, enum xt_verdict verdict, uint64_t n);
/* How many packets ended with it: as in the report, without the cost of one. */
XT_API uint64_t xt_device_counted(const struct xt_device *dev, enum xt_verdict verdict);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/* One running tunnel: a device joined to a TUN and the UDP sockets. It opens nothing by itself:
 * TUN, sockets and key log are handed over, the bound of its timestamps goes by callbacks. It reads
 * the clock; libuv is not known here (see loop_uv.h). */
#ifndef XT_TUNNEL_TUNNEL_H
#define XT_TUNNEL_TUNNEL_H

#include <xtunnel/device.h>

#include "base/secbuf.h"
#include "core/apply.h"
#include "core/port_move.h"
#include "platform/tun.h"
#include "tunnel/scheduler.h"

struct xt_tunnel;

/* Called from within passes; must not call into the tunnel, except as said. Each may be NULL.
 * mtu_changed  see struct xt_env; xt_tunnel_path says it again later
 * pong   true: taken, see scheduler.h
 * note   a sentence for the log
 * bound_read   read the bound kept under that name (timestamp.h), and answer by
 *		xt_tunnel_bound_read, from within or later; no initiation is sent before. NULL: the
 *		timestamps have no bound
 * bound_write  write it; answer: answer by xt_tunnel_bound_written likewise
 * memory_write store n records of peers, borrowed for the call; 0: only go on with what waits */
struct xt_tunnel_callbacks {
	void *ctx;
	void (*event)(void *ctx, enum xt_event event, const struct xt_public *peer,
		      const struct xt_endpoint *endpoint);
	void (*mtu_changed)(void *ctx, const struct xt_public *peer, uint16_t before,
			    uint16_t after);
	bool (*pong)(void *ctx, const struct xt_pong *pong);
	void (*note)(void *ctx, const char *text);
	void (*bound_read)(void *ctx, const char *name);
	void (*bound_write)(void *ctx, uint64_t bound, bool answer);
	void (*memory_write)(void *ctx, const struct xt_peer_memory *v, size_t n);
};

/* A tunnel with its TUN and nothing else; it owns tun from then on, unless it fails. XT_E_NOMEM. */
int xt_tunnel_new(struct xt_tunnel **out, struct xt_tun *tun,
		  const struct xt_tunnel_callbacks *callbacks);

/* The steps of xt_tunnel_start, in order. */
enum xt_tunnel_step {
	XT_TUNNEL_UDP,
	XT_TUNNEL_CIPHER,
	XT_TUNNEL_WORKERS,
	XT_TUNNEL_DEVICE,
	XT_TUNNEL_TIMESTAMP,
	XT_TUNNEL_DATA_PATH,
};
const char *xt_tunnel_step_text(enum xt_tunnel_step step); /* a noun for messages */

/* Start everything else: device, crypto, data path. start is borrowed for the call, except echo,
 * which the caller frees after the tunnel (NULL: none), and the descriptors: those of sockets are
 * the tunnel's once XT_TUNNEL_UDP has succeeded, keylog always.
 * step  out: on error the step that failed; may be NULL */
struct xt_tunnel_start {
	const struct xt_change *change;
	const struct xt_udp_sockets *sockets; /* bound to its port, with its mark */
	struct xt_echo *echo;
	struct xt_ip local4, local6;
	const struct xt_cidr *local_nets; /* addresses from which the path's MTU is searched for */
	size_t n_local_nets;		  /* 0: it is not */
	const char *aead;		  /* a backend's name; NULL: the fastest. See cipher.h */
	unsigned threads;		  /* that encrypt, 0: as many as pay. See worker_pool.h */
	bool offload_off;		  /* UDP; the TUN's was chosen when it was opened */
	int keylog; /* a file for the keys of every handshake (keylog.h); -1: none */
	/* NULL, or a snapshot with which the device goes on, instead of change; old_sockets: of the
	 * port before, or NULL */
	const void *snapshot;
	size_t snapshot_len;
	const struct xt_udp_sockets *old_sockets;
	/* NULL, or called in XT_TUNNEL_DEVICE, to get the snapshot once all that does not need it
	 * is there; it points to the receiver's memory. 0 or an error */
	int (*fetch)(void *ctx, const void **snapshot, size_t *len);
	void *fetch_ctx;
};
int xt_tunnel_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start,
		    enum xt_tunnel_step *step);

/* For another process that goes on with the tunnel, in this order. Packets that come meanwhile wait
 * in the kernel. Captures end, and fragments of echo requests are lost.
 *
 * park      read nothing more, and let what was read go on. true: nothing is in flight, and nothing
 *	     is sent or received until resume. false: blocked; call it again when it is not
 * snapshot  of a parked tunnel, appended to out: secret. XT_E_AGAIN: a change is being applied;
 *	     XT_E_NOMEM, XT_E_FULL
 * resume    no other process has it: go on
 * release   the other one has it: xt_tunnel_close then leaves the TUN device and the files alone */
bool xt_tunnel_park(struct xt_tunnel *tunnel);
void xt_tunnel_resume(struct xt_tunnel *tunnel);
int xt_tunnel_snapshot(struct xt_tunnel *tunnel, struct xt_secbuf *out);
void xt_tunnel_release(struct xt_tunnel *tunnel);
/* The process before has ended: the TUN device is this tunnel's alone. */
void xt_tunnel_take_over(struct xt_tunnel *tunnel);
/* The sockets of the port before, which stay the tunnel's; false: there are none. */
bool xt_tunnel_old_sockets(const struct xt_tunnel *tunnel, struct xt_udp_sockets *out);

/* Wipes and frees; a persistent interface stays. NULL is fine. */
void xt_tunnel_close(struct xt_tunnel *tunnel);

const struct xt_tun *xt_tunnel_tun(const struct xt_tunnel *tunnel);
const struct xt_udp *xt_tunnel_udp(const struct xt_tunnel *tunnel); /* NULL before start */
const char *xt_tunnel_aead(const struct xt_tunnel *tunnel);
/* Valid also after a start that failed at XT_TUNNEL_CIPHER. */
const struct xt_aead_report *xt_tunnel_cipher(const struct xt_tunnel *tunnel);
unsigned xt_tunnel_threads(const struct xt_tunnel *tunnel);
void xt_tunnel_set_mtu(struct xt_tunnel *tunnel, uint32_t mtu);

/* As xt_device_search_mtu. */
void xt_tunnel_search_mtu(struct xt_tunnel *tunnel, const struct xt_cidr *local, size_t n);

/* The host's routes, rules, addresses or links have changed: judge the source address of every path
 * again before it is used. Some milliseconds later ticks reach the peers that have another link,
 * source or gateway than before (xt_device_review). */
void xt_tunnel_network_changed(struct xt_tunnel *tunnel);
/* The carrier of a link has come back; before xt_tunnel_network_changed. */
void xt_tunnel_link_returned(struct xt_tunnel *tunnel, unsigned link);
/* Since the last call: has a peer, or a default route, another way out, or was the host suspended?
 * Names may have other addresses then. */
bool xt_tunnel_network_moved(struct xt_tunnel *tunnel);
/* The TUN's interface is in another network namespace than the sockets: its index says nothing
 * here. */
void xt_tunnel_moved(struct xt_tunnel *tunnel);

/* Passes, each with the time of now: see scheduler.h. */
int xt_tunnel_out(struct xt_tunnel *tunnel);
int xt_tunnel_in(struct xt_tunnel *tunnel);
void xt_tunnel_tick(struct xt_tunnel *tunnel);
void xt_tunnel_writable(struct xt_tunnel *tunnel);
/* Socket i of xt_udp has XT_WAKE_ERROR: before xt_tunnel_in. */
void xt_tunnel_take_errors(struct xt_tunnel *tunnel, unsigned i);
bool xt_tunnel_blocked(const struct xt_tunnel *tunnel);
/* false: xt_tunnel_in would read nothing until the socket is writable again. */
bool xt_tunnel_reads(const struct xt_tunnel *tunnel);
/* Nanoseconds until the next tick, 0: due, XT_NEVER. */
uint64_t xt_tunnel_wait(const struct xt_tunnel *tunnel);

/* A report in slices, see core/apply.h. */
int xt_tunnel_report_begin(const struct xt_tunnel *tunnel, struct xt_report_walk *walk);
int xt_tunnel_report_step(struct xt_report_walk *walk, size_t n);

/* As xt_device_counted. */
uint64_t xt_tunnel_counted(const struct xt_tunnel *tunnel, enum xt_verdict verdict);

/* One peer, at once: as xt_device_report_peer, xt_device_start_handshake and xt_device_suspect_mtu;
 * after the last two the caller wakes the loop. Also while a change is under way. */
int xt_tunnel_report_peer(const struct xt_tunnel *tunnel, const struct xt_public *peer,
			  struct xt_report **out);
int xt_tunnel_start_handshake(struct xt_tunnel *tunnel, const struct xt_public *peer);
void xt_tunnel_ask_mtu(struct xt_tunnel *tunnel, const struct xt_endpoint *remote);

/* A change in slices, see core/apply.h for what packets see of it: begin, step until it is over,
 * end. One at a time. A new identity takes its timestamps from bound_read before anything is sent
 * under it, and changed records of the former one are handed over before it is in force.
 *
 * change   borrowed until end
 * sockets  NULL, or new ones, bound to the change's port; borrowed for begin alone. end uses them
 *	    in place of the old ones (do not poll udp->fd[] meanwhile), which are kept for the peers
 *	    that send to them: see xt_tunnel_port_move */
enum xt_tunnel_progress {
	XT_TUNNEL_OVER,
	XT_TUNNEL_MORE,
	XT_TUNNEL_WAITS, /* for the answer to bound_read: go on after xt_tunnel_memory_read */
};
enum xt_tunnel_apply_phase {
	XT_TUNNEL_APPLY_RELEASE, /* changed records of an identity that goes */
	XT_TUNNEL_APPLY_DEVICE,
	XT_TUNNEL_APPLY_RESTORE, /* records of peers that have come, or of the new identity */
	XT_TUNNEL_APPLY_OVER,
};
struct xt_tunnel_apply {
	struct xt_tunnel *tunnel;
	struct xt_change change; /* its lists are borrowed */
	struct xt_udp_sockets sockets;
	bool has_sockets;
	enum xt_tunnel_apply_phase phase;
	size_t at; /* next record or entry of XT_TUNNEL_APPLY_RESTORE */
	struct xt_apply apply;
};
void xt_tunnel_apply_begin(struct xt_tunnel *tunnel, struct xt_tunnel_apply *apply,
			   const struct xt_change *change, const struct xt_udp_sockets *sockets);
enum xt_tunnel_progress xt_tunnel_apply_step(struct xt_tunnel_apply *apply, size_t n);
/* What xt_device_apply returns; on an error all is as before, and sockets are still the caller's.
 * Also while it waits, when the tunnel is to be closed. */
int xt_tunnel_apply_end(struct xt_tunnel_apply *apply);

/* After a change with sockets: go on, until it is over; see core/port_move.h. drop: the old
 * sockets are closed. */
enum xt_port_move xt_tunnel_port_move(struct xt_tunnel *tunnel);
void xt_tunnel_port_drop(struct xt_tunnel *tunnel);

/* What encrypts, made beforehand and exchanged between two passes; then it is what was in use
 * before, to be closed. aead NULL: the one in use stays, and with it workers NULL. */
struct xt_tunnel_gear {
	struct xt_aead *aead;
	struct xt_aead_report cipher;
	struct xt_worker_pool *workers;
};
/* fresh: choose the backend by name again; otherwise only the number of threads is another. What
 * xt_cipher_open and xt_worker_pool_new return. */
int xt_tunnel_gear_open(const struct xt_tunnel *tunnel, struct xt_tunnel_gear *gear, bool fresh,
			const char *aead, unsigned threads);
void xt_tunnel_gear_use(struct xt_tunnel *tunnel, struct xt_tunnel_gear *gear);
void xt_tunnel_gear_close(struct xt_tunnel_gear *gear);
/* Another echo responder (NULL: none) and other local addresses. The former one may hold packets
 * until the tunnel is not blocked. */
void xt_tunnel_set_local(struct xt_tunnel *tunnel, struct xt_echo *echo, const struct xt_ip *local4,
			 const struct xt_ip *local6);
/* Super-packets of TUN and UDP, as far as the host has them. false: the TUN was opened without. */
bool xt_tunnel_offload(struct xt_tunnel *tunnel, bool on);

/* Answers to bound_read (see timestamp.h) and bound_write. */
void xt_tunnel_bound_read(struct xt_tunnel *tunnel, uint64_t floor, bool stored);
void xt_tunnel_bound_written(struct xt_tunnel *tunnel, bool success);
/* After xt_tunnel_bound_read, also when nothing could be read: the stored records of that identity,
 * sorted by key, malloc'ed and taken over. Peers that are added later get theirs too. */
void xt_tunnel_memory_read(struct xt_tunnel *tunnel, struct xt_peer_memory *v, size_t n);
/* Not everything is written: call memory_write again in a second. */
void xt_tunnel_memory_again(struct xt_tunnel *tunnel);
/* What the path to a peer carries, in bytes (0: not known), and the peer's allowed IPs without the
 * first skip; as many as there are, at most max. 0 and *mtu 0 when there is no such peer. */
size_t xt_tunnel_path(const struct xt_tunnel *tunnel, const struct xt_public *peer, uint32_t *mtu,
		      size_t skip, struct xt_cidr *networks, size_t max);
/* As xt_device_set_endpoints; the caller wakes the loop. Also while a change is under way. */
int xt_tunnel_set_endpoints(struct xt_tunnel *tunnel, const struct xt_public *peer,
			    const struct xt_candidate_list *list);
/* Record packets of these forms (capture.h) from now on; 0: no longer, without an error. sink is
 * copied when the first are wanted. XT_E_NOMEM. */
int xt_tunnel_capture(struct xt_tunnel *tunnel, const struct xt_capture_sink *sink, unsigned forms);
bool xt_tunnel_has_local(const struct xt_tunnel *tunnel, uint8_t family);
/* size bytes of payload; see xt_scheduler_ping. src: local4 or local6. XT_E_INVALID without one. */
int xt_tunnel_ping(struct xt_tunnel *tunnel, const struct xt_public *peer, const struct xt_ip *dst,
		   uint16_t id, uint16_t seq, uint64_t cookie, uint32_t size);

#endif

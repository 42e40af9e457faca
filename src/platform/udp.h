/* SPDX-License-Identifier: MIT */
/* The UDP sockets of one tunnel: IPv4 and IPv6 on one port, datagrams in batches and runs. */
#ifndef XT_PLATFORM_UDP_H
#define XT_PLATFORM_UDP_H

#include <xtunnel/batch.h>

struct xt_udp;
struct xt_wake; /* platform/wake.h */

struct xt_udp_ops {
	/* Append datagrams with from (remote, local, ifindex) and ecn until there are none, the
	 * batch is full or budget bytes were read (the last read may pass it; 0: only what is
	 * pending). Errors that the
	 * socket carries (ICMP unreachable and the like) are skipped, never returned.
	 * Datagrams may adjoin each other (xt_batch_view_bare): they are opened in place.
	 * >= 0: appended. */
	int (*recv)(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes);
	/* Send tx's runs from *next on, in order, advancing *next. 0: all sent (a datagram that the
	 * kernel refused is noted, counted in udp->refused and skipped); -EAGAIN: the socket is
	 * full, call again when it is writable (a run sent in part was shortened to its rest). An
	 * ICMP error for an earlier datagram refuses none. A run whose
	 * path.local no longer works is sent again without it and marked unstuck. A run with
	 * dont_fragment that is too large for the link is dropped, uncounted. */
	int (*send)(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);
	/* Datagrams lost since open because the kernel's queue was full. NULL: none can be. */
	uint64_t (*overruns)(const struct xt_udp *udp);
	/* Datagrams since open that found the queue of a link full. NULL: not known. */
	uint64_t (*egress_drops)(const struct xt_udp *udp);
	/* The way out: link, source and gateway of the route to a remote. A path's local address is
	 * used only while the route leaves by the link that the path names.
	 * expire   routes, rules, addresses, links or the mark changed: judge paths again
	 * returned the carrier of a link has come back: ways that leave by it are other ones
	 * way      of a path's datagrams, as a number (struct xt_ways). All NULL: the sockets know
	 *          no routes (memory) */
	void (*routes_expire)(struct xt_udp *udp);
	void (*link_returned)(struct xt_udp *udp, unsigned link);
	uint64_t (*way)(struct xt_udp *udp, const struct xt_path *path);
	/* The source address of datagrams to path; unchanged when it is not known. NULL: it is
	 * never known. */
	void (*source)(struct xt_udp *udp, const struct xt_path *path, struct xt_ip *out);
	/* i: 0 IPv4, 1 IPv6, one that the host has.
	 * watch        let wake report ctx for events (XT_WAKE_READ, XT_WAKE_WRITE); 0: stop. 0 or
	 *              -errno. NULL: cannot be waited for (memory)
	 * take_errors  after XT_WAKE_ERROR, before recv: ICMP errors become notes, a bounded number
	 *              of them a call; the socket is reported again while there are more */
	int (*watch)(const struct xt_udp *udp, unsigned i, struct xt_wake *wake, unsigned events,
		     void *ctx);
	void (*take_errors)(struct xt_udp *udp, unsigned i);
	void (*close)(struct xt_udp *udp); /* frees udp */
};

/* Receive queue requested of the kernel: covers the longest pass of the other direction. */
#define XT_UDP_QUEUE (8u << 20)

#define XT_UDP_TOO_BIG 8

/* What the host or, by ICMP, the network said of a datagram that was sent or to be sent.
 * error  a positive errno of the send; 0: it was an ICMP error, of that kind, from that router */
struct xt_udp_note {
	struct xt_endpoint remote;
	int error;
	uint8_t icmp_kind; /* enum xt_unreachable */
	struct xt_ip icmp_from;
};
#define XT_UDP_NOTES 64

struct xt_udp {
	const struct xt_udp_ops *ops;
	int fd[2];	/* IPv4, IPv6; -1: the host lacks that family. Wait for them by watch */
	uint16_t port;	/* bound, host order */
	uint64_t retry; /* after -EAGAIN of send: mono ns to call it again also when no socket is
			 * writable, 0: never */
	unsigned avoid; /* index of the interface whose addresses are never a source, 0: none */
	/* refused    datagrams that the kernel did not send
	 * errors     failed reads, truncated datagrams, datagrams without an address
	 * fallbacks  runs sent one datagram at a time after segmentation was refused */
	uint64_t refused, errors, fallbacks;
	uint32_t queue; /* bytes of the smallest receive queue, as the kernel counts and granted */
	bool gso, gro;	/* in use: one message for a run; several datagrams in one read */
	/* Remotes of which the kernel says that datagrams were too large for the link or the
	 * path: the caller takes them and sets n_too_big to 0. */
	struct xt_endpoint too_big[XT_UDP_TOO_BIG];
	uint32_t n_too_big;
	/* Likewise for reports; one beyond that number replaces another. */
	struct xt_udp_note notes[XT_UDP_NOTES];
	uint32_t n_notes;
	bool pending; /* recv holds datagrams that the batch had no room for: call it again even
			 * when no socket is readable */
};

/* The batch size that suits recv: eight coalesced reads of 64 datagrams, and a slab of XT_UDP_READS
 * slots of 64 KiB each (untouched pages cost nothing). A smaller slab means fewer datagrams a call;
 * it must hold one slot at least. */
#define XT_UDP_BATCH 512
#define XT_UDP_READS 64
#define XT_UDP_SLOT  65600 /* an odd number of cache lines: neighbours do not share a cache set */
#define XT_UDP_SLAB  ((size_t)XT_UDP_READS * XT_UDP_SLOT)

/* Bound sockets, before they belong to a struct xt_udp. fd: IPv4, IPv6; -1: the kernel lacks that
 * family. port: host order. */
struct xt_udp_sockets {
	int fd[2];
	uint16_t port;
};

/* Both families where the kernel has them, at least one. port 0: any free one, the same for both.
 * -EADDRINUSE, -EACCES, -EPERM (mark), another -errno. */
int xt_udp_sockets_open(struct xt_udp_sockets *out, uint16_t port, uint32_t mark);
void xt_udp_sockets_close(struct xt_udp_sockets *sockets);
/* Mark the sockets that are there; on error they keep the mark old. */
int xt_udp_sockets_mark(const int fd[2], uint32_t mark, uint32_t old);

/* Owns the sockets from then on, unless it fails. Without gso and gro where xt_offload_udp
 * forbids them. */
int xt_udp_new(struct xt_udp **out, const struct xt_udp_sockets *sockets);
/* Use and own other sockets; stop polling before. Those in use so far are kept and read as well:
 * what arrives there has path.old_port set. They are closed by drop_old, or when others take their
 * place.
 * kept  the sockets of that port, if they are kept: other descriptors of them, the caller's. No
 *	 other sockets could be bound to it. Stop polling before drop_old too, as the kernel goes on
 *	 to report a socket that has another descriptor */
void xt_udp_move(struct xt_udp *udp, const struct xt_udp_sockets *sockets);
bool xt_udp_kept(const struct xt_udp *udp, uint16_t port, struct xt_udp_sockets *out);
void xt_udp_drop_old(struct xt_udp *udp);
/* For another process that goes on with them. old: what xt_udp_move has left, which stays udp's;
 * false: nothing. keep: read and own these as such. */
bool xt_udp_old(const struct xt_udp *udp, struct xt_udp_sockets *out);
void xt_udp_keep(struct xt_udp *udp, const struct xt_udp_sockets *old);
/* xt_udp_sockets_open and xt_udp_new. */
int xt_udp_open(struct xt_udp **out, uint16_t port, uint32_t mark);
/* Switch gso and gro; on only as far as the kernel has them. */
void xt_udp_offload(struct xt_udp *udp, bool on);

#endif

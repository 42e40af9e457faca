/* The UDP sockets of one endpoint: IPv4 and IPv6 on one port, datagrams in batches and runs. */
#ifndef XT_PLATFORM_UDP_H
#define XT_PLATFORM_UDP_H

#include <xtunnel/batch.h>

struct xt_udp;

struct xt_udp_ops {
	/* Append datagrams with from (remote, local, ifindex) and ecn until there are none, the
	 * batch is full or budget bytes were read (the last read may pass it). Errors that the
	 * socket carries (ICMP unreachable and the like) are drained and counted, never returned.
	 * >= 0: appended.
	 * Received messages have no headroom: they are opened in place. */
	int (*recv)(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes);
	/* Send tx's runs from *next on, in order; *next is moved on. 0: all gone (a datagram that
	 * the kernel refused is counted in udp->refused, *next still moves); -EAGAIN: the socket
	 * is full, call again when writable (a run that left in part was shortened to its rest).
	 * A run whose path.local no longer works is sent again without it and marked unstuck. */
	int (*send)(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);
	/* Bind to port (0: any) with mark; the old sockets stay in use when it fails. Where fd[]
	 * changes, the old ones are closed: stop polling them before, and start anew after.
	 * The port that is bound already only gets the mark. -EADDRINUSE, -EACCES, -EPERM (mark).
	 */
	int (*rebind)(struct xt_udp *udp, uint16_t port, uint32_t mark);
	/* Datagrams that came and found the kernel's queue full, from open on. NULL: none can. */
	uint64_t (*overruns)(const struct xt_udp *udp);
	void (*close)(struct xt_udp *udp); /* frees udp */
};

/* What is asked for: enough for the longest turn of the other direction. */
#define XT_UDP_QUEUE (8u << 20)

struct xt_udp {
	const struct xt_udp_ops *ops;
	int fd[2];     /* IPv4, IPv6; -1: that family is not there */
	uint16_t port; /* bound, host order */
	/* refused    datagrams that the kernel did not send
	 * errors     failed reads, datagrams cut short or without an address
	 * fallbacks  runs that had to be sent one by one after segmentation was refused */
	uint64_t refused, errors, fallbacks;
	uint32_t queue; /* bytes of the smallest receive queue, as the kernel counts and granted */
	bool gso, gro;	/* in use: one message for a run; several datagrams in one read */
	bool pending;	/* recv kept datagrams that the batch had no room for: call it again even
			 * though fd may not be readable */
};

/* The batch that recv can fill best: eight coalesced reads of 64 datagrams, and a slab of
 * XT_UDP_READS slots of 64 KiB each (pages that are not touched cost nothing). A smaller slab means
 * fewer datagrams a call; it must hold one slot at least. */
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

/* Owns the sockets from then on, unless it fails. Without gso and gro where xt_offload_udp says no. */
int xt_udp_new(struct xt_udp **out, const struct xt_udp_sockets *sockets);
/* Exchange the sockets: those in use so far come back. Stop polling them before. */
void xt_udp_swap(struct xt_udp *udp, struct xt_udp_sockets *sockets);
/* xt_udp_sockets_open and xt_udp_new. */
int xt_udp_open(struct xt_udp **out, uint16_t port, uint32_t mark);
/* Switch gso and gro, on only as far as the kernel has them. */
void xt_udp_offload(struct xt_udp *udp, bool on);

#endif

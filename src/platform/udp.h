/* The UDP sockets of one endpoint: IPv4 and IPv6 on one port, datagrams in batches and runs. */
#ifndef XT_PLATFORM_UDP_H
#define XT_PLATFORM_UDP_H

#include <xtunnel/batch.h>

struct xt_udp;

struct xt_udp_ops {
	/* Append datagrams with from (remote, local, ifindex) and ecn until there are none, the
	 * batch is full or budget bytes were read. Errors that the socket carries (ICMP
	 * unreachable and the like) are drained and counted, never returned. >= 0: appended. */
	int (*recv)(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes);
	/* Send tx's runs from *next on, in order; *next is moved on. 0: all gone (a datagram that
	 * the kernel refused is counted in udp->refused, *next still moves); -EAGAIN: the socket
	 * is full, call again when writable. A run whose path.local no longer works is sent again
	 * without it and marked unstuck. */
	int (*send)(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next);
	/* Bind to port (0: any) with mark; the old sockets stay in use when it fails.
	 * -EADDRINUSE, -EACCES, -EPERM (mark). */
	int (*rebind)(struct xt_udp *udp, uint16_t port, uint32_t mark);
	void (*close)(struct xt_udp *udp); /* frees udp */
};

struct xt_udp {
	const struct xt_udp_ops *ops;
	int fd[2];     /* IPv4, IPv6; -1: that family is not there */
	uint16_t port; /* bound, host order */
	uint64_t refused, errors;
};

/* Both families where the kernel has them, at least one. port 0: any free one, the same for both. */
int xt_udp_open(struct xt_udp **out, uint16_t port, uint32_t mark);

#endif

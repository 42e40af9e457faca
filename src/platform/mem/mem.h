/* SPDX-License-Identifier: MIT */
/* A TUN device and UDP sockets in memory, for tests and simulation: no descriptor, thread or clock.
 * Queues are bounded; what does not fit is refused, for the caller to count. */
#ifndef XT_PLATFORM_MEM_MEM_H
#define XT_PLATFORM_MEM_MEM_H

#include "platform/tun.h"
#include "platform/udp.h"

/* Two queues of at most cap packets each. Free with (*out)->ops->close. XT_E_NOMEM. */
int xt_tun_mem_new(struct xt_tun **out, uint32_t cap, uint32_t mtu);
/* Let the host route a packet into the TUN, where recv reads it. The bytes are copied.
 * XT_E_FULL; XT_E_INVALID (len 0 or > XT_PACKET_MAX); -ENODEV after xt_tun_mem_unplug. */
int xt_tun_mem_inject(struct xt_tun *tun, const void *packet, size_t len);
/* Remove the oldest packet that send wrote and copy at most size bytes of it to buf. Returns its
 * full length; 0: none. send refuses packets while the queue is full (XT_DROP_TUN). */
size_t xt_tun_mem_take(struct xt_tun *tun, void *buf, size_t size);
uint32_t xt_tun_mem_waiting(const struct xt_tun *tun); /* packets to take */
/* Remove the device: recv and send return -ENODEV from now on. */
void xt_tun_mem_unplug(struct xt_tun *tun);

/* send    takes one datagram to path.remote, from the local address path.local (family 0: the host
 *         chooses). bytes are valid during the call only.
 *         0; -EAGAIN: the socket is full, offered again later; -EADDRNOTAVAIL, -EINVAL,
 *         -ENETUNREACH with a path.local: offered again at once without it; other -errno: refused.
 *         Must not call into the UDP object that calls it, except xt_udp_mem_deliver. */
struct xt_udp_mem_host {
	void *ctx;
	int (*send)(void *ctx, const struct xt_path *path, uint8_t tos, const uint8_t *bytes,
		    size_t len);
};

/* host is copied. cap: datagrams that may wait for recv. */
int xt_udp_mem_new(struct xt_udp **out, uint16_t port, uint32_t cap,
		   const struct xt_udp_mem_host *host);
/* Let a datagram arrive: path.remote sent it to the local address path.local.
 * XT_E_FULL (dropped, as by a full socket buffer), XT_E_INVALID (len > XT_PACKET_MAX). */
int xt_udp_mem_deliver(struct xt_udp *udp, const struct xt_path *path, uint8_t ecn,
		       const void *bytes, size_t len);
uint32_t xt_udp_mem_waiting(const struct xt_udp *udp); /* datagrams for recv */

#endif

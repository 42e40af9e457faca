/* A TUN device and UDP sockets in memory, for tests and simulation: no descriptor, no thread, no
 * clock. Queues are bounded; what does not fit is refused and counted by the caller. */
#ifndef XT_PLATFORM_MEM_MEM_H
#define XT_PLATFORM_MEM_MEM_H

#include "platform/tun.h"
#include "platform/udp.h"

/* Two queues of at most cap packets each. Free with (*out)->ops->close. XT_E_NOMEM. */
int xt_tun_mem_new(struct xt_tun **out, uint32_t cap, uint32_t mtu);
/* A packet that the host routes into the TUN: recv will read it. The bytes are copied.
 * XT_E_FULL; XT_E_INVALID (len 0 or > XT_PACKET_MAX); -ENODEV after xt_tun_mem_unplug. */
int xt_tun_mem_inject(struct xt_tun *tun, const void *packet, size_t len);
/* The oldest packet that send wrote: copied to buf, as much as size allows. Returns its true
 * length; 0: none. A queue that nobody takes from refuses further packets (XT_DROP_TUN). */
size_t xt_tun_mem_take(struct xt_tun *tun, void *buf, size_t size);
uint32_t xt_tun_mem_waiting(const struct xt_tun *tun); /* how many take would return */
/* The device goes away: recv and send return -ENODEV from now on. */
void xt_tun_mem_unplug(struct xt_tun *tun);

/* send    one datagram leaves from the socket bound to port: path.remote is where to, path.local
 *         the own address (family 0: the host's choice). bytes are valid during the call only.
 *         0; -EAGAIN: the socket is full, offered again later; -EADDRNOTAVAIL, -EINVAL,
 *         -ENETUNREACH with a path.local: offered again at once without it; other -errno: refused.
 *         Must not call into the UDP object that calls it, except xt_udp_mem_deliver.
 * bind    NULL, or asked on rebind: may refuse with -errno; *port 0 wants any free one */
struct xt_udp_mem_host {
	void *ctx;
	int (*send)(void *ctx, const struct xt_path *path, uint8_t ecn, const uint8_t *bytes,
		    size_t len);
	int (*bind)(void *ctx, uint16_t *port, uint32_t mark);
};

/* host is copied. cap: datagrams that may wait for recv. The port is taken as it is given. */
int xt_udp_mem_new(struct xt_udp **out, uint16_t port, uint32_t cap,
		   const struct xt_udp_mem_host *host);
/* A datagram arrives: path.remote sent it, path.local is the own address it was sent to.
 * XT_E_FULL (dropped, as by a full socket buffer), XT_E_INVALID (len > XT_PACKET_MAX). */
int xt_udp_mem_deliver(struct xt_udp *udp, const struct xt_path *path, uint8_t ecn,
		       const void *bytes, size_t len);
uint32_t xt_udp_mem_waiting(const struct xt_udp *udp); /* how many recv would return */

#endif

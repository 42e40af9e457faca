/* The inside of the TUN device of Linux, shared by open (tun_linux.c) and tun_io_linux.c. */
#ifndef XT_PLATFORM_TUN_LINUX_H
#define XT_PLATFORM_TUN_LINUX_H

#include "platform/linux/ring_linux.h"
#include "platform/tun.h"

/* vnet     each packet stands behind a virtio-net header
 * pieces   segments of a super-packet that the device refused
 * refused  super-packets of each kind that it refused one after another
 * ring     for packets in numbers, while it is of use; or NULL */
struct tun_linux {
	struct xt_tun tun; /* first: the face that others hold */
	bool vnet;
	struct xt_batch *pieces;
	unsigned refused[XT_GSO_UDP + 1];
	struct xt_ring *ring;
};

int tun_linux_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes);
int tun_linux_send(struct xt_tun *tun, struct xt_batch *batch);

#endif

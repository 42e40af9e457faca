/* SPDX-License-Identifier: MIT */
/* The TUN device of Linux, shared by tun_linux.c (open) and tun_io_linux.c (packets). */
#ifndef XT_PLATFORM_TUN_LINUX_H
#define XT_PLATFORM_TUN_LINUX_H

#include "platform/linux/ring_linux.h"
#include "platform/tun.h"

/* vnet      a virtio-net header precedes each packet
 * segments  of a super-packet that the device refused
 * refused   consecutive refusals of super-packets, by kind
 * handed_over  another process has it: its offloads are that one's
 * ring      writes several packets a system call; NULL: no io_uring */
struct tun_linux {
	struct xt_tun tun; /* first member: what the callers hold */
	int fd;
	bool vnet;
	bool handed_over;
	struct xt_batch *segments;
	unsigned refused[XT_GSO_UDP + 1];
	struct xt_ring *ring;
};

int tun_linux_fd(const struct xt_tun *tun); /* -1: not a TUN device of this system */
int tun_linux_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes);
int tun_linux_send(struct xt_tun *tun, struct xt_batch *batch);

#endif

/* SPDX-License-Identifier: MIT */
/* A descriptor that a loop can wait for, and that any thread makes readable: two UDP sockets of the
 * loopback interface, connected to each other, as no other object of Windows can be polled together
 * with sockets. */
#ifndef XT_PLATFORM_BELL_WINDOWS_H
#define XT_PLATFORM_BELL_WINDOWS_H

/* fd      a SOCKET: readable from xt_bell_ring on, until xt_bell_clear
 * sender  the other socket; -1: not open */
struct xt_bell {
	int fd, sender;
};

int xt_bell_open(struct xt_bell *bell); /* -errno; both are -1 then */
void xt_bell_close(struct xt_bell *bell);
void xt_bell_ring(const struct xt_bell *bell); /* on any thread; never waits */
void xt_bell_clear(int fd);

#endif

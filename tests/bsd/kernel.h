/* SPDX-License-Identifier: MIT */
/* A kernel for tests: the links, addresses and routes of one host, as macOS, FreeBSD or OpenBSD
 * keeps them, changed by the system calls of tests/bsd/calls.h. It reads and writes messages by
 * structures of its own (system_darwin.h and the like), not by the table of the code under test. */
#ifndef XT_TESTS_BSD_KERNEL_H
#define XT_TESTS_BSD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xtunnel/types.h>

/* After kernel_reset: lo0 (1), and en0 (4) with 192.168.1.10/24 and fd00:1::10/64, MTU 1500, which
 * has the default routes by 192.168.1.1 and fd00:1::1; en1 (5) is down and has no address. */
enum { KERNEL_LO0 = 1, KERNEL_EN0 = 4, KERNEL_EN1 = 5 };

/* fail_at     which of the following requests fails, 1: the next; 0: none
 * fail_errno  its error
 * requests    how many were made
 * answers_lost  the answers to questions for a route are dropped
 * list_short  how many lists grow before they are read
 * has_x       the system has recvmsg_x and sendmsg_x; refuses_x: they fail with EINVAL
 * no_sockets  the process may make none, as after pledge(2)
 * cookie      the last mark of a socket
 * bound       the link that sockets are bound to, by family; pinned: of the last datagram that
 *             named its own in IP_PKTINFO
 * ticks_all, ticks_awake, numer, denom  of the clock of macOS
 * whole       how often IP_DONTFRAG was switched on
 * x_calls     of recvmsg_x and sendmsg_x */
struct kernel {
	unsigned fail_at;
	int fail_errno;
	unsigned requests;
	bool answers_lost;
	unsigned list_short;
	bool has_x, refuses_x;
	bool no_sockets;
	uint32_t cookie;
	unsigned bound[2], pinned;
	unsigned whole;
	unsigned x_calls;
	uint64_t ticks_all, ticks_awake;
	uint32_t numer, denom;
};
extern struct kernel kernel;

void kernel_reset(void);
/* All that the host is: links, addresses and routes, one a line, sorted. */
#define KERNEL_TEXT 8192
void kernel_print(char text[KERNEL_TEXT]);
/* Descriptors that are open; 0 after everything was released. */
unsigned kernel_open_count(void);

/* What happens without the code under test. */
void kernel_link_set(unsigned index, bool up, bool carrier, uint32_t mtu);
void kernel_link_remove(unsigned index);
void kernel_route_set(const char *network, const char *gateway, unsigned index); /* NULL: remove */
void kernel_messages_lose(void); /* the readers of the routing socket find that some are lost */
/* A packet of the host for the TUN device, after its family; and what the device was given. */
void kernel_tun_send(unsigned index, const void *bytes, size_t len);
size_t kernel_tun_recv(unsigned index, void *bytes, size_t len);

#endif

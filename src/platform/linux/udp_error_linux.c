/* SPDX-License-Identifier: MIT */
/* The sockets' queues of errors: what ICMP says of datagrams that were sent. All of it can be
 * forged by any host that knows addresses and ports, so it is a hint at most. */
#include "platform/linux/udp_linux.h"

/* clang-format off: linux/errqueue.h needs struct timespec */
#include <time.h>
#include <linux/errqueue.h>
/* clang-format on */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

#define ERRORS_MAX 256 /* of one call: more than a queue of the usual size holds */

void udp_linux_too_big(struct udp_linux *sock, const struct xt_endpoint *remote)
{
	struct xt_udp *udp = &sock->udp;

	for (uint32_t i = 0; i < udp->n_too_big; i++)
		if (xt_endpoint_equal(&udp->too_big[i], remote))
			return;
	if (udp->n_too_big < XT_LEN(udp->too_big))
		udp->too_big[udp->n_too_big++] = *remote;
}

static bool error_is_too_big(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct sock_extended_err error;

		if (!((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		      (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) ||
		    c->cmsg_len < CMSG_LEN(sizeof(error)))
			continue;
		memcpy(&error, CMSG_DATA(c), sizeof(error));
		return error.ee_errno == EMSGSIZE && (error.ee_origin == SO_EE_ORIGIN_ICMP ||
						      error.ee_origin == SO_EE_ORIGIN_ICMP6);
	}
	return false;
}

/* The name is the destination of the datagram that caused the error. */
unsigned udp_linux_drain_errors(struct udp_linux *sock, int fd)
{
	unsigned n = 0;

	for (; n < ERRORS_MAX; n++) {
		union udp_name name;
		union udp_control control[4];
		struct iovec none = {0};
		struct msghdr msg = {.msg_name = &name,
				     .msg_namelen = sizeof(name),
				     .msg_iov = &none,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		struct xt_endpoint remote;

		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		if (msg.msg_namelen < sizeof(struct sockaddr_in) || !error_is_too_big(&msg))
			continue;
		memset(&remote, 0, sizeof(remote));
		udp_linux_get_name(&remote, &name);
		udp_linux_too_big(sock, &remote);
	}
	return n;
}

/* SPDX-License-Identifier: MIT */
/* UDP on FreeBSD and OpenBSD: the local IPv4 address is a control message of its own, received and
 * sent (IP_RECVDSTADDR, IP_SENDSRCADDR), and so is the link (IP_RECVIF). */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "platform/bsd/abi.h"
#include "platform/bsd/udp_bsd.h"

/* What only one of the two has; an option of the number 0 is none. */
#ifndef IP_RECVTOS
#define IP_RECVTOS 0 /* OpenBSD */
#endif
#ifndef IP_DONTFRAG
#define IP_DONTFRAG 0 /* OpenBSD */
#endif
/* The mark of a socket: FreeBSD's packet filters match the cookie, OpenBSD's is a routing table. */
#if defined(SO_USER_COOKIE)
#define MARK SO_USER_COOKIE
#else
#define MARK SO_RTABLE
#endif

const struct udp_bsd_option udp_bsd_options_v4[] = {
    {IPPROTO_IP, IP_RECVDSTADDR, 1, false},
    {IPPROTO_IP, IP_RECVIF, 1, true},
    {IPPROTO_IP, IP_RECVTOS, 1, true},
};
const size_t udp_bsd_n_options_v4 = XT_LEN(udp_bsd_options_v4);

int udp_bsd_mark_set(int fd, uint32_t mark)
{
	if (setsockopt(fd, SOL_SOCKET, MARK, &mark, sizeof(mark)) == 0)
		return 0;
	return errno == EACCES ? -EPERM : -errno;
}

/* Neither binds a socket to a link: the routes to the endpoints lead round the tunnel. */
bool udp_bsd_bind_link(int fd, unsigned family, unsigned ifindex)
{
	(void)fd;
	(void)family;
	(void)ifindex;
	return false;
}

void udp_bsd_whole_set(int fd, bool whole)
{
	int value = whole;

	if (IP_DONTFRAG)
		(void)setsockopt(fd, IPPROTO_IP, IP_DONTFRAG, &value, sizeof(value));
}

void udp_bsd_source_v4_put(struct msghdr *msg, const struct xt_path *path, unsigned link)
{
	struct in_addr addr;

	(void)link;
	memcpy(&addr, path->local.b, sizeof(addr));
	udp_bsd_control_put(msg, IPPROTO_IP, IP_SENDSRCADDR, &addr, sizeof(addr));
}

/* FreeBSD takes the field as one byte, and answers EINVAL to an int. OpenBSD ignores it. */
void udp_bsd_tos_v4_put(struct msghdr *msg, uint8_t tos)
{
	udp_bsd_control_put(msg, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
}

void udp_bsd_control_v4_get(const struct cmsghdr *cmsg, size_t len, struct xt_path *path,
			    uint8_t *ecn)
{
	const uint8_t *data = CMSG_DATA(cmsg);
	uint16_t link;

	if (cmsg->cmsg_level != IPPROTO_IP)
		return;
	if (cmsg->cmsg_type == IP_RECVDSTADDR && len >= 4) {
		struct xt_ip local = {.family = 4};

		memcpy(local.b, data, 4);
		path->local = local;
	} else if (cmsg->cmsg_type == IP_RECVIF && len >= xt_abi.sdl_index + sizeof(link)) {
		memcpy(&link, data + xt_abi.sdl_index, sizeof(link));
		path->ifindex = link;
	} else if (IP_RECVTOS && cmsg->cmsg_type == IP_RECVTOS && len >= 1) {
		*ecn = data[0] & 3;
	}
}

bool udp_bsd_many(void)
{
	return false;
}

int udp_bsd_recv_many(int fd, struct udp_bsd_message *messages, unsigned n)
{
	(void)n;
	return udp_bsd_recv_one(fd, messages);
}

int udp_bsd_send_many(int fd, struct udp_bsd_message *messages, unsigned n)
{
	(void)n;
	return udp_bsd_send_one(fd, messages);
}

/* SPDX-License-Identifier: MIT */
/* UDP of the test kernel: Linux's sockets on the loopback, with the options and control messages of
 * the other systems put into Linux's, and back. */
#include "bsd/kernel_impl.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

static int value_of(const void *value)
{
	int number;

	memcpy(&number, value, sizeof(number));
	return number;
}

int fake_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	const int on = 1;

	if (name < 9000)
		return setsockopt(fd, level, name, value, len);
	switch (name) {
	case IP_RECVDSTADDR:
	case IP_RECVIF:
		return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	case IP_BOUND_IF:
		kernel.bound[0] = (unsigned)value_of(value);
		return 0;
	case IPV6_BOUND_IF:
		kernel.bound[1] = (unsigned)value_of(value);
		return 0;
	case IP_DONTFRAG:
		kernel.whole += value_of(value) != 0;
		return 0;
	case SO_USER_COOKIE:
		kernel.cookie = (uint32_t)value_of(value);
		return 0;
	default:
		errno = ENOPROTOOPT;
		return -1;
	}
}

int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	for (unsigned i = 0; i < FDS; i++) {
		const struct host_link *link;

		if (host.fds[i].kind != FD_TUN || host.fds[i].fd != fd || level != 2 || name != 2)
			continue;
		kernel.requests++;
		if (kernel.fail_at && --kernel.fail_at == 0) {
			errno = kernel.fail_errno;
			return -1;
		}
		link = link_find(host.fds[i].index);
		memcpy(value, link->name, XT_MIN(*len, sizeof(link->name)));
		return 0;
	}
	return getsockopt(fd, level, name, value, len);
}

/* The source of a datagram, as Linux takes it. */
ssize_t fake_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	union {
		struct cmsghdr head;
		uint8_t bytes[256];
	} control;
	struct msghdr copy = *msg;
	struct cmsghdr *cmsg;

	if (!msg->msg_control)
		return sendmsg(fd, msg, flags);
	memcpy(control.bytes, msg->msg_control, msg->msg_controllen);
	copy.msg_control = control.bytes;
	for (cmsg = CMSG_FIRSTHDR(&copy); cmsg; cmsg = CMSG_NXTHDR(&copy, cmsg)) {
		struct in_pktinfo info = {0};
		size_t rest;

		if (!XT_TESTS_PKTINFO && cmsg->cmsg_level == IPPROTO_IP &&
		    cmsg->cmsg_type == IP_TOS && cmsg->cmsg_len != CMSG_LEN(1)) {
			errno = EINVAL; /* as FreeBSD has it */
			return -1;
		}
		if (XT_TESTS_PKTINFO && cmsg->cmsg_level == IPPROTO_IP &&
		    cmsg->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
			kernel.pinned = (unsigned)info.ipi_ifindex;
			info.ipi_ifindex = 0; /* this host has no such link */
			memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		}
		if (cmsg->cmsg_level != IPPROTO_IP || cmsg->cmsg_type != IP_SENDSRCADDR)
			continue;
		memcpy(&info.ipi_spec_dst, CMSG_DATA(cmsg), 4);
		/* the only one of its datagram but a DS field behind it, which is left out here */
		rest = (size_t)((uint8_t *)cmsg - control.bytes);
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		cmsg->cmsg_type = IP_PKTINFO;
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		copy.msg_controllen = rest + CMSG_SPACE(sizeof(info));
		break;
	}
	return sendmsg(fd, &copy, flags);
}

/* Where the code did not ask for Linux's own message, that becomes the two of the BSDs. */
static void source_translate(struct msghdr *msg)
{
	struct in_pktinfo info;
	struct cmsghdr *cmsg;
	uint8_t link[20] = {20, 18};
	struct {
		struct cmsghdr head;
		uint8_t data[CMSG_SPACE(20)];
	} out[2];
	uint16_t index;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg))
		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO)
			break;
	if (!cmsg)
		return;
	memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
	index = (uint16_t)info.ipi_ifindex;
	memcpy(link + 2, &index, sizeof(index));
	memset(out, 0, sizeof(out));
	out[0].head = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(4), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_RECVDSTADDR};
	memcpy(CMSG_DATA(&out[0].head), &info.ipi_spec_dst, 4);
	memcpy(msg->msg_control, &out[0], CMSG_SPACE(4));
	out[1].head = (struct cmsghdr){
	    .cmsg_len = CMSG_LEN(sizeof(link)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_RECVIF};
	memcpy(CMSG_DATA(&out[1].head), link, sizeof(link));
	memcpy((uint8_t *)msg->msg_control + CMSG_SPACE(4), &out[1], CMSG_SPACE(sizeof(link)));
	msg->msg_controllen = CMSG_SPACE(4) + CMSG_SPACE(sizeof(link));
}

/* macOS says where a datagram was sent to, and leaves the local address empty. */
static void source_forget(struct msghdr *msg)
{
	struct in_pktinfo info;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != IPPROTO_IP || cmsg->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
		memset(&info.ipi_spec_dst, 0, sizeof(info.ipi_spec_dst));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	}
}

ssize_t fake_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = recvmsg(fd, msg, flags);

	if (n >= 0 && XT_TESTS_PKTINFO)
		source_forget(msg);
	else if (n >= 0)
		source_translate(msg);
	return n;
}

/* --- recvmsg_x, sendmsg_x --- */

struct message_x {
	struct msghdr head;
	size_t len;
};

static ssize_t recvmsg_x(int fd, struct message_x *messages, unsigned n, int flags)
{
	ssize_t done = 0;

	kernel.x_calls++;
	if (kernel.refuses_x) {
		errno = EINVAL;
		return -1;
	}
	for (; (unsigned)done < n; done++) {
		ssize_t len = fake_recvmsg(fd, &messages[done].head, flags);

		if (len < 0)
			break;
		messages[done].len = (size_t)len;
	}
	return done > 0 ? done : -1;
}

static ssize_t sendmsg_x(int fd, const struct message_x *messages, unsigned n, int flags)
{
	ssize_t done = 0;

	kernel.x_calls++;
	if (kernel.refuses_x) {
		errno = EINVAL;
		return -1;
	}
	while ((unsigned)done < n && fake_sendmsg(fd, &messages[done].head, flags) >= 0)
		done++;
	/* of most errors the kernel does not say how many datagrams were sent before */
	if ((unsigned)done < n && errno != EAGAIN && errno != ENOBUFS && errno != EMSGSIZE)
		return -1;
	return done > 0 ? done : -1;
}

void *fake_dlsym(void *library, const char *name)
{
	union {
		ssize_t (*recv)(int, struct message_x *, unsigned, int);
		ssize_t (*send)(int, const struct message_x *, unsigned, int);
		void *any;
	} function = {.any = NULL};

	(void)library;
	if (kernel.has_x && strcmp(name, "recvmsg_x") == 0)
		function.recv = recvmsg_x;
	if (kernel.has_x && strcmp(name, "sendmsg_x") == 0)
		function.send = sendmsg_x;
	return function.any;
}

/* SPDX-License-Identifier: MIT */
/* UDP on macOS. IP_RECVDSTADDR only receives: IP_PKTINFO names the local IPv4 address and the link,
 * received and sent. Several datagrams a call by recvmsg_x and sendmsg_x, which are in the system's
 * library but not in its headers: looked up at run time, and given up when the kernel refuses one.
 * An error of sendmsg_x may be about any of its datagrams, and those before it were sent. One
 * thread calls them on a socket; concurrent sendmsg_x is said to lose datagrams. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "platform/bsd/udp_bsd.h"
#include "platform/offload.h"

const struct udp_bsd_option udp_bsd_options_v4[] = {
    {IPPROTO_IP, IP_PKTINFO, 1, false},
    {IPPROTO_IP, IP_RECVTOS, 1, true},
};
const size_t udp_bsd_n_options_v4 = XT_LEN(udp_bsd_options_v4);

/* macOS has no mark of a socket. */
int udp_bsd_mark_set(int fd, uint32_t mark)
{
	(void)fd;
	return mark == 0 ? 0 : -EOPNOTSUPP;
}

/* The kernel looks the route up among those of the link. */
bool udp_bsd_bind_link(int fd, unsigned family, unsigned ifindex)
{
	if (family == 4)
		return setsockopt(fd, IPPROTO_IP, IP_BOUND_IF, &ifindex, sizeof(ifindex)) == 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_BOUND_IF, &ifindex, sizeof(ifindex)) == 0;
}

void udp_bsd_whole_set(int fd, bool whole)
{
	int value = whole;

	(void)setsockopt(fd, IPPROTO_IP, IP_DONTFRAG, &value, sizeof(value));
}

/* With a link the kernel takes the source from it. */
void udp_bsd_source_v4_put(struct msghdr *msg, const struct xt_path *path, unsigned link)
{
	struct in_pktinfo info = {0};

	info.ipi_ifindex = (__typeof__(info.ipi_ifindex))link;
	if (path->local.family == 4)
		memcpy(&info.ipi_spec_dst, path->local.b, 4);
	udp_bsd_control_put(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

void udp_bsd_tos_v4_put(struct msghdr *msg, uint8_t tos)
{
	const int value = tos;

	udp_bsd_control_put(msg, IPPROTO_IP, IP_TOS, &value, sizeof(value));
}

void udp_bsd_control_v4_get(const struct cmsghdr *cmsg, size_t len, struct xt_path *path,
			    uint8_t *ecn)
{
	const uint8_t *data = CMSG_DATA(cmsg);
	struct in_pktinfo info;

	if (cmsg->cmsg_level != IPPROTO_IP)
		return;
	if (cmsg->cmsg_type == IP_PKTINFO && len >= sizeof(info)) {
		/* of what was received ipi_spec_dst is empty there */
		memcpy(&info, data, sizeof(info));
		path->local.family = 4;
		memcpy(path->local.b, &info.ipi_addr, 4);
		path->ifindex = (uint32_t)info.ipi_ifindex;
	} else if ((cmsg->cmsg_type == IP_RECVTOS || cmsg->cmsg_type == IP_TOS) && len >= 1) {
		*ecn = data[0] & 3;
	}
}

/* --- several messages a call --- */

/* As the kernel has it: a message, and behind it how many bytes came. */
struct message_x {
	struct msghdr head;
	size_t len;
};
typedef ssize_t message_call(int fd, const struct message_x *messages, unsigned n, int flags);

enum call_state { CALL_UNTRIED, CALL_FOUND, CALL_MISSING };

static struct call {
	const char *name;
	enum call_state state;
	message_call *function;
} receive = {.name = "recvmsg_x"}, transmit = {.name = "sendmsg_x"};

static bool call_find(struct call *call)
{
	if (call->state == CALL_UNTRIED) {
		void *found = xt_offload_udp() ? dlsym(RTLD_DEFAULT, call->name) : NULL;

		memcpy(&call->function, &found, sizeof(found));
		call->state = found ? CALL_FOUND : CALL_MISSING;
	}
	return call->state == CALL_FOUND;
}

/* The kernel does not take the call at all, or not with addresses. */
static bool call_refused(struct call *call, ssize_t n)
{
	if (n >= 0 || (errno != ENOSYS && errno != EINVAL && errno != ENOTSUP))
		return false;
	call->state = CALL_MISSING;
	return true;
}

bool udp_bsd_many(void)
{
	return call_find(&receive);
}

int udp_bsd_recv_many(int fd, struct udp_bsd_message *messages, unsigned n)
{
	struct message_x x[UDP_BSD_CALL];
	ssize_t got;

	if (n == 1 || !call_find(&receive))
		return udp_bsd_recv_one(fd, messages);
	n = XT_MIN(n, (unsigned)UDP_BSD_CALL);
	for (unsigned i = 0; i < n; i++)
		x[i] = (struct message_x){.head = messages[i].head};
	got = receive.function(fd, x, n, MSG_DONTWAIT);
	if (call_refused(&receive, got))
		return udp_bsd_recv_one(fd, messages);
	for (ssize_t i = 0; i < got; i++) {
		messages[i].head = x[i].head;
		messages[i].len = (uint32_t)x[i].len;
	}
	return (int)got;
}

/* One datagram a call, until one fails. */
static int singly_send(int fd, const struct udp_bsd_message *messages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (udp_bsd_send_one(fd, &messages[i]) < 0)
			return i > 0 ? (int)i : -1;
	return (int)n;
}

/* After an error each datagram tells by itself. Some then go twice, which receivers notice by their
 * counters. A call that is refused although every datagram of it is taken is not used again. */
int udp_bsd_send_many(int fd, struct udp_bsd_message *messages, unsigned n)
{
	struct message_x x[UDP_BSD_CALL];
	ssize_t sent;
	int error;

	if (n == 1 || !call_find(&transmit))
		return udp_bsd_send_one(fd, messages);
	n = XT_MIN(n, (unsigned)UDP_BSD_CALL);
	for (unsigned i = 0; i < n; i++)
		x[i] = (struct message_x){.head = messages[i].head};
	sent = transmit.function(fd, x, n, MSG_DONTWAIT);
	error = errno;
	if (sent > 0)
		return (int)sent;
	if (sent < 0 && (error == EAGAIN || error == EWOULDBLOCK || error == EINTR))
		return -1;
	sent = singly_send(fd, messages, n);
	if (error == ENOSYS || (sent == (ssize_t)n && (error == EINVAL || error == ENOTSUP)))
		transmit.state = CALL_MISSING;
	return (int)sent;
}

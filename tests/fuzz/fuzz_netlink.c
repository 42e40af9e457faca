/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* parses: src/platform/linux/nl_linux.c src/platform/linux/watch_linux.c
 * src/platform/linux/link_query_linux.c src/platform/linux/route_way_linux.c
 * src/platform/linux/rule_linux.c */
/* Any bytes as answers and notices of rtnetlink. Libmnl's socket is replaced by one that answers
 * with the input; the socket of the watch is one end of a pair.
 * Input: a byte that chooses the question (bit 3: notices, bit 4: headers are repaired), then
 * datagrams behind two bytes of length. */
#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>

#include "fuzz/input.h"
#include "platform/link.h"
#include "platform/linux/link_linux.h"
#include "platform/linux/nl_linux.h"
#include "platform/linux/route_way_linux.h"
#include "platform/watch.h"

#define ANSWERS 64

static struct {
	struct input *in;
	bool repair;
	uint32_t seq;
	unsigned answers;
} fake;

/* Of libmnl, which never looks into it here. */
struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return (struct mnl_socket *)&fake;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)nl;
	(void)type;
	(void)buf;
	(void)len;
	return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return 7;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t len)
{
	(void)nl;
	check(len >= sizeof(struct nlmsghdr));
	fake.seq = ((const struct nlmsghdr *)req)->nlmsg_seq;
	return (ssize_t)len;
}

/* The messages of a datagram fill it, and belong to the request. Otherwise their lengths are below
 * 2 GiB, as those of the kernel are: libmnl takes more for a negative number, in bounds. */
static void headers_repair(uint8_t *bytes, size_t len)
{
	size_t at = 0;

	for (size_t i = 3; i < len && !fake.repair; i += 4)
		bytes[i] &= 0x7f;
	while (fake.repair && len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;

		memcpy(&head, bytes + at, sizeof(head));
		head.nlmsg_len = XT_MIN(XT_MAX(head.nlmsg_len & 0x3ff, 32u), (uint32_t)(len - at));
		head.nlmsg_seq = fake.seq;
		head.nlmsg_pid = 7;
		memcpy(bytes + at, &head, sizeof(head));
		at += XT_ALIGN_UP((size_t)head.nlmsg_len, (size_t)NLMSG_ALIGNTO);
		if (at > len)
			break;
	}
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	size_t len;
	uint8_t *bytes;

	(void)nl;
	if (!fake.in->len || fake.answers++ > ANSWERS) {
		errno = ENOBUFS;
		return -1;
	}
	bytes = input_bytes(fake.in, input_number(fake.in), &len);
	len = XT_MIN(len, size);
	headers_repair(bytes, len);
	memcpy(buf, bytes, len);
	free(bytes);
	return (ssize_t)len;
}

static void notices_read(struct input *in)
{
	struct xt_watch watch = {.ifindex = 2, .nsid = -1};
	struct xt_link_state state = {0};
	int ends[2];

	check(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0);
	watch.fd = ends[0];
	while (in->len > 2) {
		size_t len;
		uint8_t *bytes = input_bytes(in, input_number(in), &len);

		headers_repair(bytes, len);
		check(send(ends[1], bytes, len, 0) == (ssize_t)len);
		free(bytes);
		(void)xt_watch_read(&watch, &state);
		check(watch.n_returned <= XT_WATCH_AWAY);
		check(memchr(state.name, '\0', sizeof(state.name)) != NULL);
	}
	close(ends[0]);
	close(ends[1]);
}

static void addresses_read(void)
{
	struct xt_link_address *v;
	size_t n;

	if (xt_link_addresses("lo", &v, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		check(v[i].cidr.ip.family == 4 || v[i].cidr.ip.family == 6);
	free(v);
}

static void routes_read(struct xt_link_kernel *kernel)
{
	struct xt_link_routes list = {.ifindex = 2, .table = 254};

	(void)xt_link_routes_list(kernel, &list);
	for (size_t i = 0; i < list.n; i++)
		check(list.v[i].ip.family == 4 || list.v[i].ip.family == 6);
	free(list.v);
}

static void answers_read(uint8_t question)
{
	struct xt_link_address address = {.cidr = {{4, {10, 7, 0, 1}}, 24}};
	struct xt_endpoint to = {{4, {198, 18, 0, 1}}, 51820, 0};
	struct xt_link_policy policy;
	struct xt_route_way way;
	struct xt_nl_link link;
	static struct xt_link_kernel kernel;
	struct xt_nl *nl = &kernel.nl;
	bool exists;

	check(xt_nl_open(nl) == 0);
	switch (question) {
	case 0:
		addresses_read();
		break;
	case 1:
		routes_read(&kernel);
		break;
	case 2:
		(void)xt_route_way(nl, &to, NULL, 1, &way);
		break;
	case 3:
		(void)xt_nl_link_get(nl, 2, &link);
		check(memchr(link.name, '\0', sizeof(link.name)) != NULL);
		break;
	case 4:
		(void)xt_link_address_exists(&kernel, 2, &address, &exists);
		break;
	case 5:
		if (xt_link_policy_choose(&policy, "lo", 0, true, true) == 0)
			check(policy.table >= 51820 && policy.priority[0] >= 2);
		break;
	}
	xt_nl_close(nl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	uint8_t flags = input_byte(&in);

	fake.in = &in;
	fake.repair = flags & 16;
	fake.answers = 0;
	if (flags & 8)
		notices_read(&in);
	else
		answers_read(flags & 7);
	return 0;
}

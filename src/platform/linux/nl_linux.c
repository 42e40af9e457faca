/* SPDX-License-Identifier: MIT */
/* rtnetlink by libmnl: requests, acknowledgements, dumps. */
#include "platform/linux/nl_linux.h"

#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"

#define DUMP_TRIES 8

int xt_nl_open(struct xt_nl *nl)
{
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->socket)
		return -errno;
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int rc = -errno;

		xt_nl_close(nl);
		return rc;
	}
	/* the kernel filters dumps where it can; the callbacks filter again */
	mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

void xt_nl_close(struct xt_nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

struct nlmsghdr *xt_nl_begin(struct xt_nl *nl, uint16_t type, uint16_t flags, size_t extra_len)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->buf.bytes);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	mnl_nlmsg_put_extra_header(nlh, extra_len);
	return nlh;
}

void xt_nl_put_ip(struct nlmsghdr *nlh, uint16_t type, const struct xt_ip *ip)
{
	mnl_attr_put(nlh, type, ip->family == 4 ? 4 : 16, ip->b);
}

/* --- the one that stays open --- */

static struct {
	pthread_mutex_t lock;
	struct xt_nl nl;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What is left of a question that ended with an error. */
static void answers_drop(struct xt_nl *nl)
{
	int fd = mnl_socket_get_fd(nl->socket);

	while (recv(fd, nl->buf.bytes, sizeof(nl->buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}

struct xt_nl *xt_nl_borrow(void)
{
	pthread_mutex_lock(&kept.lock);
	if (!kept.nl.socket && xt_nl_open(&kept.nl) < 0) {
		pthread_mutex_unlock(&kept.lock);
		return NULL;
	}
	answers_drop(&kept.nl);
	return &kept.nl;
}

void xt_nl_return(struct xt_nl *nl)
{
	(void)nl;
	pthread_mutex_unlock(&kept.lock);
}

int xt_nl_keep(void)
{
	struct xt_nl *nl = xt_nl_borrow();
	int rc = nl ? 0 : -errno;

	if (nl)
		xt_nl_return(nl);
	return rc;
}

/* --- requests --- */

static bool dump_ends(const struct xt_nl *nl, ssize_t len)
{
	const struct nlmsghdr *nlh = &nl->buf.head;
	int left = (int)len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_seq == nl->seq &&
		    (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR))
			return true;
	return false;
}

/* Skip the rest of an interrupted dump, of which len bytes are in the buffer; a locked process
 * cannot open another socket instead. -EINTR, or what keeps the end from being read. */
static int dump_skip(struct xt_nl *nl, ssize_t len)
{
	while (!dump_ends(nl, len)) {
		do
			len = mnl_socket_recvfrom(nl->socket, nl->buf.bytes, sizeof(nl->buf));
		while (len < 0 && errno == EINTR);
		if (len < 0)
			return -errno;
	}
	return -EINTR;
}

/* What the answer says may be any number. */
static int answer_error(void)
{
	return errno > 0 && errno < 4096 ? -errno : -EPROTO;
}

static int answers_receive(struct xt_nl *nl, mnl_cb_t cb, void *data)
{
	unsigned port = mnl_socket_get_portid(nl->socket);
	int rc;

	do {
		ssize_t len = mnl_socket_recvfrom(nl->socket, nl->buf.bytes, sizeof(nl->buf));

		if (len < 0 && errno == EINTR) {
			rc = MNL_CB_OK;
			continue;
		}
		if (len < 0)
			return -errno;
		rc = mnl_cb_run(nl->buf.bytes, (size_t)len, nl->seq, port, cb, data);
		if (rc < 0 && errno == EINTR)
			return dump_skip(nl, len);
		if (rc < 0)
			return answer_error();
	} while (rc > MNL_CB_STOP);
	return 0;
}

int xt_nl_do(struct xt_nl *nl)
{
	nl->buf.head.nlmsg_flags |= NLM_F_ACK;
	if (!nl->socket)
		return -EBADF;
	if (mnl_socket_sendto(nl->socket, &nl->buf, nl->buf.head.nlmsg_len) < 0)
		return -errno;
	return answers_receive(nl, NULL, NULL);
}

int xt_nl_request(struct xt_nl *nl, mnl_cb_t cb, void *data)
{
	uint8_t request[512];
	size_t len = nl->buf.head.nlmsg_len;
	int rc = -EINTR;

	if (len > sizeof(request))
		return -EMSGSIZE;
	if ((nl->buf.head.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		nl->buf.head.nlmsg_flags |= NLM_F_ACK;
	memcpy(request, &nl->buf, len);
	for (int i = 0; i < DUMP_TRIES && rc == -EINTR; i++) {
		/* a new number, as for every request */
		nl->seq += i > 0;
		memcpy(&nl->buf, request, len);
		nl->buf.head.nlmsg_seq = nl->seq;
		if (mnl_socket_sendto(nl->socket, &nl->buf, len) < 0)
			return -errno;
		rc = answers_receive(nl, cb, data);
	}
	return rc;
}

struct attr_table {
	const struct nlattr **attrs;
	uint16_t n;
};

static int attr_seen(const struct nlattr *attr, void *data)
{
	struct attr_table *table = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < table->n)
		table->attrs[type] = attr;
	return MNL_CB_OK;
}

void xt_nl_attrs(const struct nlmsghdr *nlh, size_t extra_len, const struct nlattr **attrs,
		 uint16_t n)
{
	struct attr_table table = {attrs, n};

	memset(attrs, 0, n * sizeof(*attrs));
	mnl_attr_parse(nlh, (unsigned)extra_len, attr_seen, &table);
}

bool xt_nl_get_ip(struct xt_ip *out, unsigned family, const struct nlattr *attr)
{
	size_t len = family == AF_INET ? 4 : 16;

	memset(out, 0, sizeof(*out));
	if (!attr || mnl_attr_get_payload_len(attr) != len)
		return false;
	out->family = family == AF_INET ? 4 : 6;
	memcpy(out->b, mnl_attr_get_payload(attr), len);
	return true;
}

bool xt_nl_get_u32(uint32_t *out, const struct nlattr *attr)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return false;
	*out = mnl_attr_get_u32(attr);
	return true;
}

unsigned char xt_nl_family(const struct xt_ip *ip)
{
	return ip->family == 4 ? AF_INET : AF_INET6;
}

void xt_nl_link_read(const struct nlmsghdr *nlh, struct xt_nl_link *out)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFLA_MTU + 1];
	size_t len;

	memset(out, 0, sizeof(*out));
	xt_nl_attrs(nlh, sizeof(*info), attrs, XT_LEN(attrs));
	out->up = (info->ifi_flags & IFF_UP) != 0;
	xt_nl_get_u32(&out->mtu, attrs[IFLA_MTU]);
	if (!attrs[IFLA_IFNAME])
		return;
	len = XT_MIN((size_t)mnl_attr_get_payload_len(attrs[IFLA_IFNAME]), sizeof(out->name) - 1);
	memcpy(out->name, mnl_attr_get_payload(attrs[IFLA_IFNAME]), len);
}

static int link_seen(const struct nlmsghdr *nlh, void *data)
{
	if (nlh->nlmsg_type == RTM_NEWLINK)
		xt_nl_link_read(nlh, data);
	return MNL_CB_OK;
}

int xt_nl_link_get(struct xt_nl *nl, unsigned ifindex, struct xt_nl_link *out)
{
	struct nlmsghdr *nlh = xt_nl_begin(nl, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);

	memset(out, 0, sizeof(*out));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = (int)ifindex;
	return xt_nl_request(nl, link_seen, out);
}

/* SPDX-License-Identifier: MIT */
/* The routing socket, ioctl and sysctl. */
#include "platform/bsd/kernel_bsd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
/* sys/types.h comes first on OpenBSD. */
#include <sys/sysctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#define ANSWER_S     2	/* how long an answer of the kernel is waited for */
#define ANSWERS_READ 64 /* messages about others that are read before it */
#define LIST_TRIES   8	/* while the list grows faster than it is read */

int xt_bsd_socket(int domain, int type, int protocol)
{
	int rc, fd = socket(domain, type, protocol);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int xt_link_kernel_open(struct xt_link_kernel **out)
{
	struct xt_link_kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return XT_E_NOMEM;
	kernel->inet[0] = kernel->inet[1] = -1;
	kernel->routing = xt_bsd_socket((int)xt_abi.af_route, SOCK_RAW, 0);
	if (kernel->routing < 0) {
		int rc = kernel->routing;

		free(kernel);
		return rc;
	}
	/* Otherwise all that happens to any route would fill its queue. */
	(void)shutdown(kernel->routing, SHUT_RD);
	*out = kernel;
	return 0;
}

void xt_link_kernel_close(struct xt_link_kernel *kernel)
{
	if (!kernel)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (kernel->inet[i] >= 0)
			close(kernel->inet[i]);
	close(kernel->routing);
	free(kernel);
}

int xt_bsd_request(struct xt_link_kernel *kernel, unsigned family, unsigned long request,
		   uint8_t argument[XT_BSD_REQUEST])
{
	int *fd = &kernel->inet[family == 6];

	if (*fd < 0)
		*fd = xt_bsd_socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (*fd < 0)
		return *fd;
	return ioctl(*fd, request, argument) < 0 ? -errno : 0;
}

static int message_write(int fd, const uint8_t *msg, size_t len)
{
	ssize_t n;

	do
		n = write(fd, msg, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n < len ? -EIO : 0;
}

int xt_bsd_route_write(struct xt_link_kernel *kernel, uint32_t type,
		       const struct xt_bsd_route *route)
{
	uint8_t msg[XT_BSD_MESSAGE];
	size_t len = xt_bsd_route_put(msg, type, ++kernel->seq, route);

	return message_write(kernel->routing, msg, len);
}

/* The answer to the get with that number, among all else that the socket reports. */
static int answer_read(int fd, int seq, struct xt_bsd_message *out)
{
	uint8_t buf[2048];

	for (unsigned i = 0; i < ANSWERS_READ; i++) {
		ssize_t n = read(fd, buf, sizeof(buf));
		const uint8_t *at = buf;
		size_t left = n > 0 ? (size_t)n : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -errno;
		while (xt_bsd_message_take(&at, &left, out))
			if (out->type == xt_abi.rtm_get && out->pid == getpid() && out->seq == seq)
				return out->error ? -out->error : 0;
	}
	return -ETIMEDOUT;
}

int xt_bsd_route_get(const struct xt_ip *to, struct xt_bsd_message *out)
{
	static uint32_t seq;
	struct timeval wait = {.tv_sec = ANSWER_S};
	struct xt_bsd_route route = {.dst = {*to, to->family == 4 ? 32 : 128}};
	int rc, fd = xt_bsd_socket((int)xt_abi.af_route, SOCK_RAW, 0);
	uint8_t msg[XT_BSD_MESSAGE];
	uint32_t number = ++seq;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	rc = message_write(fd, msg, xt_bsd_route_put(msg, xt_abi.rtm_get, number, &route));
	if (rc == 0)
		rc = answer_read(fd, (int)number, out);
	close(fd);
	return rc;
}

/* --- lists --- */

/* The bytes of a list, the caller's to free. It may grow between the question for its length and
 * the list itself. */
static int list_read(int mib[6], uint8_t **out, size_t *len)
{
	for (unsigned i = 0; i < LIST_TRIES; i++) {
		uint8_t *buf;

		*len = 0;
		if (sysctl(mib, 6, NULL, len, NULL, 0) < 0)
			return -errno;
		*len += *len / 8 + 1024;
		buf = malloc(*len);
		if (!buf)
			return XT_E_NOMEM;
		if (sysctl(mib, 6, buf, len, NULL, 0) == 0) {
			*out = buf;
			return 0;
		}
		free(buf);
		if (errno != ENOMEM)
			return -errno;
	}
	return -EAGAIN;
}

static int list_walk(int mib[6], xt_bsd_seen *seen, void *ctx)
{
	struct xt_bsd_message entry;
	const uint8_t *at;
	uint8_t *buf = NULL;
	size_t left = 0;
	int rc = list_read(mib, &buf, &left);

	if (rc < 0)
		return rc;
	at = buf;
	while (rc == 0 && xt_bsd_message_take(&at, &left, &entry))
		rc = seen(&entry, ctx);
	free(buf);
	return rc < 0 ? rc : 0;
}

int xt_bsd_routes(unsigned family, xt_bsd_seen *seen, void *ctx)
{
	int af = family == 6 ? (int)xt_abi.af_inet6 : 2;
	int mib[6] = {(int)xt_abi.ctl_net, (int)xt_abi.af_route, 0, af, (int)xt_abi.net_rt_dump, 0};

	return list_walk(mib, seen, ctx);
}

int xt_bsd_links(unsigned ifindex, xt_bsd_seen *seen, void *ctx)
{
	int mib[6] = {(int)xt_abi.ctl_net,	 (int)xt_abi.af_route, 0, 0,
		      (int)xt_abi.net_rt_iflist, (int)ifindex};

	return list_walk(mib, seen, ctx);
}

bool xt_bsd_route_counts(const struct xt_bsd_message *entry)
{
	const uint32_t not_counted = xt_abi.rtf_cloned | xt_abi.rtf_local | xt_abi.rtf_broadcast |
				     xt_abi.rtf_scoped | xt_abi.rtf_reject | xt_abi.rtf_blackhole;

	return entry->dst.ip.family != 0 && (entry->flags & xt_abi.rtf_up) != 0 &&
	       (entry->flags & not_counted) == 0;
}

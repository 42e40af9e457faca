/* SPDX-License-Identifier: MIT */
/* The UDP sockets of macOS, FreeBSD and OpenBSD: one a family on one port, which xt_udp_move
 * replaces. These kernels fragment what is larger than the link's MTU, and report no ICMP error to
 * a socket that is not connected: what is known of a path comes from the errors of sends. */
#include "platform/bsd/udp_bsd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"
#include "platform/posix/wake_posix.h"

#define BUFFER_LEAST (256 << 10)
#define PORT_TRIES   64 /* until a port is free in both families */

static const struct udp_bsd_option options_v6[] = {
    {IPPROTO_IPV6, IPV6_V6ONLY, 1, false},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, false},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, 1, true},
};

static int options_set(int fd, const struct udp_bsd_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			       sizeof(options[i].value)) < 0 &&
		    !options[i].optional)
			return -errno;
	return 0;
}

/* The kernels refuse a size above their limit, and do not cap it. */
static void buffer_raise(int fd, int name)
{
	for (int bytes = (int)XT_UDP_QUEUE; bytes >= BUFFER_LEAST; bytes /= 2)
		if (setsockopt(fd, SOL_SOCKET, name, &bytes, sizeof(bytes)) == 0)
			return;
}

static int socket_prepare(int fd, unsigned family, uint32_t mark)
{
	int flags = fcntl(fd, F_GETFL), rc;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	if (family == 4)
		rc = options_set(fd, udp_bsd_options_v4, udp_bsd_n_options_v4);
	else
		rc = options_set(fd, options_v6, XT_LEN(options_v6));
	buffer_raise(fd, SO_RCVBUF);
	buffer_raise(fd, SO_SNDBUF);
	return rc == 0 && mark != 0 ? udp_bsd_mark_set(fd, mark) : rc;
}

/* Bind to *port and store the port that was bound. */
static int socket_bind(int fd, unsigned family, uint16_t *port)
{
	union udp_name name;
	socklen_t len = family == 4 ? sizeof(name.v4) : sizeof(name.v6);

	memset(&name, 0, sizeof(name));
	name.any.sa_family = family == 4 ? AF_INET : AF_INET6;
	if (family == 4)
		name.v4.sin_port = htons(*port);
	else
		name.v6.sin6_port = htons(*port);
	if (bind(fd, &name.any, len) < 0 || getsockname(fd, &name.any, &len) < 0)
		return -errno;
	*port = ntohs(family == 4 ? name.v4.sin_port : name.v6.sin6_port);
	return 0;
}

/* Returns the descriptor; -EAFNOSUPPORT: the kernel lacks the family; another -errno. */
static int socket_new(unsigned family, uint16_t *port, uint32_t mark)
{
	int fd = xt_bsd_socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP), rc;

	if (fd < 0)
		return fd == -EPROTONOSUPPORT ? -EAFNOSUPPORT : fd;
	rc = socket_prepare(fd, family, mark);
	if (rc == 0)
		rc = socket_bind(fd, family, port);
	if (rc == 0)
		return fd;
	close(fd);
	return rc == -EADDRNOTAVAIL ? -EAFNOSUPPORT : rc;
}

static void pair_close(int fd[2])
{
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

static int pair_try(int fd[2], uint16_t *port, uint32_t mark)
{
	int first;

	fd[1] = -1;
	fd[0] = first = socket_new(4, port, mark);
	if (first < 0 && first != -EAFNOSUPPORT)
		return first;
	fd[1] = socket_new(6, port, mark);
	if (fd[1] < 0 && (fd[1] != -EAFNOSUPPORT || first < 0)) {
		int rc = fd[1];

		pair_close(fd);
		return rc;
	}
	for (int i = 0; i < 2; i++)
		fd[i] = XT_MAX(fd[i], -1);
	return 0;
}

int xt_udp_sockets_open(struct xt_udp_sockets *out, uint16_t port, uint32_t mark)
{
	int rc = -EADDRINUSE;

	for (int i = 0; i < PORT_TRIES && rc == -EADDRINUSE; i++) {
		out->port = port;
		rc = pair_try(out->fd, &out->port, mark);
		if (port != 0)
			break;
	}
	return rc;
}

void xt_udp_sockets_close(struct xt_udp_sockets *sockets)
{
	pair_close(sockets->fd);
}

/* Another process may have passed the descriptor. */
static bool socket_is_udp(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM;
}

int xt_udp_sockets_mark(const int fd[2], uint32_t mark, uint32_t old)
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0 && !socket_is_udp(fd[i]))
			return -EINVAL;
	for (int i = 0; i < 2; i++) {
		int rc = fd[i] >= 0 ? udp_bsd_mark_set(fd[i], mark) : 0;

		if (rc < 0) {
			if (i == 1 && fd[0] >= 0)
				(void)udp_bsd_mark_set(fd[0], old);
			return rc;
		}
	}
	return 0;
}

/* --- operations --- */

static struct udp_bsd *udp_bsd_of(const struct xt_udp *udp)
{
	return XT_CONTAINER(udp, struct udp_bsd, udp);
}

static void udp_bsd_routes_expire(struct xt_udp *udp)
{
	udp_bsd_of(udp)->routes.stale = true;
}

/* Every way counts as another one: which link a way leaves by is not kept. */
static void udp_bsd_link_returned(struct xt_udp *udp, unsigned link)
{
	(void)link;
	udp_bsd_of(udp)->returned++;
}

static uint64_t udp_bsd_way(struct xt_udp *udp, const struct xt_path *path)
{
	struct udp_bsd *sock = udp_bsd_of(udp);
	uint64_t way = 0xcbf29ce484222325u; /* FNV-1a */
	struct xt_link_hop hop;

	if (udp->fd[path->remote.ip.family == 6] < 0)
		return XT_WAY_NONE;
	udp_bsd_routes_refresh(sock);
	if (!udp_bsd_hop(sock, &path->remote.ip, &hop))
		return XT_WAY_NONE + 1; /* without answers of the kernel all ways are one */
	if (hop.ifindex == 0)
		return XT_WAY_NONE;
	way = (way ^ hop.ifindex) * 0x100000001b3u;
	way = (way ^ sock->returned) * 0x100000001b3u;
	for (size_t i = 0; i < sizeof(hop.gateway.b); i++)
		way = (way ^ hop.gateway.b[i]) * 0x100000001b3u;
	return way > XT_WAY_NONE + 1 ? way : way + XT_WAY_NONE + 2;
}

static uint64_t udp_bsd_egress_drops(const struct xt_udp *udp)
{
	return udp_bsd_of(udp)->egress_drops;
}

static int udp_bsd_watch(const struct xt_udp *udp, unsigned i, struct xt_wake *wake,
			 unsigned events, void *ctx)
{
	const struct udp_bsd *sock = udp_bsd_of(udp);

	if (sock->old_fd[i] >= 0)
		(void)xt_wake_watch_fd(wake, sock->old_fd[i], events & XT_WAKE_READ, ctx);
	return xt_wake_watch_fd(wake, udp->fd[i], events, ctx);
}

static void udp_bsd_take_errors(struct xt_udp *udp, unsigned i)
{
	int error;
	socklen_t len = sizeof(error);

	(void)getsockopt(udp->fd[i], SOL_SOCKET, SO_ERROR, &error, &len);
}

static void udp_bsd_close(struct xt_udp *udp)
{
	struct udp_bsd *sock = udp_bsd_of(udp);

	pair_close(udp->fd);
	pair_close(sock->old_fd);
	free(sock->routes.v);
	free(sock);
}

static const struct xt_udp_ops udp_bsd_ops = {
    .recv = udp_bsd_recv,
    .send = udp_bsd_send,
    .egress_drops = udp_bsd_egress_drops,
    .routes_expire = udp_bsd_routes_expire,
    .link_returned = udp_bsd_link_returned,
    .way = udp_bsd_way,
    .watch = udp_bsd_watch,
    .take_errors = udp_bsd_take_errors,
    .close = udp_bsd_close,
};

static uint32_t pair_queue(const int fd[2])
{
	int least = XT_UDP_QUEUE;

	for (int i = 0; i < 2; i++) {
		int bytes;
		socklen_t len = sizeof(bytes);

		if (fd[i] >= 0 && getsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &bytes, &len) == 0)
			least = XT_MIN(least, bytes);
	}
	return (uint32_t)least;
}

static void pair_use(struct udp_bsd *sock, const int fd[2], uint16_t port)
{
	memcpy(sock->udp.fd, fd, sizeof(sock->udp.fd));
	sock->udp.port = port;
	sock->udp.queue = pair_queue(fd);
	sock->bound[0] = sock->bound[1] = 0;
	sock->routes.stale = true;
}

/* One datagram a message, both ways. */
void xt_udp_offload(struct xt_udp *udp, bool on)
{
	(void)udp;
	(void)on;
}

void xt_udp_drop_old(struct xt_udp *udp)
{
	struct udp_bsd *sock = udp_bsd_of(udp);

	if (udp->ops != &udp_bsd_ops || !sock->old_port)
		return;
	pair_close(sock->old_fd);
	sock->old_port = 0;
}

void xt_udp_move(struct xt_udp *udp, const struct xt_udp_sockets *sockets)
{
	struct udp_bsd *sock = udp_bsd_of(udp);
	const struct xt_udp_sockets next = *sockets;

	xt_udp_drop_old(udp);
	memcpy(sock->old_fd, udp->fd, sizeof(sock->old_fd));
	sock->old_port = udp->port;
	pair_use(sock, next.fd, next.port);
}

bool xt_udp_old(const struct xt_udp *udp, struct xt_udp_sockets *out)
{
	const struct udp_bsd *sock = udp_bsd_of(udp);

	if (udp->ops != &udp_bsd_ops || !sock->old_port)
		return false;
	*out = (struct xt_udp_sockets){{sock->old_fd[0], sock->old_fd[1]}, sock->old_port};
	return true;
}

void xt_udp_keep(struct xt_udp *udp, const struct xt_udp_sockets *old)
{
	struct udp_bsd *sock = udp_bsd_of(udp);

	xt_udp_drop_old(udp);
	memcpy(sock->old_fd, old->fd, sizeof(sock->old_fd));
	sock->old_port = old->port;
}

bool xt_udp_kept(const struct xt_udp *udp, uint16_t port, struct xt_udp_sockets *out)
{
	const struct udp_bsd *sock = udp_bsd_of(udp);
	bool all = true;

	if (udp->ops != &udp_bsd_ops || !port || sock->old_port != port)
		return false;
	*out = (struct xt_udp_sockets){{-1, -1}, port};
	for (int i = 0; i < 2; i++)
		if (sock->old_fd[i] >= 0) {
			out->fd[i] = fcntl(sock->old_fd[i], F_DUPFD_CLOEXEC, 0);
			all &= out->fd[i] >= 0;
		}
	if (!all)
		pair_close(out->fd);
	return all;
}

int xt_udp_new(struct xt_udp **out, const struct xt_udp_sockets *sockets)
{
	struct udp_bsd *sock = calloc(1, sizeof(*sock));

	if (!sock)
		return XT_E_NOMEM;
	sock->old_fd[0] = sock->old_fd[1] = -1;
	sock->udp.ops = &udp_bsd_ops;
	pair_use(sock, sockets->fd, sockets->port);
	*out = &sock->udp;
	return 0;
}

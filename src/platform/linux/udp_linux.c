/* SPDX-License-Identifier: MIT */
/* The UDP sockets of Linux: one a family on one port, which xt_udp_move replaces. Path MTU
 * discovery is off: a datagram larger than the link's MTU is fragmented, as WireGuard in the kernel
 * does. IPv4 also ignores the kernel's path MTU cache (OMIT), because a forged ICMP error writes to
 * it. IPv6 has to follow it, as only the sender fragments; there it is at least 1280. Probes alone
 * are sent whole (udp_send_linux.c). */
#include "platform/linux/udp_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/linux/wake_linux.h"
#include "platform/offload.h"

/* The kernel doubles both for its own use. */
#define RECEIVE_BUFFER ((int)XT_UDP_QUEUE / 2)
/* More than the queue of a link holds (1000 super-packets of 64 KiB in a pfifo): the link's queue
 * drops what is too much for it, and the socket, which all peers share, never fills with the bytes
 * of one slow link. Nothing is set aside; a part of the memory at most. */
#define SEND_BUFFER	  (128l << 20)
#define SEND_BUFFER_PAGES 16 /* of the memory: one in so many pages */
#define PORT_TRIES	  64 /* until a port is free in both families */

struct option {
	int level, name, value;
};

static const struct option options_v4[] = {
    {IPPROTO_IP, IP_PKTINFO, 1},
    {IPPROTO_IP, IP_RECVTOS, 1},
    {IPPROTO_IP, IP_RECVERR, 1},
    {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT},
};
static const struct option options_v6[] = {
    {IPPROTO_IPV6, IPV6_V6ONLY, 1},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, 1},
    {IPPROTO_IPV6, IPV6_RECVERR, 1},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT},
};

static int option_set(int fd, const struct option *option)
{
	int rc = setsockopt(fd, option->level, option->name, &option->value, sizeof(option->value));

	return rc < 0 ? -errno : 0;
}

/* In pages: a part of 32 GiB is more bytes than a long of a 32-bit program has. */
static int send_buffer_size(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	if (pages <= 0 || page <= 0)
		return (int)SEND_BUFFER;
	return (int)(XT_MIN(pages / SEND_BUFFER_PAGES, SEND_BUFFER / page) * page);
}

/* As large as the rights allow: FORCE exceeds the system's limit, the plain option is capped. */
static void buffers_raise(int fd)
{
	const int send = send_buffer_size();
	const struct option force[] = {{SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER},
				       {SOL_SOCKET, SO_SNDBUFFORCE, send}};
	const struct option plain[] = {{SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER},
				       {SOL_SOCKET, SO_SNDBUF, send}};

	for (size_t i = 0; i < XT_LEN(force); i++)
		if (option_set(fd, &force[i]) < 0)
			option_set(fd, &plain[i]);
}

static int mark_set(int fd, uint32_t mark)
{
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0)
		return 0;
	return errno == EACCES ? -EPERM : -errno;
}

static int socket_prepare(int fd, int family, uint32_t mark)
{
	const struct option *options = family == AF_INET ? options_v4 : options_v6;
	size_t n = family == AF_INET ? XT_LEN(options_v4) : XT_LEN(options_v6);

	for (size_t i = 0; i < n; i++) {
		int rc = option_set(fd, &options[i]);

		if (rc < 0)
			return rc;
	}
	buffers_raise(fd);
	return mark != 0 ? mark_set(fd, mark) : 0;
}

/* Bind to *port and store the port that was bound. */
static int socket_bind(int fd, int family, uint16_t *port)
{
	union udp_name name;
	socklen_t len = family == AF_INET ? sizeof(name.v4) : sizeof(name.v6);

	memset(&name, 0, sizeof(name));
	name.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		name.v4.sin_port = htons(*port);
	else
		name.v6.sin6_port = htons(*port);
	if (bind(fd, &name.any, len) < 0 || getsockname(fd, &name.any, &len) < 0)
		return -errno;
	*port = ntohs(family == AF_INET ? name.v4.sin_port : name.v6.sin6_port);
	return 0;
}

/* Returns the descriptor; -EAFNOSUPPORT: the kernel lacks the family; another -errno. */
static int socket_new(int family, uint16_t *port, uint32_t mark)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int rc;

	if (fd < 0)
		return -errno;
	rc = socket_prepare(fd, family, mark);
	if (rc == 0)
		rc = socket_bind(fd, family, port);
	if (rc == 0)
		return fd;
	close(fd);
	return rc == -EADDRNOTAVAIL ? -EAFNOSUPPORT : rc;
}

static int pair_try(int fd[2], uint16_t *port, uint32_t mark)
{
	fd[0] = socket_new(AF_INET, port, mark);
	if (fd[0] < 0 && fd[0] != -EAFNOSUPPORT)
		return fd[0];
	fd[1] = socket_new(AF_INET6, port, mark);
	if (fd[1] < 0 && (fd[1] != -EAFNOSUPPORT || fd[0] < 0)) {
		if (fd[0] >= 0)
			close(fd[0]);
		return fd[1];
	}
	for (int i = 0; i < 2; i++)
		if (fd[i] < 0)
			fd[i] = -1;
	return 0;
}

static int pair_new(int fd[2], uint16_t *port, uint32_t mark)
{
	uint16_t requested = *port;
	int rc = -EADDRINUSE;

	for (int i = 0; i < PORT_TRIES && rc == -EADDRINUSE; i++) {
		*port = requested;
		rc = pair_try(fd, port, mark);
		if (requested != 0)
			break;
	}
	return rc;
}

/* True when every socket of the pair accepts the option. */
static bool pair_option(const int fd[2], int name, int value)
{
	const struct option option = {SOL_UDP, name, value};
	bool ok = true;

	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0 && option_set(fd[i], &option) < 0)
			ok = false;
	return ok;
}

static void pair_close(int fd[2])
{
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

static uint64_t pair_overruns(const int fd[2])
{
	uint64_t sum = 0;

	for (int i = 0; i < 2; i++) {
		uint32_t info[SK_MEMINFO_VARS] = {0};
		socklen_t len = sizeof(info);

		if (fd[i] >= 0 && getsockopt(fd[i], SOL_SOCKET, SO_MEMINFO, info, &len) == 0)
			sum += info[SK_MEMINFO_DROPS];
	}
	return sum;
}

static uint64_t udp_linux_overruns(const struct xt_udp *udp)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	return sock->overruns + pair_overruns(udp->fd) + pair_overruns(sock->old_fd);
}

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

static void pair_use(struct udp_linux *sock, const int fd[2], uint16_t port, bool offload)
{
	memcpy(sock->udp.fd, fd, sizeof(sock->udp.fd));
	sock->udp.port = port;
	sock->udp.queue = pair_queue(fd);
	for (int i = 0; i < 2; i++)
		udp_reserve_init(&sock->reserve[i], fd[i], send_buffer_size());
	xt_udp_offload(&sock->udp, offload);
}

int xt_udp_sockets_open(struct xt_udp_sockets *out, uint16_t port, uint32_t mark)
{
	out->port = port;
	return pair_new(out->fd, &out->port, mark);
}

void xt_udp_sockets_close(struct xt_udp_sockets *sockets)
{
	pair_close(sockets->fd);
}

/* Another process may have passed the descriptor. */
static bool socket_is_udp(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == IPPROTO_UDP;
}

int xt_udp_sockets_mark(const int fd[2], uint32_t mark, uint32_t old)
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0 && !socket_is_udp(fd[i]))
			return -EINVAL;
	for (int i = 0; i < 2; i++) {
		int rc = fd[i] >= 0 ? mark_set(fd[i], mark) : 0;

		if (rc < 0) {
			if (i == 1 && fd[0] >= 0)
				mark_set(fd[0], old);
			return rc;
		}
	}
	return 0;
}

static void udp_linux_routes_expire(struct xt_udp *udp)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (sock->egress)
		xt_egress_expire(sock->egress);
}

static void udp_linux_link_returned(struct xt_udp *udp, unsigned link)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (sock->egress)
		xt_egress_link_returned(sock->egress, link);
}

static uint64_t udp_linux_way(struct xt_udp *udp, const struct xt_path *path)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);
	int fd = udp->fd[path->remote.ip.family == 6];

	if (fd < 0)
		return XT_WAY_NONE;
	/* Without answers of the kernel all ways are one. */
	return sock->egress ? xt_egress_way(sock->egress, fd, udp->avoid, path) : XT_WAY_NONE + 1;
}

static void udp_linux_source(struct xt_udp *udp, const struct xt_path *path, struct xt_ip *out)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);
	int fd = udp->fd[path->remote.ip.family == 6];

	if (fd >= 0 && sock->egress)
		xt_egress_source(sock->egress, fd, udp->avoid, path, out);
}

static int udp_linux_watch(const struct xt_udp *udp, unsigned i, struct xt_wake *wake,
			   unsigned events, void *ctx)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (sock->old_fd[i] >= 0)
		(void)xt_wake_watch_fd(wake, sock->old_fd[i], events & XT_WAKE_READ, ctx);
	return xt_wake_watch_fd(wake, udp->fd[i], events, ctx);
}

static void udp_linux_take_errors(struct xt_udp *udp, unsigned i)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	udp_linux_errors_take(udp, udp->fd[i]);
	if (sock->old_fd[i] >= 0)
		udp_linux_errors_take(udp, sock->old_fd[i]);
}

static uint64_t udp_linux_egress_drops(const struct xt_udp *udp)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	return sock->egress_drops;
}

static void udp_linux_close(struct xt_udp *udp)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	pair_close(udp->fd);
	pair_close(sock->old_fd);
	xt_egress_cache_free(sock->egress);
	munmap(sock->spill_slab, XT_UDP_SLAB);
	free(sock);
}

static const struct xt_udp_ops udp_linux_ops = {
    .recv = udp_linux_recv,
    .send = udp_linux_send,
    .overruns = udp_linux_overruns,
    .egress_drops = udp_linux_egress_drops,
    .routes_expire = udp_linux_routes_expire,
    .link_returned = udp_linux_link_returned,
    .way = udp_linux_way,
    .source = udp_linux_source,
    .watch = udp_linux_watch,
    .take_errors = udp_linux_take_errors,
    .close = udp_linux_close,
};

void xt_udp_offload(struct xt_udp *udp, bool on)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (udp->ops != &udp_linux_ops)
		return;
	udp->gso = on && pair_option(udp->fd, UDP_SEGMENT, 0);
	udp->gro = pair_option(udp->fd, UDP_GRO, on) && on;
	sock->guess = sock->guess_bytes = 1;
}

void xt_udp_drop_old(struct xt_udp *udp)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (udp->ops != &udp_linux_ops || !sock->old_port)
		return;
	sock->overruns += pair_overruns(sock->old_fd);
	pair_close(sock->old_fd);
	sock->old_port = 0;
}

void xt_udp_move(struct xt_udp *udp, const struct xt_udp_sockets *sockets)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);
	const struct xt_udp_sockets next = *sockets;
	bool offload = udp->gso || udp->gro;

	xt_udp_drop_old(udp);
	memcpy(sock->old_fd, udp->fd, sizeof(sock->old_fd));
	sock->old_port = udp->port;
	pair_use(sock, next.fd, next.port, offload);
}

bool xt_udp_old(const struct xt_udp *udp, struct xt_udp_sockets *out)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	if (udp->ops != &udp_linux_ops || !sock->old_port)
		return false;
	*out = (struct xt_udp_sockets){{sock->old_fd[0], sock->old_fd[1]}, sock->old_port};
	return true;
}

void xt_udp_keep(struct xt_udp *udp, const struct xt_udp_sockets *old)
{
	struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	xt_udp_drop_old(udp);
	memcpy(sock->old_fd, old->fd, sizeof(sock->old_fd));
	sock->old_port = old->port;
}

bool xt_udp_kept(const struct xt_udp *udp, uint16_t port, struct xt_udp_sockets *out)
{
	const struct udp_linux *sock = XT_CONTAINER(udp, struct udp_linux, udp);

	bool all = true;

	if (udp->ops != &udp_linux_ops || !port || sock->old_port != port)
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
	struct udp_linux *sock = calloc(1, sizeof(*sock));
	void *slab;

	if (!sock)
		return XT_E_NOMEM;
	/* mapped, not allocated: takes no memory before a batch overflows for the first time */
	slab = mmap(NULL, XT_UDP_SLAB, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slab == MAP_FAILED) {
		free(sock);
		return XT_E_NOMEM;
	}
	sock->spill_slab = slab;
	sock->old_fd[0] = sock->old_fd[1] = -1;
	(void)xt_egress_cache_new(&sock->egress);
	sock->udp.ops = &udp_linux_ops;
	pair_use(sock, sockets->fd, sockets->port, xt_offload_udp());
	*out = &sock->udp;
	return 0;
}

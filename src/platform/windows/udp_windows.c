/* SPDX-License-Identifier: MIT */
/* The UDP sockets of Windows: one a family on one port, which xt_udp_move replaces. A descriptor of
 * struct xt_udp is a SOCKET: handles of Windows fit an int. Fwmark has no meaning here; datagrams
 * are kept out of the tunnel by the link that they name (egress_windows.h). ICMP errors are
 * switched off, as Windows reports them in place of the next datagram. */
#include "platform/windows/udp_windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/offload.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/wake_windows.h"

#define PORT_TRIES 64 /* until a port is free in both families */
#define COALESCED  65535u

#define IOC_CONNRESET _WSAIOW(IOC_VENDOR, 12) /* SIO_UDP_CONNRESET */
#define IOC_NETRESET  _WSAIOW(IOC_VENDOR, 15) /* SIO_UDP_NETRESET */

static int socket_error(void)
{
	int rc = xt_win_error((unsigned long)WSAGetLastError());

	return rc != 0 ? rc : -EIO;
}

static int option_set(int fd, int level, int name, DWORD value)
{
	int rc = setsockopt((SOCKET)fd, level, name, (const char *)&value, sizeof(value));

	return rc != 0 ? socket_error() : 0;
}

/* What an older Windows lacks is left out. */
static int socket_prepare(int fd, int family)
{
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	BOOL off = FALSE;
	DWORD len;
	u_long on = 1;
	int rc = 0;

	if (family == AF_INET6)
		rc = option_set(fd, level, IPV6_V6ONLY, 1);
	if (rc == 0) /* another program must not bind to the port too, and take datagrams */
		rc = option_set(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
	if (rc == 0)
		rc = option_set(fd, level, family == AF_INET ? IP_PKTINFO : IPV6_PKTINFO, 1);
	if (rc == 0 && ioctlsocket((SOCKET)fd, (long)FIONBIO, &on) != 0)
		rc = socket_error();
	(void)option_set(fd, level, IP_OPT_ECN, 1);
	(void)option_set(fd, level, IP_OPT_DISCOVER, IP_DISCOVER_DONT);
	(void)WSAIoctl((SOCKET)fd, IOC_CONNRESET, &off, sizeof(off), NULL, 0, &len, NULL, NULL);
	(void)WSAIoctl((SOCKET)fd, IOC_NETRESET, &off, sizeof(off), NULL, 0, &len, NULL, NULL);
	(void)option_set(fd, SOL_SOCKET, SO_RCVBUF, XT_UDP_QUEUE);
	(void)option_set(fd, SOL_SOCKET, SO_SNDBUF, XT_UDP_QUEUE);
	return rc;
}

/* Bind to *port and store the port that was bound. */
static int socket_bind(int fd, int family, uint16_t *port)
{
	union udp_name name;
	int len = family == AF_INET ? sizeof(name.v4) : sizeof(name.v6);

	memset(&name, 0, sizeof(name));
	name.any.sa_family = (ADDRESS_FAMILY)family;
	if (family == AF_INET)
		name.v4.sin_port = htons(*port);
	else
		name.v6.sin6_port = htons(*port);
	if (bind((SOCKET)fd, &name.any, len) != 0 || getsockname((SOCKET)fd, &name.any, &len) != 0)
		return socket_error();
	*port = ntohs(family == AF_INET ? name.v4.sin_port : name.v6.sin6_port);
	return 0;
}

/* Returns the descriptor; -EAFNOSUPPORT: the host lacks the family; another -errno. */
static int socket_new(int family, uint16_t *port)
{
	SOCKET s = WSASocketW(family, SOCK_DGRAM, IPPROTO_UDP, NULL, 0,
			      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	int rc;

	if (s == INVALID_SOCKET)
		return socket_error();
	rc = socket_prepare((int)s, family);
	if (rc == 0)
		rc = socket_bind((int)s, family, port);
	if (rc == 0)
		return (int)s;
	closesocket(s);
	return rc == -EADDRNOTAVAIL ? -EAFNOSUPPORT : rc;
}

static void pair_close(int fd[2])
{
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			closesocket((SOCKET)fd[i]);
		fd[i] = -1;
	}
}

static int pair_try(int fd[2], uint16_t *port)
{
	fd[0] = socket_new(AF_INET, port);
	if (fd[0] < 0 && fd[0] != -EAFNOSUPPORT)
		return fd[0];
	fd[1] = socket_new(AF_INET6, port);
	if (fd[1] < 0 && (fd[1] != -EAFNOSUPPORT || fd[0] < 0)) {
		int rc = fd[1];

		pair_close(fd);
		return rc;
	}
	for (int i = 0; i < 2; i++)
		if (fd[i] < 0)
			fd[i] = -1;
	return 0;
}

int xt_udp_sockets_open(struct xt_udp_sockets *out, uint16_t port, uint32_t mark)
{
	int rc = xt_win_sockets();

	(void)mark;
	if (rc < 0)
		return rc;
	rc = -EADDRINUSE;
	/* Windows refuses a port of its excluded ranges with EACCES. */
	for (int i = 0; i < PORT_TRIES && (rc == -EADDRINUSE || rc == -EACCES); i++) {
		out->port = port;
		rc = pair_try(out->fd, &out->port);
		if (port != 0)
			break;
	}
	return rc;
}

void xt_udp_sockets_close(struct xt_udp_sockets *sockets)
{
	pair_close(sockets->fd);
}

int xt_udp_sockets_mark(const int fd[2], uint32_t mark, uint32_t old)
{
	(void)fd;
	(void)mark;
	(void)old;
	return 0;
}

/* --- readiness --- */

static void events_close(HANDLE events[2])
{
	for (int i = 0; i < 2; i++) {
		if (events[i])
			CloseHandle(events[i]);
		events[i] = NULL;
	}
}

static int events_open(HANDLE events[2], const int fd[2])
{
	for (int i = 0; i < 2; i++) {
		if (fd[i] < 0)
			continue;
		events[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
		if (!events[i])
			return xt_win_last();
		if (WSAEventSelect((SOCKET)fd[i], events[i], FD_READ | FD_WRITE) != 0)
			return socket_error();
	}
	return 0;
}

/* Enumerating resets the event, and from then on new ones set it again. */
static unsigned socket_ready(SOCKET s, HANDLE event, unsigned events)
{
	WSANETWORKEVENTS seen;
	WSAPOLLFD poll = {.fd = s,
			  .events = (SHORT)((events & XT_WAKE_READ ? POLLRDNORM : 0) |
					    (events & XT_WAKE_WRITE ? POLLWRNORM : 0))};

	(void)WSAEnumNetworkEvents(s, event, &seen);
	if (WSAPoll(&poll, 1, 0) <= 0)
		return 0;
	return (poll.revents & (POLLRDNORM | POLLERR | POLLHUP) ? XT_WAKE_READ & events : 0) |
	       (poll.revents & (POLLWRNORM | POLLERR) ? XT_WAKE_WRITE & events : 0);
}

static unsigned udp_ready(void *device, unsigned i, unsigned events)
{
	const struct udp_windows *sock = device;

	return socket_ready((SOCKET)sock->udp.fd[i], sock->events[i], events);
}

static unsigned udp_old_ready(void *device, unsigned i, unsigned events)
{
	const struct udp_windows *sock = device;

	return socket_ready((SOCKET)sock->old_fd[i], sock->old_events[i], events);
}

static int udp_windows_watch(const struct xt_udp *udp, unsigned i, struct xt_wake *wake,
			     unsigned events, void *ctx)
{
	struct udp_windows *sock =
	    XT_CONTAINER((struct xt_udp *)(uintptr_t)udp, struct udp_windows, udp);
	const struct xt_wake_device old = {sock->old_events[i], udp_old_ready, sock, i};
	const struct xt_wake_device device = {sock->events[i], udp_ready, sock, i};

	if (sock->old_fd[i] >= 0)
		(void)xt_wake_watch_device(wake, &old, events & XT_WAKE_READ, ctx);
	return xt_wake_watch_device(wake, &device, events, ctx);
}

/* --- one object --- */

static void udp_windows_routes_expire(struct xt_udp *udp)
{
	struct udp_windows *sock = XT_CONTAINER(udp, struct udp_windows, udp);

	xt_egress_expire(sock->egress);
	sock->judge = true;
}

static void udp_windows_link_returned(struct xt_udp *udp, unsigned link)
{
	xt_egress_link_returned(XT_CONTAINER(udp, struct udp_windows, udp)->egress, link);
}

static uint64_t udp_windows_way(struct xt_udp *udp, const struct xt_path *path)
{
	struct udp_windows *sock = XT_CONTAINER(udp, struct udp_windows, udp);

	if (udp->fd[path->remote.ip.family == 6] < 0)
		return XT_WAY_NONE;
	return xt_egress_way(sock->egress, udp->avoid, path);
}

static void udp_windows_source(struct xt_udp *udp, const struct xt_path *path, struct xt_ip *out)
{
	struct udp_windows *sock = XT_CONTAINER(udp, struct udp_windows, udp);
	const struct xt_egress egress = xt_egress_find(sock->egress, udp->avoid, path);
	struct xt_ip source;

	if (egress.pin)
		*out = path->local;
	else if (egress.link != 0 && xt_net()->source(egress.link, &path->remote.ip, &source) == 0)
		*out = source;
}

/* ICMP errors are switched off. */
static void udp_windows_take_errors(struct xt_udp *udp, unsigned i)
{
	(void)udp;
	(void)i;
}

static void udp_windows_close(struct xt_udp *udp)
{
	struct udp_windows *sock = XT_CONTAINER(udp, struct udp_windows, udp);

	pair_close(udp->fd);
	pair_close(sock->old_fd);
	events_close(sock->events);
	events_close(sock->old_events);
	xt_egress_cache_free(sock->egress);
	free(sock->spill_bytes);
	free(sock);
}

static const struct xt_udp_ops udp_windows_ops = {
    .recv = udp_windows_recv,
    .send = udp_windows_send,
    .routes_expire = udp_windows_routes_expire,
    .link_returned = udp_windows_link_returned,
    .way = udp_windows_way,
    .source = udp_windows_source,
    .watch = udp_windows_watch,
    .take_errors = udp_windows_take_errors,
    .close = udp_windows_close,
};

static struct udp_windows *windows_of(const struct xt_udp *udp)
{
	return udp->ops == &udp_windows_ops
		   ? XT_CONTAINER((struct xt_udp *)(uintptr_t)udp, struct udp_windows, udp)
		   : NULL;
}

/* True when every socket of the pair accepts the option. */
static bool pair_option(const int fd[2], int name, DWORD value)
{
	bool ok = true;

	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0 && option_set(fd[i], IPPROTO_UDP, name, value) < 0)
			ok = false;
	return ok;
}

void xt_udp_offload(struct xt_udp *udp, bool on)
{
	if (!windows_of(udp))
		return;
	udp->gso = on && pair_option(udp->fd, UDP_OPT_SEND_SIZE, 0);
	udp->gro = pair_option(udp->fd, UDP_OPT_RECV_SIZE, on ? COALESCED : 0) && on;
}

static uint32_t pair_queue(const int fd[2])
{
	DWORD least = XT_UDP_QUEUE;

	for (int i = 0; i < 2; i++) {
		DWORD bytes = 0;
		int len = sizeof(bytes);

		if (fd[i] >= 0 &&
		    getsockopt((SOCKET)fd[i], SOL_SOCKET, SO_RCVBUF, (char *)&bytes, &len) == 0)
			least = XT_MIN(least, bytes);
	}
	return least;
}

static int pair_use(struct udp_windows *sock, const int fd[2], uint16_t port, bool offload)
{
	int rc = events_open(sock->events, fd);

	memcpy(sock->udp.fd, fd, sizeof(sock->udp.fd));
	sock->udp.port = port;
	sock->udp.queue = pair_queue(fd);
	sock->judge = true;
	sock->ecn[0] = sock->ecn[1] = true;
	memset(sock->pinned, 0, sizeof(sock->pinned));
	xt_udp_offload(&sock->udp, offload);
	return rc;
}

void xt_udp_drop_old(struct xt_udp *udp)
{
	struct udp_windows *sock = windows_of(udp);

	if (!sock || !sock->old_port)
		return;
	pair_close(sock->old_fd);
	events_close(sock->old_events);
	sock->old_port = 0;
}

/* An event that cannot be made shows as a failed watch. */
void xt_udp_move(struct xt_udp *udp, const struct xt_udp_sockets *sockets)
{
	struct udp_windows *sock = windows_of(udp);
	const struct xt_udp_sockets next = *sockets;
	bool offload = udp->gso || udp->gro;

	xt_udp_drop_old(udp);
	memcpy(sock->old_fd, udp->fd, sizeof(sock->old_fd));
	memcpy(sock->old_events, sock->events, sizeof(sock->old_events));
	memset(sock->events, 0, sizeof(sock->events));
	sock->old_port = udp->port;
	(void)pair_use(sock, next.fd, next.port, offload);
}

bool xt_udp_old(const struct xt_udp *udp, struct xt_udp_sockets *out)
{
	const struct udp_windows *sock = windows_of(udp);

	if (!sock || !sock->old_port)
		return false;
	*out = (struct xt_udp_sockets){{sock->old_fd[0], sock->old_fd[1]}, sock->old_port};
	return true;
}

void xt_udp_keep(struct xt_udp *udp, const struct xt_udp_sockets *old)
{
	struct udp_windows *sock = windows_of(udp);

	xt_udp_drop_old(udp);
	memcpy(sock->old_fd, old->fd, sizeof(sock->old_fd));
	sock->old_port = old->port;
	(void)events_open(sock->old_events, sock->old_fd);
}

static int socket_duplicate(int fd)
{
	WSAPROTOCOL_INFOW info;
	SOCKET s;

	if (WSADuplicateSocketW((SOCKET)fd, GetCurrentProcessId(), &info) != 0)
		return -1;
	s = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
		       WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	return s == INVALID_SOCKET ? -1 : (int)s;
}

bool xt_udp_kept(const struct xt_udp *udp, uint16_t port, struct xt_udp_sockets *out)
{
	const struct udp_windows *sock = windows_of(udp);
	bool all = true;

	if (!sock || !port || sock->old_port != port)
		return false;
	*out = (struct xt_udp_sockets){{-1, -1}, port};
	for (int i = 0; i < 2; i++)
		if (sock->old_fd[i] >= 0) {
			out->fd[i] = socket_duplicate(sock->old_fd[i]);
			all &= out->fd[i] >= 0;
		}
	if (!all)
		pair_close(out->fd);
	return all;
}

static int function_get(SOCKET s, GUID id, void *out, DWORD size)
{
	DWORD len;

	return WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), out, size, &len,
			NULL, NULL) != 0
		   ? socket_error()
		   : 0;
}

int xt_udp_new(struct xt_udp **out, const struct xt_udp_sockets *sockets)
{
	const GUID recv_id = WSAID_WSARECVMSG, send_id = WSAID_WSASENDMSG;
	SOCKET any = (SOCKET)(sockets->fd[0] >= 0 ? sockets->fd[0] : sockets->fd[1]);
	struct udp_windows *sock = calloc(1, sizeof(*sock));
	int rc;

	if (!sock)
		return XT_E_NOMEM;
	sock->udp.fd[0] = sock->udp.fd[1] = sock->old_fd[0] = sock->old_fd[1] = -1;
	sock->udp.ops = &udp_windows_ops;
	sock->spill_bytes = malloc(XT_PACKET_MAX);
	rc = sock->spill_bytes ? xt_egress_cache_new(&sock->egress) : XT_E_NOMEM;
	if (rc == 0)
		rc = function_get(any, recv_id, &sock->recvmsg, sizeof(sock->recvmsg));
	if (rc == 0)
		rc = function_get(any, send_id, &sock->sendmsg, sizeof(sock->sendmsg));
	if (rc == 0)
		rc = pair_use(sock, sockets->fd, sockets->port, xt_offload_udp());
	if (rc < 0) {
		sock->udp.fd[0] = sock->udp.fd[1] = -1; /* the caller's still */
		udp_windows_close(&sock->udp);
		return rc;
	}
	*out = &sock->udp;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Readable descriptors by two sockets of loopback. */
#include "platform/windows/bell_windows.h"

#include "platform/windows/system_windows.h"

/* Bound to a port of loopback that the system chooses. -1: failed. */
static int socket_bound(struct sockaddr_in *name)
{
	SOCKET s = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	int len = sizeof(*name);
	u_long on = 1;

	if (s == INVALID_SOCKET)
		return -1;
	*name =
	    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(s, (struct sockaddr *)name, sizeof(*name)) == 0 &&
	    getsockname(s, (struct sockaddr *)name, &len) == 0 &&
	    ioctlsocket(s, (long)FIONBIO, &on) == 0)
		return (int)s;
	closesocket(s);
	return -1;
}

int xt_bell_open(struct xt_bell *bell)
{
	struct sockaddr_in names[2];
	int rc = xt_win_sockets();

	bell->fd = bell->sender = -1;
	if (rc < 0)
		return rc;
	bell->fd = socket_bound(&names[0]);
	bell->sender = bell->fd >= 0 ? socket_bound(&names[1]) : -1;
	/* connected, a socket takes no datagram of another one */
	if (bell->sender >= 0 &&
	    connect((SOCKET)bell->fd, (struct sockaddr *)&names[1], sizeof(names[1])) == 0 &&
	    connect((SOCKET)bell->sender, (struct sockaddr *)&names[0], sizeof(names[0])) == 0)
		return 0;
	rc = xt_win_error((unsigned long)WSAGetLastError());
	xt_bell_close(bell);
	return rc;
}

void xt_bell_close(struct xt_bell *bell)
{
	if (bell->fd >= 0)
		closesocket((SOCKET)bell->fd);
	if (bell->sender >= 0)
		closesocket((SOCKET)bell->sender);
	bell->fd = bell->sender = -1;
}

void xt_bell_ring(const struct xt_bell *bell)
{
	/* When the queue is full, it is readable already. */
	if (bell->sender >= 0)
		(void)send((SOCKET)bell->sender, "", 1, 0);
}

void xt_bell_clear(int fd)
{
	char bytes[64];

	for (int i = 0; i < 1024 && recv((SOCKET)fd, bytes, sizeof(bytes), 0) > 0; i++)
		continue;
}

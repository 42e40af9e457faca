/* SPDX-License-Identifier: MIT */
/* layers: base */
/* To be preloaded: a change of the host that fails. The file FAULT_FILE holds a number of eight
 * bytes: so many requests from now on, the last one is refused with EPERM; 0: none. Counted are
 * netlink requests, new marks of sockets, and bindings to a port. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int64_t *left; /* shared by the instance and its children */

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd >= 0 ? mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
			   : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (at != MAP_FAILED)
		left = at;
}

static int fails(void)
{
	int64_t now = left ? __atomic_load_n(left, __ATOMIC_SEQ_CST) : 0;

	while (now > 0 && !__atomic_compare_exchange_n(left, &now, now - 1, 0, __ATOMIC_SEQ_CST,
						       __ATOMIC_SEQ_CST))
		;
	if (now != 1)
		return 0;
	errno = EPERM;
	return 1;
}

__attribute__((visibility("default"))) ssize_t
sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	int domain = 0;
	socklen_t n = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_NETLINK &&
	    fails())
		return -1;
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

__attribute__((visibility("default"))) int setsockopt(int fd, int level, int name,
						      const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_MARK && fails())
		return -1;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

__attribute__((visibility("default"))) int bind(int fd, const struct sockaddr *name, socklen_t len)
{
	int domain = 0;
	socklen_t n = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain != AF_NETLINK &&
	    domain != AF_UNIX && fails())
		return -1;
	return (int)syscall(SYS_bind, fd, name, len);
}

/* SPDX-License-Identifier: MIT */
/* The system calls of the test kernel. Descriptors are real ones: a socket of routing or a TUN
 * device is one end of a pair whose other end the kernel holds; UDP sockets are Linux's own. */
#include "bsd/kernel_impl.h"

#include <errno.h>
#include <mach/mach_time.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/addr.h"
#include "base/bytes.h"
#include XT_TESTS_SYSTEM

enum { AF_SYSTEM_NUMBER = 32, AF_ROUTING = 17, CONTROL_ID = 5 };

static struct host_fd *fd_find(int fd)
{
	for (unsigned i = 0; i < FDS; i++)
		if (host.fds[i].kind != FD_NONE && host.fds[i].fd == fd)
			return &host.fds[i];
	return NULL;
}

static int fd_add(enum fd_kind kind, int fd, int peer)
{
	if (fd < 0)
		return -1;
	for (unsigned i = 0; i < FDS; i++)
		if (host.fds[i].kind == FD_NONE) {
			host.fds[i] = (struct host_fd){.kind = kind, .fd = fd, .peer = peer};
			return fd;
		}
	errno = EMFILE;
	return -1;
}

static int pair_add(enum fd_kind kind)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
		return -1;
	(void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
	return fd_add(kind, ends[0], ends[1]);
}

/* Whether this request is the one to fail. */
static bool request_fails(void)
{
	kernel.requests++;
	if (kernel.fail_at == 0 || --kernel.fail_at > 0)
		return false;
	errno = kernel.fail_errno;
	return true;
}

static int answer(int error)
{
	errno = error;
	return error ? -1 : 0;
}

int fake_socket(int domain, int type, int protocol)
{
	if (request_fails())
		return -1;
	if (kernel.no_sockets)
		return answer(EPERM);
	if (domain == AF_ROUTING)
		return pair_add(FD_ROUTING);
	if (domain == AF_SYSTEM_NUMBER)
		return type == SOCK_DGRAM && protocol == 2 ? pair_add(FD_CONTROL)
							   : answer(EPROTONOSUPPORT);
	return fd_add(protocol == IPPROTO_UDP ? FD_UDP : FD_INET, socket(domain, type, protocol),
		      -1);
}

int fake_close(int fd)
{
	struct host_fd *found = fd_find(fd);
	struct host_link *link = found && found->index ? link_find(found->index) : NULL;

	if (found) {
		found->kind = FD_NONE;
		if (found->peer >= 0)
			close(found->peer);
		if (link)
			link_remove(link);
	}
	return close(fd);
}

/* The kernel's side of a TUN device. */
static int tun_attach(struct host_fd *fd, const char *name, uint32_t mtu)
{
	struct host_link *link;

	if (link_named(name))
		return EBUSY;
	link = link_add(0, name, mtu);
	link->tun = fd->peer;
	link->flags = IFF_RUNNING_BIT;
	fd->index = link->index;
	fd->kind = FD_TUN;
	return 0;
}

int fake_open(const char *path, int flags)
{
	unsigned unit;
	char name[16];
	int fd, error;

	if (request_fails())
		return -1;
	if (sscanf(path, "/dev/tun%u", &unit) != 1)
		return open(path, flags);
	snprintf(name, sizeof(name), "tun%u", unit);
	fd = pair_add(FD_TUN);
	error = tun_attach(fd_find(fd), name, 1500);
	if (error)
		fake_close(fd);
	return error ? answer(error) : fd;
}

int fake_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	const uint8_t *bytes = (const uint8_t *)sa;
	struct host_fd *found = fd_find(fd);
	uint32_t id, unit;
	uint16_t sysaddr;
	char name[16];

	if (request_fails())
		return -1;
	if (!found || found->kind != FD_CONTROL || len != 32 || bytes[0] != 32 || bytes[1] != 32)
		return answer(EINVAL);
	memcpy(&sysaddr, bytes + 2, sizeof(sysaddr));
	memcpy(&id, bytes + 4, sizeof(id));
	memcpy(&unit, bytes + 8, sizeof(unit));
	if (sysaddr != 2 || id != CONTROL_ID)
		return answer(EINVAL);
	if (unit == 0) {
		do
			snprintf(name, sizeof(name), "utun%u", unit++);
		while (link_named(name));
	} else {
		snprintf(name, sizeof(name), "utun%u", unit - 1);
	}
	return answer(tun_attach(found, name, 1500));
}

ssize_t fake_read(int fd, void *buf, size_t len)
{
	struct host_fd *found = fd_find(fd);

	if (found && found->lost) {
		found->lost = false;
		errno = ENOBUFS;
		return -1;
	}
	if (found && found->kind == FD_TUN && !link_find(found->index)) {
		errno = ENXIO;
		return -1;
	}
	return read(fd, buf, len);
}

ssize_t fake_write(int fd, const void *buf, size_t len)
{
	struct host_fd *found = fd_find(fd);
	int error;

	if (found && found->kind == FD_TUN && !link_find(found->index)) {
		errno = ENXIO;
		return -1;
	}
	if (!found || found->kind != FD_ROUTING)
		return write(fd, buf, len);
	if (request_fails())
		return -1;
	error = route_message(found, buf, len);
	errno = error;
	return error ? -1 : (ssize_t)len;
}

int fake_shutdown(int fd, int how)
{
	struct host_fd *found = fd_find(fd);

	if (!found || found->kind != FD_ROUTING)
		return shutdown(fd, how);
	found->deaf = how == SHUT_RD;
	return 0;
}

/* --- ioctl --- */

static int alias4_add(unsigned index, const void *argument)
{
	struct xt_link_address address = {0};
	struct sys_alias4 alias;

	memcpy(&alias, argument, sizeof(alias));
	address.cidr.ip = ip_of(alias.address);
	address.cidr.bits = (uint8_t)bits_of(alias.mask, 4);
	address.peer = ip_of(alias.peer);
	if (address.cidr.ip.family != 4 || address.peer.family != 4)
		return EAFNOSUPPORT;
	return address_add(index, &address);
}

static int alias6_add(unsigned index, const void *argument)
{
	struct xt_link_address address = {0};
	struct sys_alias6 alias;

	memcpy(&alias, argument, sizeof(alias));
	address.cidr.ip = ip_of(alias.address);
	address.cidr.bits = (uint8_t)bits_of(alias.mask, 6);
	address.peer = ip_of(alias.peer);
	if (address.cidr.ip.family != 6)
		return EAFNOSUPPORT;
	if (address.peer.family && address.cidr.bits != 128)
		return EINVAL;
	if (alias.valid != UINT32_MAX || alias.preferred != UINT32_MAX)
		return EINVAL; /* it would expire */
	return address_add(index, &address);
}

static int link_rename(struct host_link *link, const void *argument)
{
	const char *name;

	memcpy(&name, (const uint8_t *)argument + 16, sizeof(name));
	if (link_named(name))
		return EEXIST;
	snprintf(link->name, sizeof(link->name), "%s", name);
	return 0;
}

/* A request by its group and number; those of one number differ by their size. */
static int link_request(struct host_link *link, unsigned long request, void *argument)
{
	uint16_t flags = (uint16_t)link->flags;
	unsigned number = request & 0xff, size = request >> 16 & 0x1fff;
	uint8_t *data = (uint8_t *)argument + 16;
	struct xt_ip ip;

	if ((request & 0x1fffffff) == SYS_IOC_AIFADDR)
		return alias4_add(link->index, argument);
	if ((request & 0x1fffffff) == SYS_IOC_AIFADDR6)
		return alias6_add(link->index, argument);
	if (number == SYS_IOC_GMTU) {
		memcpy(data, &link->mtu, sizeof(link->mtu));
		return 0;
	}
	if (number == SYS_IOC_SMTU) {
		memcpy(&link->mtu, data, sizeof(link->mtu));
		link_report(link);
		return 0;
	}
	switch (number) {
	case 16: /* SIOCSIFFLAGS */
		memcpy(&flags, data, sizeof(flags));
		link->flags = flags;
		link_report(link);
		return 0;
	case 17: /* SIOCGIFFLAGS */
		memcpy(data, &flags, sizeof(flags));
		return 0;
	case 25: /* SIOCDIFADDR, SIOCDIFADDR_IN6 */
		ip = ip_of(data);
		if (ip.family != (size == 288 ? 6 : 4))
			return EAFNOSUPPORT;
		return address_delete(link->index, &ip);
	case 40: /* SIOCSIFNAME */
		return link_rename(link, argument);
	case 121: /* SIOCIFDESTROY */
		link_remove(link);
		return 0;
	default:
		return ENOTTY;
	}
}

static int control_request(void *argument)
{
	const uint32_t id = CONTROL_ID;

	if (strcmp((const char *)argument + 4, "com.apple.net.utun_control") != 0)
		return ENOENT;
	memcpy(argument, &id, sizeof(id));
	return 0;
}

/* Modes of a device, and its name. */
static int tun_request(const struct host_fd *fd, unsigned long request, void *argument)
{
	const struct host_link *link = link_find(fd->index);

	if (!link)
		return ENXIO;
	if ((request & 0xff) == 93 && request >> 30 == 1) { /* TUNGIFNAME */
		memset(argument, 0, 32);
		memcpy(argument, link->name, sizeof(link->name));
		return 0;
	}
	return (request >> 8 & 0xff) == 't' && (request >> 16 & 0x1fff) == 4 ? 0 : ENOTTY;
}

int fake_ioctl(int fd, unsigned long request, void *argument)
{
	struct host_fd *found = fd_find(fd);
	struct host_link *link;
	char name[17] = "";

	if (request_fails())
		return -1;
	if (!found)
		return answer(EBADF);
	if (found->kind == FD_CONTROL)
		return answer(request == 0xc0644e03 ? control_request(argument) : ENOTTY);
	if (found->kind == FD_TUN)
		return answer(tun_request(found, request, argument));
	memcpy(name, argument, 16);
	link = link_named(name);
	return answer(link ? link_request(link, request, argument) : ENXIO);
}

/* --- lists --- */

int fake_sysctl(int *mib, unsigned n, void *old, size_t *old_len, void *new, size_t new_len)
{
	size_t need;

	if (request_fails())
		return -1;
	if (n != 6 || mib[0] != 4 || mib[1] != AF_ROUTING || new || new_len)
		return answer(EINVAL);
	if (mib[4] == 1 && mib[3] != 2 && mib[3] != SYS_AF_INET6)
		return answer(EAFNOSUPPORT);
	need = mib[4] == 1 ? routes_dump(mib[3] == 2 ? 4 : 6, NULL)
			   : links_dump((unsigned)mib[5], NULL);
	if (!old) {
		*old_len = need;
		return 0;
	}
	if (kernel.list_short > 0) {
		kernel.list_short--;
		return answer(ENOMEM);
	}
	if (*old_len < need)
		return answer(ENOMEM);
	*old_len =
	    mib[4] == 1 ? routes_dump(mib[3] == 2 ? 4 : 6, old) : links_dump((unsigned)mib[5], old);
	return 0;
}

unsigned fake_if_nametoindex(const char *name)
{
	const struct host_link *link = link_named(name);

	return link ? link->index : 0;
}

char *fake_if_indextoname(unsigned index, char *name)
{
	const struct host_link *link = link_find(index);

	if (!link) {
		errno = ENXIO;
		return NULL;
	}
	memcpy(name, link->name, sizeof(link->name));
	return name;
}

/* The device of a node is its descriptor. */
int fake_fstat(int fd, struct stat *st)
{
	const struct host_fd *found = fd_find(fd);

	if (!found || found->kind != FD_TUN)
		return fstat(fd, st);
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR;
	st->st_rdev = (dev_t)fd;
	return 0;
}

const char *fake_devname(dev_t dev, mode_t mode)
{
	const struct host_fd *found = fd_find((int)dev);
	const struct host_link *link = found ? link_find(found->index) : NULL;

	return link && mode == S_IFCHR ? link->name : NULL;
}

/* --- the clock of macOS --- */

uint64_t mach_continuous_time(void)
{
	return kernel.ticks_all;
}

uint64_t mach_absolute_time(void)
{
	return kernel.ticks_awake;
}

int mach_timebase_info(mach_timebase_info_data_t *info)
{
	*info = (mach_timebase_info_data_t){kernel.numer, kernel.denom};
	return 0;
}

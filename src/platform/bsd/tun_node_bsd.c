/* SPDX-License-Identifier: MIT */
/* The TUN device of FreeBSD and OpenBSD: /dev/tunN is the interface tunN. A point-to-point link,
 * and on FreeBSD with the address family before each packet (TUNSIFHEAD), which OpenBSD always has.
 * FreeBSD gives the interface another name; on OpenBSD it has to be called tunN. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"
#include "platform/bsd/tun_bsd.h"

#define PREFIX	  "tun"
#define UNITS_TRY 256 /* when any one will do */

const struct xt_tun_words xt_tun_words = {
    .names = "it is tun and a number, as in tun7.conf; FreeBSD also takes other names",
    .missing = "there is no /dev/tun of that number on this host",
    .remedy = "FreeBSD loads it with `kldload if_tuntap`; OpenBSD makes it with `cd /dev && sh "
	      "MAKEDEV tun7`",
    .shows = "ifconfig",
    .owner = "an interface of this system has no owner; its device file has",
};

static int unit_open(int unit, char name[16])
{
	char path[32];
	int fd;

	snprintf(name, 16, PREFIX "%d", unit);
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == EACCES ? -EPERM : -errno;
}

/* The first that no program has open. */
static int any_open(char name[16])
{
	int fd = -EBUSY;

	for (int unit = 0; unit < UNITS_TRY && fd == -EBUSY; unit++)
		fd = unit_open(unit, name);
	return fd;
}

/* A point-to-point link. On FreeBSD it goes with the descriptor unless it is to persist; OpenBSD
 * removes what the open has made. */
static int node_configure(int fd, bool persist)
{
	int head = 1, mode = (int)xt_abi.tun_mode, transient = !persist;

	if (xt_abi.tunsifhead && ioctl(fd, (unsigned long)xt_abi.tunsifhead, &head) < 0)
		return -errno;
	if (xt_abi.tunstransient && ioctl(fd, (unsigned long)xt_abi.tunstransient, &transient) < 0)
		return -errno;
	return ioctl(fd, (unsigned long)xt_abi.tunsifmode, &mode) < 0 ? -errno : 0;
}

static int name_set(char now[16], const char *name)
{
	struct xt_link_kernel *kernel;
	uint8_t request[XT_BSD_REQUEST];
	const char *pointer = name;
	int rc = xt_link_kernel_open(&kernel);

	if (rc < 0)
		return rc;
	xt_bsd_flags_put(request, now, 0);
	memcpy(request + xt_abi.ifreq_data, &pointer, sizeof(pointer));
	rc = xt_bsd_request(kernel, 4, xt_abi.siocsifname, request);
	xt_link_kernel_close(kernel);
	if (rc == 0)
		snprintf(now, 16, "%s", name);
	return rc == -EEXIST ? -EBUSY : rc;
}

int tun_bsd_attach(const struct xt_tun_options *options, char name[16], bool *created)
{
	const char *wanted = options->name;
	bool rename = false;
	int unit, fd, rc;

	if (!tun_bsd_unit(wanted, PREFIX, &unit)) {
		if (!xt_abi.siocsifname || !*wanted || strlen(wanted) >= 16 || strchr(wanted, '/'))
			return -EINVAL;
		if (if_nametoindex(wanted) != 0)
			return -EBUSY;
		rename = true;
		unit = TUN_BSD_ANY;
	}
	*created = unit == TUN_BSD_ANY || if_nametoindex(wanted) == 0;
	fd = unit == TUN_BSD_ANY ? any_open(name) : unit_open(unit, name);
	if (fd < 0)
		return fd;
	rc = node_configure(fd, options->persist);
	if (rc == 0 && rename)
		rc = name_set(name, wanted);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Another process has configured it. OpenBSD's interface is called as its node. */
int tun_bsd_adopt(int fd, char name[16])
{
	uint8_t request[XT_BSD_REQUEST] = {0};
	const char *node;
	struct stat st;

	if (xt_abi.tungifname) {
		if (ioctl(fd, (unsigned long)xt_abi.tungifname, request) < 0)
			return -EINVAL;
		snprintf(name, 16, "%.15s", (const char *)request);
		return 0;
	}
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
		return -EINVAL;
	node = devname(st.st_rdev, S_IFCHR);
	if (!node || strncmp(node, PREFIX, strlen(PREFIX)) != 0)
		return -EINVAL;
	snprintf(name, 16, "%.15s", node);
	return 0;
}

/* As ifconfig(8) destroy. */
int tun_bsd_destroy(const char *name)
{
	struct xt_link_kernel *kernel;
	uint8_t request[XT_BSD_REQUEST];
	int rc = xt_link_kernel_open(&kernel);

	if (rc < 0)
		return rc;
	xt_bsd_flags_put(request, name, 0);
	rc = xt_bsd_request(kernel, 4, xt_abi.siocifdestroy, request);
	xt_link_kernel_close(kernel);
	return rc == -ENXIO ? -ENODEV : rc;
}

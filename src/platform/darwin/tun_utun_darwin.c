/* SPDX-License-Identifier: MIT */
/* utun, the TUN device of macOS: a socket of the kernel control com.apple.net.utun_control. Unit
 * n+1 of it is the interface utunN, and unit 0 the first free one. The interface lives as long as
 * the socket, and no file stands for it. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"
#include "platform/bsd/tun_bsd.h"

#define CONTROL_NAME "com.apple.net.utun_control"
#define PREFIX	     "utun"

enum { CONTROL_MAX = 128 };

const struct xt_tun_words xt_tun_words = {
    .names = "on macOS it is utun and a number, as in utun7.conf; utun takes the next free one",
    .missing = "there is no utun on this host",
    .remedy = "it is a part of macOS; `ifconfig` shows the interfaces",
    .shows = "ifconfig",
    .owner = "an interface of macOS ends with its program and has no owner",
};

/* The number that this boot of the kernel has given the control. */
static int control_find(int fd, uint32_t *id)
{
	uint8_t info[CONTROL_MAX] = {0};

	memcpy(info + xt_abi.ctl_info_name, CONTROL_NAME, sizeof(CONTROL_NAME));
	if (ioctl(fd, (unsigned long)xt_abi.ctliocginfo, info) < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	memcpy(id, info, sizeof(*id));
	return 0;
}

static int control_connect(int fd, uint32_t id, uint32_t unit)
{
	uint8_t sa[CONTROL_MAX] = {0};
	uint16_t sysaddr = (uint16_t)xt_abi.af_sys_control;

	sa[0] = (uint8_t)xt_abi.sc_size;
	sa[xt_abi.sc_family] = (uint8_t)xt_abi.af_system;
	memcpy(sa + xt_abi.sc_sysaddr, &sysaddr, sizeof(sysaddr));
	memcpy(sa + xt_abi.sc_id, &id, sizeof(id));
	memcpy(sa + xt_abi.sc_unit, &unit, sizeof(unit));
	if (connect(fd, (const struct sockaddr *)(const void *)sa, xt_abi.sc_size) == 0)
		return 0;
	return errno == EACCES ? -EPERM : -errno;
}

static int control_name(int fd, char name[16])
{
	socklen_t len = 16;

	memset(name, 0, 16);
	if (getsockopt(fd, (int)xt_abi.sysproto_control, (int)xt_abi.utun_opt_ifname, name, &len) <
	    0)
		return -errno;
	name[15] = '\0';
	return 0;
}

int tun_bsd_attach(const struct xt_tun_options *options, char name[16], bool *created)
{
	int fd, rc, unit;
	uint32_t id = 0;

	if (options->persist)
		return -EOPNOTSUPP;
	if (!tun_bsd_unit(options->name, PREFIX, &unit))
		return -EINVAL;
	fd = xt_bsd_socket((int)xt_abi.af_system, SOCK_DGRAM, (int)xt_abi.sysproto_control);
	if (fd < 0)
		return fd;
	*created = true;
	rc = control_find(fd, &id);
	if (rc == 0)
		rc = control_connect(fd, id, (uint32_t)(unit + 1)); /* TUN_BSD_ANY is -1 */
	if (rc == 0)
		rc = control_name(fd, name);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int tun_bsd_adopt(int fd, char name[16])
{
	int unit, rc = control_name(fd, name);

	return rc < 0 || !tun_bsd_unit(name, PREFIX, &unit) ? -EINVAL : 0;
}

/* It goes with the program that has it open; there is no other. */
int tun_bsd_destroy(const char *name)
{
	(void)name;
	return -EBUSY;
}

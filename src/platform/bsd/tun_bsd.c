/* SPDX-License-Identifier: MIT */
/* The TUN device of macOS, FreeBSD and OpenBSD as an object. The interface has no owner, and none
 * of the offloads of Linux. */
#include "platform/bsd/tun_bsd.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/link.h"
#include "platform/posix/wake_posix.h"

static void tun_bsd_close(struct xt_tun *tun)
{
	struct tun_bsd *dev = XT_CONTAINER(tun, struct tun_bsd, tun);

	if (dev->fd >= 0)
		close(dev->fd);
	free(dev);
}

static int tun_bsd_fd(const struct xt_tun *tun)
{
	return tun->ops->close == tun_bsd_close ? XT_CONTAINER(tun, struct tun_bsd, tun)->fd : -1;
}

int xt_tun_fd(const struct xt_tun *tun)
{
	return tun_bsd_fd(tun);
}

static int tun_bsd_watch(const struct xt_tun *tun, struct xt_wake *wake, unsigned events, void *ctx)
{
	return xt_wake_watch_fd(wake, tun_bsd_fd(tun), events, ctx);
}

static const struct xt_tun_ops tun_bsd_ops = {
    .recv = tun_bsd_recv,
    .send = tun_bsd_send,
    .watch = tun_bsd_watch,
    .close = tun_bsd_close,
};

void xt_tun_hand_over(struct xt_tun *tun, bool handed_over)
{
	(void)tun;
	(void)handed_over;
}

bool xt_tun_has_offload(const struct xt_tun *tun)
{
	(void)tun;
	return false;
}

bool xt_tun_offload(struct xt_tun *tun, bool on)
{
	(void)tun;
	return !on;
}

static int fd_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

int xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options)
{
	struct tun_bsd *dev;
	int rc;

	/* The kernels know no owner of such a device: what was asked for cannot be had. */
	if (options->owner_uid != UINT32_MAX || options->owner_gid != UINT32_MAX)
		return -EOPNOTSUPP;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return XT_E_NOMEM;
	dev->tun.ops = &tun_bsd_ops;
	dev->fd = -1;
	if (options->fd > 0) {
		rc = tun_bsd_adopt(options->fd, dev->tun.name);
		if (rc == 0)
			dev->fd = options->fd;
	} else {
		rc = tun_bsd_attach(options, dev->tun.name, &dev->created);
		if (rc >= 0)
			dev->fd = rc;
	}
	if (rc >= 0)
		rc = fd_prepare(dev->fd);
	if (rc == 0) {
		dev->tun.ifindex = if_nametoindex(dev->tun.name);
		rc = dev->tun.ifindex == 0 ? -ENODEV
					   : xt_link_mtu_get(dev->tun.ifindex, &dev->tun.mtu);
	}
	if (rc < 0) {
		if (options->fd > 0)
			dev->fd = -1; /* stays the caller's */
		tun_bsd_close(&dev->tun);
		return rc;
	}
	*out = &dev->tun;
	return 0;
}

int xt_tun_remove(const char *name)
{
	return if_nametoindex(name) == 0 ? -ENODEV : tun_bsd_destroy(name);
}

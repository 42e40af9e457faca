/* SPDX-License-Identifier: MIT */
/* The TUN device of Linux: opens /dev/net/tun, attaches it with IFF_TUN | IFF_NO_PI and switches on
 * the offloads that this kernel has. Packets: tun_io_linux.c. */
#include "platform/linux/tun_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/vnet.h"
#include "platform/linux/wake_linux.h"
#include "platform/offload.h"

#define TUN_NODE "/dev/net/tun"

/* Linux 6.2; older headers lack them. */
#define OFFLOAD_USO4 0x20u
#define OFFLOAD_USO6 0x40u
#define OFFLOAD_USO  (OFFLOAD_USO4 | OFFLOAD_USO6)
#define OFFLOAD_TSO  ((unsigned)TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)

const struct xt_tun_words xt_tun_words = {
    .missing = "there is no /dev/net/tun on this host",
    .remedy = "load it with `modprobe tun`; give a container --device /dev/net/tun",
    .shows = "ip link show",
};

/* What the kernel accepts as a name; it fills in "%d" by itself, any other % is refused. */
static bool name_valid(const char *name)
{
	const char *percent;
	size_t len = strnlen(name, IFNAMSIZ);

	if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *p = name; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c >= 127 || c == '/' || c == ':')
			return false;
	}
	percent = strchr(name, '%');
	return !percent || (percent[1] == 'd' && !strchr(percent + 1, '%'));
}

static int node_open(void)
{
	int fd = open(TUN_NODE, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == EACCES ? -EPERM : -errno;
}

/* Attach fd to the interface, creating it where the caller may. The kernel returns EINVAL, not
 * EBUSY, when the name belongs to another kind of interface. */
static int node_attach(int fd, const char *name, int flags, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, name, strlen(name));
	ifr->ifr_flags = (short)(IFF_TUN | IFF_NO_PI | flags);
	if (ioctl(fd, TUNSETIFF, ifr) == 0)
		return 0;
	if (errno == EINVAL && if_nametoindex(name) != 0)
		return -EBUSY;
	return errno == EACCES ? -EPERM : -errno;
}

/* A little-endian header of ten bytes precedes each packet. */
static bool vnet_begin(int fd)
{
	int size = XT_VNET_LEN, little = 1;

	return ioctl(fd, TUNSETVNETHDRSZ, &size) == 0 && ioctl(fd, TUNSETVNETLE, &little) == 0;
}

/* The largest set the kernel accepts: it refuses a set whole when it does not know one bit. */
static void offload_probe(struct tun_linux *dev)
{
	struct xt_tun *tun = &dev->tun;
	static const unsigned long tries[] = {
	    OFFLOAD_TSO | TUN_F_TSO_ECN | OFFLOAD_USO,
	    OFFLOAD_TSO | OFFLOAD_USO,
	    OFFLOAD_TSO | TUN_F_TSO_ECN,
	    OFFLOAD_TSO,
	    TUN_F_CSUM | TUN_F_TSO4,
	    TUN_F_CSUM,
	};

	tun->tx_offloads = XT_MERGE_TCP;
	for (size_t i = 0; i < XT_LEN(tries); i++) {
		if (ioctl(dev->fd, TUNSETOFFLOAD, tries[i]) < 0)
			continue;
		tun->rx_offloads = XT_TUN_CSUM | (tries[i] & TUN_F_TSO4 ? XT_TUN_TSO4 : 0u) |
				   (tries[i] & TUN_F_TSO6 ? XT_TUN_TSO6 : 0u) |
				   (tries[i] & OFFLOAD_USO ? XT_TUN_USO : 0u);
		if (tries[i] & OFFLOAD_USO)
			tun->tx_offloads |= XT_MERGE_UDP;
		return;
	}
	(void)ioctl(dev->fd, TUNSETOFFLOAD, 0ul);
}

/* A persistent interface must not leave work to a later program that does not know of it. */
static void tun_linux_close(struct xt_tun *tun)
{
	struct tun_linux *dev = XT_CONTAINER(tun, struct tun_linux, tun);

	if (dev->fd >= 0) {
		if (!dev->handed_over)
			(void)ioctl(dev->fd, TUNSETOFFLOAD, 0ul);
		close(dev->fd);
	}
	xt_ring_free(dev->ring);
	xt_batch_free(dev->segments);
	free(dev);
}

int tun_linux_fd(const struct xt_tun *tun)
{
	return tun->ops->close == tun_linux_close ? XT_CONTAINER(tun, struct tun_linux, tun)->fd
						  : -1;
}

int xt_tun_fd(const struct xt_tun *tun)
{
	return tun_linux_fd(tun);
}

static int tun_linux_watch(const struct xt_tun *tun, struct xt_wake *wake, unsigned events,
			   void *ctx)
{
	return xt_wake_watch_fd(wake, tun_linux_fd(tun), events, ctx);
}

static const struct xt_tun_ops tun_linux_ops = {
    .recv = tun_linux_recv,
    .send = tun_linux_send,
    .watch = tun_linux_watch,
    .close = tun_linux_close,
};

void xt_tun_hand_over(struct xt_tun *tun, bool handed_over)
{
	if (tun->ops->close == tun_linux_close)
		XT_CONTAINER(tun, struct tun_linux, tun)->handed_over = handed_over;
}

bool xt_tun_has_offload(const struct xt_tun *tun)
{
	const struct tun_linux *dev = XT_CONTAINER(tun, struct tun_linux, tun);

	return tun->ops == &tun_linux_ops && dev->vnet && dev->segments;
}

bool xt_tun_offload(struct xt_tun *tun, bool on)
{
	struct tun_linux *dev = XT_CONTAINER(tun, struct tun_linux, tun);

	on = on && xt_offload_tun();
	if (!xt_tun_has_offload(tun))
		return !on;
	tun->rx_offloads = tun->tx_offloads = 0;
	if (on)
		offload_probe(dev);
	else
		(void)ioctl(dev->fd, TUNSETOFFLOAD, 0ul);
	return true;
}

/* With headers when requested and possible, else without. 0: dev->fd is attached. */
static int tun_attach(struct tun_linux *dev, const char *name, bool offload, struct ifreq *ifr)
{
	int rc = dev->fd = node_open();

	if (rc < 0)
		return rc;
	if (offload && node_attach(dev->fd, name, IFF_VNET_HDR, ifr) == 0) {
		if (vnet_begin(dev->fd)) {
			dev->vnet = true;
			offload_probe(dev);
			return 0;
		}
		close(dev->fd);
		rc = dev->fd = node_open();
		if (rc < 0)
			return rc;
	}
	rc = node_attach(dev->fd, name, 0, ifr);
	if (rc == 0) /* an earlier owner of a persistent interface may have left them on */
		(void)ioctl(dev->fd, TUNSETOFFLOAD, 0ul);
	return rc;
}

/* A descriptor that was passed in attached, with headers or without. */
static int tun_adopt(struct tun_linux *dev, int fd, bool offload, struct ifreq *ifr)
{
	int flags = fcntl(fd, F_GETFL);

	memset(ifr, 0, sizeof(*ifr));
	if (flags < 0 || ioctl(fd, TUNGETIFF, ifr) < 0)
		return errno == EBADFD || errno == ENOTTY ? -EINVAL : -errno;
	if (!(ifr->ifr_flags & IFF_TUN) || !(ifr->ifr_flags & IFF_NO_PI))
		return -EINVAL;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	dev->fd = fd;
	dev->vnet = ifr->ifr_flags & IFF_VNET_HDR;
	if (dev->vnet && !vnet_begin(fd))
		return -errno;
	if (dev->vnet && offload)
		offload_probe(dev);
	else
		(void)ioctl(fd, TUNSETOFFLOAD, 0ul);
	return 0;
}

/* Failure is ignored when the interface existed: its owner has set these and may lack the right. */
static int node_configure(int fd, const struct xt_tun_options *options, bool existed)
{
	int rc = 0;

	if (options->owner_uid != UINT32_MAX)
		rc = ioctl(fd, TUNSETOWNER, (unsigned long)options->owner_uid);
	if (rc == 0 && options->owner_gid != UINT32_MAX)
		rc = ioctl(fd, TUNSETGROUP, (unsigned long)options->owner_gid);
	if (rc == 0 && options->persist)
		rc = ioctl(fd, TUNSETPERSIST, 1UL);
	if (rc == 0 || existed)
		return 0;
	return -errno;
}

static int tun_facts(struct xt_tun *tun, struct ifreq *ifr)
{
	int rc = 0, s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return -errno;
	memcpy(tun->name, ifr->ifr_name, sizeof(tun->name));
	tun->name[sizeof(tun->name) - 1] = '\0';
	if (ioctl(s, SIOCGIFMTU, ifr) < 0) {
		rc = -errno;
	} else {
		tun->mtu = (uint32_t)ifr->ifr_mtu;
		if (ioctl(s, SIOCGIFINDEX, ifr) < 0)
			rc = -errno;
		else
			tun->ifindex = (unsigned)ifr->ifr_ifindex;
	}
	close(s);
	return rc;
}

int xt_tun_open(struct xt_tun **out, const struct xt_tun_options *options)
{
	bool existed, offload = options->offload && xt_offload_tun();
	struct tun_linux *dev;
	struct ifreq ifr;
	int rc;

	if (options->fd <= 0 && !name_valid(options->name))
		return -EINVAL;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return XT_E_NOMEM;
	dev->tun.ops = &tun_linux_ops;
	dev->fd = -1;
	rc = !options->idle && (offload || options->fd > 0)
		 ? xt_batch_new(&dev->segments, XT_MERGE_SEGMENTS, 2 * XT_SLOT_MAX)
		 : 0;
	existed = options->fd > 0 || if_nametoindex(options->name) != 0;
	if (rc == 0 && options->fd > 0)
		rc = tun_adopt(dev, options->fd, offload, &ifr);
	else if (rc == 0)
		rc = tun_attach(dev, options->name, offload, &ifr);
	if (rc == 0 && !options->idle && dev->vnet && offload && xt_uring())
		(void)xt_ring_new(&dev->ring); /* without one, packets are written one by one */
	if (rc == 0)
		rc = node_configure(dev->fd, options, existed);
	if (rc == 0)
		rc = tun_facts(&dev->tun, &ifr);
	if (rc < 0) {
		if (!existed && dev->fd >= 0)
			ioctl(dev->fd, TUNSETPERSIST, 0UL);
		tun_linux_close(&dev->tun);
		return rc;
	}
	*out = &dev->tun;
	return 0;
}

int xt_tun_remove(const char *name)
{
	struct ifreq ifr;
	int fd, rc;

	if (!name_valid(name) || strchr(name, '%'))
		return -EINVAL;
	if (if_nametoindex(name) == 0)
		return -ENODEV;
	fd = node_open();
	if (fd < 0)
		return fd;
	rc = node_attach(fd, name, 0, &ifr);
	if (rc == 0 && ioctl(fd, TUNSETPERSIST, 0UL) < 0)
		rc = -errno;
	close(fd); /* the last reference: the kernel removes the interface */
	return rc;
}

/* The TUN device of Linux: /dev/net/tun with IFF_TUN | IFF_NO_PI, one whole IP packet a call. */
#include "platform/tun.h"

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

#define TUN_NODE "/dev/net/tun"

/* What the kernel takes as a name; "%d" is its own placeholder, any other % is refused. */
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

/* Attach fd to the interface, creating it where the caller may. The kernel says EINVAL, not EBUSY,
 * when the name belongs to another kind of interface. */
static int node_attach(int fd, const char *name, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, name, strlen(name));
	ifr->ifr_flags = IFF_TUN | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, ifr) == 0)
		return 0;
	if (errno == EINVAL && if_nametoindex(name) != 0)
		return -EBUSY;
	return errno == EACCES ? -EPERM : -errno;
}

static int gone(int error)
{
	return error == EBADFD || error == ENODEV || error == EBADF;
}

static int tun_linux_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes)
{
	size_t total = 0;
	int n = 0;

	while (total < budget_bytes) {
		struct xt_pkt *pkt = xt_batch_add(batch, XT_PACKET_MAX);
		ssize_t len;

		if (!pkt)
			break;
		do
			len = read(tun->fd, pkt->data, XT_PACKET_MAX);
		while (len < 0 && errno == EINTR);
		if (len <= 0) {
			int error = len < 0 ? errno : EAGAIN;

			xt_batch_drop_last(batch);
			if (error == EAGAIN || error == ENOBUFS || error == ENOMEM)
				break;
			/* what was read before is delivered first; the error comes again */
			return n > 0 ? n : -(gone(error) ? ENODEV : error);
		}
		pkt->len = (uint32_t)len;
		xt_batch_trim(batch);
		total += (size_t)len;
		n++;
	}
	return n;
}

static int tun_linux_send(struct xt_tun *tun, struct xt_batch *batch)
{
	int n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];
		ssize_t len;

		if (pkt->verdict != XT_PASS)
			continue;
		do
			len = write(tun->fd, pkt->data, pkt->len);
		while (len < 0 && errno == EINTR);
		if (len == (ssize_t)pkt->len) {
			n++;
			continue;
		}
		if (len < 0 && gone(errno))
			return -ENODEV;
		/* EIO: not up; EAGAIN, ENOBUFS: its queue is full; EINVAL: no IP packet */
		pkt->verdict = XT_DROP_TUN;
	}
	return n;
}

static void tun_linux_close(struct xt_tun *tun)
{
	close(tun->fd);
	free(tun);
}

static const struct xt_tun_ops tun_linux_ops = {
    .recv = tun_linux_recv,
    .send = tun_linux_send,
    .close = tun_linux_close,
};

/* The owner's own attach (existed) has nothing to set and may not be allowed to. */
static int node_settle(int fd, const struct xt_tun_options *options, bool existed)
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
	struct xt_tun *tun;
	struct ifreq ifr;
	bool existed;
	int rc;

	if (!name_valid(options->name))
		return -EINVAL;
	tun = calloc(1, sizeof(*tun));
	if (!tun)
		return XT_E_NOMEM;
	tun->ops = &tun_linux_ops;
	rc = tun->fd = node_open();
	if (rc < 0) {
		free(tun);
		return rc;
	}
	existed = if_nametoindex(options->name) != 0;
	rc = node_attach(tun->fd, options->name, &ifr);
	if (rc == 0)
		rc = node_settle(tun->fd, options, existed);
	if (rc == 0)
		rc = tun_facts(tun, &ifr);
	if (rc < 0) {
		if (!existed)
			ioctl(tun->fd, TUNSETPERSIST, 0UL);
		tun_linux_close(tun);
		return rc;
	}
	*out = tun;
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
	rc = node_attach(fd, name, &ifr);
	if (rc == 0 && ioctl(fd, TUNSETPERSIST, 0UL) < 0)
		rc = -errno;
	close(fd); /* the last reference: the interface goes with it */
	return rc;
}

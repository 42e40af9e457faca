/* SPDX-License-Identifier: MIT */
#include "platform/linux/udp_reserve_linux.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "platform/clock.h"

#define MS 1000000ull
/* A fast link empties the buffer within some milliseconds: there the TUN device waits, and nothing
 * is lost. */
#define RESERVE_AFTER (20 * MS)
#define RESERVE_RENEW (100 * MS)
#define ALLOWANCES    8
/* Handshake messages, keepalives and small packets, such as acknowledgements, get twice the
 * allowance: they are what keeps a peer reachable. */
#define SMALL_BYTES 160

static uint32_t buffer_size(int fd)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &len) < 0 || bytes < 0)
		return 0;
	return (uint32_t)bytes;
}

static void buffer_set(int fd, uint32_t bytes)
{
	int value = (int)(bytes / 2); /* the kernel doubles it */

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value));
}

void udp_reserve_init(struct udp_reserve *reserve, int fd, int wanted)
{
	memset(reserve, 0, sizeof(*reserve));
	if (fd < 0 || buffer_size(fd) / 2 >= (uint32_t)wanted)
		return;
	/* Again: of sockets that come back the buffer has been set to base. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
	reserve->all = buffer_size(fd);
	reserve->base = reserve->all / 4 * 3;
	if (reserve->base == 0)
		return;
	reserve->state = UDP_RESERVE_CLOSED;
	buffer_set(fd, reserve->base);
}

static uint32_t buffered(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) < 0 || bytes < 0 ? 0 : (uint32_t)bytes;
}

static void charges_renew(struct udp_reserve *reserve, uint64_t now)
{
	memset(reserve->charges, 0, sizeof(reserve->charges));
	reserve->since = now;
}

bool udp_reserve_full(struct udp_reserve *reserve, int fd, uint64_t *retry)
{
	uint64_t now;

	*retry = 0;
	if (reserve->state == UDP_RESERVE_NONE)
		return false;
	now = xt_clock_now().mono;
	if (reserve->state == UDP_RESERVE_CLOSED) {
		reserve->state = UDP_RESERVE_FULL;
		reserve->since = now;
	}
	if (now < reserve->since + RESERVE_AFTER) {
		*retry = reserve->since + RESERVE_AFTER;
		return false;
	}
	reserve->state = UDP_RESERVE_OPEN;
	charges_renew(reserve, now);
	buffer_set(fd, reserve->all);
	return true;
}

void udp_reserve_drained(struct udp_reserve *reserve)
{
	if (reserve->state == UDP_RESERVE_FULL)
		reserve->state = UDP_RESERVE_CLOSED;
}

bool udp_reserve_admit(struct udp_reserve *reserve, int fd, const struct xt_run *run)
{
	const struct xt_endpoint *remote = &run->path.remote;
	uint32_t *charge =
	    &reserve->charges[xt_hash(remote, sizeof(*remote)) % UDP_RESERVE_REMOTES];
	uint32_t allowance = (reserve->all - reserve->base) / ALLOWANCES;
	uint32_t used = buffered(fd);
	uint64_t now;

	if (used < reserve->base / 2) { /* the link has caught up */
		reserve->state = UDP_RESERVE_CLOSED;
		buffer_set(fd, reserve->base);
		return true;
	}
	if (used < reserve->base)
		return true;
	now = xt_clock_now().mono;
	if (now >= reserve->since + RESERVE_RENEW &&
	    used < reserve->base + (reserve->all - reserve->base) / 2)
		charges_renew(reserve, now);
	if (*charge + run->bytes > allowance * (run->bytes <= SMALL_BYTES ? 2 : 1))
		return false;
	*charge += run->bytes;
	return true;
}

/* SPDX-License-Identifier: MIT */
/* The watch on macOS, FreeBSD and OpenBSD: what the routing socket reports to every reader. macOS
 * reports no end of a link, so whether it exists is asked after each message that may be about it.
 * Lost messages are an error of the read, or, on OpenBSD, a message of their own. */
#include "platform/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/bsd/kernel_bsd.h"
#include "platform/link/watch_links.h"

#define RECEIVE_BUFFER (256 << 10) /* a default route that moves moves many others */

int xt_watch_open(struct xt_watch *watch, unsigned ifindex)
{
	int bytes = RECEIVE_BUFFER, flags, rc;
	int fd = xt_bsd_socket((int)xt_abi.af_route, SOCK_RAW, 0);

	*watch = (struct xt_watch){.fd = -1, .ifindex = ifindex, .nsid = -1};
	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	watch->fd = fd;
	return 0;
}

void xt_watch_close(struct xt_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

struct state_search {
	unsigned ifindex;
	struct xt_link_state *state;
};

static int state_seen(const struct xt_bsd_message *entry, void *ctx)
{
	const struct state_search *search = ctx;

	if (entry->type != xt_abi.rtm_ifinfo || entry->index != search->ifindex)
		return 0;
	search->state->exists = true;
	search->state->up = entry->flags & xt_abi.iff_up;
	search->state->mtu = entry->mtu;
	return 0;
}

/* The present state. A link that is gone: exists is false. By a list: pledge(2) of the tunnel
 * process on OpenBSD ends it for a socket of the routes, and for a question for the MTU. */
static void state_query(const struct xt_watch *watch, struct xt_link_state *state)
{
	struct state_search search = {.ifindex = watch->ifindex, .state = state};
	bool was_down = state->was_down;

	memset(state, 0, sizeof(*state));
	if (if_indextoname(watch->ifindex, state->name))
		(void)xt_bsd_links(watch->ifindex, state_seen, &search);
	state->was_down = was_down || !state->up;
}

static void carrier_read(struct xt_watch *watch, const struct xt_bsd_message *msg)
{
	bool down =
	    xt_abi.if_state ? msg->state == xt_abi.link_down : !(msg->flags & xt_abi.iff_running);

	xt_watch_carrier(watch, msg->index, down ? XT_CARRIER_DOWN : XT_CARRIER_UP);
}

/* about: the message may be about the watched link. */
static unsigned message_read(struct xt_watch *watch, const struct xt_bsd_message *msg, bool *about,
			     struct xt_link_state *state)
{
	const struct xt_abi *abi = &xt_abi;
	bool address = msg->type == abi->rtm_newaddr || msg->type == abi->rtm_deladdr;
	bool announce = abi->rtm_ifannounce && msg->type == abi->rtm_ifannounce;

	if (msg->type == abi->rtm_ifinfo) {
		carrier_read(watch, msg);
		if (msg->index == watch->ifindex) {
			*about = true;
			state->was_down |= !(msg->flags & abi->iff_up);
		}
		return XT_WATCH_ROUTING;
	}
	if (address || announce) {
		*about |= msg->index == watch->ifindex;
		return XT_WATCH_ROUTING;
	}
	/* a get is a question of some program, and a request that failed is reported as well:
	 * neither changes anything */
	if (msg->error != 0)
		return 0;
	return msg->type == abi->rtm_add || msg->type == abi->rtm_delete ||
		       msg->type == abi->rtm_change
		   ? XT_WATCH_ROUTING
		   : 0;
}

unsigned xt_watch_read(struct xt_watch *watch, struct xt_link_state *state)
{
	uint8_t buf[8192];
	bool lost = false, about = false;
	unsigned changed = 0;

	state->was_down = false;
	watch->n_returned = 0;
	for (;;) {
		ssize_t n = read(watch->fd, buf, sizeof(buf));
		struct xt_bsd_message msg;
		const uint8_t *at = buf;
		size_t left = n > 0 ? (size_t)n : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			lost = true;
			continue;
		}
		if (n <= 0)
			break;
		while (xt_bsd_message_take(&at, &left, &msg)) {
			changed |= message_read(watch, &msg, &about, state);
			lost |= xt_abi.rtm_desync && msg.type == xt_abi.rtm_desync;
		}
	}
	if (lost)
		state->was_down = true; /* it may have been */
	if (lost || about) {
		state_query(watch, state);
		changed |= XT_WATCH_LINK;
	}
	return lost ? XT_WATCH_LINK | XT_WATCH_ROUTING : changed;
}

/* These systems move no link to where it cannot be seen. */
int xt_watch_follow(struct xt_watch *watch, int tun_fd, struct xt_link_state *state)
{
	(void)tun_fd;
	memset(state, 0, sizeof(*state));
	*watch = (struct xt_watch){.fd = -1, .nsid = -1};
	return -ENODEV;
}

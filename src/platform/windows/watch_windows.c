/* SPDX-License-Identifier: MIT */
/* The watch on Windows: the IP helper calls back on threads of its own when interfaces, addresses
 * or routes change. They note what it was and make a descriptor readable; what is so now is asked
 * when the watch is read. */
#include "platform/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/windows/bell_windows.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/system_windows.h"
#include "platform/link/watch_links.h"

#include <iphlpapi.h>
#include <netioapi.h>

#define CHANGED 64 /* interfaces that changed since the last read */

/* link     the tunnel's interface changed; down: it was gone or without a connection
 * routing  anything else did
 * changed  interfaces that did, each once; those beyond the array are not reported as returned */
struct watching {
	struct watching *next;
	struct xt_bell bell;
	HANDLE handles[3];
	unsigned ifindex;
	bool link, down, routing;
	unsigned changed[CHANGED], n_changed;
};

/* The callbacks of one watch run at the same time, and xt_watch is copied: its state is found by
 * its descriptor. */
static SRWLOCK lock = SRWLOCK_INIT;
static struct watching *list;

static void changed_note(struct watching *watching, unsigned ifindex)
{
	for (unsigned i = 0; i < watching->n_changed; i++)
		if (watching->changed[i] == ifindex)
			return;
	if (watching->n_changed < CHANGED)
		watching->changed[watching->n_changed++] = ifindex;
}

static void CALLBACK on_interface(void *ctx, MIB_IPINTERFACE_ROW *row, MIB_NOTIFICATION_TYPE type)
{
	struct watching *watching = ctx;

	AcquireSRWLockExclusive(&lock);
	watching->routing = true;
	if (row && row->InterfaceIndex == watching->ifindex) {
		watching->link = true;
		watching->down |= type == MibDeleteInstance;
	} else if (row) {
		changed_note(watching, row->InterfaceIndex);
	}
	ReleaseSRWLockExclusive(&lock);
	xt_bell_ring(&watching->bell);
}

static void routing_note(struct watching *watching)
{
	AcquireSRWLockExclusive(&lock);
	watching->routing = true;
	ReleaseSRWLockExclusive(&lock);
	xt_bell_ring(&watching->bell);
}

static void CALLBACK on_route(void *ctx, MIB_IPFORWARD_ROW2 *row, MIB_NOTIFICATION_TYPE type)
{
	(void)row;
	(void)type;
	routing_note(ctx);
}

static void CALLBACK on_address(void *ctx, MIB_UNICASTIPADDRESS_ROW *row,
				MIB_NOTIFICATION_TYPE type)
{
	(void)row;
	(void)type;
	routing_note(ctx);
}

static void watching_free(struct watching *watching)
{
	for (size_t i = 0; i < XT_LEN(watching->handles); i++)
		if (watching->handles[i]) /* waits for its callbacks */
			(void)CancelMibChangeNotify2(watching->handles[i]);
	xt_bell_close(&watching->bell);
	free(watching);
}

static int watching_start(struct watching *watching)
{
	int rc = xt_bell_open(&watching->bell);
	DWORD code = NO_ERROR;

	if (rc < 0)
		return rc;
	code = NotifyIpInterfaceChange(AF_UNSPEC, on_interface, watching, FALSE,
				       &watching->handles[0]);
	if (code == NO_ERROR)
		code =
		    NotifyRouteChange2(AF_UNSPEC, on_route, watching, FALSE, &watching->handles[1]);
	if (code == NO_ERROR)
		code = NotifyUnicastIpAddressChange(AF_UNSPEC, on_address, watching, FALSE,
						    &watching->handles[2]);
	return xt_win_error(code);
}

int xt_watch_open(struct xt_watch *watch, unsigned ifindex)
{
	struct watching *watching = calloc(1, sizeof(*watching));
	int rc;

	*watch = (struct xt_watch){.fd = -1, .ifindex = ifindex, .nsid = -1};
	if (!watching)
		return XT_E_NOMEM;
	watching->ifindex = ifindex;
	watching->bell = (struct xt_bell){-1, -1};
	rc = watching_start(watching);
	if (rc < 0) {
		watching_free(watching);
		return rc;
	}
	AcquireSRWLockExclusive(&lock);
	watching->next = list;
	list = watching;
	ReleaseSRWLockExclusive(&lock);
	watch->fd = watching->bell.fd;
	return 0;
}

void xt_watch_close(struct xt_watch *watch)
{
	struct watching **at, *found = NULL;

	AcquireSRWLockExclusive(&lock);
	for (at = &list; *at && (*at)->bell.fd != watch->fd;)
		at = &(*at)->next;
	if (watch->fd >= 0 && *at) {
		found = *at;
		*at = found->next;
	}
	ReleaseSRWLockExclusive(&lock);
	if (found)
		watching_free(found);
	watch->fd = -1;
}

/* What the callbacks have noted since the last time. */
static bool notes_take(const struct xt_watch *watch, struct watching *out)
{
	struct watching *at;

	AcquireSRWLockExclusive(&lock);
	for (at = list; at && at->bell.fd != watch->fd;)
		at = at->next;
	if (at) {
		*out = *at;
		at->link = at->down = at->routing = false;
		at->n_changed = 0;
	}
	ReleaseSRWLockExclusive(&lock);
	return at != NULL;
}

static int interface_get(unsigned ifindex, struct xt_net_interface *out)
{
	int rc = xt_net()->interface_get(ifindex, 4, out);

	return rc < 0 ? xt_net()->interface_get(ifindex, 6, out) : rc;
}

static void carrier_read(struct xt_watch *watch, unsigned ifindex)
{
	struct xt_net_interface now;
	int rc = interface_get(ifindex, &now);

	xt_watch_carrier(watch, ifindex,
			 rc < 0	  ? XT_CARRIER_GONE
			 : now.up ? XT_CARRIER_UP
				  : XT_CARRIER_DOWN);
}

static void state_read(const struct xt_watch *watch, bool down, struct xt_link_state *state)
{
	struct xt_net_interface now = {0};

	state->exists = interface_get(watch->ifindex, &now) == 0;
	state->up = state->exists && now.up;
	state->mtu = now.mtu;
	state->was_down = down || !state->up;
}

unsigned xt_watch_read(struct xt_watch *watch, struct xt_link_state *state)
{
	struct watching notes;

	state->was_down = false;
	watch->n_returned = 0;
	xt_bell_clear(watch->fd);
	if (!notes_take(watch, &notes))
		return 0;
	for (unsigned i = 0; i < notes.n_changed; i++)
		carrier_read(watch, notes.changed[i]);
	if (notes.link)
		state_read(watch, notes.down, state);
	return (notes.link ? XT_WATCH_LINK : 0u) | (notes.routing ? XT_WATCH_ROUTING : 0u);
}

/* There are no network namespaces. */
int xt_watch_follow(struct xt_watch *watch, int tun_fd, struct xt_link_state *state)
{
	(void)watch;
	(void)tun_fd;
	(void)state;
	return -ENODEV;
}

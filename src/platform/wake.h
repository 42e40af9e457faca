/* SPDX-License-Identifier: MIT */
/* Wake source: what a loop waits on for every device that packets arrive by (TUN, UDP sockets).
 *
 * A device registers itself, by the operation watch of its own table, so that only the platform
 * knows how readiness is found: by a descriptor, or by a thread where the device cannot be polled.
 *
 * On Linux the source is an epoll of its own, nested in the loop's. A socket wakes its sleeper with
 * the hint that the waker is about to sleep, and the scheduler then tends to put both on one
 * processor while another idles. The nested epoll passes the wake-up on without the hint
 * (docs/decisions/0009). */
#ifndef XT_PLATFORM_WAKE_H
#define XT_PLATFORM_WAKE_H

#include <stdbool.h>

struct xt_wake;

/* ERROR is reported wherever another event is watched; it is never asked for by itself. */
enum { XT_WAKE_READ = 1, XT_WAKE_WRITE = 2, XT_WAKE_ERROR = 4 };

struct xt_wake_event {
	void *ctx; /* as given to watch */
	unsigned events;
};

int xt_wake_new(struct xt_wake **out);	 /* XT_E_NOMEM, -errno */
void xt_wake_free(struct xt_wake *wake); /* NULL is fine; devices are left open */

/* How a loop waits: with a descriptor, readable while a watched device is ready, which the source
 * keeps. -1: this system has none, and the loop asks for the list or for a notification instead. */
int xt_wake_fd(const struct xt_wake *wake);
/* Without a descriptor of its own: changed(ctx) is called, on the thread that lets a device watch,
 * for each descriptor to be waited for, at once for those watched already, and when its events
 * change; 0: no longer, before it is closed. It returns 0 or -errno, which the device returns then.
 * changed NULL: no more calls. false: there is no such list either. */
bool xt_wake_list(struct xt_wake *wake, int (*changed)(void *ctx, int fd, unsigned events),
		  void *ctx);
/* Without a list: notify(ctx) is called, from any thread, when a watched device becomes ready
 * or is still ready after xt_wake_poll. NULL: no longer, and no call is under way afterwards. */
void xt_wake_notify(struct xt_wake *wake, void (*notify)(void *ctx), void *ctx);

/* Fill events with the devices that are ready now, at most max; never waits. Level-triggered: a
 * device is reported again until its packets are read. Returns how many. */
unsigned xt_wake_poll(struct xt_wake *wake, struct xt_wake_event *events, unsigned max);

#endif

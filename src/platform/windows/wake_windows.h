/* SPDX-License-Identifier: MIT */
/* Registration of devices with the wake source, for the devices of this folder. */
#ifndef XT_PLATFORM_WAKE_WINDOWS_H
#define XT_PLATFORM_WAKE_WINDOWS_H

#include "platform/wake.h"

/* event   a HANDLE that is set when the device may have become ready; it names the registration
 * ready   what of events the device is ready for now, by its state and not by event. It clears
 *	   what event stands for first: what comes later sets it again. Called by xt_wake_poll
 * device  for ready; i: likewise */
struct xt_wake_device {
	void *event;
	unsigned (*ready)(void *device, unsigned i, unsigned events);
	void *device;
	unsigned i;
};

/* Watch the device for events (XT_WAKE_READ, XT_WAKE_WRITE); this replaces what was watched before.
 * 0 stops watching, which has to happen before event is closed: no thread waits for it afterwards.
 * 0; -ENOSPC. */
int xt_wake_watch_device(struct xt_wake *wake, const struct xt_wake_device *device, unsigned events,
			 void *ctx);

#endif

/* SPDX-License-Identifier: MIT */
/* The wake source of Windows: a thread waits for the events of all devices, and notifies the loop
 * (uv_async_send). An event says only that a device may be ready; whether it is, its own state
 * tells on the loop's thread, so that a lost or a surplus event does no harm.
 *
 *	POLLED   the loop's thread owes a poll; the thread waits for nothing but `control`
 *	ARMED    a poll found nothing ready: the thread waits for the devices' events too */
#include "platform/windows/wake_windows.h"

#include <errno.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/windows/system_windows.h"

#define DEVICES 8 /* a TUN device, two sockets, and two of the port before */

enum wake_state { WAKE_POLLED, WAKE_ARMED, WAKE_STOPPING };

struct watched {
	struct xt_wake_device device;
	unsigned events;
	void *ctx;
};

/* waiting  the thread may hold events of devices
 * idle     signalled when it no longer does
 * first    the device that a poll begins with: none is passed over for ever */
struct xt_wake {
	SRWLOCK lock;
	CONDITION_VARIABLE idle;
	enum wake_state state;
	bool waiting;
	HANDLE control, thread;
	void (*notify)(void *ctx);
	void *notify_ctx;
	struct watched devices[DEVICES];
	unsigned n, first;
};

/* With the lock, so that the receiver may end once xt_wake_notify has returned. */
static void wake_send(struct xt_wake *wake)
{
	if (wake->notify)
		wake->notify(wake->notify_ctx);
}

/* The handles to wait for, with the lock. */
static DWORD handles_get(struct xt_wake *wake, HANDLE handles[1 + DEVICES])
{
	DWORD n = 0;

	handles[n++] = wake->control;
	for (unsigned i = 0; wake->state == WAKE_ARMED && i < wake->n; i++)
		handles[n++] = wake->devices[i].device.event;
	wake->waiting = n > 1;
	return n;
}

static DWORD WINAPI wake_run(void *arg)
{
	struct xt_wake *wake = arg;

	AcquireSRWLockExclusive(&wake->lock);
	while (wake->state != WAKE_STOPPING) {
		HANDLE handles[1 + DEVICES];
		DWORD n = handles_get(wake, handles), got;

		ReleaseSRWLockExclusive(&wake->lock);
		got = WaitForMultipleObjects(n, handles, FALSE, INFINITE);
		AcquireSRWLockExclusive(&wake->lock);
		wake->waiting = false;
		WakeAllConditionVariable(&wake->idle);
		if (got != WAIT_OBJECT_0 && wake->state == WAKE_ARMED) {
			wake->state = WAKE_POLLED;
			wake_send(wake);
		}
	}
	ReleaseSRWLockExclusive(&wake->lock);
	return 0;
}

/* Afterwards the thread waits for no device; with the lock. */
static void wake_disarm(struct xt_wake *wake)
{
	if (wake->state == WAKE_ARMED)
		wake->state = WAKE_POLLED;
	if (wake->waiting)
		SetEvent(wake->control);
	while (wake->waiting)
		SleepConditionVariableSRW(&wake->idle, &wake->lock, INFINITE, 0);
}

int xt_wake_new(struct xt_wake **out)
{
	struct xt_wake *wake = calloc(1, sizeof(*wake));
	int rc = 0;

	if (!wake)
		return XT_E_NOMEM;
	InitializeSRWLock(&wake->lock);
	InitializeConditionVariable(&wake->idle);
	wake->control = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (wake->control)
		wake->thread = CreateThread(NULL, 65536, wake_run, wake, 0, NULL);
	if (!wake->thread) {
		rc = xt_win_last();
		if (wake->control)
			CloseHandle(wake->control);
		free(wake);
		return rc;
	}
	*out = wake;
	return 0;
}

void xt_wake_free(struct xt_wake *wake)
{
	if (!wake)
		return;
	AcquireSRWLockExclusive(&wake->lock);
	wake->state = WAKE_STOPPING;
	wake->notify = NULL;
	SetEvent(wake->control);
	ReleaseSRWLockExclusive(&wake->lock);
	WaitForSingleObject(wake->thread, INFINITE);
	CloseHandle(wake->thread);
	CloseHandle(wake->control);
	free(wake);
}

int xt_wake_fd(const struct xt_wake *wake)
{
	(void)wake;
	return -1;
}

bool xt_wake_list(struct xt_wake *wake, int (*changed)(void *ctx, int fd, unsigned events),
		  void *ctx)
{
	(void)wake;
	(void)changed;
	(void)ctx;
	return false;
}

void xt_wake_notify(struct xt_wake *wake, void (*notify)(void *ctx), void *ctx)
{
	AcquireSRWLockExclusive(&wake->lock);
	wake->notify = notify;
	wake->notify_ctx = ctx;
	wake_send(wake); /* the first poll arms */
	ReleaseSRWLockExclusive(&wake->lock);
}

static struct watched *watched_find(struct xt_wake *wake, const void *event)
{
	for (unsigned i = 0; i < wake->n; i++)
		if (wake->devices[i].device.event == event)
			return &wake->devices[i];
	return NULL;
}

int xt_wake_watch_device(struct xt_wake *wake, const struct xt_wake_device *device, unsigned events,
			 void *ctx)
{
	struct watched *watched;
	int rc = 0;

	AcquireSRWLockExclusive(&wake->lock);
	wake_disarm(wake);
	watched = watched_find(wake, device->event);
	if (events == 0) {
		if (watched)
			*watched = wake->devices[--wake->n];
	} else if (!watched && wake->n == DEVICES) {
		rc = -ENOSPC;
	} else {
		if (!watched)
			watched = &wake->devices[wake->n++];
		*watched = (struct watched){*device, events, ctx};
	}
	wake_send(wake); /* the next poll arms again */
	ReleaseSRWLockExclusive(&wake->lock);
	return rc;
}

/* The loop is notified again while anything is ready, since only it empties the devices. */
unsigned xt_wake_poll(struct xt_wake *wake, struct xt_wake_event *events, unsigned max)
{
	unsigned n = 0, i;

	AcquireSRWLockExclusive(&wake->lock);
	wake_disarm(wake);
	for (i = 0; i < wake->n && n < max; i++) {
		const struct watched *at = &wake->devices[(wake->first + i) % wake->n];
		unsigned ready = at->device.ready(at->device.device, at->device.i, at->events);

		if (ready)
			events[n++] = (struct xt_wake_event){at->ctx, ready};
	}
	wake->first += i;
	if (n > 0) {
		wake_send(wake);
	} else {
		wake->state = WAKE_ARMED;
		SetEvent(wake->control);
	}
	ReleaseSRWLockExclusive(&wake->lock);
	return n;
}

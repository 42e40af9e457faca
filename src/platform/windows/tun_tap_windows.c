/* SPDX-License-Identifier: MIT */
/* The TUN device by an adapter of TAP-Windows in TUN mode, in which the driver makes and strips the
 * Ethernet header. One read is pending at any time, and its event says when it is over; writes go
 * out of slots of their own, so that none is waited for. */
#include "platform/windows/tun_windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/tap_device_windows.h"
#include "platform/windows/tap_windows.h"
#include "platform/windows/wake_windows.h"

#define PACKET 2048 /* above the driver's largest MTU, 1500 */
#define SLOTS  64   /* of writes */

/* A read or a write. pending: the driver has it */
struct transfer {
	OVERLAPPED overlapped;
	bool pending;
	uint8_t bytes[PACKET];
};

/* held  bytes of a read that is over and not yet appended to a batch; 0: none
 * next  the slot of the next write: they end in the order in which they began */
struct tun_tap {
	struct xt_tun tun; /* first member: what the callers hold */
	HANDLE device;
	struct transfer read;
	DWORD held;
	bool gone;
	struct transfer writes[SLOTS];
	unsigned next;
	struct tun_tap *other; /* in the list of open devices */
};

static SRWLOCK devices_lock = SRWLOCK_INIT;
static struct tun_tap *devices;

static struct tun_tap *device_of(struct xt_tun *tun)
{
	return XT_CONTAINER(tun, struct tun_tap, tun);
}

static bool transfer_init(struct transfer *transfer)
{
	transfer->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
	return transfer->overlapped.hEvent != NULL;
}

/* The driver must not write to memory that is freed. */
static void transfer_end(struct tun_tap *dev, struct transfer *transfer)
{
	DWORD len;

	if (transfer->pending) {
		(void)xt_tap_system()->cancel(dev->device, &transfer->overlapped);
		(void)xt_tap_system()->result(dev->device, &transfer->overlapped, &len, TRUE);
	}
	if (transfer->overlapped.hEvent)
		CloseHandle(transfer->overlapped.hEvent);
	transfer->pending = false;
}

/* Errors after which the device may work on: the adapter was reset, or is being. */
static bool error_passes(DWORD error)
{
	return error == ERROR_MORE_DATA || error == ERROR_NO_SYSTEM_RESOURCES ||
	       error == ERROR_INSUFFICIENT_BUFFER;
}

static void read_begin(struct tun_tap *dev)
{
	struct transfer *read = &dev->read;

	ResetEvent(read->overlapped.hEvent);
	if (xt_tap_system()->read(dev->device, read->bytes, PACKET, &read->overlapped) ||
	    GetLastError() == ERROR_IO_PENDING)
		read->pending = true; /* also when it is over: result tells its length */
	else if (!error_passes(GetLastError()))
		dev->gone = true;
	else
		SetEvent(read->overlapped.hEvent); /* for the next poll, which tries again */
}

/* A packet is there. Never waits. */
static bool packet_hold(struct tun_tap *dev)
{
	struct transfer *read = &dev->read;

	while (dev->held == 0 && !dev->gone) {
		DWORD len = 0;

		if (!read->pending)
			read_begin(dev);
		if (!read->pending)
			break;
		if (!xt_tap_system()->result(dev->device, &read->overlapped, &len, FALSE)) {
			if (GetLastError() == ERROR_IO_INCOMPLETE)
				break;
			read->pending = false;
			if (!error_passes(GetLastError()))
				dev->gone = true;
			SetEvent(read->overlapped.hEvent); /* for the next poll */
			break;
		}
		read->pending = false;
		dev->held = XT_MIN(len, (DWORD)PACKET);
	}
	return dev->held > 0;
}

static int tun_tap_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes)
{
	struct tun_tap *dev = device_of(tun);
	size_t total = 0;
	int n = 0;

	while (total < budget_bytes && packet_hold(dev)) {
		struct xt_pkt *pkt = xt_batch_add(batch, dev->held);

		if (!pkt)
			break;
		memcpy(pkt->data, dev->read.bytes, dev->held);
		pkt->len = dev->held;
		total += dev->held;
		dev->held = 0;
		n++;
	}
	return n == 0 && dev->gone ? -ENODEV : n;
}

/* The next slot; NULL: the driver has all of them. */
static struct transfer *slot_get(struct tun_tap *dev)
{
	struct transfer *slot = &dev->writes[dev->next];
	DWORD len;

	if (slot->pending &&
	    !xt_tap_system()->result(dev->device, &slot->overlapped, &len, FALSE) &&
	    GetLastError() == ERROR_IO_INCOMPLETE)
		return NULL;
	slot->pending = false;
	return slot;
}

static bool packet_write(struct tun_tap *dev, const struct xt_pkt *pkt)
{
	struct transfer *slot = pkt->len <= PACKET ? slot_get(dev) : NULL;

	if (!slot)
		return false;
	memcpy(slot->bytes, pkt->data, pkt->len);
	ResetEvent(slot->overlapped.hEvent);
	if (!xt_tap_system()->write(dev->device, slot->bytes, pkt->len, &slot->overlapped) &&
	    GetLastError() != ERROR_IO_PENDING) {
		dev->gone = xt_win_last() == -ENODEV || xt_win_last() == -EBADF;
		return false;
	}
	slot->pending = true;
	dev->next = (dev->next + 1) % SLOTS;
	return true;
}

static int tun_tap_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct tun_tap *dev = device_of(tun);
	int n = 0;

	for (uint32_t i = 0; i < batch->n && !dev->gone; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];

		if (pkt->verdict != XT_PASS || !xt_tun_windows_accepts(pkt))
			continue;
		if (packet_write(dev, pkt))
			n++;
		else
			pkt->verdict = XT_DROP_TUN;
	}
	return dev->gone ? -ENODEV : n;
}

static unsigned tun_tap_ready(void *device, unsigned i, unsigned events)
{
	struct tun_tap *dev = device;

	(void)i;
	return packet_hold(dev) || dev->gone ? events & XT_WAKE_READ : 0;
}

static int tun_tap_watch(const struct xt_tun *tun, struct xt_wake *wake, unsigned events, void *ctx)
{
	struct tun_tap *dev = device_of((struct xt_tun *)(uintptr_t)tun);
	const struct xt_wake_device device = {
	    .event = dev->read.overlapped.hEvent, .ready = tun_tap_ready, .device = dev};

	return xt_wake_watch_device(wake, &device, events & XT_WAKE_READ, ctx);
}

static void device_list(struct tun_tap *dev, bool listed)
{
	struct tun_tap **at = &devices;

	AcquireSRWLockExclusive(&devices_lock);
	while (*at && *at != dev)
		at = &(*at)->other;
	if (listed && !*at)
		*at = dev;
	else if (!listed && *at)
		*at = dev->other;
	ReleaseSRWLockExclusive(&devices_lock);
}

static void tun_tap_close(struct xt_tun *tun)
{
	struct tun_tap *dev = device_of(tun);

	device_list(dev, false);
	xt_names_remove(tun->name);
	transfer_end(dev, &dev->read);
	for (unsigned i = 0; i < SLOTS; i++)
		transfer_end(dev, &dev->writes[i]);
	if (dev->device)
		xt_tap_device_close(dev->device);
	free(dev);
}

static const struct xt_tun_ops tun_tap_ops = {
    .recv = tun_tap_recv,
    .send = tun_tap_send,
    .watch = tun_tap_watch,
    .close = tun_tap_close,
};

int xt_tap_address_set(unsigned ifindex, const struct xt_ip *local)
{
	uint8_t argument[12];
	int rc = 0;

	xt_tap_tun_put(argument, local);
	AcquireSRWLockShared(&devices_lock);
	for (const struct tun_tap *dev = devices; dev; dev = dev->other)
		if (dev->tun.ifindex == ifindex)
			rc = xt_tap_device_control(dev->device, XT_TAP_CONFIG_TUN, argument,
						   sizeof(argument), argument, sizeof(argument));
	ReleaseSRWLockShared(&devices_lock);
	return rc;
}

/* The adapter whose connection has that name, else the first one that no program has. */
static int adapter_open(struct tun_tap *dev, const char *name, struct xt_tap_adapter *adapter)
{
	int rc = 0, result = -ENOENT;

	for (unsigned i = 0; (rc = xt_tap_adapter_get(i, adapter)) == 0; i++)
		if (strcmp(adapter->name, name) == 0)
			return xt_tap_device_open(&dev->device, adapter, &dev->tun.mtu);
	for (unsigned i = 0; (rc = xt_tap_adapter_get(i, adapter)) == 0; i++) {
		result = xt_tap_device_open(&dev->device, adapter, &dev->tun.mtu);
		if (result != -EBUSY)
			return result;
	}
	return rc == -ENOENT ? result : rc;
}

static int index_get(struct tun_tap *dev, const char *name, const struct xt_tap_adapter *adapter)
{
	int rc = xt_net()->alias_index(adapter->name, &dev->tun.ifindex);

	if (rc == 0)
		rc = xt_names_add(name, dev->tun.ifindex);
	return rc;
}

int xt_tun_tap_open(struct xt_tun **out, const char *name)
{
	struct tun_tap *dev = calloc(1, sizeof(*dev));
	struct xt_tap_adapter adapter;
	bool ready;
	int rc;

	if (!dev)
		return XT_E_NOMEM;
	dev->tun.ops = &tun_tap_ops;
	ready = transfer_init(&dev->read);
	for (unsigned i = 0; i < SLOTS; i++)
		ready &= transfer_init(&dev->writes[i]);
	rc = ready ? adapter_open(dev, name, &adapter) : -ENOMEM;
	if (rc == 0)
		rc = index_get(dev, name, &adapter);
	if (rc < 0) {
		tun_tap_close(&dev->tun);
		return rc;
	}
	snprintf(dev->tun.name, sizeof(dev->tun.name), "%s", name);
	device_list(dev, true);
	*out = &dev->tun;
	return 0;
}

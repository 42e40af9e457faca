/* SPDX-License-Identifier: MIT */
/* The TUN device by Wintun: two rings in memory that are shared with the driver. A packet is copied
 * once each way. The session's event says that the ring is no longer empty; that is known for sure
 * by receiving the next packet, which is held until recv wants it. */
#include "platform/windows/tun_windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/wake_windows.h"
#include "platform/windows/wintun_windows.h"

#define ADAPTER_TYPE L"xtunnel"

/* held  received and not yet appended to a batch; NULL: none
 * gone  the adapter has ended */
struct tun_wintun {
	struct xt_tun tun; /* first member: what the callers hold */
	struct xt_wintun api;
	xt_wintun_adapter adapter;
	xt_wintun_session session;
	HANDLE event;
	const BYTE *held;
	DWORD held_len;
	bool gone;
};

static struct tun_wintun *device_of(struct xt_tun *tun)
{
	return XT_CONTAINER(tun, struct tun_wintun, tun);
}

/* Hold the next packet. false: there is none, or the device is gone. */
static bool packet_hold(struct tun_wintun *dev)
{
	if (dev->held || dev->gone)
		return dev->held != NULL;
	dev->held = dev->api.receive(dev->session, &dev->held_len);
	if (!dev->held)
		dev->gone = GetLastError() != ERROR_NO_MORE_ITEMS;
	return dev->held != NULL;
}

static int tun_wintun_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes)
{
	struct tun_wintun *dev = device_of(tun);
	size_t total = 0;
	int n = 0;

	while (total < budget_bytes && packet_hold(dev)) {
		struct xt_pkt *pkt;

		if (dev->held_len > 0 && dev->held_len <= XT_PACKET_MAX) {
			pkt = xt_batch_add(batch, dev->held_len);
			if (!pkt)
				return n;
			memcpy(pkt->data, dev->held, dev->held_len);
			pkt->len = dev->held_len;
			n++;
		}
		total += dev->held_len;
		dev->api.release(dev->session, dev->held);
		dev->held = NULL;
	}
	return n == 0 && dev->gone ? -ENODEV : n;
}

static int tun_wintun_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct tun_wintun *dev = device_of(tun);
	int n = 0;

	for (uint32_t i = 0; i < batch->n && !dev->gone; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];
		BYTE *room;

		if (pkt->verdict != XT_PASS || !xt_tun_windows_accepts(pkt))
			continue;
		room = dev->api.allocate(dev->session, pkt->len);
		if (!room) {
			dev->gone = GetLastError() == ERROR_HANDLE_EOF;
			pkt->verdict =
			    XT_DROP_TUN; /* the ring is full: the host reads too slowly */
			continue;
		}
		memcpy(room, pkt->data, pkt->len);
		dev->api.send(dev->session, room);
		n++;
	}
	return dev->gone ? -ENODEV : n;
}

static unsigned tun_wintun_ready(void *device, unsigned i, unsigned events)
{
	struct tun_wintun *dev = device;

	(void)i;
	return packet_hold(dev) || dev->gone ? events & XT_WAKE_READ : 0;
}

static int tun_wintun_watch(const struct xt_tun *tun, struct xt_wake *wake, unsigned events,
			    void *ctx)
{
	struct tun_wintun *dev = device_of((struct xt_tun *)(uintptr_t)tun);
	const struct xt_wake_device device = {
	    .event = dev->event, .ready = tun_wintun_ready, .device = dev};

	return xt_wake_watch_device(wake, &device, events & XT_WAKE_READ, ctx);
}

static void tun_wintun_close(struct xt_tun *tun)
{
	struct tun_wintun *dev = device_of(tun);

	xt_names_remove(tun->name);
	if (dev->held)
		dev->api.release(dev->session, dev->held);
	if (dev->session)
		dev->api.end(dev->session);
	if (dev->adapter)
		dev->api.close(dev->adapter);
	xt_wintun_unload(&dev->api);
	free(dev);
}

static const struct xt_tun_ops tun_wintun_ops = {
    .recv = tun_wintun_recv,
    .send = tun_wintun_send,
    .watch = tun_wintun_watch,
    .close = tun_wintun_close,
};

/* One that is there already, or a new one. */
static int adapter_open(struct tun_wintun *dev, const char *name)
{
	wchar_t wide[16];
	GUID id;

	if (!xt_win_wide(wide, XT_LEN(wide), name))
		return -EINVAL;
	dev->adapter = dev->api.open(wide);
	if (!dev->adapter) {
		xt_win_guid(&id, "adapter", name);
		dev->adapter = dev->api.create(wide, ADAPTER_TYPE, &id);
	}
	if (!dev->adapter)
		return xt_win_last();
	dev->session = dev->api.start(dev->adapter, XT_WINTUN_RING);
	if (!dev->session)
		return xt_win_last();
	dev->event = dev->api.wait(dev->session);
	return 0;
}

int xt_tun_wintun_open(struct xt_tun **out, const char *name)
{
	struct tun_wintun *dev = calloc(1, sizeof(*dev));
	ULONG64 luid = 0;
	int rc;

	if (!dev)
		return XT_E_NOMEM;
	dev->tun.ops = &tun_wintun_ops;
	rc = xt_wintun_load(&dev->api);
	if (rc == 0)
		rc = adapter_open(dev, name);
	if (rc < 0) {
		tun_wintun_close(&dev->tun);
		return rc;
	}
	snprintf(dev->tun.name, sizeof(dev->tun.name), "%s", name);
	dev->api.luid(dev->adapter, &luid);
	rc = xt_names_add_luid(name, luid, &dev->tun.ifindex);
	if (rc < 0) {
		tun_wintun_close(&dev->tun);
		return rc;
	}
	*out = &dev->tun;
	return 0;
}

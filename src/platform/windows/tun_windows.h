/* SPDX-License-Identifier: MIT */
/* The TUN devices of Windows: Wintun (tun_wintun_windows.c) or, without wintun.dll, a TAP-Windows
 * adapter in TUN mode (tun_tap_windows.c). tun_windows.c chooses. */
#ifndef XT_PLATFORM_TUN_WINDOWS_H
#define XT_PLATFORM_TUN_WINDOWS_H

#include "platform/tun.h"

/* Both fill in ops, ifindex, mtu (0: not known) and name. -ENOENT: the host has no such driver;
 * -EBUSY, -EPERM, another -errno. */
int xt_tun_wintun_open(struct xt_tun **out, const char *name);
int xt_tun_tap_open(struct xt_tun **out, const char *name);

/* Bytes of a packet for the adapter's driver: false, with XT_DROP_TUN: it takes none like this.
 * Neither driver takes super-packets. */
static inline bool xt_tun_windows_accepts(struct xt_pkt *pkt)
{
	bool accepted = pkt->gso.kind == XT_GSO_NONE && pkt->len > 0 && pkt->len <= XT_PACKET_MAX;

	if (!accepted)
		pkt->verdict = XT_DROP_TUN;
	return accepted;
}

#endif

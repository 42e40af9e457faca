/* SPDX-License-Identifier: MIT */
/* A TAP adapter: found in the registry, opened, controlled. The calls to the system stand behind a
 * table, so that a test records them. */
#ifndef XT_PLATFORM_TAP_DEVICE_WINDOWS_H
#define XT_PLATFORM_TAP_DEVICE_WINDOWS_H

#include <stdint.h>

#include "platform/windows/system_windows.h"

#define XT_TAP_NAME 256

/* An adapter in the registry. guid: of its instance; name: of its connection, "" when it has none.
 *  */
struct xt_tap_adapter {
	char guid[40];
	char name[XT_TAP_NAME];
};

/* As the functions of Windows that they are named after. read and write are overlapped. */
struct xt_tap_system {
	HANDLE (*open)(const wchar_t *path);
	BOOL(*control)
	(HANDLE device, DWORD code, void *in, DWORD in_len, void *out, DWORD out_len, DWORD *len,
	 OVERLAPPED *overlapped);
	BOOL (*read)(HANDLE device, void *bytes, DWORD len, OVERLAPPED *overlapped);
	BOOL (*write)(HANDLE device, const void *bytes, DWORD len, OVERLAPPED *overlapped);
	BOOL (*result)(HANDLE device, OVERLAPPED *overlapped, DWORD *len, BOOL wait);
	BOOL (*cancel)(HANDLE device, OVERLAPPED *overlapped);
	BOOL (*close)(HANDLE device);
};
const struct xt_tap_system *xt_tap_system(void);
void xt_tap_system_replace(const struct xt_tap_system *system); /* NULL: the system's again */

/* Adapter number i of TAP-Windows, in the registry's order; counts from 0. -ENOENT: there are no
 * more; -errno. */
int xt_tap_adapter_get(unsigned i, struct xt_tap_adapter *out);

/* Open the adapter in TUN mode, without an address, its media connected. mtu: of packets.
 * -EBUSY: another program has it; -EOPNOTSUPP: the driver is too old; -errno. */
int xt_tap_device_open(HANDLE *out, const struct xt_tap_adapter *adapter, uint32_t *mtu);
void xt_tap_device_close(HANDLE device);
/* A control call, waited for. -errno. */
int xt_tap_device_control(HANDLE device, DWORD code, const void *in, DWORD in_len, void *out,
			  DWORD out_len);

#endif

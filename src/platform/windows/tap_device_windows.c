/* SPDX-License-Identifier: MIT */
/* Find, open and control a TAP adapter. */
#include "platform/windows/tap_device_windows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "platform/windows/tap_windows.h"

static HANDLE system_open(const wchar_t *path)
{
	return CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_ATTRIBUTE_SYSTEM | FILE_FLAG_OVERLAPPED, NULL);
}

static BOOL system_control(HANDLE device, DWORD code, void *in, DWORD in_len, void *out,
			   DWORD out_len, DWORD *len, OVERLAPPED *overlapped)
{
	return DeviceIoControl(device, code, in, in_len, out, out_len, len, overlapped);
}

static BOOL system_read(HANDLE device, void *bytes, DWORD len, OVERLAPPED *overlapped)
{
	return ReadFile(device, bytes, len, NULL, overlapped);
}

static BOOL system_write(HANDLE device, const void *bytes, DWORD len, OVERLAPPED *overlapped)
{
	return WriteFile(device, bytes, len, NULL, overlapped);
}

static BOOL system_result(HANDLE device, OVERLAPPED *overlapped, DWORD *len, BOOL wait)
{
	return GetOverlappedResult(device, overlapped, len, wait);
}

static BOOL system_cancel(HANDLE device, OVERLAPPED *overlapped)
{
	return CancelIoEx(device, overlapped);
}

static BOOL system_close(HANDLE device)
{
	return CloseHandle(device);
}

static const struct xt_tap_system windows = {
    .open = system_open,
    .control = system_control,
    .read = system_read,
    .write = system_write,
    .result = system_result,
    .cancel = system_cancel,
    .close = system_close,
};
static const struct xt_tap_system *current = &windows;

const struct xt_tap_system *xt_tap_system(void)
{
	return current;
}

void xt_tap_system_replace(const struct xt_tap_system *system)
{
	current = system ? system : &windows;
}

/* --- the registry --- */

static bool value_get(HKEY key, const wchar_t *name, char *out, size_t n)
{
	wchar_t wide[XT_TAP_NAME];
	DWORD len = sizeof(wide);

	return RegGetValueW(key, NULL, name, RRF_RT_REG_SZ, NULL, wide, &len) == ERROR_SUCCESS &&
	       xt_win_utf8(out, n, wide);
}

static int key_open(HKEY *out, HKEY parent, const char *path)
{
	wchar_t wide[512];
	LSTATUS status;

	if (!xt_win_wide(wide, XT_LEN(wide), path))
		return -EINVAL;
	status = RegOpenKeyExW(parent, wide, 0, KEY_READ, out);
	return xt_win_error((unsigned long)status);
}

static void connection_name_get(struct xt_tap_adapter *adapter)
{
	char path[256];
	HKEY key;

	adapter->name[0] = '\0';
	snprintf(path, sizeof(path), "%s\\%s\\Connection", XT_TAP_CONNECTIONS, adapter->guid);
	if (key_open(&key, HKEY_LOCAL_MACHINE, path) < 0)
		return;
	if (!value_get(key, L"Name", adapter->name, sizeof(adapter->name)))
		adapter->name[0] = '\0';
	RegCloseKey(key);
}

/* The subkey describes a TAP adapter. */
static bool adapter_read(HKEY adapters, const wchar_t *subkey, struct xt_tap_adapter *out)
{
	char component[XT_TAP_NAME];
	HKEY key;
	bool found;

	if (RegOpenKeyExW(adapters, subkey, 0, KEY_READ, &key) != ERROR_SUCCESS)
		return false; /* `Properties` is closed to administrators too */
	found = value_get(key, L"ComponentId", component, sizeof(component)) &&
		xt_tap_component(component) &&
		value_get(key, L"NetCfgInstanceId", out->guid, sizeof(out->guid)) &&
		xt_tap_guid(out->guid);
	RegCloseKey(key);
	return found;
}

int xt_tap_adapter_get(unsigned i, struct xt_tap_adapter *out)
{
	unsigned found = 0;
	HKEY adapters;
	int rc = key_open(&adapters, HKEY_LOCAL_MACHINE, XT_TAP_ADAPTERS);

	if (rc < 0)
		return rc;
	rc = -ENOENT;
	for (DWORD at = 0; rc == -ENOENT; at++) {
		wchar_t subkey[64];
		DWORD len = XT_LEN(subkey);
		LSTATUS status = RegEnumKeyExW(adapters, at, subkey, &len, NULL, NULL, NULL, NULL);

		if (status == ERROR_MORE_DATA)
			continue; /* longer than any adapter's number */
		if (status != ERROR_SUCCESS)
			break;
		if (adapter_read(adapters, subkey, out) && found++ == i)
			rc = 0;
	}
	RegCloseKey(adapters);
	if (rc == 0)
		connection_name_get(out);
	return rc;
}

/* --- the device --- */

int xt_tap_device_control(HANDLE device, DWORD code, const void *in, DWORD in_len, void *out,
			  DWORD out_len)
{
	OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
	uint8_t copy[16] = {0};
	DWORD len = 0;
	int rc = 0;

	if (!overlapped.hEvent)
		return xt_win_last();
	memcpy(copy, in, XT_MIN(in_len, sizeof(copy)));
	if (!current->control(device, code, copy, in_len, out, out_len, &len, &overlapped))
		rc = xt_win_last();
	if (rc < 0 && GetLastError() == ERROR_IO_PENDING)
		rc = current->result(device, &overlapped, &len, TRUE) ? 0 : xt_win_last();
	if (rc == 0 && len < out_len)
		rc = -EIO;
	CloseHandle(overlapped.hEvent);
	return rc;
}

static int tun_mode_begin(HANDLE device, uint32_t *mtu)
{
	uint32_t version[3] = {0};
	uint8_t tun[12], media[4];
	int rc = xt_tap_device_control(device, XT_TAP_GET_VERSION, version, sizeof(version),
				       version, sizeof(version));

	if (rc == 0 && !xt_tap_version(version))
		rc = -EOPNOTSUPP;
	xt_tap_tun_put(tun, NULL);
	if (rc == 0)
		rc = xt_tap_device_control(device, XT_TAP_CONFIG_TUN, tun, sizeof(tun), tun,
					   sizeof(tun));
	if (rc == 0)
		rc = xt_tap_device_control(device, XT_TAP_GET_MTU, mtu, sizeof(*mtu), mtu,
					   sizeof(*mtu));
	xt_tap_media_put(media, true);
	if (rc == 0)
		rc = xt_tap_device_control(device, XT_TAP_SET_MEDIA, media, sizeof(media), media,
					   sizeof(media));
	return rc;
}

int xt_tap_device_open(HANDLE *out, const struct xt_tap_adapter *adapter, uint32_t *mtu)
{
	char path[96];
	wchar_t wide[96];
	HANDLE device;
	int rc;

	if (!xt_tap_path(path, sizeof(path), adapter->guid) ||
	    !xt_win_wide(wide, XT_LEN(wide), path))
		return -EINVAL;
	device = current->open(wide);
	if (device == INVALID_HANDLE_VALUE) {
		/* the driver opens once, and Windows returns this of one that another has */
		rc = xt_win_last();
		return GetLastError() == ERROR_GEN_FAILURE ? -EBUSY : rc;
	}
	*mtu = 0;
	rc = tun_mode_begin(device, mtu);
	if (rc == 0)
		*out = device;
	else
		(void)current->close(device);
	return rc;
}

void xt_tap_device_close(HANDLE device)
{
	uint8_t media[4];

	xt_tap_media_put(media, false);
	(void)xt_tap_device_control(device, XT_TAP_SET_MEDIA, media, sizeof(media), media,
				    sizeof(media));
	(void)current->close(device);
}

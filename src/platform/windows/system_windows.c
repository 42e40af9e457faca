/* SPDX-License-Identifier: MIT */
/* Errors, texts and paths of Windows in the program's terms. */
#include "platform/windows/system_windows.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/bytes.h"

static const struct {
	unsigned long code;
	int error;
} errors[] = {
    {ERROR_SUCCESS, 0},
    {ERROR_FILE_NOT_FOUND, ENOENT},
    {ERROR_PATH_NOT_FOUND, ENOENT},
    {ERROR_MOD_NOT_FOUND, ENOENT},
    {ERROR_NOT_FOUND, ENOENT},
    {ERROR_ACCESS_DENIED, EPERM},
    {ERROR_PRIVILEGE_NOT_HELD, EPERM},
    {ERROR_INVALID_HANDLE, EBADF},
    {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
    {ERROR_OUTOFMEMORY, ENOMEM},
    {ERROR_NO_SYSTEM_RESOURCES, ENOBUFS},
    {ERROR_INVALID_DATA, EINVAL},
    {ERROR_INVALID_NAME, EINVAL},
    {ERROR_BAD_DEVICE, ENODEV},
    {ERROR_DEV_NOT_EXIST, ENODEV},
    {ERROR_DEVICE_NOT_CONNECTED, ENODEV},
    {ERROR_DEVICE_REMOVED, ENODEV},
    {ERROR_GEN_FAILURE, ENODEV},
    {ERROR_HANDLE_EOF, ENODEV},
    {ERROR_SHARING_VIOLATION, EBUSY},
    {ERROR_BUSY, EBUSY},
    {ERROR_ALREADY_INITIALIZED, EBUSY},
    {ERROR_ALREADY_EXISTS, EEXIST},
    {ERROR_FILE_EXISTS, EEXIST},
    {ERROR_OBJECT_ALREADY_EXISTS, EEXIST},
    {ERROR_DUP_NAME, EEXIST},
    {ERROR_NOT_SUPPORTED, EOPNOTSUPP},
    {ERROR_INVALID_FUNCTION, EOPNOTSUPP},
    {ERROR_CALL_NOT_IMPLEMENTED, EOPNOTSUPP},
    {ERROR_PROC_NOT_FOUND, EOPNOTSUPP},
    {ERROR_INVALID_PARAMETER, EINVAL},
    {ERROR_BUFFER_OVERFLOW, ENOBUFS},
    {ERROR_INSUFFICIENT_BUFFER, ENOBUFS},
    {ERROR_NETWORK_UNREACHABLE, ENETUNREACH},
    {ERROR_HOST_UNREACHABLE, EHOSTUNREACH},
    {WSAEINTR, EINTR},
    {WSAEBADF, EBADF},
    {WSAEACCES, EACCES},
    {WSAEFAULT, EFAULT},
    {WSAEINVAL, EINVAL},
    {WSAEMFILE, EMFILE},
    {WSAEWOULDBLOCK, EAGAIN},
    {WSAENOTSOCK, EBADF},
    {WSAEMSGSIZE, EMSGSIZE},
    {WSAENOPROTOOPT, ENOPROTOOPT},
    {WSAEPROTONOSUPPORT, EAFNOSUPPORT},
    {WSAEOPNOTSUPP, EOPNOTSUPP},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAEADDRINUSE, EADDRINUSE},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
    {WSAENETDOWN, ENETDOWN},
    {WSAENETUNREACH, ENETUNREACH},
    {WSAENETRESET, ENETRESET},
    {WSAECONNRESET, ECONNRESET},
    {WSAENOBUFS, ENOBUFS},
    {WSAETIMEDOUT, ETIMEDOUT},
    {WSAECONNREFUSED, ECONNREFUSED},
    {WSAEHOSTUNREACH, EHOSTUNREACH},
};

int xt_win_error(unsigned long code)
{
	for (size_t i = 0; i < XT_LEN(errors); i++)
		if (errors[i].code == code)
			return -errors[i].error;
	return -EIO;
}

int xt_win_last(void)
{
	int error = xt_win_error(GetLastError());

	return error != 0 ? error : -EIO;
}

bool xt_win_wide(wchar_t *out, size_t n, const char *utf8)
{
	return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, out, (int)n) > 0;
}

bool xt_win_utf8(char *out, size_t n, const wchar_t *wide)
{
	return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, out, (int)n, NULL,
				   NULL) > 0;
}

/* FNV-1a: not random, and no secret depends on it. */
static uint64_t text_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
	return hash;
}

/* The version and variant of a GUID that is made of a name (RFC 9562, version 8). */
void xt_win_guid(GUID *out, const char *kind, const char *name)
{
	uint64_t a = text_hash(text_hash(text_hash(0xcbf29ce484222325u, "xtunnel "), kind), name);
	uint64_t b = text_hash(text_hash(text_hash(a, name), " "), kind);

	out->Data1 = (uint32_t)a;
	out->Data2 = (uint16_t)(a >> 32);
	out->Data3 = (uint16_t)((a >> 48 & 0x0fff) | 0x8000);
	for (int i = 0; i < 8; i++)
		out->Data4[i] = (uint8_t)(b >> 8 * i);
	out->Data4[0] = (uint8_t)((out->Data4[0] & 0x3f) | 0x80);
}

bool xt_win_beside(wchar_t *out, size_t n, const wchar_t *file)
{
	DWORD len = GetModuleFileNameW(NULL, out, (DWORD)n);
	wchar_t *slash;

	if (len == 0 || len >= n)
		return false;
	slash = wcsrchr(out, L'\\');
	if (!slash || (size_t)(slash + 1 - out) + wcslen(file) >= n)
		return false;
	wcscpy(slash + 1, file);
	return true;
}

static INIT_ONCE sockets_once = INIT_ONCE_STATIC_INIT;
static int sockets_error;

static BOOL CALLBACK sockets_start(INIT_ONCE *once, void *arg, void **result)
{
	WSADATA data;

	(void)once;
	(void)arg;
	(void)result;
	sockets_error = xt_win_error((unsigned long)WSAStartup(MAKEWORD(2, 2), &data));
	return TRUE;
}

int xt_win_sockets(void)
{
	InitOnceExecuteOnce(&sockets_once, sockets_start, NULL, NULL);
	return sockets_error;
}

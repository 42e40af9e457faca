/* SPDX-License-Identifier: MIT */
/* The functions of wintun.dll, which is loaded beside the program, and the tests' double of it
 * (tests/windows/wintun_double.c). The library belongs to the Wintun project; this is what its
 * documentation says of its interface. */
#ifndef XT_PLATFORM_WINTUN_WINDOWS_H
#define XT_PLATFORM_WINTUN_WINDOWS_H

#include "platform/windows/system_windows.h"

#define XT_WINTUN_RING	     0x800000u /* bytes of a ring: 8 MiB of 128 KiB to 64 MiB */
#define XT_WINTUN_PACKET_MAX 0xffffu

typedef void *xt_wintun_adapter;
typedef void *xt_wintun_session;

/* Errors are those of GetLastError.
 * receive   the oldest packet, valid until release; NULL: ERROR_NO_MORE_ITEMS, ERROR_HANDLE_EOF
 *	     (the adapter ends), ERROR_INVALID_DATA (the ring is damaged)
 * allocate  room for a packet of that size; NULL: ERROR_BUFFER_OVERFLOW, ERROR_HANDLE_EOF. Packets
 *	     leave in the order of allocate
 * wait      an event, the session's, set when a packet comes after receive has found none */
struct xt_wintun {
	HMODULE library;
	xt_wintun_adapter(WINAPI *create)(const wchar_t *name, const wchar_t *type, const GUID *id);
	xt_wintun_adapter(WINAPI *open)(const wchar_t *name);
	void(WINAPI *close)(xt_wintun_adapter adapter);
	void(WINAPI *luid)(xt_wintun_adapter adapter, ULONG64 *luid);
	DWORD(WINAPI *version)(void);
	xt_wintun_session(WINAPI *start)(xt_wintun_adapter adapter, DWORD capacity);
	void(WINAPI *end)(xt_wintun_session session);
	HANDLE(WINAPI *wait)(xt_wintun_session session);
	BYTE *(WINAPI *receive)(xt_wintun_session session, DWORD *len);
	void(WINAPI *release)(xt_wintun_session session, const BYTE *packet);
	BYTE *(WINAPI *allocate)(xt_wintun_session session, DWORD len);
	void(WINAPI *send)(xt_wintun_session session, const BYTE *packet);
};

/* Load wintun.dll beside the program. 0; -ENOENT: there is none; -EOPNOTSUPP: one that lacks a
 * function; another -errno. */
int xt_wintun_load(struct xt_wintun *out);
void xt_wintun_unload(struct xt_wintun *wintun);

#endif

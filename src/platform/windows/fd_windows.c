/* SPDX-License-Identifier: MIT */
/* Handles are not inherited unless that is asked for.
 * A socket is no descriptor of the C library: nothing here makes one. */
#include "platform/fd.h"

#include "platform/windows/system_windows.h"

void xt_fd_cloexec_from(int first)
{
	(void)first;
}

/* A read would wait behind the one that libuv has begun, so the bytes stay in the pipe. */
size_t xt_fd_rest(intptr_t file, void *bytes, size_t len)
{
	DWORD n = 0, most = len > UINT32_MAX ? UINT32_MAX : (DWORD)len;

	return PeekNamedPipe((HANDLE)file, bytes, most, &n, NULL, NULL) ? n : 0;
}

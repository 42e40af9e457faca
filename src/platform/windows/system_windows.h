/* SPDX-License-Identifier: MIT */
/* What every file of this folder that includes Windows' headers begins with: the headers in the
 * order that they need, errors as -errno, and texts between UTF-8 and UTF-16. */
#ifndef XT_PLATFORM_SYSTEM_WINDOWS_H
#define XT_PLATFORM_SYSTEM_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>

#include <winsock2.h>
#include <ws2tcpip.h>

#include <mswsock.h>
#include <windows.h>

/* A code of GetLastError, WSAGetLastError or of the IP helper as -errno; 0 is 0. What has no like
 * is -EIO. */
int xt_win_error(unsigned long code);
/* That of the call just failed, never 0. */
int xt_win_last(void);

/* Copies with their NUL; n counts units of out. false: it does not fit, or is not well formed. */
bool xt_win_wide(wchar_t *out, size_t n, const char *utf8);
bool xt_win_utf8(char *out, size_t n, const wchar_t *wide);

/* A GUID of the same name in every process that asks for it: adapter, NRPT rule. kind tells those
 * of one name apart. */
void xt_win_guid(GUID *out, const char *kind, const char *name);

/* The file name beside the program, never found by a search. false: the path is too long. */
bool xt_win_beside(wchar_t *out, size_t n, const wchar_t *file);

/* Winsock, once a process. 0 or -errno. */
int xt_win_sockets(void);

/* A security descriptor that lets in this user, the system and administrators; that of a directory
 * is inherited. To be freed by LocalFree; NULL: it cannot be made (GetLastError). */
void *xt_win_private(bool directory);

#endif

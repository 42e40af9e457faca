/* SPDX-License-Identifier: MIT */
/* Named pipes by path. A pipe is there as long as a process has an instance of it, so none is ever
 * stale.
 *
 * Below ProtectedPrefix\Administrators only administrators make pipes. Where Windows refuses that,
 * a pipe of the same name without that part is used, and a client asks who has made it. */
#include "ipc/socket.h"

#include <errno.h>
#include <io.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/socket_windows.h"
#include "platform/windows/system_windows.h"

#include <aclapi.h>
#include <sddl.h>

#define PREFIX	    "\\\\.\\pipe\\"
#define PROTECTED   "ProtectedPrefix\\Administrators\\"
#define OBSERVERS   L"xtunnel-observer"
#define PATH_UNITS  160
#define PIPE_BUFFER 65536
#define LISTENERS   8	 /* of one process */
#define FDS	    2048 /* of the C library */
#define WATCH_MS    10	 /* a pipe cannot be waited for without reading from it */
#define CONNECT_MS  2000

/* To read and write. GENERIC_WRITE has the right to make an instance too, which observers lack. */
#define CLIENT_RIGHTS (FILE_GENERIC_READ | (FILE_GENERIC_WRITE & ~(DWORD)FILE_CREATE_PIPE_INSTANCE))

/* SYSTEM and administrators at a high integrity level, as WireGuard for Windows has it. */
#define OWNERS L"O:SYD:P(A;;GA;;;SY)(A;;GA;;;BA)"
#define HIGH   L"S:(ML;;NWNRNX;;;HI)"
/* SYSTEM, administrators and the user that makes the pipe. */
#define MAKER L"D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;OW)"

static struct {
	int fd;
	char path[PATH_UNITS];
} listeners[LISTENERS];

/* Of each descriptor: nothing is to be received any more. */
static atomic_bool finished[FDS];

static HANDLE pipe_handle(int fd)
{
	return (HANDLE)_get_osfhandle(fd);
}

static int pipe_error(DWORD error)
{
	switch (error) {
	case ERROR_BROKEN_PIPE:
	case ERROR_NO_DATA:
	case ERROR_PIPE_NOT_CONNECTED:
		return -EPIPE;
	case ERROR_PIPE_BUSY:
	case ERROR_SEM_TIMEOUT:
		return -ETIMEDOUT;
	case ERROR_ACCESS_DENIED:
		return -EACCES;
	default:
		return xt_win_error(error);
	}
}

/* --- listening --- */

static bool path_is_protected(const char *path)
{
	return strncmp(path, PREFIX PROTECTED, strlen(PREFIX PROTECTED)) == 0;
}

static bool path_is_control(const char *path)
{
	return strstr(path, "\\xtunnel\\") != NULL;
}

/* The name without its protected part. */
static void path_unprotected(char out[PATH_UNITS], const char *path)
{
	snprintf(out, PATH_UNITS, PREFIX "%s", path + strlen(PREFIX PROTECTED));
}

static bool observers_sid(wchar_t *out, size_t n)
{
	BYTE sid[SECURITY_MAX_SID_SIZE];
	DWORD len = sizeof(sid), domain_len = 64;
	wchar_t domain[64], *text = NULL;
	SID_NAME_USE use;
	bool found;

	if (!LookupAccountNameW(NULL, OBSERVERS, sid, &len, domain, &domain_len, &use) ||
	    (use != SidTypeAlias && use != SidTypeGroup))
		return false;
	found = ConvertSidToStringSidW(sid, &text) && _snwprintf(out, n, L"%ls", text) > 0;
	LocalFree(text);
	return found;
}

/* An observer reads and writes, but does not make an instance of the pipe. Observers are not of a
 * high integrity level, so the label stays away where there is such a group. To be freed by
 * LocalFree. maker: for the user that makes the pipe, who may set neither an owner nor a label. */
static PSECURITY_DESCRIPTOR descriptor_make(const char *path, bool maker)
{
	wchar_t sid[200], text[512];
	PSECURITY_DESCRIPTOR out = NULL;

	if (maker)
		_snwprintf(text, 512, MAKER);
	else if (path_is_control(path) && observers_sid(sid, 200))
		_snwprintf(text, 512, L"%ls(A;;0x12019b;;;%ls)", OWNERS, sid);
	else
		_snwprintf(text, 512, L"%ls%ls", OWNERS, HIGH);
	(void)ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &out,
								   NULL);
	return out;
}

/* Another owner than oneself takes a privilege that an administrator has, but not enabled. This
 * thread alone has it enabled until RevertToSelf: with it files are opened past their lists. */
static void owner_privilege_take(void)
{
	TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1,
				       .Privileges = {{.Attributes = SE_PRIVILEGE_ENABLED}}};
	HANDLE token;

	if (!ImpersonateSelf(SecurityImpersonation) ||
	    !OpenThreadToken(GetCurrentThread(), TOKEN_ADJUST_PRIVILEGES, TRUE, &token))
		return;
	if (LookupPrivilegeValueW(NULL, L"SeRestorePrivilege", &privileges.Privileges[0].Luid))
		(void)AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
	CloseHandle(token);
}

static HANDLE pipe_make(const wchar_t *wide, DWORD mode, PSECURITY_DESCRIPTOR descriptor)
{
	SECURITY_ATTRIBUTES security = {sizeof(security), descriptor, FALSE};

	return CreateNamedPipeW(wide, mode,
				PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT |
				    PIPE_REJECT_REMOTE_CLIENTS,
				PIPE_UNLIMITED_INSTANCES, PIPE_BUFFER, PIPE_BUFFER, 0, &security);
}

static HANDLE instance_make(const char *path, bool first)
{
	PSECURITY_DESCRIPTOR descriptor = descriptor_make(path, false);
	DWORD mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, error;
	wchar_t wide[PATH_UNITS];
	HANDLE pipe;

	if (!xt_win_wide(wide, PATH_UNITS, path)) {
		LocalFree(descriptor);
		SetLastError(ERROR_INVALID_NAME);
		return INVALID_HANDLE_VALUE;
	}
	if (first)
		mode |= FILE_FLAG_FIRST_PIPE_INSTANCE;
	owner_privilege_take();
	pipe = pipe_make(wide, mode, descriptor);
	error = GetLastError();
	(void)RevertToSelf(); /* of its own user: nothing is lost when it fails */
	LocalFree(descriptor);
	if (pipe == INVALID_HANDLE_VALUE &&
	    (error == ERROR_INVALID_OWNER || error == ERROR_PRIVILEGE_NOT_HELD)) {
		descriptor = descriptor_make(path, true);
		pipe = pipe_make(wide, mode, descriptor);
		error = GetLastError();
		LocalFree(descriptor);
	}
	SetLastError(error);
	return pipe;
}

static int handle_take(HANDLE pipe)
{
	int fd = _open_osfhandle((intptr_t)pipe, _O_RDWR | _O_BINARY | _O_NOINHERIT);

	if (fd < 0) {
		CloseHandle(pipe);
		return -EMFILE;
	}
	if (fd < FDS)
		atomic_store(&finished[fd], false);
	return fd;
}

static int listener_add(HANDLE pipe, const char *path)
{
	int fd = handle_take(pipe);

	for (size_t i = 0; fd >= 0 && i < LISTENERS; i++) {
		if (*listeners[i].path && strcmp(listeners[i].path, path) != 0)
			continue;
		listeners[i].fd = fd;
		snprintf(listeners[i].path, PATH_UNITS, "%s", path);
		break;
	}
	return fd;
}

/* An instance that exists already is refused with ACCESS_DENIED, like a prefix that is not for this
 * user. */
static int listen_at(const char *path)
{
	HANDLE pipe = instance_make(path, true);
	wchar_t wide[PATH_UNITS];
	DWORD error = GetLastError();

	if (pipe != INVALID_HANDLE_VALUE)
		return listener_add(pipe, path);
	if (error == ERROR_PIPE_BUSY ||
	    (xt_win_wide(wide, PATH_UNITS, path) && WaitNamedPipeW(wide, 1)))
		return -EADDRINUSE;
	return pipe_error(error);
}

int xt_socket_listen(const char *path, struct stat *id)
{
	char other[PATH_UNITS];
	int fd;

	memset(id, 0, sizeof(*id));
	if (strlen(path) >= PATH_UNITS)
		return -ENAMETOOLONG;
	fd = listen_at(path);
	if (fd != -EACCES || !path_is_protected(path))
		return fd;
	path_unprotected(other, path);
	return listen_at(other);
}

int xt_pipe_again(int fd)
{
	for (size_t i = 0; i < LISTENERS; i++) {
		HANDLE pipe;

		if (!*listeners[i].path || listeners[i].fd != fd)
			continue;
		pipe = instance_make(listeners[i].path, false);
		if (pipe == INVALID_HANDLE_VALUE)
			return pipe_error(GetLastError());
		fd = handle_take(pipe);
		if (fd >= 0)
			listeners[i].fd = fd;
		return fd;
	}
	return -EBADF;
}

int xt_socket_adopt(int fd)
{
	return fd;
}

void xt_socket_remove(const char *path, const struct stat *id)
{
	(void)path; /* it goes with its last instance */
	(void)id;
}

void xt_socket_trust(uid_t uid)
{
	(void)uid;
}

/* --- connecting --- */

/* A pipe of another name may be anybody's: the system, administrators or this user have made it. */
static bool server_trusted(HANDLE pipe)
{
	PSECURITY_DESCRIPTOR descriptor = NULL;
	union {
		TOKEN_USER token;
		BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} u;
	PSID owner = NULL;
	HANDLE token;
	DWORD len;
	bool trusted = false;

	if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
			    NULL, &descriptor) != 0)
		return false;
	if (owner)
		trusted = IsWellKnownSid(owner, WinLocalSystemSid) ||
			  IsWellKnownSid(owner, WinBuiltinAdministratorsSid);
	if (owner && !trusted && OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
		if (GetTokenInformation(token, TokenUser, &u, sizeof(u), &len))
			trusted = EqualSid(owner, u.token.User.Sid);
		CloseHandle(token);
	}
	LocalFree(descriptor);
	return trusted;
}

static int connect_at(const char *path)
{
	wchar_t wide[PATH_UNITS];
	HANDLE pipe;

	if (!xt_win_wide(wide, PATH_UNITS, path))
		return -ENAMETOOLONG;
	for (;;) {
		/* No server may act as this client. */
		pipe = CreateFileW(wide, CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING,
				   SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
		if (pipe != INVALID_HANDLE_VALUE)
			break;
		if (GetLastError() != ERROR_PIPE_BUSY)
			return pipe_error(GetLastError());
		if (!WaitNamedPipeW(wide, CONNECT_MS))
			return -ETIMEDOUT;
	}
	if (path_is_protected(path) || server_trusted(pipe))
		return handle_take(pipe);
	CloseHandle(pipe);
	return -EPERM;
}

int xt_socket_connect(const char *path)
{
	char other[PATH_UNITS];
	int fd;

	if (strlen(path) >= PATH_UNITS)
		return -ENAMETOOLONG;
	fd = connect_at(path);
	if (fd != -ENOENT || !path_is_protected(path))
		return fd;
	path_unprotected(other, path);
	return connect_at(other);
}

/* --- connected --- */

ssize_t xt_socket_send(int fd, const void *bytes, size_t len)
{
	DWORD n = 0;

	if (WriteFile(pipe_handle(fd), bytes, (DWORD)len, &n, NULL))
		return (ssize_t)n;
	return pipe_error(GetLastError());
}

/* 1: there are bytes, or there is the end. */
static int pipe_peek(int fd)
{
	DWORD n = 0;

	if (fd >= 0 && fd < FDS && atomic_load(&finished[fd]))
		return 1;
	if (!PeekNamedPipe(pipe_handle(fd), NULL, 0, NULL, &n, NULL))
		return 1;
	return n > 0;
}

int xt_socket_await_any(const int *fds, bool *ready, size_t n, int ms)
{
	ULONGLONG end = GetTickCount64() + (ULONGLONG)(ms > 0 ? ms : 0);
	int found = 0;

	for (;;) {
		for (size_t i = 0; i < n; i++) {
			ready[i] = pipe_peek(fds[i]) == 1;
			found += ready[i];
		}
		if (found || (ms >= 0 && GetTickCount64() >= end))
			return found;
		Sleep(WATCH_MS);
	}
}

int xt_socket_await(int fd, int ms)
{
	bool ready;

	return xt_socket_await_any(&fd, &ready, 1, ms);
}

ssize_t xt_socket_recv(int fd, void *bytes, size_t len)
{
	DWORD n = 0;
	int rc;

	(void)xt_socket_await(fd, -1);
	if (fd < FDS && atomic_load(&finished[fd]))
		return 0;
	if (ReadFile(pipe_handle(fd), bytes, (DWORD)len, &n, NULL))
		return (ssize_t)n;
	rc = pipe_error(GetLastError());
	return rc == -EPIPE ? 0 : rc;
}

/* A pipe has no sending half that could be closed alone: the caller has what came until now. */
void xt_socket_finish(int fd, bool both)
{
	(void)both;
	if (fd >= 0 && fd < FDS)
		atomic_store(&finished[fd], true);
}

void xt_socket_close(int fd)
{
	_close(fd);
}

/* --- the process that listens --- */

/* The handle's value: Windows uses 32 bits of one. */
int xt_peer_process_open(int fd)
{
	HANDLE process;
	ULONG id;

	if (!GetNamedPipeServerProcessId(pipe_handle(fd), &id))
		return -1;
	process = OpenProcess(SYNCHRONIZE, FALSE, id);
	return process ? (int)(intptr_t)process : -1;
}

void xt_peer_process_await(int process)
{
	(void)WaitForSingleObject((HANDLE)(intptr_t)process, INFINITE);
}

void xt_peer_process_close(int process)
{
	CloseHandle((HANDLE)(intptr_t)process);
}

/* SPDX-License-Identifier: MIT */
/* Files as POSIX has them, by UTF-8 paths. A file may be renamed and removed while it is open. */
#define XT_POSIX_WINDOWS_PLAIN
#include "platform/windows/posix/posix_windows.h"

#include <fcntl.h>
#include <sys/file.h>

#include "platform/windows/system_windows.h"

#include <aclapi.h>
#include <sddl.h>

#define WIDE_PATH     4096
#define RENAME_POSIX  3	 /* FILE_RENAME_FLAG_REPLACE_IF_EXISTS | FILE_RENAME_FLAG_POSIX_SEMANTICS */
#define RENAME_EX     22 /* FileRenameInfoEx */
#define PRIVATE_BITS  0077
#define WRITE_BITS    0022	 /* a directory that others may read on Unix is private here */
#define LOCK_POSITION 0x7fffffff /* a byte that no file has: locks of Windows are mandatory */

static int fail(int error)
{
	errno = error;
	return -1;
}

static int fail_last(void)
{
	return fail(-xt_win_last());
}

/* The path as the wide functions take it. "/dev/null" is NUL. */
static bool path_wide(wchar_t out[WIDE_PATH], const char *path)
{
	if (strcmp(path, "/dev/null") == 0)
		path = "NUL";
	if (!*path) {
		errno = ENOENT;
		return false;
	}
	if (xt_win_wide(out, WIDE_PATH, path))
		return true;
	errno = strlen(path) >= WIDE_PATH ? ENAMETOOLONG : EINVAL;
	return false;
}

/* The user of this process, as text for a descriptor. */
static bool user_sid(wchar_t *out, size_t n)
{
	union {
		TOKEN_USER user;
		BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} u;
	DWORD len;
	HANDLE token;
	wchar_t *text = NULL;
	bool ok = false;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return false;
	if (GetTokenInformation(token, TokenUser, &u, sizeof(u), &len) &&
	    ConvertSidToStringSidW(u.user.User.Sid, &text))
		ok = _snwprintf(out, n, L"%ls", text) > 0;
	out[n - 1] = L'\0';
	LocalFree(text);
	CloseHandle(token);
	return ok;
}

void *xt_win_private(bool directory)
{
	wchar_t sid[200], text[512];
	const wchar_t *inherit = directory ? L"OICI" : L"";
	PSECURITY_DESCRIPTOR out = NULL;

	if (!user_sid(sid, sizeof(sid) / sizeof(*sid)))
		return NULL;
	_snwprintf(text, sizeof(text) / sizeof(*text),
		   L"D:P(A;%ls;FA;;;SY)(A;%ls;FA;;;BA)(A;%ls;FA;;;%ls)", inherit, inherit, inherit,
		   sid);
	(void)ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &out,
								   NULL);
	return out;
}

/* For what only its owner may open. To be freed by LocalFree; NULL: none is wanted, or it cannot be
 * made. */
static PSECURITY_DESCRIPTOR private_descriptor(mode_t mode, bool directory)
{
	return mode & (directory ? WRITE_BITS : PRIVATE_BITS) ? NULL : xt_win_private(directory);
}

static DWORD disposition_of(int flags)
{
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return CREATE_NEW;
	if ((flags & (O_CREAT | O_TRUNC)) == (O_CREAT | O_TRUNC))
		return CREATE_ALWAYS;
	if (flags & O_CREAT)
		return OPEN_ALWAYS;
	return flags & O_TRUNC ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

static DWORD access_of(int flags)
{
	switch (flags & (O_RDONLY | O_WRONLY | O_RDWR)) {
	case O_WRONLY:
		return GENERIC_WRITE | READ_CONTROL;
	case O_RDWR:
		return GENERIC_READ | GENERIC_WRITE;
	default:
		return GENERIC_READ;
	}
}

/* A link where none is wanted, or a directory. */
static bool handle_refused(HANDLE file, int flags)
{
	BY_HANDLE_FILE_INFORMATION info;

	if (!GetFileInformationByHandle(file, &info))
		return false; /* a device */
	if ((flags & O_NOFOLLOW) && (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)) {
		errno = ELOOP;
		return true;
	}
	return false;
}

static HANDLE file_create(const wchar_t *wide, int flags, mode_t mode)
{
	DWORD attributes = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS;
	PSECURITY_DESCRIPTOR descriptor = flags & O_CREAT ? private_descriptor(mode, false) : NULL;
	SECURITY_ATTRIBUTES security = {sizeof(security), descriptor, FALSE};
	HANDLE file;

	if (flags & O_NOFOLLOW)
		attributes |= FILE_FLAG_OPEN_REPARSE_POINT;
	/* The one that makes a file may set its rights (fchmod). */
	file = CreateFileW(wide, access_of(flags) | (flags & O_CREAT ? WRITE_DAC : 0),
			   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &security,
			   disposition_of(flags), attributes, NULL);
	LocalFree(descriptor);
	if (file == INVALID_HANDLE_VALUE)
		errno = -xt_win_last();
	return file;
}

int xt_posix_open(const char *path, int flags, ...)
{
	wchar_t wide[WIDE_PATH];
	mode_t mode = 0666;
	va_list args;
	HANDLE file;
	int fd;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = (mode_t)va_arg(args, int);
	va_end(args);
	if (!path_wide(wide, path))
		return -1;
	file = file_create(wide, flags, mode);
	if (file == INVALID_HANDLE_VALUE)
		return -1;
	if (handle_refused(file, flags)) {
		CloseHandle(file);
		return -1;
	}
	fd = _open_osfhandle((intptr_t)file, (flags & (O_RDONLY | O_WRONLY | O_RDWR | O_APPEND)) |
						 _O_BINARY | _O_NOINHERIT);
	if (fd < 0)
		CloseHandle(file);
	return fd;
}

/* mode: as fopen's, of which x and e count too. */
FILE *xt_posix_fopen(const char *path, const char *mode)
{
	bool update = strchr(mode, '+') != NULL;
	int flags = update ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY, fd;
	char plain[4] = {*mode, 'b', update ? '+' : '\0', '\0'};
	FILE *file;

	if (*mode == 'w')
		flags |= O_CREAT | O_TRUNC;
	if (*mode == 'a')
		flags |= O_CREAT | O_APPEND;
	if (strchr(mode, 'x'))
		flags |= O_EXCL;
	fd = xt_posix_open(path, flags, 0666);
	file = fd < 0 ? NULL : _fdopen(fd, plain);
	if (fd >= 0 && !file)
		_close(fd);
	return file;
}

int xt_posix_unlink(const char *path)
{
	wchar_t wide[WIDE_PATH];

	if (!path_wide(wide, path))
		return -1;
	return DeleteFileW(wide) ? 0 : fail_last();
}

/* As POSIX: an open file is replaced too. Before Windows 10 1709, and on some file systems, only
 * one that is not open. */
static bool rename_over_open(const wchar_t *from, const wchar_t *to)
{
	size_t len = wcslen(to) * sizeof(*to);
	struct {
		DWORD flags;
		HANDLE root;
		DWORD len;
		wchar_t name[WIDE_PATH];
	} info = {.flags = RENAME_POSIX, .len = (DWORD)len};
	HANDLE file = CreateFileW(from, DELETE | SYNCHRONIZE,
				  FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
				  OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	bool done;

	if (file == INVALID_HANDLE_VALUE)
		return false;
	memcpy(info.name, to, len + sizeof(*to));
	done = SetFileInformationByHandle(
	    file, (FILE_INFO_BY_HANDLE_CLASS)RENAME_EX, &info,
	    (DWORD)(offsetof(FILE_RENAME_INFO, FileName) + len + sizeof(*to)));
	CloseHandle(file);
	return done;
}

/* Where neither replaces an open file (old Windows, wine) it is moved away first. For a moment
 * there is none at to. */
static bool rename_aside(const wchar_t *from, const wchar_t *to)
{
	wchar_t aside[WIDE_PATH];

	if (_snwprintf(aside, WIDE_PATH, L"%ls.old", to) < 0 ||
	    !MoveFileExW(to, aside, MOVEFILE_REPLACE_EXISTING))
		return false;
	if (MoveFileExW(from, to, MOVEFILE_WRITE_THROUGH)) {
		(void)DeleteFileW(aside);
		return true;
	}
	(void)MoveFileExW(aside, to, 0);
	return false;
}

int xt_posix_rename(const char *from, const char *to)
{
	wchar_t source[WIDE_PATH], target[WIDE_PATH];

	if (!path_wide(source, from) || !path_wide(target, to))
		return -1;
	if (MoveFileExW(source, target, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) ||
	    rename_over_open(source, target) || rename_aside(source, target))
		return 0;
	return fail_last();
}

int xt_posix_mkdir(const char *path, mode_t mode)
{
	PSECURITY_DESCRIPTOR descriptor = private_descriptor(mode, true);
	SECURITY_ATTRIBUTES security = {sizeof(security), descriptor, FALSE};
	wchar_t wide[WIDE_PATH];
	DWORD error, attributes;
	bool made;

	if (!path_wide(wide, path)) {
		LocalFree(descriptor);
		return -1;
	}
	made = CreateDirectoryW(wide, &security);
	error = GetLastError();
	LocalFree(descriptor);
	if (made)
		return 0;
	/* Of a drive the answer is that it is not permitted. */
	attributes = GetFileAttributesW(wide);
	if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY))
		return fail(EEXIST);
	return fail(-xt_win_error(error));
}

int xt_posix_access(const char *path, int mode)
{
	wchar_t wide[WIDE_PATH];

	(void)mode; /* what is asked for here is whether it is there */
	if (!path_wide(wide, path))
		return -1;
	return GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES ? 0 : fail_last();
}

int xt_posix_fstat(int fd, struct stat *st)
{
	BY_HANDLE_FILE_INFORMATION info;
	int rc = (fstat)(fd, st); /* the C library's */

	if (rc < 0)
		return rc;
	st->st_mode = (unsigned short)((st->st_mode & S_IFMT) | 0600);
	if (GetFileInformationByHandle((HANDLE)_get_osfhandle(fd), &info) &&
	    (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
		st->st_mode = (unsigned short)(S_IFDIR | 0700);
	return 0;
}

int xt_posix_stat(const char *path, struct stat *st)
{
	int fd = xt_posix_open(path, O_RDONLY), rc;

	if (fd < 0)
		return -1;
	rc = xt_posix_fstat(fd, st);
	_close(fd);
	return rc;
}

int xt_posix_lstat(const char *path, struct stat *st)
{
	wchar_t wide[WIDE_PATH];
	DWORD attributes;

	if (!path_wide(wide, path))
		return -1;
	attributes = GetFileAttributesW(wide);
	if (attributes == INVALID_FILE_ATTRIBUTES)
		return fail_last();
	if (attributes & FILE_ATTRIBUTE_REPARSE_POINT) {
		memset(st, 0, sizeof(*st));
		st->st_mode = (unsigned short)S_IFLNK;
		return 0;
	}
	return xt_posix_stat(path, st);
}

char *xt_posix_getcwd(char *path, size_t len)
{
	wchar_t wide[WIDE_PATH];
	DWORD n = GetCurrentDirectoryW(WIDE_PATH, wide);

	if (n == 0 || n >= WIDE_PATH || !xt_win_utf8(path, len, wide)) {
		errno = ERANGE;
		return NULL;
	}
	for (char *at = path; *at; at++)
		if (*at == '\\')
			*at = '/';
	return path;
}

char *realpath(const char *path, char *out)
{
	wchar_t wide[WIDE_PATH], full[WIDE_PATH];
	char *made = out ? out : malloc(PATH_MAX);

	if (!made || !path_wide(wide, path) ||
	    GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES ||
	    GetFullPathNameW(wide, WIDE_PATH, full, NULL) - 1 >= WIDE_PATH - 1 ||
	    !xt_win_utf8(made, PATH_MAX, full)) {
		errno = made ? ENOENT : ENOMEM;
		if (!out)
			free(made);
		return NULL;
	}
	for (char *at = made; *at; at++)
		if (*at == '\\')
			*at = '/';
	return made;
}

int fsync(int fd)
{
	return FlushFileBuffers((HANDLE)_get_osfhandle(fd)) ? 0 : fail_last();
}

int fchmod(int fd, mode_t mode)
{
	PSECURITY_DESCRIPTOR descriptor = private_descriptor(mode, false);
	BOOL present = FALSE, defaulted;
	DWORD error = 0;
	PACL acl = NULL;

	if (descriptor && GetSecurityDescriptorDacl(descriptor, &present, &acl, &defaulted))
		error =
		    SetSecurityInfo((HANDLE)_get_osfhandle(fd), SE_FILE_OBJECT,
				    DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
				    NULL, NULL, acl, NULL);
	LocalFree(descriptor);
	return error == 0 ? 0 : fail(-xt_win_error(error));
}

/* At most what the C library's functions can count. */
static unsigned some(size_t len)
{
	return len > INT_MAX ? INT_MAX : (unsigned)len;
}

ssize_t xt_posix_read(int fd, void *bytes, size_t len)
{
	return _read(fd, bytes, some(len));
}

ssize_t xt_posix_write(int fd, const void *bytes, size_t len)
{
	return _write(fd, bytes, some(len));
}

mode_t xt_posix_umask(mode_t mode)
{
	return (mode_t)_umask(mode);
}

static OVERLAPPED place(off_t at)
{
	return (OVERLAPPED){.Offset = (DWORD)at};
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
	OVERLAPPED where = place(at);
	DWORD n = 0;

	if (ReadFile((HANDLE)_get_osfhandle(fd), bytes, (DWORD)len, &n, &where) ||
	    GetLastError() == ERROR_HANDLE_EOF)
		return (ssize_t)n;
	return fail_last();
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	OVERLAPPED where = place(at);
	DWORD n = 0;

	if (WriteFile((HANDLE)_get_osfhandle(fd), bytes, (DWORD)len, &n, &where))
		return (ssize_t)n;
	return fail_last();
}

int flock(int fd, int operation)
{
	OVERLAPPED where = {.OffsetHigh = LOCK_POSITION};
	HANDLE file = (HANDLE)_get_osfhandle(fd);
	DWORD flags = LOCKFILE_EXCLUSIVE_LOCK;

	if (operation & LOCK_UN)
		return UnlockFileEx(file, 0, 1, 0, &where) ? 0 : fail_last();
	if (operation & LOCK_NB)
		flags |= LOCKFILE_FAIL_IMMEDIATELY;
	if (LockFileEx(file, flags, 0, 1, 0, &where))
		return 0;
	return GetLastError() == ERROR_LOCK_VIOLATION ? fail(EWOULDBLOCK) : fail_last();
}

int xt_posix_dup(int fd)
{
	HANDLE copy, self = GetCurrentProcess();
	int out;

	if (!DuplicateHandle(self, (HANDLE)_get_osfhandle(fd), self, &copy, 0, FALSE,
			     DUPLICATE_SAME_ACCESS))
		return fail_last();
	out = _open_osfhandle((intptr_t)copy, _O_BINARY | _O_NOINHERIT);
	if (out < 0)
		CloseHandle(copy);
	return out;
}

int fcntl(int fd, int command, ...)
{
	if (_get_osfhandle(fd) == (intptr_t)INVALID_HANDLE_VALUE)
		return fail(EBADF);
	return command == F_DUPFD_CLOEXEC ? xt_posix_dup(fd) : 0;
}

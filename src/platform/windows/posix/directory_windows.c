/* SPDX-License-Identifier: MIT */
/* Files by the descriptor of their directory, as POSIX has them. */
#define XT_POSIX_WINDOWS_PLAIN
#include "platform/windows/posix/posix_windows.h"

#include <fcntl.h>

#include "platform/windows/system_windows.h"

#define WIDE_PATH 4096

static bool path_at(char out[PATH_MAX], int dir, const char *name)
{
	wchar_t wide[WIDE_PATH];
	DWORD n = GetFinalPathNameByHandleW((HANDLE)_get_osfhandle(dir), wide, WIDE_PATH, 0);
	size_t len;

	if (n == 0 || n >= WIDE_PATH || !xt_win_utf8(out, PATH_MAX, wide)) {
		errno = n ? ENAMETOOLONG : EBADF;
		return false;
	}
	len = strlen(out);
	if (len + 1 + strlen(name) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	out[len] = '\\';
	strcpy(out + len + 1, name);
	return true;
}

int openat(int dir, const char *name, int flags, ...)
{
	char path[PATH_MAX];
	va_list args;
	int mode = 0666;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, int);
	va_end(args);
	return path_at(path, dir, name) ? xt_posix_open(path, flags, mode) : -1;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	char source[PATH_MAX], target[PATH_MAX];

	if (!path_at(source, from_dir, from) || !path_at(target, to_dir, to))
		return -1;
	return xt_posix_rename(source, target);
}

int unlinkat(int dir, const char *name, int flags)
{
	char path[PATH_MAX];

	(void)flags;
	return path_at(path, dir, name) ? xt_posix_unlink(path) : -1;
}

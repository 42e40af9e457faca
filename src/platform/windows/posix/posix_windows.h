/* SPDX-License-Identifier: MIT */
/* What the program takes from POSIX, for Windows: its C library has these functions not at all, or
 * with paths in the code page of the process. Here every path and every text is UTF-8, and an error
 * is an errno. CMake includes it before every other header; those beside it add to the system's.
 *
 * Only what has the same meaning on Windows is here. What has none (users, modes, Unix sockets,
 * fork) has a pair of files behind a header of ours, chosen by CMake (docs/decisions/0021). */
#ifndef XT_POSIX_WINDOWS_H
#define XT_POSIX_WINDOWS_H

/* All that declare what is defined below. */
#include <direct.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <process.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Paths. Files are binary, and are not inherited by programs that are started. */
int xt_posix_open(const char *path, int flags, ...);
FILE *xt_posix_fopen(const char *path, const char *mode);
int xt_posix_unlink(const char *path);
int xt_posix_rename(const char *from, const char *to); /* replaces to */
int xt_posix_mkdir(const char *path, mode_t mode);     /* private, unless others may write */
int xt_posix_access(const char *path, int mode);
int xt_posix_stat(const char *path, struct stat *st);
int xt_posix_lstat(const char *path, struct stat *st);
int xt_posix_fstat(int fd, struct stat *st); /* of a mode the kind alone has a meaning: 0600 */
char *xt_posix_getcwd(char *path, size_t len);
char *xt_posix_getenv(const char *name); /* valid until the variable is asked for again */
int xt_posix_dup(int fd);		 /* not inherited */
ssize_t xt_posix_read(int fd, void *bytes, size_t len);
ssize_t xt_posix_write(int fd, const void *bytes, size_t len);
mode_t xt_posix_umask(mode_t mode);

#ifndef XT_POSIX_WINDOWS_PLAIN /* of posix_windows.c, which calls the system's */
/* clang-format off */
#define open	xt_posix_open
#define fopen	xt_posix_fopen
#define unlink	xt_posix_unlink
#define rename	xt_posix_rename
#define mkdir	xt_posix_mkdir
#define access	xt_posix_access
#define getcwd	xt_posix_getcwd
#define getenv	xt_posix_getenv
#define read	xt_posix_read
#define write	xt_posix_write
/* clang-format on */
#define dup(fd)		xt_posix_dup(fd)
#define fstat(fd, st)	xt_posix_fstat(fd, st)
#define stat(path, st)	xt_posix_stat(path, st)
#define lstat(path, st) xt_posix_lstat(path, st)
#define umask(mode)	xt_posix_umask(mode)
#endif

/* 0: this process has the rights of an administrator; 1000 otherwise. */
uid_t geteuid(void);
uid_t getuid(void);
gid_t getegid(void);

int fsync(int fd);
int fchmod(int fd, mode_t mode); /* private, unless others may read or write */
int renameat(int from_dir, const char *from, int to_dir, const char *to);
int unlinkat(int dir, const char *name, int flags);
ssize_t pread(int fd, void *bytes, size_t len, off_t at);
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at);
/* With / between its parts; malloc'ed where out is NULL. */
char *realpath(const char *path, char *out);
#undef PATH_MAX
#define PATH_MAX 4096
#undef NAME_MAX
#define NAME_MAX 255

char *strndup(const char *text, size_t len);
char *strsep(char **text, const char *delimiters);
void *memrchr(const void *bytes, int byte, size_t len);
char *strchrnul(const char *text, int c);

int setenv(const char *name, const char *value, int replace);
int unsetenv(const char *name);

#define _SC_NPROCESSORS_ONLN 1
#define _SC_PAGESIZE	     2
#define _SC_CLK_TCK	     3
long sysconf(int name);

struct tm *localtime_r(const time_t *at, struct tm *out);
struct tm *gmtime_r(const time_t *at, struct tm *out);

#endif

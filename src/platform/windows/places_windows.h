/* SPDX-License-Identifier: MIT */
/* Directories and rights of Windows, in the program's terms, for the folders above. */
#ifndef XT_PLATFORM_PLACES_WINDOWS_H
#define XT_PLATFORM_PLACES_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* %ProgramData%/xtunnel and tail, with / between the parts. false: too long. */
bool xt_win_data_dir(char *out, size_t cap, const char *tail);

/* tail in the directory of the system's programs, likewise. */
bool xt_win_system_dir(char *out, size_t cap, const char *tail);

/* Which users beside its owner, administrators, the system and this user are let in to what is open
 * as fd. reads, writes: others do. user: the first of them, as NAME or as a SID. 0 or -errno. */
struct xt_win_access {
	bool reads, writes;
	char user[64];
};
int xt_win_access(struct xt_win_access *out, int fd);
/* What is open as fd is this user's, an administrator's or the system's. */
bool xt_win_owned(int fd);
/* fd gets the access control list of the file at path. 0 or -errno. */
int xt_win_access_copy(int fd, const char *path);
/* The same as xt_win_access of a file or directory by its path. */
int xt_win_access_path(struct xt_win_access *out, const char *path);
/* A directory of this user's, an administrator's or the system's is for these alone from then on,
 * and so is what inherits its rights. -EPERM: it is another user's; another -errno. */
int xt_win_protect(const char *path);

/* A DWORD below HKLM\Software\xtunnel; 0: it is not there. */
uint32_t xt_win_setting(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/* Where the sockets of running instances live. */
#include "daemon/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/path_trust.h"
#include "ipc/socket.h"
#include "daemon/explain.h"
#include "daemon/rundir_list.h"

/* Instances of xtunnel-strict@.service, which are the user xtunnel's. systemd makes it. */
#define STRICT_DIR  "/run/xtunnel-strict"
#define STRICT_USER "xtunnel"

const char xt_uapi_dir[] = "/var/run/wireguard";

static bool dir_join(char dir[XT_RUNDIR_MAX], const char *head, const char *tail)
{
	int n = snprintf(dir, XT_RUNDIR_MAX, "%s%s", head, tail);

	return n > 0 && n + 22 < XT_RUNSOCK_MAX && n < XT_RUNDIR_MAX;
}

/* i-th place of a user: the session's runtime directory, else a private one below /tmp. */
static bool user_dir(unsigned i, char dir[XT_RUNDIR_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char uid[16];

	if (runtime && *runtime == '/') {
		if (i == 0)
			return dir_join(dir, runtime, "/xtunnel");
		i--;
	}
	snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
	return i == 0 && dir_join(dir, "/tmp/xtunnel-", uid);
}

bool xt_rundir_each(unsigned i, char dir[XT_RUNDIR_MAX])
{
	const char *only = getenv("XT_RUN_DIR");

	if (only && *only)
		return i == 0 && dir_join(dir, only, "");
	if (i < 2)
		return dir_join(dir, i == 0 ? "/run/xtunnel" : STRICT_DIR, "");
	return geteuid() != 0 && user_dir(i - 2, dir);
}

/* The directory of the unit without root, when the unit's user alone could change it. */
static bool dir_is_strict(const char *dir, uid_t *uid)
{
	const struct passwd *user;
	struct xt_path_fault fault;
	struct stat st;

	if (strcmp(dir, STRICT_DIR) != 0 || lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) || xt_path_judge_directory("/run", &fault) < 0)
		return false;
	user = getpwnam(STRICT_USER);
	*uid = st.st_uid;
	return user && user->pw_uid == st.st_uid;
}

bool xt_rundir_trusted(const char *dir)
{
	struct xt_path_fault fault;
	uid_t uid;

	return xt_path_judge_directory(dir, &fault) == 0 || dir_is_strict(dir, &uid);
}

bool xt_rundir_explain(const char *only)
{
	char dir[XT_RUNDIR_MAX];
	struct xt_path_fault fault;
	bool found = false;

	for (unsigned i = 0; only ? i == 0 : xt_rundir_each(i, dir); i++) {
		if (xt_path_judge_directory(only ? only : dir, &fault) != -EPERM ||
		    xt_rundir_trusted(only ? only : dir))
			continue;
		found = true;
		xt_explain_directory(fault.sentence, fault.remedy);
	}
	return found;
}

int xt_rundir_path(char dir[XT_RUNDIR_MAX])
{
	const char *only = getenv("XT_RUN_DIR");
	bool one = (only && *only) || geteuid() == 0;
	struct xt_path_fault fault;

	if (!(one ? xt_rundir_each(0, dir) : user_dir(0, dir)))
		return -ENAMETOOLONG;
	int rc = xt_path_judge_directory(dir, &fault);
	return rc == -ENOENT ? 0 : rc; /* a missing directory is none to distrust */
}

bool xt_rundir_socket(char path[XT_RUNSOCK_MAX], const char *dir, const char *name)
{
	int n = snprintf(path, XT_RUNSOCK_MAX, "%s/%s.sock", dir, name);

	return n > 0 && n < XT_RUNSOCK_MAX;
}

bool xt_rundir_listen(char path[XT_RUNSOCK_MAX], enum xt_host_socket which, const char *name)
{
	char dir[XT_RUNDIR_MAX];

	if (which == XT_SOCKET_UAPI)
		return xt_rundir_socket(path, XT_UAPI_DIR, name);
	return xt_rundir_path(dir) == 0 && xt_rundir_socket(path, dir, name);
}

static bool socket_trusted(const char *dir, const char *path)
{
	struct stat st;
	uid_t uid = 0;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	if (dir_is_strict(dir, &uid))
		xt_socket_trust(uid);
	return st.st_uid == geteuid() || st.st_uid == 0 || st.st_uid == uid;
}

bool xt_rundir_find(char path[XT_RUNSOCK_MAX], const char *name)
{
	char dir[XT_RUNDIR_MAX];

	for (unsigned i = 0; xt_rundir_each(i, dir); i++) {
		if (xt_rundir_socket(path, dir, name) && socket_trusted(dir, path) &&
		    xt_rundir_trusted(dir))
			return true;
	}
	return false;
}

/* The NAME of "NAME.sock" in out, when it can be one. */
static bool socket_name(const char *file, char out[16])
{
	const char *dot = strrchr(file, '.');
	size_t len = dot ? (size_t)(dot - file) : 0;

	if (len == 0 || len > 15 || strcmp(dot, ".sock") != 0)
		return false;
	memcpy(out, file, len);
	out[len] = '\0';
	return xt_conf_name_valid(out);
}

static int names_read(const char *dir, char ***names, size_t *n)
{
	char name[16];
	struct dirent *entry;
	DIR *d;
	int rc = 0;

	if (!xt_rundir_trusted(dir))
		return 0;
	d = opendir(dir);
	if (!d)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	while (rc == 0 && (entry = readdir(d))) {
		if (socket_name(entry->d_name, name))
			rc = xt_rundir_list_add(names, n, name);
	}
	closedir(d);
	return rc;
}

/* Of dir, or of all where it is NULL. */
static int names_list(const char *only, char ***names, size_t *n)
{
	char dir[XT_RUNDIR_MAX];
	int rc = 0;

	*names = NULL;
	*n = 0;
	if (only)
		rc = names_read(only, names, n);
	for (unsigned i = 0; !only && rc == 0 && xt_rundir_each(i, dir); i++)
		rc = names_read(dir, names, n);
	return xt_rundir_list_end(*names, *n, rc);
}

int xt_rundir_list(char ***names, size_t *n)
{
	return names_list(NULL, names, n);
}

int xt_rundir_list_in(const char *dir, char ***names, size_t *n)
{
	return names_list(dir, names, n);
}

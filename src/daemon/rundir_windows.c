/* SPDX-License-Identifier: MIT */
/* Instances by the names of their pipes. Their state files lie beside the configurations. */
#include "daemon/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/path_trust.h"
#include "daemon/explain.h"
#include "platform/windows/places_windows.h"
#include "platform/windows/system_windows.h"
#include "daemon/rundir_list.h"

#define PIPES	  "\\\\.\\pipe\\"
#define PROTECTED "ProtectedPrefix\\Administrators\\"
#define WIREGUARD "WireGuard"
#define XTUNNEL	  "xtunnel"

const char xt_uapi_dir[] = PIPES PROTECTED WIREGUARD;
static const char control_dir[] = PIPES PROTECTED XTUNNEL;

bool xt_rundir_each(unsigned i, char dir[XT_RUNDIR_MAX])
{
	const char *only = getenv("XT_RUN_DIR");
	int n;

	if (i > 0)
		return false;
	if (!only || !*only)
		return xt_win_data_dir(dir, XT_RUNDIR_MAX, "");
	n = snprintf(dir, XT_RUNDIR_MAX, "%s", only);
	return n > 0 && n < XT_RUNDIR_MAX;
}

static bool dir_is_pipes(const char *dir)
{
	return strncmp(dir, PIPES, strlen(PIPES)) == 0;
}

/* The descriptor of a pipe says who may make it. */
bool xt_rundir_trusted(const char *dir)
{
	struct xt_path_fault fault;

	return dir_is_pipes(dir) || xt_path_judge_directory(dir, &fault) == 0;
}

bool xt_rundir_explain(const char *only)
{
	char dir[XT_RUNDIR_MAX];
	struct xt_path_fault fault;

	if ((only && dir_is_pipes(only)) || (!only && !xt_rundir_each(0, dir)) ||
	    xt_path_judge_directory(only ? only : dir, &fault) != -EPERM)
		return false;
	xt_explain_directory(fault.sentence, fault.remedy);
	return true;
}

int xt_rundir_path(char dir[XT_RUNDIR_MAX])
{
	struct xt_path_fault fault;
	int rc;

	if (!xt_rundir_each(0, dir))
		return -ENAMETOOLONG;
	rc = xt_path_judge_directory(dir, &fault);
	/* One that an administrator has made below %ProgramData% lets every user make files. */
	if (rc == -EPERM && !getenv("XT_RUN_DIR") && geteuid() == 0 && xt_win_protect(dir) == 0)
		rc = xt_path_judge_directory(dir, &fault);
	return rc == -ENOENT ? 0 : rc; /* a missing directory is none to distrust */
}

bool xt_rundir_socket(char path[XT_RUNSOCK_MAX], const char *dir, const char *name)
{
	int n =
	    snprintf(path, XT_RUNSOCK_MAX, "%s\\%s", dir_is_pipes(dir) ? dir : control_dir, name);

	return n > 0 && n < XT_RUNSOCK_MAX;
}

bool xt_rundir_listen(char path[XT_RUNSOCK_MAX], enum xt_host_socket which, const char *name)
{
	return xt_rundir_socket(path, which == XT_SOCKET_UAPI ? xt_uapi_dir : control_dir, name);
}

/* A pipe whose instances are all taken is there too. The unprotected name: ipc/socket_windows.c. */
static bool pipe_exists(const char *path)
{
	char other[XT_RUNSOCK_MAX];
	wchar_t wide[XT_RUNSOCK_MAX];

	if (!xt_win_wide(wide, XT_RUNSOCK_MAX, path))
		return false;
	if (WaitNamedPipeW(wide, 1) || GetLastError() == ERROR_SEM_TIMEOUT)
		return true;
	snprintf(other, sizeof(other), PIPES "%s", path + strlen(PIPES PROTECTED));
	return xt_win_wide(wide, XT_RUNSOCK_MAX, other) &&
	       (WaitNamedPipeW(wide, 1) || GetLastError() == ERROR_SEM_TIMEOUT);
}

bool xt_rundir_find(char path[XT_RUNSOCK_MAX], const char *name)
{
	return xt_rundir_socket(path, control_dir, name) && pipe_exists(path);
}

/* --- names --- */

/* The name after "PREFIX\\", when it can be one. */
static const char *pipe_name(const char *pipe, const char *dir)
{
	const char *prefix = dir + strlen(PIPES);
	const char *bare = prefix + strlen(PROTECTED);
	size_t len = strlen(prefix), bare_len = strlen(bare);
	const char *name = NULL;

	if (_strnicmp(pipe, prefix, len) == 0 && pipe[len] == '\\')
		name = pipe + len + 1;
	else if (_strnicmp(pipe, bare, bare_len) == 0 && pipe[bare_len] == '\\')
		name = pipe + bare_len + 1;
	return name && xt_conf_name_valid(name) ? name : NULL;
}

static int pipes_read(const char *dir, char ***names, size_t *n)
{
	WIN32_FIND_DATAW found;
	HANDLE find = FindFirstFileW(L"\\\\.\\pipe\\*", &found);
	int rc = 0;

	if (find == INVALID_HANDLE_VALUE)
		return -ENOENT;
	do {
		char pipe[3 * MAX_PATH];
		const char *name;

		if (!xt_win_utf8(pipe, sizeof(pipe), found.cFileName))
			continue;
		name = pipe_name(pipe, dir);
		if (name)
			rc = xt_rundir_list_add(names, n, name);
	} while (rc == 0 && FindNextFileW(find, &found));
	FindClose(find);
	return rc;
}

/* Where pipes cannot be listed: those of configuration files. */
static int files_read(const char *dir, char ***names, size_t *n)
{
	char pattern[512], path[XT_RUNSOCK_MAX], name[3 * MAX_PATH];
	wchar_t wide[512];
	WIN32_FIND_DATAW found;
	HANDLE find;
	int rc = 0;

	if (!xt_win_data_dir(pattern, sizeof(pattern), "/*.conf") ||
	    !xt_win_wide(wide, 512, pattern))
		return -ENAMETOOLONG;
	find = FindFirstFileW(wide, &found);
	if (find == INVALID_HANDLE_VALUE)
		return 0;
	do {
		if (!xt_win_utf8(name, sizeof(name), found.cFileName))
			continue;
		name[strlen(name) - strlen(".conf")] = '\0';
		if (xt_conf_name_valid(name) && xt_rundir_socket(path, dir, name) &&
		    pipe_exists(path))
			rc = xt_rundir_list_add(names, n, name);
	} while (rc == 0 && FindNextFileW(find, &found));
	FindClose(find);
	return rc;
}

int xt_rundir_list_in(const char *dir, char ***names, size_t *n)
{
	const char *pipes = dir_is_pipes(dir) ? dir : control_dir;
	int rc;

	*names = NULL;
	*n = 0;
	rc = pipes_read(pipes, names, n);
	if (rc == -ENOENT || (rc == 0 && *n == 0))
		rc = files_read(pipes, names, n);
	return xt_rundir_list_end(*names, *n, rc);
}

int xt_rundir_list(char ***names, size_t *n)
{
	return xt_rundir_list_in(control_dir, names, n);
}

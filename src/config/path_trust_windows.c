/* SPDX-License-Identifier: MIT */
/* Directories by their access control lists. Links on the way are reparse points, which only
 * administrators may make in the directories that this program uses. */
#include "config/path_trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "config/conf_place.h"
#include "platform/windows/places_windows.h"

char *xt_path_beside(const char *file, const char *path)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	char *out = NULL;

	if (xt_path_is_absolute(path) || !slash)
		return strdup(path);
	if (asprintf(&out, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	return out;
}

/* There are no units, and so no credentials of one. */
int xt_path_key_file(char **out, const char *file, const char *path)
{
	*out = NULL;
	if (path[0] == '%' && path[1] == 'd' && (path[2] == '/' || path[2] == '\0'))
		return -ENXIO;
	*out = xt_path_beside(file, path);
	return *out ? 0 : XT_E_NOMEM;
}

int xt_path_judge_directory(const char *path, struct xt_path_fault *fault)
{
	struct xt_win_access access;
	struct stat st;

	*fault = (struct xt_path_fault){0};
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode)) {
		snprintf(fault->sentence, sizeof(fault->sentence), "%s: not a directory", path);
		return -EPERM;
	}
	if (xt_win_access_path(&access, path) < 0 || !access.writes)
		return 0;
	snprintf(fault->sentence, sizeof(fault->sentence), "%s: %s may write to this directory",
		 path, access.user);
	return -EPERM;
}

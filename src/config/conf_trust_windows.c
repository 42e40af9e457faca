/* SPDX-License-Identifier: MIT */
/* Files whose hooks run with the instance's rights: another user that can write one of them would
 * have those rights. */
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/conf_diagnostic.h"
#include "config/path_trust.h"
#include "platform/windows/places_windows.h"

static int path_judge(const char *path, const char *what, struct xt_conf_diagnostics *diagnostics)
{
	struct xt_win_access access;
	int rc;

	if (xt_win_access_path(&access, path) < 0 || !access.writes)
		return 0;
	rc = xt_conf_diagnostics_add(diagnostics, XT_LINT_UNTRUSTED, 0, 0,
				     "%s can write the %s %.70s, and hooks run as administrator: "
				     "take the right away, or keep the file in "
				     "%%ProgramData%%\\xtunnel",
				     access.user, what, path);
	return rc < 0 ? rc : XT_E_SYNTAX;
}

/* A user that may write the directory can replace the file. */
static int directory_judge(const char *path, struct xt_conf_diagnostics *diagnostics)
{
	char directory[512];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash || len >= sizeof(directory))
		return 0;
	memcpy(directory, path, len);
	directory[len] = '\0';
	return path_judge(directory, "directory", diagnostics);
}

int xt_conf_trust(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics)
{
	bool hooks = conf->pre_up.n || conf->post_up.n || conf->pre_down.n || conf->post_down.n;
	int file, directory;

	if (geteuid() != 0 || !hooks || !conf->path || !xt_win_setting("DangerousScriptExecution"))
		return 0;
	file = path_judge(conf->path, "file", diagnostics);
	directory = directory_judge(conf->path, diagnostics);
	return file < 0 ? file : directory;
}

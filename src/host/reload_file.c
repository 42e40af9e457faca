/* SPDX-License-Identifier: MIT */
/* The first half of a reload: the file is read, checked and judged, and what the host would change
 * for it is chosen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "config/conf_diagnostic.h"
#include "host/host_uv.h"
#include "host/reload.h"

/* A user that could write the file could change the host as soon as it is read again. */
static int mode_judge(const char *path, struct xt_conf_diagnostics *diagnostics)
{
	struct stat st;
	int rc;

	if (geteuid() != 0 || stat(path, &st) < 0 || !(st.st_mode & S_IWOTH))
		return 0;
	rc = xt_conf_diagnostics_add(diagnostics, XT_LINT_UNTRUSTED, 0, 0,
				     "others can write this file (mode %03o): chmod o-w %.100s",
				     (unsigned)st.st_mode & 0777, path);
	return rc < 0 ? rc : XT_E_SYNTAX;
}

static int file_load(struct xt_reload *out, const char *path, xt_key_command_fn *run, void *ctx)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf *file = &out->file;
	int rc = xt_conf_reload(file, path, &diagnostics);

	if (rc == 0)
		rc = mode_judge(path, &diagnostics);
	if (rc == 0)
		rc = xt_conf_check(file, &diagnostics);
	if (rc == 0)
		rc = xt_conf_trust(file, &diagnostics);
	if (rc == 0)
		rc = xt_key_command_load(file, run, ctx, &diagnostics);
	if (diagnostics.n)
		out->findings = xt_conf_diagnostics_print(&diagnostics, path);
	xt_conf_diagnostics_clear(&diagnostics);
	return rc;
}

int xt_reload_file_read(struct xt_reload *out, const char *path, const struct xt_link_policy *now,
			xt_key_command_fn *run, void *ctx, char *text, size_t len)
{
	int rc = file_load(out, path, run, ctx);

	*text = '\0';
	out->path = realpath(path, NULL);
	out->accepted = rc == 0;
	if (rc < 0)
		return rc;
	out->without_ipv6 = xt_conf_without_ipv6(&out->file);
	rc = xt_conf_policy(&out->policy, &out->file, out->without_ipv6, now);
	if (rc == -ERANGE)
		snprintf(text, len,
			 "no routing table or no rule priority is free for the default route");
	out->mark = out->policy.table ? out->policy.table : out->file.fwmark;
	return rc;
}

void xt_reload_file_wipe(struct xt_reload *reload)
{
	struct xt_conf *file = &reload->file;

	xt_wipe(&file->private_key, sizeof(file->private_key));
	for (size_t i = 0; i < file->n_peers; i++)
		xt_wipe(&file->peers[i].psk, sizeof(file->peers[i].psk));
}

void xt_reload_clear(struct xt_reload *reload, void (*drop)(void *prepared))
{
	xt_conf_clear(&reload->file);
	xt_conf_diff_clear(&reload->diff);
	if (reload->prepared)
		drop(reload->prepared);
	reload->prepared = NULL;
	free(reload->findings);
	free(reload->path);
	reload->findings = reload->path = NULL;
}

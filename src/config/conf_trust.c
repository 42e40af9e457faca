/* SPDX-License-Identifier: MIT */
/* Files whose hooks or PrivateKeyCommand run as root: a user that can write or replace one of them
 * would be root. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
#include "config/conf_diagnostic.h"
#include "config/path_trust.h"

struct trust {
	struct xt_conf_diagnostics *diagnostics;
	const char *what; /* NULL: the configuration file itself */
	const char *runs; /* what runs as root, with its verb */
	unsigned line;
	int status;
	char directory[128]; /* the first on the way whose owner is foreign, "": none */
	uid_t directory_owner;
};

static void fault_add(struct trust *t, bool warning, const char *path, const struct stat *st)
{
	bool dir = S_ISDIR(st->st_mode);
	int failed = xt_conf_diagnostics_add(
	    t->diagnostics, warning ? XT_LINT_UNTRUSTED_OWNER : XT_LINT_UNTRUSTED, t->line,
	    t->line ? 1 : 0,
	    "%s%s%s can write the %s %.70s (mode %04o), and %s as root: chmod %s %.70s",
	    t->what ? t->what : "", t->what ? ": " : "", warning ? "a group" : "others",
	    dir ? "directory" : "file", path, (unsigned)st->st_mode & 07777, t->runs,
	    warning ? "g-w" : "go-w", path);

	if (failed)
		t->status = failed;
	else if (!warning && t->status == 0)
		t->status = XT_E_SYNTAX;
}

/* The user that called sudo runs what it likes as root anyway. */
static bool owner_is_foreign(const struct stat *st)
{
	const char *sudo = getenv("SUDO_UID");

	return st->st_uid != 0 && !xt_path_owner_is_outside(st->st_uid) &&
	       (!sudo || strtoul(sudo, NULL, 10) != st->st_uid);
}

/* The file's owner changes it, that of a directory on the way replaces it: one warning for both. */
static void owner_judge(struct trust *t, const char *path, const struct stat *st, bool last)
{
	const char *what = t->what ? t->what : "", *colon = t->what ? ": " : "";
	unsigned column = t->line ? 1 : 0;
	int failed = 0;

	if (S_ISDIR(st->st_mode) && owner_is_foreign(st) && !t->directory[0]) {
		snprintf(t->directory, sizeof(t->directory), "%s", path);
		t->directory_owner = st->st_uid;
	} else if (last && owner_is_foreign(st)) {
		failed = xt_conf_diagnostics_add(
		    t->diagnostics, XT_LINT_UNTRUSTED_OWNER, t->line, column,
		    "%s%sthe file %.70s belongs to user %u, and %s as root: chown root %.70s", what,
		    colon, path, (unsigned)st->st_uid, t->runs, path);
	} else if (last && t->directory[0]) {
		failed = xt_conf_diagnostics_add(
		    t->diagnostics, XT_LINT_UNTRUSTED_OWNER, t->line, column,
		    "%s%sthe directory %.70s belongs to user %u, who can replace the file, and %s "
		    "as root: keep it in /etc/xtunnel",
		    what, colon, t->directory, (unsigned)t->directory_owner, t->runs);
	}
	if (failed)
		t->status = failed;
}

static bool component_judge(void *ctx, const char *path, const struct stat *st, bool last)
{
	struct trust *t = ctx;
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	owner_judge(t, path, st, last);
	if (S_ISLNK(st->st_mode) || sticky)
		return true;
	if (st->st_mode & S_IWOTH)
		fault_add(t, false, path, st);
	else if (st->st_mode & S_IWGRP)
		fault_add(t, true, path, st);
	return true;
}

/* A pipe (`up <(...)`) is the caller's own. */
static void file_judge(struct trust *t, const char *path)
{
	struct stat st;

	t->directory[0] = '\0';
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		(void)xt_path_walk(path, component_judge, t);
}

static void key_file_judge(struct trust *t, const struct xt_conf *conf, const char *path,
			   unsigned line, const char *what)
{
	char *full = NULL;
	int rc = path ? xt_path_key_file(&full, conf->path, path) : 0;

	t->what = what;
	t->line = line;
	if (full)
		file_judge(t, full);
	else if (rc == XT_E_NOMEM)
		t->status = rc;
	free(full);
}

int xt_conf_trust(const struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics)
{
	struct trust t = {.diagnostics = diagnostics};
	bool hooks = conf->pre_up.n || conf->post_up.n || conf->pre_down.n || conf->post_down.n;

	if (geteuid() != 0 || (!hooks && !conf->private_key_command) || !conf->path)
		return 0;
	t.runs = hooks ? "hooks run" : "PrivateKeyCommand runs";
	file_judge(&t, conf->path);
	key_file_judge(&t, conf, conf->private_key_file, conf->key_line, "PrivateKeyFile");
	for (size_t i = 0; i < conf->n_peers && t.status != XT_E_NOMEM; i++)
		key_file_judge(&t, conf, conf->peers[i].psk_file, conf->peers[i].psk_line,
			       "PresharedKeyFile");
	return t.status;
}

/* SPDX-License-Identifier: MIT */
/* Loading and checking a configuration file, with all messages. */
#include "cli/conf_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/term.h"
#include "config/conf_place.h"
#include "host/key_command.h"

static void diagnostics_print(const struct xt_conf_diagnostics *diagnostics, const char *file,
			      FILE *out)
{
	char *text = diagnostics->n ? xt_conf_diagnostics_print(diagnostics, file) : NULL;

	if (text && out == stderr) /* it may be the log of an instance */
		xt_message_lines(XT_LOG_WARNING, text, strlen(text));
	else if (text)
		fputs(text, out);
	free(text);
}

/* Neither a path nor a valid interface name. */
static int name_refuse(const char *name)
{
	xt_message("%.60s: not a name for an interface", name);
	xt_hint("up to 15 of a-z A-Z 0-9 _ = + . - and no - in front; or the path of a file .conf");
	return XT_EXIT_USAGE;
}

/* Prints nothing but that the name is none. *error: of the first step that failed. */
static int conf_judge(struct xt_conf *conf, const char *name_or_path, struct xt_secbuf *text,
		      bool trust, struct xt_conf_diagnostics *diagnostics, int *error)
{
	int rc;

	*error = 0;
	if (name_or_path[0] == '-' ||
	    (!xt_conf_is_path(name_or_path) && !xt_conf_name_valid(name_or_path)))
		return name_refuse(name_or_path);
	rc = xt_conf_load_text(conf, name_or_path, text, diagnostics);
	if (rc == 0)
		rc = xt_conf_check(conf, diagnostics);
	if (rc == 0 && trust)
		rc = xt_conf_trust(conf, diagnostics);
	*error = rc;
	if (rc == XT_E_SYNTAX)
		return XT_EXIT_CONFIG;
	return rc == 0 ? XT_EXIT_OK : XT_EXIT_FAILURE;
}

/* After an error that is not one of the text; the diagnostics say which. */
static void failure_print(const char *file, const struct xt_conf_diagnostics *diagnostics,
			  int error)
{
	diagnostics_print(diagnostics, file, stderr);
	if (error == XT_E_NOMEM)
		xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(error));
	else if (error == -ENOENT)
		xt_hint("a NAME is searched in %s; give a path, or write the files of a new tunnel "
			"with `xtunnel new`",
			xt_conf_places_text());
	else if (error == -EACCES && geteuid() != 0)
		xt_hint(
		    "it is for another user: retry with sudo; a service that has a user of its own "
		    "reads it by its group: chgrp GROUP %s && chmod 640 %s",
		    file, file);
}

static int conf_open(struct xt_conf *conf, const char *name_or_path, struct xt_secbuf *text,
		     bool trust, FILE *findings)
{
	struct xt_conf_diagnostics diagnostics = {0};
	int error, status = conf_judge(conf, name_or_path, text, trust, &diagnostics, &error);
	const char *file = conf->path ? conf->path : name_or_path;

	if (status == XT_EXIT_FAILURE)
		failure_print(file, &diagnostics, error);
	else
		diagnostics_print(&diagnostics, file, findings);
	xt_conf_diagnostics_clear(&diagnostics);
	return status;
}

/* Before the instance has a thread or a child. */
static int key_command_run(struct xt_conf *conf, FILE *findings)
{
	struct xt_conf_diagnostics diagnostics = {0};
	int rc = xt_key_command_load(conf, NULL, NULL, &diagnostics);

	diagnostics_print(&diagnostics, conf->path, findings);
	xt_conf_diagnostics_clear(&diagnostics);
	if (rc == XT_E_SYNTAX)
		return XT_EXIT_CONFIG;
	return rc == 0 ? XT_EXIT_OK : xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
}

int xt_conf_open_diagnosed(struct xt_conf *conf, const char *name_or_path,
			   struct xt_conf_diagnostics *diagnostics)
{
	struct xt_secbuf text = {0};
	int error, status;

	memset(conf, 0, sizeof(*conf));
	status = conf_judge(conf, name_or_path, &text, true, diagnostics, &error);
	if (status == XT_EXIT_FAILURE)
		failure_print(conf->path ? conf->path : name_or_path, diagnostics, error);
	xt_secbuf_clear(&text);
	return status;
}

int xt_conf_open(struct xt_conf *conf, const char *name_or_path, FILE *findings)
{
	struct xt_secbuf text = {0};
	int status;

	memset(conf, 0, sizeof(*conf));
	status = conf_open(conf, name_or_path, &text, true, findings);
	xt_secbuf_clear(&text);
	return status == XT_EXIT_OK ? key_command_run(conf, findings) : status;
}

int xt_conf_open_text(struct xt_conf *conf, const char *name_or_path, struct xt_secbuf *text,
		      FILE *findings)
{
	memset(conf, 0, sizeof(*conf));
	memset(text, 0, sizeof(*text));
	return conf_open(conf, name_or_path, text, false, findings);
}

/* SPDX-License-Identifier: MIT */
/* Loading and checking a configuration file, with all messages. */
#include "cli/conf_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/term.h"

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

static int conf_open(struct xt_conf *conf, const char *name_or_path, struct xt_secbuf *text,
		     bool trust, FILE *findings)
{
	struct xt_conf_diagnostics diagnostics = {0};
	int rc, status = XT_EXIT_OK;

	if (name_or_path[0] == '-' ||
	    (!xt_conf_is_path(name_or_path) && !xt_conf_name_valid(name_or_path)))
		return name_refuse(name_or_path);
	rc = xt_conf_load_text(conf, name_or_path, text, &diagnostics);
	if (rc == 0)
		rc = xt_conf_check(conf, &diagnostics);
	if (rc == 0 && trust)
		rc = xt_conf_trust(conf, &diagnostics);
	diagnostics_print(&diagnostics, conf->path ? conf->path : name_or_path,
			  rc == 0 || rc == XT_E_SYNTAX ? findings : stderr);
	if (rc == XT_E_SYNTAX) {
		status = XT_EXIT_CONFIG;
	} else if (rc == XT_E_NOMEM) {
		status = xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
	} else if (rc < 0) { /* the diagnostic says why */
		status = XT_EXIT_FAILURE;
		if (rc == -ENOENT)
			xt_hint(
			    "a NAME is searched in /etc/xtunnel and /etc/wireguard; give a path, "
			    "or write the files of a new tunnel with `xtunnel new`");
	}
	xt_conf_diagnostics_clear(&diagnostics);
	return status;
}

int xt_conf_open(struct xt_conf *conf, const char *name_or_path, FILE *findings)
{
	struct xt_secbuf text = {0};
	int status;

	memset(conf, 0, sizeof(*conf));
	status = conf_open(conf, name_or_path, &text, true, findings);
	xt_secbuf_clear(&text);
	return status;
}

int xt_conf_open_text(struct xt_conf *conf, const char *name_or_path, struct xt_secbuf *text,
		      FILE *findings)
{
	memset(conf, 0, sizeof(*conf));
	memset(text, 0, sizeof(*text));
	return conf_open(conf, name_or_path, text, false, findings);
}

/* SPDX-License-Identifier: MIT */
/* check: what is wrong with a configuration file, or with those of both ends; changes nothing. */
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "cli/check_host.h"
#include "cli/check_print.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/term.h"
#include "config/conf_lint.h"

enum { STRICT, JSON };
const struct xt_option xt_check_options[] = {
    {'s', "strict", NULL, "exit status 4 on warnings, too"},
    {'j', "json", NULL, "print one JSON array of all findings"},
    {0},
};

const char xt_text_check[] =
    "\nPrints each error, warning and hint with file:line:column and its code on standard output,\n"
    "and changes nothing. With two files, which are those of both ends of a tunnel, it also\n"
    "compares keys, pre-shared keys, addresses with AllowedIPs, endpoints, ports and MTU, and\n"
    "names both places. With one file it compares that with the networks and the running\n"
    "instances of this host.\n"
    "The exit status is 0 when the file can be used, with warnings or without, and 4 when it\n"
    "cannot; hints never change it. A NAME stands for the same files as with run. xtunnel(8)\n"
    "and docs/check.md have the table of codes.\n";

struct check {
	struct xt_conf confs[2];
	const char *files[2]; /* as they are printed */
	int status[2];
	int n;
	bool strict, json;
	struct xt_findings findings;
};

static void file_check(struct check *c, unsigned i, const char *word)
{
	struct xt_conf_diagnostics diagnostics = {.each = XT_FINDINGS_EACH};
	struct xt_conf *conf = &c->confs[i];

	c->status[i] = xt_conf_open_diagnosed(conf, word, &diagnostics);
	c->files[i] = conf->path ? conf->path : word;
	if (c->json || c->status[i] != XT_EXIT_FAILURE) /* else they are on stderr already */
		xt_findings_take(&c->findings, i, &diagnostics);
	xt_conf_diagnostics_clear(&diagnostics);
	if (c->status[i] == XT_EXIT_OK)
		xt_conf_lint(&c->findings, conf, i);
}

static void host_check(struct check *c)
{
	struct xt_lint_host host;

	if (xt_check_host_read(&host) < 0)
		c->findings.failed = XT_E_NOMEM;
	else
		xt_conf_lint_host(&c->findings, &c->confs[0], 0, &host);
	xt_check_host_clear(&host);
}

static void ends_check(struct check *c)
{
	const struct xt_conf *const ends[2] = {&c->confs[0], &c->confs[1]};

	xt_conf_agree(&c->findings, ends);
}

/* The last line. A file is not valid with an error of its text or of what the text means. */
static void summary_print(const struct check *c)
{
	char counts[XT_CHECK_COUNTS];
	const struct xt_conf *conf = &c->confs[0];
	bool valid = xt_findings_count(&c->findings, XT_SEVERITY_ERROR) == 0;
	const char *colon;

	xt_check_counts(&c->findings, counts);
	colon = *counts ? "; " : "";
	if (c->n == 2 && valid)
		printf("%s, %s: valid: both ends %s%s%s\n", c->files[0], c->files[1],
		       xt_findings_count(&c->findings, XT_SEVERITY_WARNING) ? "can be used"
									    : "agree",
		       colon, counts);
	else if (c->n == 2)
		printf("%s, %s: not valid: %s\n", c->files[0], c->files[1], counts);
	else if (valid)
		printf("%s: valid: interface %s, %zu peer%s%s%s\n", c->files[0], conf->name,
		       conf->n_peers, conf->n_peers == 1 ? "" : "s", colon, counts);
	else
		printf("%s: not valid: %s\n", c->files[0], counts);
}

static int check_print(struct check *c)
{
	int status = XT_EXIT_OK, rc = c->findings.failed;

	for (int i = 0; i < c->n; i++)
		if (status == XT_EXIT_OK || c->status[i] == XT_EXIT_FAILURE)
			status = c->status[i];
	xt_findings_sort(&c->findings);
	if (c->json && rc == 0)
		rc = xt_check_print_json(stdout, &c->findings, c->files);
	else if (!c->json)
		xt_check_print(stdout, &c->findings, c->files);
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "%s", xt_strerror(rc));
	if (!c->json && status != XT_EXIT_FAILURE)
		summary_print(c);
	if (status == XT_EXIT_OK &&
	    (xt_findings_count(&c->findings, XT_SEVERITY_ERROR) ||
	     (c->strict && xt_findings_count(&c->findings, XT_SEVERITY_WARNING))))
		status = XT_EXIT_CONFIG;
	return status;
}

int xt_cmd_check(const struct xt_args *args)
{
	struct check c = {.n = args->n, .strict = args->given[STRICT], .json = args->given[JSON]};
	int status = XT_EXIT_OK;

	for (int i = 0; i < c.n && status != XT_EXIT_USAGE; i++) {
		file_check(&c, (unsigned)i, args->operands[i]);
		status = c.status[i];
	}
	if (status != XT_EXIT_USAGE) {
		if (c.n == 1 && status == XT_EXIT_OK)
			host_check(&c);
		else if (c.n == 2 && c.status[0] == XT_EXIT_OK && status == XT_EXIT_OK)
			ends_check(&c);
		status = check_print(&c);
	}
	xt_findings_clear(&c.findings);
	xt_conf_clear(&c.confs[0]);
	xt_conf_clear(&c.confs[1]);
	return status;
}

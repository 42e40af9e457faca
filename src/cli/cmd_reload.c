/* SPDX-License-Identifier: MIT */
/* reload: let a running instance apply what its file says now. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "config/conf.h"
#include "daemon/rundir.h"
#include "ipc/reload_print.h"

enum { DRY_RUN, JSON };
const struct xt_option xt_reload_options[] = {
    {'n', "dry-run", NULL, "print what would change, and change nothing"},
    {'j', "json", NULL, "print one JSON object"},
    {0},
};
const char xt_text_reload[] =
    "\nThe instance reads its file again and applies the difference, all or nothing: addresses,\n"
    "routes, DNS, MTU, port, mark, keys, peers, Echo, Aead, Threads, Offload and names. Sessions go\n"
    "on. No hook runs: a changed one is due at the next up or down. A new port is used at once, and\n"
    "the old one is read until the peers have followed. A new PrivateKey ends every session. Owner\n"
    "cannot change. What wg(8) has set and the file does not say is taken back, and named.\n"
    "SIGHUP does the same and writes to the log.\n"
    "\n"
    "  $ xtunnel reload left\n"
    "    ~ [Interface] ListenPort: 51820 -> 51821\n"
    "    ~ [Interface] DNS: 10.7.0.53 -> 10.7.0.54\n"
    "    + [Peer] right (MFN4UJgnOlxuwCV8YAVuj2GpgGOLSEXvd0AvvPtPAzk=) PersistentKeepalive: (none) -> 25\n"
    "    note: UDP port 51820 is read until the peers follow to 51821, 180 s at most\n"
    "  left: reloaded; sessions go on\n"
    "\n"
    "The exit status is 0, changed or not; 4 when the file is refused; 1 when a step failed, and all\n"
    "is as before; 3 when NAME is not running.\n";

static int result_status(const json_t *answer)
{
	static const struct {
		const char *result;
		enum xt_exit status;
	} rows[] = {
	    {"applied", XT_EXIT_OK},  {"unchanged", XT_EXIT_OK},   {"dry_run", XT_EXIT_OK},
	    {"file", XT_EXIT_CONFIG}, {"refused", XT_EXIT_CONFIG},
	};
	const char *result = json_string_value(json_object_get(answer, "result"));

	for (size_t i = 0; result && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(result, rows[i].result) == 0)
			return (int)rows[i].status;
	return XT_EXIT_FAILURE;
}

/* 0 and the answer, or an error of xt_client_request. */
static int reload_request(struct xt_client *client, bool dry_run, json_t **answer)
{
	return xt_client_request(client,
				 json_pack("{s:s,s:b}", "do", "reload", "dry_run", (int)dry_run),
				 XT_SOCKET_SILENCE_MS, answer);
}

static int answer_print(const json_t *answer, bool as_json)
{
	int status = result_status(answer);

	xt_reload_print_findings(stderr, answer);
	if (as_json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		xt_reload_print(status == XT_EXIT_OK ? stdout : stderr, answer);
	}
	return status;
}

/* Of a request that returned rc. */
static int answer_finish(const char *name, const json_t *answer, int rc, bool as_json)
{
	if (rc == XT_E_AGAIN)
		return xt_fail(XT_EXIT_FAILURE,
			       "%s is starting or ending now: not reloaded; try again", name);
	if (rc == XT_E_UNSUPPORTED)
		return xt_fail(XT_EXIT_FAILURE, "%s cannot reload: it has no configuration file",
			       name);
	return rc < 0 ? xt_query_answer_failed(name, answer, rc) : answer_print(answer, as_json);
}

int xt_cmd_reload(const struct xt_args *args)
{
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	struct xt_client *client;
	json_t *answer = NULL;
	int status = xt_query_open(&client, name, NULL, false), rc;

	if (status != XT_EXIT_OK)
		return status;
	rc = reload_request(client, args->given[DRY_RUN], &answer);
	xt_client_close(client);
	status = answer_finish(name, answer, rc, args->given[JSON]);
	json_decref(answer);
	return status;
}

/* --- up --- */

static struct xt_client *running_open(const char *name)
{
	char path[XT_RUNSOCK_MAX];
	struct xt_client *client;

	if (!xt_conf_name_valid(name) || !xt_rundir_find(path, name) ||
	    xt_client_open(&client, path) < 0)
		return NULL;
	return client;
}

/* The instance reads the file that word stands for. *other: it does not. */
static bool file_is_its(const char *word, const json_t *answer, const char **other)
{
	const char *file = json_string_value(json_object_get(answer, "file"));
	char *path = xt_conf_path(word), *real = path ? realpath(path, NULL) : NULL;
	bool is = file && real && strcmp(file, real) == 0;

	*other = real && file && !is ? file : NULL;
	free(path);
	free(real);
	return is;
}

static int unchanged_print(const char *name, const json_t *answer)
{
	if (strcmp(json_string_value(json_object_get(answer, "result")), "unchanged") == 0) {
		xt_message("%s is running already, and its file is unchanged", name);
		return XT_EXIT_OK;
	}
	xt_message("%s is running already, and its file is unchanged; what is in force was changed "
		   "by wg(8)",
		   name);
	xt_hint("xtunnel reload %s --dry-run prints what; xtunnel reload %s takes it back", name,
		name);
	return XT_EXIT_OK;
}

static int differs_print(const char *name)
{
	xt_message("%s is running already, and its file has changed", name);
	xt_hint("xtunnel reload %s --dry-run prints what; xtunnel reload %s or up --reload applies "
		"it",
		name, name);
	return XT_EXIT_FAILURE;
}

static int dry_run_judge(const char *name, const char *word, bool any_file, const json_t *answer)
{
	const char *other;

	if (!any_file && !file_is_its(word, answer, &other)) {
		if (!other)
			return XT_RUNNING_NONE;
		return xt_fail(XT_EXIT_FAILURE, "%s is running already, with another file: %s",
			       name, other);
	}
	if (result_status(answer) != XT_EXIT_OK)
		return answer_print(answer, false);
	if (json_is_false(json_object_get(answer, "file_changed")))
		return unchanged_print(name, answer);
	return differs_print(name);
}

int xt_up_running(const char *word, bool reload, bool any_file)
{
	char buf[64];
	const char *name = xt_query_name(word, buf), *other;
	struct xt_client *client = running_open(name);
	json_t *answer = NULL, *done = NULL;
	int status = XT_RUNNING_NONE, rc;

	if (!client)
		return status;
	rc = reload_request(client, true, &answer);
	xt_client_close(client);
	if (rc == 0 && reload && (any_file || file_is_its(word, answer, &other)) &&
	    json_is_true(json_object_get(answer, "changed")) && (client = running_open(name))) {
		rc = reload_request(client, false, &done);
		xt_client_close(client);
		status = answer_finish(name, done, rc, false);
	} else if (rc == 0) {
		status = dry_run_judge(name, word, any_file, answer);
	}
	json_decref(answer);
	json_decref(done);
	return status;
}

/* --- verbs that change the file --- */

static bool file_is(const json_t *answer, const char *path)
{
	const char *file = xt_query_text(answer, "file");
	char *real = realpath(path, NULL);
	bool is = file && real && strcmp(file, real) == 0;

	free(real);
	return is;
}

int xt_reload_file(const char *name, const char *path, bool dry_run)
{
	struct xt_client *client = running_open(name);
	char socket[XT_RUNSOCK_MAX];
	json_t *answer = NULL;
	int status = XT_RUNNING_NONE, rc;

	if (!client) {
		if (xt_conf_name_valid(name) && xt_rundir_find(socket, name) &&
		    access(socket, W_OK) < 0 && errno == EACCES)
			xt_message("%s is another user's: not reloaded", name);
		return status;
	}
	rc = reload_request(client, dry_run, &answer);
	xt_client_close(client);
	if (rc == 0 && !file_is(answer, path))
		xt_message("%s is running with another file: not reloaded", name);
	else if (rc == 0 && result_status(answer) == XT_EXIT_OK)
		status = XT_EXIT_OK;
	else if (rc != XT_E_UNSUPPORTED) /* without a file it is not concerned */
		status = answer_finish(name, answer, rc, false);
	json_decref(answer);
	return status;
}

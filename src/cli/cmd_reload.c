/* SPDX-License-Identifier: MIT */
/* reload: let a running instance apply what its file says now. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>

#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
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
    "    ~ [Peer] right (MFN4UJgnOlxuwCV8YAVuj2GpgGOLSEXvd0AvvPtPAzk=) PersistentKeepalive: (none) -> 25\n"
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

int xt_cmd_reload(const struct xt_args *args)
{
	bool dry_run = args->given[DRY_RUN], as_json = args->given[JSON];
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	struct xt_client *client;
	json_t *answer = NULL;
	int status = xt_query_open(&client, name, NULL, false), rc;

	if (status != XT_EXIT_OK)
		return status;
	rc = xt_client_request(client,
			       json_pack("{s:s,s:b}", "do", "reload", "dry_run", (int)dry_run),
			       XT_SOCKET_SILENCE_MS, &answer);
	xt_client_close(client);
	if (rc == XT_E_AGAIN)
		status = xt_fail(XT_EXIT_FAILURE,
				 "%s is starting or ending now: not reloaded; try again", name);
	else if (rc == XT_E_UNSUPPORTED)
		status = xt_fail(XT_EXIT_FAILURE, "%s cannot reload: it has no configuration file",
				 name);
	else if (rc < 0)
		status = xt_query_answer_failed(name, answer, rc);
	else
		status = answer_print(answer, as_json);
	json_decref(answer);
	return status;
}

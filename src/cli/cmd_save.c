/* SPDX-License-Identifier: MIT */
/* save: write the running state into the configuration file. */
#include <errno.h>
#include <jansson.h>

#include <xtunnel/error.h>

#include "cli/query.h"
#include "cli/cmd.h"
#include "cli/term.h"

const char xt_text_save[] =
    "\nWrites peers with their endpoints, networks and keepalives, addresses, port and keys as they\n"
    "are now. Hooks, DNS and the other keys stay as they are in the file; comments are lost. With\n"
    "SaveConfig = true the same happens each time the instance ends.\n";

int xt_cmd_save(const struct xt_args *args)
{
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf), *sentence;
	struct xt_client *client;
	json_t *answer = NULL;
	int status = xt_query_open(&client, name, NULL, false), rc;

	if (status != XT_EXIT_OK)
		return status;
	rc = xt_client_request(client, json_pack("{s:s}", "do", "save"), XT_SOCKET_SILENCE_MS,
			       &answer);
	xt_client_close(client);
	sentence = json_string_value(json_object_get(answer, "error"));
	if (rc == XT_E_SYNTAX && answer)
		status = xt_fail(XT_EXIT_CONFIG,
				 "the file of %s has errors now and was not replaced; "
				 "see `xtunnel check`",
				 name);
	else if (rc == -EBUSY)
		status = xt_fail(XT_EXIT_FAILURE,
				 "cannot save %s: another program is changing its file: try again",
				 name);
	else if (rc < 0)
		status = xt_fail(XT_EXIT_FAILURE, "cannot save %s: %s", name,
				 sentence ? sentence : xt_strerror(rc));
	json_decref(answer);
	return status;
}

/* SPDX-License-Identifier: MIT */
/* log: the level of a running instance's log. */
#include <errno.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"

const char xt_text_log[] =
    "\nLEVEL is silent, error, warning, notice, verbose or debug; without it the present level is\n"
    "printed. The level holds until the instance ends, or until a reload changes LogLevel. `save`\n"
    "does not write it: LogLevel in the file is for the next start.\n"
    "\n"
    "  $ xtunnel log left\n"
    "  notice\n"
    "  $ xtunnel log left debug\n";

static int answer_print(const char *name, const json_t *answer, bool set, int rc)
{
	const char *level = json_string_value(json_object_get(answer, "level"));

	if (rc < 0)
		return xt_query_answer_failed(name, answer, rc);
	if (!set && level)
		printf("%s\n", level);
	return XT_EXIT_OK;
}

int xt_cmd_log(const struct xt_args *args)
{
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	struct xt_client *client;
	enum xt_log_level level;
	json_t *request, *answer = NULL;
	bool set = args->n > 1;
	int status, rc;

	if (set && !xt_log_level_parse(&level, args->operands[1])) {
		xt_message("%.20s: silent, error, warning, notice, verbose or debug was expected",
			   args->operands[1]);
		return XT_EXIT_USAGE;
	}
	status = xt_query_open(&client, name, NULL, false);
	if (status != XT_EXIT_OK)
		return status;
	request = json_pack("{s:s}", "do", "log");
	if (set)
		json_object_set_new(request, "level", json_string(xt_log_level_text(level)));
	rc = xt_client_request(client, request, XT_SOCKET_SILENCE_MS, &answer);
	xt_client_close(client);
	status = answer_print(name, answer, set, rc);
	json_decref(answer);
	return status;
}

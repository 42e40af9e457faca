/* SPDX-License-Identifier: MIT */
/* start, stop, restart, status: the verbs of an init script, with the exit codes that the Linux
 * Standard Base gives them (LSB 5.0, Core, section 22.2), which are not those of other verbs. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/query.h"
#include "cli/term.h"
#include "config/conf.h"
#include "daemon/background.h"
#include "host/state.h"

/* Of an action; of status, where running is 0. */
enum lsb {
	LSB_OK = 0,
	LSB_FAILURE = 1,
	LSB_ARGUMENT = 2,
	LSB_PRIVILEGE = 4,
	LSB_NOT_CONFIGURED = 6,
};
enum lsb_status { LSB_RUNNING = 0, LSB_DEAD = 1, LSB_STOPPED = 3, LSB_UNKNOWN = 4 };

#define LSB_CODES                                                                                        \
	"\n"                                                                                             \
	"The exit status is that of an init script by the Linux Standard Base: 0; 1 when it failed; 2\n" \
	"for a wrong argument; 4 without the rights; 6 when the file is missing or refused.\n"

const char xt_text_start[] =
    "\nAs `up`, for init scripts: an instance that runs already is a success, whatever its file says\n"
    "now.\n" LSB_CODES;
const char xt_text_stop[] =
    "\nAs `down`, for init scripts: an instance that does not run is a success, and what a crash has\n"
    "left is removed.\n" LSB_CODES;
const char xt_text_restart[] =
    "\n`stop`, then `start`. The file is checked before: when it is refused, the instance goes on.\n"
    "Sessions end; `reload` and `upgrade` keep them. When a step of the end fails, as a PostDown, the\n"
    "instance is started all the same, and the exit status is 1.\n" LSB_CODES;
const char xt_text_status[] =
    "\nPrints one line. The exit status is that of an init script by the Linux Standard Base: 0 it is\n"
    "running; 1 it is dead, and has left sockets or routes (`stop` removes them); 3 it is not\n"
    "running; 4 this cannot be told, for example without the rights to ask. `show` prints more.\n";

/* The code of an action by that of a verb. */
static int action_status(const char *word, int status)
{
	char *path;
	bool missing;

	switch (status) {
	case XT_EXIT_OK:
		return LSB_OK;
	case XT_EXIT_USAGE:
		return LSB_ARGUMENT;
	case XT_EXIT_CONFIG:
		return LSB_NOT_CONFIGURED;
	default:
		break;
	}
	path = xt_conf_path(word);
	missing = path && access(path, F_OK) < 0 && errno == ENOENT;
	free(path);
	if (missing)
		return LSB_NOT_CONFIGURED;
	return geteuid() != 0 ? LSB_PRIVILEGE : LSB_FAILURE;
}

static bool instance_runs(const char *name)
{
	struct xt_client *client;
	bool runs =
	    xt_conf_name_valid(name) && xt_query_open(&client, name, NULL, true) == XT_EXIT_OK;

	if (runs)
		xt_client_close(client);
	return runs;
}

static int service_start(const char *word)
{
	char buf[64];
	const char *name = xt_query_name(word, buf);
	pid_t starter = getpid();
	int status;

	if (instance_runs(name)) {
		xt_message("%s is running already", name);
		return LSB_OK;
	}
	status = xt_up(word, false, false);
	/* The instance in the background ends with its status, which the starter reads. */
	return getpid() == starter ? action_status(word, status) : status;
}

/* Would `start` refuse the file? It prints why. */
static int file_check(const char *word)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf conf;
	int status = xt_conf_open_diagnosed(&conf, word, &diagnostics);
	char *lines = status == XT_EXIT_CONFIG
			  ? xt_conf_diagnostics_print(&diagnostics, conf.path ? conf.path : word)
			  : NULL;

	if (lines)
		fputs(lines, stderr);
	free(lines);
	xt_conf_diagnostics_clear(&diagnostics);
	xt_conf_clear(&conf);
	return status;
}

int xt_cmd_start(const struct xt_args *args)
{
	return service_start(args->operands[0]);
}

int xt_cmd_stop(const struct xt_args *args)
{
	int status = xt_down(args->operands[0], true);

	if (status == XT_EXIT_FAILURE)
		return geteuid() != 0 ? LSB_PRIVILEGE : LSB_FAILURE;
	return status == XT_EXIT_USAGE ? LSB_ARGUMENT : status;
}

static int stop_step(const void *args)
{
	return xt_cmd_stop(args);
}

/* After a stop that failed with that status: one that has ended all the same, as with a hook of its
 * way down that failed, is started again, so that the host is not left without its tunnel. */
static int restart_anyway(const char *word, int stopped)
{
	char buf[64];
	const char *name = xt_query_name(word, buf);
	pid_t starter = getpid();
	int status;

	if (stopped != LSB_FAILURE || instance_runs(name))
		return stopped;
	status = service_start(word);
	if (getpid() != starter)
		return status;
	if (status == LSB_OK)
		xt_message("%s was started again, but not all of its end succeeded, see above",
			   name);
	return status == LSB_OK ? stopped : status;
}

int xt_cmd_restart(const struct xt_args *args)
{
	const char *word = args->operands[0];
	int status = file_check(word);

	if (status != XT_EXIT_OK) {
		xt_message("%s was not stopped", word);
		return action_status(word, status);
	}
	status = xt_background_apart(stop_step, args);
	return status == LSB_OK ? service_start(word) : restart_anyway(word, status);
}

/* The instance answers. */
static void running_print(struct xt_client *client, const char *name)
{
	json_t *answer = NULL;
	int rc = xt_client_request(client, json_pack("{s:s}", "do", "show"), XT_SOCKET_SILENCE_MS,
				   &answer);
	json_int_t pid = json_integer_value(json_object_get(answer, "pid"));

	if (rc == 0 && pid > 0)
		printf("%s is running (pid %lld)\n", name, (long long)pid);
	else
		printf("%s is running\n", name);
	json_decref(answer);
}

/* What a crash has left: the socket at path, the state of the host, or the socket of wg(8). */
static bool instance_remains(const char *name, const char *path)
{
	char dir[XT_RUNDIR_MAX], uapi[XT_RUNSOCK_MAX];
	struct xt_host_state state;

	return *path || (xt_rundir_path(dir) == 0 && xt_state_peek(dir, name, &state)) ||
	       (xt_rundir_socket(uapi, XT_UAPI_DIR, name) && access(uapi, F_OK) == 0);
}

int xt_cmd_status(const struct xt_args *args)
{
	char buf[64], path[XT_RUNSOCK_MAX];
	const char *name = xt_query_name(args->operands[0], buf);
	struct xt_client *client;

	switch (xt_query_open(&client, name, path, true)) {
	case XT_EXIT_OK:
		running_print(client, name);
		xt_client_close(client);
		return LSB_RUNNING;
	case XT_EXIT_NOT_RUNNING:
		break;
	default:
		return LSB_UNKNOWN;
	}
	if (instance_remains(name, path)) {
		printf("%s is dead, and has left sockets or routes: xtunnel stop %s\n", name, name);
		return LSB_DEAD;
	}
	printf("%s is not running\n", name);
	return LSB_STOPPED;
}

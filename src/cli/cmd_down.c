/* SPDX-License-Identifier: MIT */
/* down: end an instance and remove all that it made on the host, also after a crash. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "cli/query.h"
#include "cli/cmd.h"
#include "host/host_uv.h"
#include "host/run_directory.h"
#include "ipc/socket.h"
#include "daemon/explain.h"
#include "daemon/rundir.h"
#include "cli/term.h"
#include "platform/tun.h"

const char xt_text_down[] =
    "\nRuns PreDown and PostDown and returns when the instance has ended. After a crash it removes\n"
    "what is left: sockets, routing rules, the firewall table, name servers, and a persistent\n"
    "interface that was created for an Owner.\n"
    "A hook that fails is printed with its output; the rest is taken down, and the exit status is 1.\n"
    "When NAME is not running and left nothing, the exit status is 3; with --if-running it is 0.\n";

enum { IF_RUNNING };
const struct xt_option xt_down_options[] = {
    {'i', "if-running", NULL, "it is no error when NAME is not running"},
    {0},
};

/* Wait without a limit: hooks may take any time. */
static void process_await_end(int process, const char *path)
{
	static const struct timespec nap = {0, 20000000};
	struct xt_client *client;

	if (process >= 0) {
		xt_peer_process_await(process);
		return;
	}
	while (xt_client_open(&client, path) == 0) {
		xt_client_close(client);
		nanosleep(&nap, NULL);
	}
}

/* Until the instance has ended. true: a step failed, which is printed. */
static bool failures_print(struct xt_client *client, const char *name)
{
	bool failed = false, end = false;
	json_t *message, *line;
	size_t i;

	while (!end && xt_client_recv(client, XT_SOCKET_SILENCE_MS, &message) == 0) {
		const char *text = json_string_value(json_object_get(message, "failed"));

		if (text) {
			xt_message("%s: %s", name, text);
			json_array_foreach(json_object_get(message, "output"), i, line)
			    xt_message("  %s", json_string_value(line));
			failed = true;
		}
		end = json_is_true(json_object_get(message, "end"));
		json_decref(message);
	}
	return failed;
}

/* *status: XT_EXIT_FAILURE when a step of the instance's end failed. */
static int request_down(struct xt_client *client, const char *name, const char *path, int *status)
{
	json_t *answer = NULL;
	int process = xt_peer_process_open(xt_client_fd(client));
	int rc = xt_client_request(client, json_pack("{s:s,s:b}", "do", "down", "remove", 1),
				   XT_SOCKET_SILENCE_MS, &answer);

	json_decref(answer);
	if (rc == -EPROTONOSUPPORT) /* every version ends on request */
		rc = 0;
	else if (rc == 0 && failures_print(client, name))
		*status = XT_EXIT_FAILURE;
	if (rc == 0 || rc == -EPIPE)
		process_await_end(process, path);
	if (process >= 0)
		xt_peer_process_close(process);
	return rc == -EPIPE ? 0 : rc;
}

/* true: path was a socket without a listener, and is removed. */
static bool socket_remove_stale(const char *path)
{
	struct xt_client *client;
	int rc = xt_client_open(&client, path);

	if (rc == 0)
		xt_client_close(client);
	return rc == -ECONNREFUSED && unlink(path) == 0;
}

/* Remove what a crash left. true: there was something. *status: XT_EXIT_FAILURE when a part of it
 * could not be removed. */
static bool host_clean_up(const char *name, const char *path, int *status)
{
	char uapi[XT_RUNSOCK_MAX], dir[XT_RUNDIR_MAX];
	uint32_t owner;
	bool found = false;
	int rc;

	const char *run_directory = xt_rundir_path(dir) == 0 ? dir : NULL;
	found = xt_host_clean(run_directory, name, &rc);
	if (rc == -EAGAIN) {
		xt_message("%s is starting or ending now: nothing was changed", name);
		*status = XT_EXIT_FAILURE;
		return true;
	}
	if (*path && unlink(path) == 0)
		found = true;
	if (xt_rundir_socket(uapi, XT_UAPI_DIR, name) && access(uapi, F_OK) == 0)
		found |= socket_remove_stale(uapi);
	if (!xt_run_directory_marked(run_directory, name, &owner))
		return found;
	rc = xt_tun_remove(name);
	if (rc == 0 || rc == -ENODEV) {
		xt_run_directory_unmark(run_directory, name);
		return found || rc == 0;
	}
	xt_message("cannot remove the interface %s: %s", name, xt_strerror(rc));
	if (rc == -EPERM || rc == -EACCES)
		if (!xt_explain_root("NET_ADMIN"))
			xt_hint("removing it takes root (sudo)");
	*status = XT_EXIT_FAILURE;
	return true;
}

int xt_down(const char *word, bool if_running)
{
	char buf[64];
	const char *name = xt_query_name(word, buf);
	char path[XT_RUNSOCK_MAX];
	struct xt_client *client;
	int status = xt_query_open(&client, name, path, true), rc;

	if (status == XT_EXIT_OK) {
		rc = request_down(client, name, path, &status);
		xt_client_close(client);
		if (rc < 0)
			return xt_fail(XT_EXIT_FAILURE, "cannot end %s: %s", name, xt_strerror(rc));
		path[0] = '\0';
		(void)host_clean_up(name, path, &status);
		return status;
	}
	if (status != XT_EXIT_NOT_RUNNING)
		return status;
	status = XT_EXIT_OK;
	if (host_clean_up(name, path, &status)) {
		if (status == XT_EXIT_OK)
			xt_message("%s was not running; removed what it had left", name);
		return status;
	}
	if (!if_running)
		return xt_fail(XT_EXIT_NOT_RUNNING, "%s is not running", name);
	xt_message("%s is not running: nothing was changed", name);
	return XT_EXIT_OK;
}

int xt_cmd_down(const struct xt_args *args)
{
	return xt_down(args->operands[0], args->given[IF_RUNNING]);
}

/* SPDX-License-Identifier: MIT */
/* Requests to a running instance. */
#include "cli/query.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/text.h"
#include "cli/args.h"
#include "cli/startup.h"
#include "cli/term.h"
#include "config/conf.h"
#include "host/run_directory.h"
#include "host/state.h"
#include "ipc/rights.h"
#include "ipc/socket.h"
#include "ipc/uapi_client.h"

static int query_bad_name(const char *name)
{
	xt_message("%.60s: not a valid interface name", name);
	xt_hint("`xtunnel show` lists the interfaces that run");
	return XT_EXIT_USAGE;
}

const char *xt_query_name(const char *word, char name[64])
{
	char path[XT_RUNSOCK_MAX];
	size_t len = strlen(word);
	bool conf = len > 5 && strcmp(word + len - 5, ".conf") == 0;

	if (!xt_conf_is_path(word) || (!conf && access(word, F_OK) < 0))
		return word;
	if (xt_conf_name_valid(word) && xt_rundir_find(path, word))
		return word;
	xt_conf_path_name(word, name, 64);
	return name;
}

static bool query_not_running(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED;
}

bool xt_query_fails_closed(const char *name)
{
	char dir[XT_RUNDIR_MAX];
	struct xt_host_state state;
	uint32_t owner;

	/* With an interface it may be on its way up, unless the interface outlives instances. */
	return xt_rundir_path(dir) == 0 && xt_state_peek(dir, name, &state) &&
	       state.policy.table != 0 &&
	       (if_nametoindex(name) == 0 || xt_run_directory_marked(dir, name, &owner));
}

static void not_running_print(const char *name)
{
	xt_message("%s is not running", name);
	if (xt_query_fails_closed(name)) {
		xt_message("%s: " XT_QUERY_FAILS_CLOSED, name);
		xt_hint("remove them: xtunnel down %s; or start it again: xtunnel %s %s", name,
			xt_start_verb, name);
	} else {
		xt_hint("start it: xtunnel %s %s; list what runs: xtunnel show", xt_start_verb,
			name);
	}
}

static int query_failed(const char *path, int error, const char *hint)
{
	if (error == -EPERM) {
		xt_message("%s: refused: the process that listens there belongs to another user",
			   path);
		return XT_EXIT_FAILURE;
	}
	if (error == -ETIMEDOUT)
		xt_message("%s: no answer within %d s", path, XT_SOCKET_SILENCE_MS / 1000);
	else
		xt_message("%s: %s", path, xt_strerror(error));
	if (error == -EACCES)
		xt_hint("%s", hint);
	return XT_EXIT_FAILURE;
}

int xt_query_open(struct xt_client **out, const char *name, char path[XT_RUNSOCK_MAX], bool quiet)
{
	char found[XT_RUNSOCK_MAX];
	int rc = -ENOENT;

	if (!path)
		path = found;
	path[0] = '\0';
	*out = NULL;
	if (!xt_conf_name_valid(name))
		return query_bad_name(name);
	if (xt_rundir_find(path, name))
		rc = xt_client_open(out, path);
	else
		path[0] = '\0';
	if (rc == 0)
		return XT_EXIT_OK;
	if (rc == -ENOENT && xt_rundir_explain(NULL))
		return XT_EXIT_FAILURE;
	if (!query_not_running(rc))
		return query_failed(path, rc, "it belongs to another user: retry as root (sudo)");
	if (!quiet)
		not_running_print(name);
	return XT_EXIT_NOT_RUNNING;
}

int xt_query_answer_failed(const char *name, const json_t *answer, int error)
{
	const char *sentence = json_string_value(json_object_get(answer, "error"));

	if (error == -EPROTONOSUPPORT)
		xt_message("%s: %s: xtunnel down %s; xtunnel %s %s", name, XT_PROTOCOL_DIFFER, name,
			   xt_start_verb, name);
	else if (error == -ETIMEDOUT)
		xt_message("%s: no answer within %d s", name, XT_SOCKET_SILENCE_MS / 1000);
	else
		xt_message("%s: no answer: %s", name, sentence ? sentence : xt_strerror(error));
	return XT_EXIT_FAILURE;
}

const char *xt_query_text(const json_t *answer, const char *key)
{
	return json_string_value(json_object_get(answer, key));
}

int xt_query_peer_check(const char *name, const char *peer)
{
	if (!peer || xt_text_is_printable(peer))
		return XT_EXIT_OK;
	return xt_fail(XT_EXIT_UNREACHABLE, "%s %s: no peer has this Name or public key", name,
		       peer);
}

json_t *xt_query_wait(const char *peer, uint64_t timeout_ms, bool reachable)
{
	return json_pack("{s:s,s:s*,s:I,s:b}", "do", "wait", "peer", peer, "timeout_ms",
			 (json_int_t)timeout_ms, "reachable", (int)reachable);
}

int xt_query_peer_failed(const char *name, const char *peer, const json_t *answer, int error)
{
	const char *sentence = json_string_value(json_object_get(answer, "error"));

	if (error == XT_E_NOPEER)
		return xt_fail(XT_EXIT_UNREACHABLE, "%s %s: %s", name, peer ? peer : "",
			       sentence ? sentence : xt_strerror(error));
	if (error == -EPIPE || error == XT_E_AGAIN || error == -EIO)
		return xt_fail(XT_EXIT_NOT_RUNNING, "%s is not running any more", name);
	return xt_query_answer_failed(name, answer, error);
}

int xt_query_uapi(const char *name, struct xt_secbuf *reply)
{
	char path[XT_RUNSOCK_MAX];

	*reply = (struct xt_secbuf){0};
	if (!xt_conf_name_valid(name) || !xt_rundir_socket(path, XT_UAPI_DIR, name))
		return query_bad_name(name);
	if (xt_rundir_explain(XT_UAPI_DIR))
		return XT_EXIT_FAILURE;
	int rc = xt_uapi_client_get(path, reply);
	if (rc == 0)
		return XT_EXIT_OK;
	if (query_not_running(rc))
		return xt_fail(XT_EXIT_NOT_RUNNING, "%s is not running", name);
	return query_failed(path, rc, "only root may read private keys: retry with sudo");
}

int xt_query_uapi_names(char ***names, size_t *n)
{
	char path[XT_RUNSOCK_MAX];
	size_t all, alive = 0;
	int rc = xt_rundir_explain(XT_UAPI_DIR) ? -EPERM : 0, fd;

	*n = 0;
	if (rc == 0)
		rc = xt_rundir_list_in(XT_UAPI_DIR, names, &all);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all; i++) {
		fd = xt_rundir_socket(path, XT_UAPI_DIR, (*names)[i]) ? xt_socket_connect(path)
								      : -ENAMETOOLONG;
		if (fd >= 0) {
			xt_socket_close(fd);
			(*names)[alive++] = (*names)[i];
		} else {
			free((*names)[i]);
		}
	}
	*n = alive;
	return 0;
}

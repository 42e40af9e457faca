/* SPDX-License-Identifier: MIT */
/* Requests to a running instance; each failure is printed on stderr with the next step. */
#ifndef XT_CLI_QUERY_H
#define XT_CLI_QUERY_H

#include "base/secbuf.h"
#include "daemon/rundir.h"
#include "ipc/client.h"
#include "ipc/socket.h"

/* The interface that word names as with `up`: NAME, or the path of its file, which ends in ".conf"
 * or exists. An instance that runs under a name that ends in ".conf" is found by it. Returns name,
 * or word where that is no path. */
const char *xt_query_name(const char *word, char name[64]);

/* Connect to the control socket of NAME.
 * path   may be NULL; else receives the socket that was found, "" if none
 * quiet  do not print that NAME is not running
 * XT_EXIT_OK; XT_EXIT_USAGE: no valid name; XT_EXIT_NOT_RUNNING; XT_EXIT_FAILURE. */
int xt_query_open(struct xt_client **out, const char *name, char path[XT_RUNSOCK_MAX], bool quiet);

/* NAME does not run, and what a crash left of it keeps traffic in: its rules, and an unreachable
 * route. */
#define XT_QUERY_FAILS_CLOSED                                                                      \
	"a crash left its rules and an unreachable route: only marked packets leave this host"
bool xt_query_fails_closed(const char *name);

/* Print why a request that returned error got no answer, or the error that answer holds.
 * XT_EXIT_FAILURE. answer may be NULL. */
int xt_query_answer_failed(const char *name, const json_t *answer, int error);

/* A text of an answer, borrowed; NULL: it has none. */
const char *xt_query_text(const json_t *answer, const char *key);

/* Can peer (NULL: all) be asked for? XT_EXIT_OK, or XT_EXIT_UNREACHABLE and printed: no peer is
 * named by what is not printable, and JSON does not hold it. */
int xt_query_peer_check(const char *name, const char *peer);
/* The request that waits for peers (daemon/instance_uv.h). peer NULL: all. */
json_t *xt_query_wait(const char *peer, uint64_t timeout_ms, bool reachable);
/* The same as xt_query_answer_failed of a request about peer (NULL: all): XT_EXIT_UNREACHABLE when
 * it is not known, XT_EXIT_NOT_RUNNING when the instance has ended. */
int xt_query_peer_failed(const char *name, const char *peer, const json_t *answer, int error);

/* The reply to UAPI's get from NAME, which holds keys; the caller clears it. enum xt_exit as
 * above. */
int xt_query_uapi(const char *name, struct xt_secbuf *reply);

/* The names of all instances that accept a connection in XT_UAPI_DIR, freed by xt_rundir_list_free.
 * -errno; -EPERM: XT_UAPI_DIR is not trusted, which was printed. */
int xt_query_uapi_names(char ***names, size_t *n);

#endif

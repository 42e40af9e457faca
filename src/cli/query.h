/* Questions to a running endpoint, with the sentences for when there is none. */
#ifndef XT_CLI_QUERY_H
#define XT_CLI_QUERY_H

#include "daemon/rundir.h"
#include "ipc/client.h"

/* Connects to NAME. XT_EXIT_OK; else the sentence was said: XT_EXIT_USAGE no name for an
 * endpoint, XT_EXIT_NOT_RUNNING, XT_EXIT_FAILURE. path: may be NULL, else the socket that was
 * found, "" if none. quiet: do not say that it is not running. */
int xt_query_open(struct xt_client **out, const char *name, char path[XT_RUNSOCK_MAX], bool quiet);

#endif

/* SPDX-License-Identifier: MIT */
/* exporter: the state of running instances by HTTP. */
#include <xtunnel/version.h>

#include "cli/cmd.h"
#include "daemon/log_level.h"
#include "exporter/exporter.h"
#include "host/log_sink.h"

enum { LISTEN, HOST };
const struct xt_option xt_exporter_options[] = {
    {'l', "listen", "WHERE",
     "unix:PATH or ADDRESS:PORT; default: xtunnel-exporter.sock in the run directory"},
    {0, "host", "NAME,...", "serve requests for these hosts too, as of a reverse proxy"},
    {0},
};
const char xt_text_exporter[] =
    "\nServes /metrics for Prometheus, /healthz for monitors (503 and the reasons when a peer with\n"
    "Critical = yes is not up) and / as a page for people, until SIGTERM or Ctrl-C. It is a process of\n"
    "its own without rights: it asks instances as members of the group xtunnel-observer may, and\n"
    "learns no key.\n"
    "\n"
    "A socket of unix:PATH is open to that group. A TCP port shows every local user, and all others that\n"
    "reach it, what `wg show` hides: endpoints, AllowedIPs and traffic of all peers. There is no\n"
    "password: put a reverse proxy with one, or with client certificates, before the socket\n"
    "(docs/metrics.md).\n";

int xt_cmd_exporter(const struct xt_args *args)
{
	const struct xt_exporter_options options = {
	    .listen = args->value[LISTEN], .hosts = args->value[HOST], .version = XT_VERSION};

	(void)xt_log_level_env(XT_LOG_NOTICE);
	xt_log_sink_open(&(struct xt_log_sink_options){.interface = "exporter"});
	return xt_exporter_run(&options);
}

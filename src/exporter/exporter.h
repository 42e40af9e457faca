/* SPDX-License-Identifier: MIT */
/* The process that serves the state of running instances by HTTP: no packet is where HTTP is
 * parsed. It has the rights of an observer (ipc/rights.h) and no more. */
#ifndef XT_EXPORTER_EXPORTER_H
#define XT_EXPORTER_EXPORTER_H

/* listen   "unix:PATH" or "ADDRESS:PORT"; NULL: xtunnel-exporter.sock in the run directory
 * hosts    names with a comma between that a request may have as Host, beside those of this host;
 *          NULL: none
 * version  of this program */
struct xt_exporter_options {
	const char *listen, *hosts, *version;
};

/* Serve until SIGTERM or SIGINT. An enum xt_exit; failures are printed. */
int xt_exporter_run(const struct xt_exporter_options *options);
/* The version of the HTTP library; NULL: it is not here, or not in this build. */
const char *xt_exporter_library(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The report of a device that tests fill in. */
#ifndef XT_TESTS_REPORTS_H
#define XT_TESTS_REPORTS_H

#include <xtunnel/report.h>

/* With a key, a port and a mark; over the peers and networks of the caller. */
static inline struct xt_report report_over(struct xt_peer_report *peers, size_t n_peers,
					   struct xt_cidr *allowed, size_t n_allowed)
{
	return (struct xt_report){.has_key = true,
				  .listen_port = 51820,
				  .fwmark = 0xca6c,
				  .peers = peers,
				  .n_peers = n_peers,
				  .allowed = allowed,
				  .n_allowed = n_allowed};
}

#endif

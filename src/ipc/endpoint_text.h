/* SPDX-License-Identifier: MIT */
/* An endpoint as people read it: the scope of a link-local address as the name of its link. */
#ifndef XT_IPC_ENDPOINT_TEXT_H
#define XT_IPC_ENDPOINT_TEXT_H

#include <xtunnel/report.h>

#include "base/addr.h"

#define XT_ENDPOINT_NAMED (XT_ENDPOINT_TEXT + 16)

/* As xt_endpoint_print, but "[fe80::1%eth0]:5"; the index where there is no such link. buf holds
 * XT_ENDPOINT_NAMED bytes. */
char *xt_endpoint_print_named(const struct xt_endpoint *ep, char *buf);

/* Which AllowedIPs cover the endpoint of a peer whose datagrams come back into the tunnel. */
#define XT_LOOP_TEXT 192
const char *xt_loop_text(const struct xt_peer_report *peer, char out[XT_LOOP_TEXT]);

#endif

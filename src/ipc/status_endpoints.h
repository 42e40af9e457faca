/* SPDX-License-Identifier: MIT */
/* The endpoints of a peer in the status: each address with its state, and the names that have none
 * yet. */
#ifndef XT_IPC_STATUS_ENDPOINTS_H
#define XT_IPC_STATUS_ENDPOINTS_H

#include "ipc/status.h"

/* The caller's reference to an array of objects; NULL: no memory.
 * address  of an entry that has one
 * name     HOST:PORT of the entry, when its host is a name
 * state    "in use", "trying", "held", "idle"; "unresolved": a name without address
 * hold_s   with "held": seconds
 * learned  true: it is in no entry, the peer has roamed to it
 * lookup   what is missing at the name's latest look-up */
json_t *xt_status_endpoints(const struct xt_status *status, const struct xt_report *report,
			    const struct xt_peer_report *peer);
/* One element for people. buf is cut to its length. */
void xt_status_endpoint_text(const json_t *element, char *buf, size_t len);

#endif

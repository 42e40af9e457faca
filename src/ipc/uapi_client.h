/* SPDX-License-Identifier: MIT */
/* The client of the configuration protocol: one blocking request and its reply. */
#ifndef XT_IPC_UAPI_CLIENT_H
#define XT_IPC_UAPI_CLIENT_H

#include "base/secbuf.h"

/* Send get=1 to the socket at path and receive the whole reply, errno=0 and the empty line
 * included, into *reply, which is set up here; it holds keys and the caller clears it.
 * -errno, also the reply's own; -ETIMEDOUT: 10 s without a byte; -EPROTO: the connection ended
 * early; XT_E_FULL: longer than 1 GiB; XT_E_NOMEM. *reply is empty then. */
int xt_uapi_client_get(const char *path, struct xt_secbuf *reply);

#endif

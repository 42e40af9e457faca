/* SPDX-License-Identifier: MIT */
/* The text of the configuration protocol between wg(8) and userspace implementations: one request
 * of "key=value" lines, ended by an empty line; one reply likewise. Pure. Requests and replies hold
 * keys: the owner of the buffer wipes it. */
#ifndef XT_IPC_UAPI_H
#define XT_IPC_UAPI_H

#include <xtunnel/change.h>
#include <xtunnel/report.h>

#include "base/secbuf.h"

enum xt_uapi_op { XT_UAPI_NONE, XT_UAPI_GET, XT_UAPI_SET };

/* Parse one request, with or without its final empty line. *op: XT_UAPI_NONE when it is neither get
 * nor set; the connection is closed without an answer then. 0; -EINVAL; -EPROTO (a line without
 * '='); -ENOMEM. A set fills change, which the caller clears (on error it is empty): the whole
 * request is parsed before anything is applied. change may be NULL: set is -EOPNOTSUPP then. */
int xt_uapi_parse(const char *text, size_t len, enum xt_uapi_op *op, struct xt_change *change);

/* The reply to get, with errno=0 and the empty line; *out is set up here and the caller clears it.
 * XT_E_NOMEM: *out is empty. */
int xt_uapi_get(const struct xt_report *report, struct xt_secbuf *out);

/* "errno=N\n\n": wg(8) expects it negative after set and positive after get. error: 0, -errno or
 * XT_E_*. buf: 32 bytes. Returns the length. */
size_t xt_uapi_errno(enum xt_uapi_op op, int error, char buf[32]);

#endif

/* SPDX-License-Identifier: MIT */
/* The client of the control socket: blocking, one JSON object a line. */
#ifndef XT_IPC_CLIENT_H
#define XT_IPC_CLIENT_H

#include <jansson.h>

struct xt_client;

/* -ENOENT, -ECONNREFUSED: no instance; -EACCES; -ENAMETOOLONG; XT_E_NOMEM. */
int xt_client_open(struct xt_client **out, const char *path);
void xt_client_close(struct xt_client *client); /* NULL does nothing */
int xt_client_fd(const struct xt_client *client);

/* Takes the reference of msg. -EPIPE: the instance closed the connection; -errno; XT_E_NOMEM. */
int xt_client_send(struct xt_client *client, json_t *msg);
/* The next answer; *out is the caller's reference. timeout_ms < 0: no limit. -ETIMEDOUT; -EPIPE;
 * XT_E_SYNTAX: not a JSON object, or longer than 512 MiB. */
int xt_client_recv(struct xt_client *client, int timeout_ms, json_t **out);
/* Send a request that has one answer and receive it. An answer with "error" returns its "code" (or
 * XT_E_INVALID), and *out holds it. */
int xt_client_request(struct xt_client *client, json_t *msg, int timeout_ms, json_t **out);

#endif
